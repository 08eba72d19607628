"""Work in the background, and when it repeats."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from zhike_crm.workspaces.scoping import WorkspaceRow


class State(models.TextChoices):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Job(WorkspaceRow):
    """One piece of work. A worker that runs it renews `lease_until`; a lease that ran out is a worker that died.

    Of jobs with the same `lane` in a workspace one runs at a time; a `key` is waiting or running at most once.
    """

    kind = models.CharField(max_length=40)
    arguments = models.JSONField(default=dict)
    lane = models.CharField(max_length=40, blank=True)
    key = models.CharField(max_length=80, blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.QUEUED)
    step = models.CharField(max_length=80, blank=True)
    result = models.JSONField(default=dict)
    error = models.TextField(blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    worker = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["state", "created_at"], name="job_waiting"),
            models.Index(fields=["workspace", "kind", "-created_at"], name="job_of_kind"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "key"],
                condition=~Q(key="") & Q(state__in=["queued", "running"]),
                name="one_active_job_of_a_key",
            ),
            models.UniqueConstraint(
                fields=["workspace", "lane"],
                condition=~Q(lane="") & Q(state="running"),
                name="one_running_job_of_a_lane",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def is_over(self) -> bool:
        return self.state in (State.DONE, State.FAILED)


class Schedule(WorkspaceRow):
    """A job that repeats, at the times of a cron line in the workspace's time zone."""

    kind = models.CharField(max_length=40)
    arguments = models.JSONField(default=dict)
    cron = models.CharField(max_length=80)
    enabled = models.BooleanField(default=True)
    next_at = models.DateTimeField(null=True)
    key = models.UUIDField(default=uuid.uuid4)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "kind"], name="one_schedule_of_a_kind")]

    def __str__(self) -> str:
        return f"{self.kind} {self.cron}"
