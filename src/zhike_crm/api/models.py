"""What programs sent: events that wait for the lake, and answers that a repeated request gets again."""

from __future__ import annotations

from django.db import models

from zhike_crm.accounts.models import AccessToken
from zhike_crm.workspaces.scoping import WorkspaceRow


class InboxEvent(WorkspaceRow):
    """One message of a program, as it came. Accepted means: it is in this table.

    `drain` names the file with which it goes to the lake, so that a drain that was killed is found again; `landed_at`
    is when the lake had it.
    """

    message_id = models.CharField(max_length=100)
    kind = models.CharField(max_length=10)
    source = models.CharField(max_length=40)
    customer_id = models.CharField(max_length=200)
    occurred_at = models.DateTimeField()
    payload = models.JSONField(default=dict)
    received_at = models.DateTimeField(auto_now_add=True)
    drain = models.UUIDField(null=True)
    landed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "message_id"], name="one_message")]
        indexes = [
            models.Index(fields=["workspace", "id"], name="inbox_waiting", condition=models.Q(landed_at__isnull=True))
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.message_id}"


class StoredAnswer(WorkspaceRow):
    """What a request with an Idempotency-Key was answered, for a day."""

    token = models.ForeignKey(AccessToken, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=100)
    request_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    body = models.TextField(blank=True)
    etag = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["token", "key"], name="one_answer")]
        indexes = [models.Index(fields=["created_at"], name="answer_age")]

    def __str__(self) -> str:
        return self.key
