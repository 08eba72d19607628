"""What was computed, kept small enough for a page to show at once."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from zhike_crm.accounts.models import User
from zhike_crm.workspaces.scoping import WorkspaceRow


class RunSummary(WorkspaceRow):
    """The figures of one run of the lake. The current one is what lists and portraits show.

    `proofs`: subject → how its model did on held-out data (`zhike.proof.Proof.from_dict`).
    """

    run = models.IntegerField()
    as_of = models.DateField()
    customers = models.IntegerField()
    settings = models.JSONField(default=dict)
    figures = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    proofs = models.JSONField(default=dict)
    current = models.BooleanField(default=False)
    # When these figures were kept: pages that were drawn before then are others now.
    made_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["as_of", "run"]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "run"], name="one_summary_of_a_run"),
            models.UniqueConstraint(fields=["workspace"], condition=models.Q(current=True), name="one_current_run"),
        ]

    def __str__(self) -> str:
        return f"run {self.run}, {self.as_of}"


class RunMoves(WorkspaceRow):
    """How customers moved between two runs. Runs never change, so it is counted once and kept.

    `stage` and `value_tier`: [from, to, customers], from None = new since, to None = no longer there.
    `causes`: what of it time, data and settings did (`causes.py`); null until somebody had it counted.
    """

    before = models.ForeignKey(RunSummary, on_delete=models.CASCADE, related_name="+")
    after = models.ForeignKey(RunSummary, on_delete=models.CASCADE, related_name="+")
    stage = models.JSONField(default=list)
    value_tier = models.JSONField(default=list)
    causes = models.JSONField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "before", "after"], name="one_pair_of_runs")]

    def __str__(self) -> str:
        return f"{self.before} → {self.after}"


# Characters: the advice that is followed fits in, as a sentence or two of one's own.
NOTE = 500


class PublishedSettings(WorkspaceRow):
    """The settings of the models as somebody published them; the newest is what the next refresh takes."""

    values = models.JSONField(default=dict)
    note = models.CharField(max_length=NOTE, blank=True)
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d}"
