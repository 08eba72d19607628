"""Reading and writing custom fields of records."""

from __future__ import annotations

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from zhike_crm.fields.models import FieldDefinition, FieldValue, Kind
from zhike_crm.workspaces.scoping import WorkspaceRow

Values = dict[str, Any]


def definitions(workspace: Any, record_type: str) -> list[FieldDefinition]:
    """The fields of a type of record, in order, without the archived ones."""
    return list(FieldDefinition.objects.of(workspace).filter(record_type=record_type, archived_at=None))


def values_of(fields: Iterable[FieldDefinition], record_ids: Iterable[int]) -> dict[int, Values]:
    """record id → {field name: value}, in one query. Several choices are a list of codes."""
    by_id = {field.pk: field for field in fields}
    found: dict[int, Values] = defaultdict(dict)
    if not by_id:
        return found
    workspace = next(iter(by_id.values())).workspace_id
    stored = FieldValue.objects.of(workspace).filter(field__in=by_id, record_id__in=list(record_ids)).order_by("pk")
    for row in stored:
        field = by_id[row.field_id]
        value = getattr(row, field.column)
        if field.kind == Kind.CHOICES:
            found[row.record_id].setdefault(field.name, []).append(value)
        else:
            found[row.record_id][field.name] = bool(value) if field.kind == Kind.YESNO else value
    return found


def write(record: WorkspaceRow, fields: Iterable[FieldDefinition], values: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Set the named fields of a record; {field: [before, after]} of what changed. Call it inside a transaction.

    Raises:
        ValidationError: a value does not fit its field; nothing was written.
    """
    named = [field for field in fields if field.name in values]
    wanted = {field.name: parse(field, values[field.name]) for field in named}
    before = values_of(named, [record.pk]).get(record.pk, {})
    changes = {
        field.name: [before.get(field.name), wanted[field.name]]
        for field in named
        if before.get(field.name) != wanted[field.name]
    }
    changed = [field for field in named if field.name in changes]
    FieldValue.objects.of(record.workspace_id).filter(field__in=changed, record_id=record.pk).delete()
    FieldValue.objects.bulk_create(_rows(record, changed, wanted))
    return changes


def parse(field: FieldDefinition, value: Any) -> Any:
    """A value from a form, a file or the API as the field keeps it; None when there is none.

    Raises:
        ValidationError: it does not fit the field.
    """
    if value is None or value == "" or value == []:
        return None
    try:
        return _PARSERS[Kind(field.kind)](field, value)
    except (TypeError, ValueError, OverflowError) as wrong:
        raise ValidationError(
            {
                field.name: _("%(value)s does not fit the field %(field)s.")
                % {"value": repr(value)[:80], "field": field.label}
            }
        ) from wrong


def _rows(record: WorkspaceRow, fields: Iterable[FieldDefinition], wanted: Values) -> Iterable[FieldValue]:
    for field in fields:
        value = wanted[field.name]
        for single in value if isinstance(value, list) else [value]:
            if single is not None:
                known = {"workspace_id": record.workspace_id, "field": field, "record_id": record.pk}
                yield FieldValue(**known, **{field.column: single})


def _text(_field: FieldDefinition, value: Any) -> str:
    text = str(value).strip()
    if len(text) > 2000 or "\0" in text:
        raise ValueError(text)
    return text or None


def _number(_field: FieldDefinition, value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(value)
    return number


def _date(_field: FieldDefinition, value: Any) -> dt.date:
    return value if isinstance(value, dt.date) else dt.date.fromisoformat(str(value))


def _choice(field: FieldDefinition, value: Any) -> str:
    """A choice by its code, or by its label as files have it."""
    for option in field.options:
        if str(value) in (option["code"], option["label"]):
            return str(option["code"])
    raise ValueError(value)


def _choices(field: FieldDefinition, value: Any) -> list[str]:
    several = value if isinstance(value, (list, tuple)) else str(value).split(",")
    return sorted({_choice(field, one.strip()) for one in several})


def _yesno(_field: FieldDefinition, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    said = str(value).strip().lower()
    if said in ("1", "true", "yes", "y", "on", "是", "有"):
        return True
    if said in ("0", "false", "no", "n", "off", "否", "无"):
        return False
    raise ValueError(value)


def _link(_field: FieldDefinition, value: Any) -> int:
    return int(value)


_PARSERS = {
    Kind.TEXT: _text,
    Kind.NUMBER: _number,
    Kind.DATE: _date,
    Kind.CHOICE: _choice,
    Kind.CHOICES: _choices,
    Kind.YESNO: _yesno,
    Kind.LINK: _link,
}
