"""Records as the API gives them: only what is named here, so that nothing else ever leaves by accident."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from zhike_crm.accounts.access import can
from zhike_crm.api.answers import version_of
from zhike_crm.api.prepared import fetch
from zhike_crm.customers.actions import RECORD_TYPE
from zhike_crm.customers.models import Note, Score, ScoredRun, Task
from zhike_crm.customers.queries import PERSONAL
from zhike_crm.fields.models import COLUMNS as VALUE_COLUMNS
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
SCORES = tuple(field.name for field in Score._meta.fields if field.name not in ("customer", "workspace"))
_LINKS = ("company_id", "owner_id")
_ABOUT = ("simulated", "created_at", "updated_at")
# What a query for customers has to give, in this order: `values_list(*COLUMNS)`. Objects of the models would take
# several times as long to make as everything else that a page of a list takes.
COLUMNS = ("id", *PROFILE, *_LINKS, *_ABOUT, *(f"score__{name}" for name in SCORES))
_TO_PROFILE = 1 + len(PROFILE)
_TO_SCORES = _TO_PROFILE + len(_LINKS) + len(_ABOUT)
_VALUES = tuple(sorted(set(VALUE_COLUMNS.values())))


def customers(rows: Iterable[Sequence[Any]], by: Any) -> list[dict[str, Any]]:
    """Customers with their scores and custom fields: two queries more for all of them."""
    rows = list(rows)
    hidden = () if can(by, "personal.view") else PERSONAL
    custom = custom_values(by, RECORD_TYPE, [row[0] for row in rows])
    unproven = _unproven(by.workspace_id) if rows else []
    return [_customer(row, custom.get(row[0], {}), hidden, unproven) for row in rows]


def _unproven(workspace: int) -> list[str]:
    """The models whose test failed in the run that the scores are of."""

    def build(workspace: int) -> Any:
        return ScoredRun.objects.of(workspace).values_list("unproven")

    return next((list(names) for (names,) in fetch("unproven", build, workspace=workspace)), [])


def _customer(row: Sequence[Any], custom: dict[str, Any], hidden: Iterable[str], unproven: list[str]) -> dict[str, Any]:
    told = dict(zip(PROFILE, row[1:_TO_PROFILE], strict=True))
    for name in hidden:
        del told[name]
    told["company"], told["owner"], *about = row[_TO_PROFILE:_TO_SCORES]
    told["fields"] = custom
    scores = {**dict(zip(SCORES, row[_TO_SCORES:], strict=True)), "unproven": unproven}
    # The version is of what this caller sees only: from a hash over a hidden number the number could be guessed.
    known = {"id": row[0], "version": version_of(told), **told}
    known["scores"] = scores if scores["run"] is not None else None
    known["simulated"], known["created_at"], known["updated_at"] = about
    return known


def custom_values(by: Any, record_type: str, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """record id → {field name: value}, by name, of the fields that the caller may see: all in one query."""
    if not ids:
        return {}
    asked = {f"id{place}": pk for place, pk in enumerate(ids)}
    personal = can(by, "personal.view")

    def build(workspace: int, **marks: int) -> Any:
        stored = FieldValue.objects.of(workspace).filter(
            record_id__in=marks.values(), field__record_type=record_type, field__archived_at=None
        )
        stored = stored if personal else stored.filter(field__personal=False)
        return stored.order_by("field__name", "pk").values_list("record_id", "field__name", "field__kind", *_VALUES)

    found: dict[int, dict[str, Any]] = {}
    rows = fetch(("custom values", record_type, personal, len(ids)), build, workspace=by.workspace_id, **asked)
    for record, name, kind, *values in rows:
        mine, value = found.setdefault(record, {}), values[_VALUES.index(VALUE_COLUMNS[Kind(kind)])]
        if kind == Kind.CHOICES:
            mine.setdefault(name, []).append(value)
        else:
            mine[name] = bool(value) if kind == Kind.YESNO else value
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
    return {name: getattr(row, name) for name in ("name", "label", "kind", "options", "help_text", "personal")}


def job(row: Job) -> dict[str, Any]:
    names = ("kind", "state", "step", "result", "error", "created_at", "started_at", "finished_at")
    return {"id": row.pk, **{name: getattr(row, name) for name in names}}


def of_lake(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the lake: moments there are in UTC without saying so."""
    return {k: v.replace(tzinfo=dt.UTC) if isinstance(v, dt.datetime) else v for k, v in row.items()}
