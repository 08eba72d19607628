"""Writing and reading the audit log."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models

from zhike_crm.audit.models import AuditEntry, Via
from zhike_crm.workspaces.scoping import WorkspaceRow


@dataclass(frozen=True)
class Actor:
    """Who acts, and through which door. `user` is None for a schedule."""

    user: Any = None
    via: Via = Via.PAGE


def entry(
    record: WorkspaceRow,
    verb: str,
    actor: Actor,
    changes: Mapping[str, Any] | None = None,
    group: uuid.UUID | None = None,
    told: Collection[str] = (),
) -> AuditEntry:
    """An entry that is not saved yet, for actions on many records."""
    return AuditEntry(
        workspace_id=record.workspace_id,
        by=actor.user,
        via=actor.via,
        verb=verb,
        record_type=record._meta.label_lower,
        record_id=record.pk,
        record_name=str(record)[:200],
        changes=dict(changes or {}),
        group=group or uuid.uuid4(),
        told=sorted(set(told) & set(changes or ())) or None,
    )


def record(record: WorkspaceRow, verb: str, actor: Actor, changes: Mapping[str, Any] | None = None) -> AuditEntry:
    """Write that somebody did something to a record. Call it inside the transaction of the change."""
    written = entry(record, verb, actor, changes)
    written.save()
    return written


def differences(record: models.Model, values: Mapping[str, Any]) -> dict[str, list[Any]]:
    """{field: [before, after]} for the values that would change the record."""
    found = {}
    for name, after in values.items():
        field = record._meta.get_field(name)
        before = field.value_from_object(record)
        after = after.pk if isinstance(after, models.Model) else after
        if before != after:
            found[name] = [before, after]
    return found


def of_record(record: WorkspaceRow) -> models.QuerySet[AuditEntry]:
    """Everything that happened to one record, newest first."""
    known = {"record_type": record._meta.label_lower, "record_id": record.pk}
    return AuditEntry.objects.of(record.workspace_id).filter(**known).select_related("by").order_by("-at", "-pk")


def write_all(entries: Iterable[AuditEntry]) -> None:
    AuditEntry.objects.bulk_create(entries, batch_size=2000)
