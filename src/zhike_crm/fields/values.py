"""Reading and writing custom fields of records."""

from __future__ import annotations

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from zhike_crm.accounts.access import can
from zhike_crm.fields import turns
from zhike_crm.fields.models import TEXT_AT_MOST, FieldDefinition, FieldValue, Kind
from zhike_crm.workspaces.scoping import WorkspaceRow

Values = dict[str, Any]
# In front of the name of a custom field, where those of our own stand beside it.
CUSTOM = "field."


def definitions(workspace: Any, record_type: str) -> list[FieldDefinition]:
    """The fields of a type of record, in order, without the archived ones."""
    return list(FieldDefinition.objects.of(workspace).filter(record_type=record_type, archived_at=None))


def open_definitions(member: Any, record_type: str) -> list[FieldDefinition]:
    """Those of the fields that the member may see the values of."""
    fields = definitions(member.workspace_id, record_type)
    return fields if can(member, "personal.view") else [field for field in fields if not field.personal]


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


def told_of(fields: Iterable[FieldDefinition], record_ids: Iterable[int]) -> dict[int, set[str]]:
    """record id → the names of those of these fields whose value a file has told."""
    by_id = {field.pk: field for field in fields if field.told_by}
    found: dict[int, set[str]] = defaultdict(set)
    if not by_id:
        return found
    workspace = next(iter(by_id.values())).workspace_id
    rows = FieldValue.objects.of(workspace).filter(field__in=by_id, record_id__in=list(record_ids), told=True)
    for record_id, field in rows.values_list("record_id", "field"):
        found[record_id].add(by_id[field].name)
    return found


def plain(value: Any) -> Any:
    """A value as JSON has it, so that what was stored as JSON compares with what is in the database."""
    return value.isoformat() if isinstance(value, dt.date) else value


def write(record: WorkspaceRow, fields: Iterable[FieldDefinition], values: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Set the named fields of a record; {field: [before, after]} of what changed. Call it inside a transaction.

    Raises:
        ValidationError: a value does not fit its field; nothing was written.
    """
    named = [field for field in fields if field.name in values]
    wanted = {field.name: parse(field, values[field.name]) for field in named}
    return write_many(record.workspace_id, [record.pk], named, wanted).get(record.pk, {})


def write_many(
    workspace: Any,
    record_ids: Sequence[int],
    fields: Iterable[FieldDefinition],
    wanted: Values,
    *,
    told: Collection[str] = (),
) -> dict[int, dict[str, list[Any]]]:
    """Give many records the same values, parsed already; record id → {field: [before, after]} of what changed.

    Args:
        told: the names of the fields whose value here is what a file has told, and may change again.
    """
    fields = list(fields)
    turns.typing(workspace, fields)
    before = values_of(fields, record_ids)
    changes: dict[int, dict[str, list[Any]]] = defaultdict(dict)
    for field in fields:
        after = wanted[field.name]
        changed = [pk for pk in record_ids if before.get(pk, {}).get(field.name) != after]
        for pk in changed:
            changes[pk][field.name] = [plain(before.get(pk, {}).get(field.name)), plain(after)]
        FieldValue.objects.of(workspace).filter(field=field, record_id__in=changed).delete()
        FieldValue.objects.bulk_create(_rows(field, changed, after, told=field.name in told), batch_size=1000)
    return changes


def put_back(
    record: WorkspaceRow, fields: Iterable[FieldDefinition], values: Mapping[str, Any], *, told: Collection[str] = ()
) -> None:
    """Values that a record had before, as JSON has them; an option that is gone since comes back with its value.

    Args:
        told: see `write_many`; these fields are read anew, for the file may say something else by now.
    """
    named = [field for field in fields if field.name in values]
    wanted = {f.name: _date(f, v) if (v := values[f.name]) and f.kind == Kind.DATE else v for f in named}
    write_many(record.workspace_id, [record.pk], named, wanted, told=told)
    if again := [field.pk for field in named if field.name in told and field.told_version is not None]:
        FieldDefinition.objects.of(record.workspace_id).filter(pk__in=again).update(told_version=None)


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


def _rows(field: FieldDefinition, record_ids: Iterable[int], value: Any, *, told: bool) -> list[FieldValue]:
    several = value if isinstance(value, list) else [value]
    known = {"workspace_id": field.workspace_id, "field": field, "told": told}
    return [
        FieldValue(**known, record_id=pk, **{field.column: single})
        for pk in record_ids
        for single in several
        if single is not None
    ]


def _text(_field: FieldDefinition, value: Any) -> str:
    text = str(value).strip()
    if len(text) > TEXT_AT_MOST or "\0" in text:
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
