"""Who did what, when, to which record: written in the same transaction as the change itself, never altered."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from zhike_crm.workspaces.scoping import WorkspaceRow


class Via(models.TextChoices):
    """The door through which a change came."""

    PAGE = "page"
    API = "api"
    JOB = "job"
    COMMAND = "command"


class AuditEntry(WorkspaceRow):
    """One change of one record. Entries of one bulk action share `group`, by which it is undone as a whole.

    `changes` is {field: [before, after]} in JSON values; `told` names the fields among them whose value before a file
    had told, so that undoing gives it back as such.
    """

    at = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    via = models.CharField(max_length=8, choices=Via.choices, default=Via.PAGE)
    verb = models.CharField(max_length=40)
    record_type = models.CharField(max_length=40)
    record_id = models.BigIntegerField()
    record_name = models.CharField(max_length=200)
    changes = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    told = models.JSONField(null=True)
    group = models.UUIDField(default=uuid.uuid4)
    undone = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(fields=["workspace", "-at"], name="audit_newest"),
            models.Index(fields=["workspace", "record_type", "record_id", "-at"], name="audit_record"),
            models.Index(fields=["workspace", "group"], name="audit_group"),
        ]
