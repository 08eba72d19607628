"""Segments: groups of customers with a name; who is in them, who was, and how their size went."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from zhike.language import current_language
from zhike_crm.accounts.models import Membership, User
from zhike_crm.customers.models import Customer
from zhike_crm.workspaces.models import Workspace
from zhike_crm.workspaces.scoping import WorkspaceRow

# In the name of a trait between a column that can have several choices and one of them.
OPTION = "="


class Titled:
    """Has a `name`, which people gave it, or `names`: language → what it is called until they do."""

    name: Any
    names: Any

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        """The name in the reader's language, where it has one in each."""
        return str(self.names.get(current_language()) or self.name)


class Clustering(Titled, WorkspaceRow):
    """Groups that somebody had looked for in the data, and what came of it.

    `traits` are the columns the customers were compared by, `asked` how many groups there had to be (None: as many as
    the data say). `result` is what is known of the groups as a whole (`clustering.Result`), their centres among it;
    `fit` how well they fit the customers of the last refresh. Each group is a segment; until somebody keeps them they
    are drafts. `follows` are the groups for which these were found anew. `personal`: some of the traits were not for
    everybody when they were found, so neither are the groups (`privacy.py`).
    """

    class State(models.TextChoices):
        LOOKING = "looking", _("being looked for")
        FAILED = "failed", _("nothing found")
        FOUND = "found", _("found, not kept")
        KEPT = "kept", _("kept")
        PAST = "past", _("found anew since")

    name = models.CharField(_("name"), max_length=80)
    names = models.JSONField(default=dict)
    traits = models.JSONField(default=list)
    personal = models.BooleanField(default=False)
    asked = models.PositiveSmallIntegerField(null=True, blank=True)
    follows = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    by = models.ForeignKey(Membership, null=True, on_delete=models.SET_NULL, related_name="+")
    state = models.CharField(max_length=8, choices=State.choices, default=State.LOOKING)
    created_at = models.DateTimeField(auto_now_add=True)
    found_at = models.DateTimeField(null=True)
    result = models.JSONField(default=dict)
    fit = models.JSONField(default=dict)
    problem = models.CharField(max_length=500, blank=True)

    class Meta:
        indexes = [models.Index(fields=["workspace", "-created_at"], name="clustering_newest")]

    @property
    def is_kept(self) -> bool:
        return self.state == self.State.KEPT

    @property
    def is_draft(self) -> bool:
        return self.state == self.State.FOUND


class Segment(Titled, WorkspaceRow):
    """A group of customers: those who meet a rule, those whom somebody put on a list, or a group found in the data.

    `tree` is the rule (`rules.py`). A `dynamic` one follows its rule at every refresh; one that is not stays as it
    was when somebody last had it computed. `count`, `entered` and `left` are those of the last time it was computed,
    at `counted_at`; `problem` is why it could not be.

    A group that was found has the `number` of its centre in its `clustering`, and `names`, language → what sets it
    apart, until somebody gives it another one. A `draft` is not kept yet, and seen on the page of its clustering only.
    """

    class Kind(models.TextChoices):
        RULE = "rule", _("Rule")
        LIST = "list", _("Fixed list")
        CLUSTER = "cluster", _("Group found")

    name = models.CharField(_("name"), max_length=80)
    description = models.CharField(_("description"), max_length=500, blank=True)
    owner = models.ForeignKey(
        Membership, null=True, blank=True, on_delete=models.SET_NULL, related_name="segments", verbose_name=_("owner")
    )
    kind = models.CharField(_("kind"), max_length=7, choices=Kind.choices, default=Kind.RULE)
    tree = models.JSONField(_("rule"), default=dict, blank=True)
    dynamic = models.BooleanField(_("follows its rule"), default=True)
    clustering = models.ForeignKey(
        Clustering, null=True, blank=True, on_delete=models.CASCADE, related_name="groups", verbose_name=_("found with")
    )
    number = models.PositiveSmallIntegerField(null=True, blank=True)
    names = models.JSONField(default=dict, blank=True)
    draft = models.BooleanField(default=False)
    count = models.IntegerField(_("customers"), null=True, blank=True)
    entered = models.IntegerField(default=0)
    left = models.IntegerField(default=0)
    counted_at = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "name"], condition=Q(archived_at=None, draft=False), name="one_segment_of_a_name"
            )
        ]

    @property
    def is_rule(self) -> bool:
        return self.kind == self.Kind.RULE

    @property
    def is_list(self) -> bool:
        return self.kind == self.Kind.LIST

    @property
    def is_cluster(self) -> bool:
        return self.kind == self.Kind.CLUSTER


def in_use(workspace: Any) -> models.QuerySet:
    """The segments that there are: neither in the archive nor drafts."""
    return Segment.objects.of(workspace).filter(archived_at=None, draft=False)


class Member(WorkspaceRow):
    """A customer who is, or was, in a segment. Rows are never deleted: who comes back gets another one.

    Millions of rows: the unique index is the one of those who are in it now. The statement that writes them takes its
    ids from the tables themselves (`members.py`); for the database to look each one up again would take longer than
    everything else together.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    segment = models.ForeignKey(Segment, models.CASCADE, related_name="members", db_index=False, db_constraint=False)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="memberships", db_constraint=False)
    entered_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["segment", "customer"], condition=Q(left_at=None), name="one_current_membership"
            )
        ]
        indexes = [
            models.Index(fields=["segment", "entered_at"], name="member_entered"),
            models.Index(fields=["segment", "left_at"], condition=~Q(left_at=None), name="member_left"),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} in {self.segment_id}"


class Turn(WorkspaceRow):
    """One time at which a segment was computed, or people put customers in or took them out: its size from then on.

    Members who entered or left in it have its moment, `at`, to the microsecond.
    """

    class Cause(models.TextChoices):
        RULE = "rule", _("the rule was changed")
        REFRESH = "refresh", _("refresh")
        ASKED = "asked", _("computed anew")
        PEOPLE = "people", _("by hand")
        MERGE = "merge", _("customers were merged")
        FOUND = "found", _("groups were found")

    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, related_name="turns")
    at = models.DateTimeField()
    cause = models.CharField(max_length=8, choices=Cause.choices)
    count = models.IntegerField()
    entered = models.IntegerField()
    left = models.IntegerField()
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    # By which a change made by hand is taken back as a whole.
    group = models.UUIDField(default=uuid.uuid4)

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["segment", "-at"], name="turn_newest")]

    def __str__(self) -> str:
        return f"{self.segment_id} {self.at:%Y-%m-%d}"
