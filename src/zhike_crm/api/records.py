"""Records as the API gives them: only what is named here, so that nothing else ever leaves by accident."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from zhike_crm.accounts.access import can
from zhike_crm.api.answers import version_of
from zhike_crm.customers.models import Customer, Note, Score, Task
from zhike_crm.fields.models import FieldDefinition, FieldValue, Kind
from zhike_crm.jobs.models import Job

PROFILE = (
    "kind",
    "name",
    "email",
    "phone",
    "gender",
    "birth_date",
    "job_title",
    "country",
    "region",
    "city",
    "address",
)
# Who may not see these cannot set them either; as on the form of the page.
PERSONAL = ("email", "phone", "gender", "birth_date", "address")
SCORES = tuple(field.name for field in Score._meta.fields if field.name not in ("customer", "workspace"))


def customers(rows: Iterable[Customer], by: Any) -> list[dict[str, Any]]:
    """Customers with their scores (`select_related("score")`) and custom fields: one query more for all of them."""
    rows = list(rows)
    hidden = () if can(by, "personal.view") else PERSONAL
    custom = custom_values(by.workspace_id, "customers.customer", [row.pk for row in rows])
    return [_customer(row, custom.get(row.pk, {}), hidden) for row in rows]


def _customer(row: Customer, custom: dict[str, Any], hidden: Iterable[str]) -> dict[str, Any]:
    told = {name: getattr(row, name) for name in PROFILE if name not in hidden}
    told |= {"company": row.company_id, "owner": row.owner_id, "fields": custom}
    # Of what this caller sees only: from a hash over a hidden number the number could be guessed.
    version = version_of(told)
    score = row.score if hasattr(row, "score") else None
    return {
        "id": row.pk,
        "version": version,
        **told,
        "scores": {name: getattr(score, name) for name in SCORES} if score else None,
        "simulated": row.simulated,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


def custom_values(workspace: Any, record_type: str, ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    """record id → {field name: value}: definitions and values in one query."""
    stored = FieldValue.objects.of(workspace).filter(
        record_id__in=list(ids), field__record_type=record_type, field__archived_at=None
    )
    found: dict[int, dict[str, Any]] = {}
    for row in stored.select_related("field").order_by("pk"):
        field, mine = row.field, found.setdefault(row.record_id, {})
        value = getattr(row, field.column)
        if field.kind == Kind.CHOICES:
            mine.setdefault(field.name, []).append(value)
        else:
            mine[field.name] = bool(value) if field.kind == Kind.YESNO else value
    return found


def note(row: Note) -> dict[str, Any]:
    return {
        "id": row.pk,
        "customer": row.customer_id,
        "text": row.text,
        "by": str(row.by) if row.by else None,
        "created_at": row.created_at,
        "edited_at": row.edited_at,
    }


def task(row: Task) -> dict[str, Any]:
    return {
        "id": row.pk,
        "title": row.title,
        "customer": row.customer_id,
        "owner": row.owner_id,
        "due_on": row.due_on,
        "done": row.done_at is not None,
        "created_at": row.created_at,
    }


def field(row: FieldDefinition) -> dict[str, Any]:
    return {name: getattr(row, name) for name in ("name", "label", "kind", "options", "help_text")}


def job(row: Job) -> dict[str, Any]:
    names = ("kind", "state", "step", "result", "error", "created_at", "started_at", "finished_at")
    return {"id": row.pk, **{name: getattr(row, name) for name in names}}


def of_lake(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the lake: moments there are in UTC without saying so."""
    return {k: v.replace(tzinfo=dt.UTC) if isinstance(v, dt.datetime) else v for k, v in row.items()}
