"""Segments: groups of customers with a name; who is in them, who was, and how their size went."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from zhike_crm.accounts.models import Membership, User
from zhike_crm.customers.models import Customer
from zhike_crm.workspaces.models import Workspace
from zhike_crm.workspaces.scoping import WorkspaceRow


class Segment(WorkspaceRow):
    """A group of customers: those who meet a rule, or those whom somebody put on a list.

    `tree` is the rule (`rules.py`). A `dynamic` one follows its rule at every refresh; one that is not stays as it
    was when somebody last had it computed. `count`, `entered` and `left` are those of the last time it was computed,
    at `counted_at`; `problem` is why it could not be.
    """

    class Kind(models.TextChoices):
        RULE = "rule", _("Rule")
        LIST = "list", _("Fixed list")

    name = models.CharField(_("name"), max_length=80)
    description = models.CharField(_("description"), max_length=500, blank=True)
    owner = models.ForeignKey(
        Membership, null=True, blank=True, on_delete=models.SET_NULL, related_name="segments", verbose_name=_("owner")
    )
    kind = models.CharField(_("kind"), max_length=7, choices=Kind.choices, default=Kind.RULE)
    tree = models.JSONField(_("rule"), default=dict, blank=True)
    dynamic = models.BooleanField(_("follows its rule"), default=True)
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
                fields=["workspace", "name"], condition=Q(archived_at=None), name="one_segment_of_a_name"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_rule(self) -> bool:
        return self.kind == self.Kind.RULE

    @property
    def is_list(self) -> bool:
        return self.kind == self.Kind.LIST


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
