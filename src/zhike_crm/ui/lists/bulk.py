"""One change of many records at once: in one transaction, audited record by record, undone as a whole."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models, transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from zhike_crm.accounts.models import Membership
from zhike_crm.audit.log import Actor, differences, entry, write_all
from zhike_crm.audit.models import AuditEntry
from zhike_crm.fields import turns
from zhike_crm.fields.models import FieldDefinition
from zhike_crm.fields.values import CUSTOM, definitions, parse, put_back, told_of, values_of, write_many
from zhike_crm.ui.lists.columns import Choice, no_choices

AT_ONCE = 100_000
BATCH = 1000


def no_values(_form: Mapping[str, str], _by: Membership) -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class BulkAction:
    """What a list offers for the rows one has ticked.

    Args:
        verb: in the audit log.
        values: (form values, member) → {field: new value}, the same for every record; custom fields as "field.name".
        does: what it does with the rows, where that is no change of their fields; it audits with the same verb, and
            `UNDOING` says how that is taken back.
        choices: where the person picks one value; the form then has `value`.
        asks: where the person types the value: what it is called.
        confirm: a question to answer first, for what is hard to take back by hand.
    """

    name: str
    label: Any
    permission: str
    verb: str
    values: Callable[[Mapping[str, str], Membership], dict[str, Any]] = no_values
    does: Callable[[QuerySet, Mapping[str, str], Membership], Done] | None = None
    choices: Callable[[], list[Choice]] = no_choices
    asks: Any = ""
    icon: str = "pencil"
    confirm: Any = ""

    @property
    def options(self) -> list[Choice]:
        return self.choices()


@dataclass(frozen=True)
class Done:
    said: str
    group: uuid.UUID
    number: int

    def undo(self, workspace: Any) -> str:
        """The address that takes it back; empty when nothing changed."""
        return reverse("undo", args=[workspace.slug, self.group]) if self.number else ""


def apply(action: BulkAction, rows: QuerySet, form: Mapping[str, str], by: Membership) -> Done:
    """Change the rows, and say how many.

    Raises:
        ValueError: too many rows, or the form does not say what to change to; nothing was changed.
    """
    if action.does is not None:
        return action.does(rows, form, by)
    values = action.values(form, by)
    group = uuid.uuid4()
    with transaction.atomic():
        fields = _fields(rows.model, values, by)
        turns.typing(by.workspace_id, fields)
        ids = list(rows.order_by().values_list("pk", flat=True)[: AT_ONCE + 1])
        if len(ids) > AT_ONCE:
            raise ValueError(_("%(number)s records at most can be changed at once.") % {"number": f"{AT_ONCE:,}"})
        changed = sum(
            _change(rows.model, ids[start : start + BATCH], values, fields, action.verb, group, by)
            for start in range(0, len(ids), BATCH)
        )
        _follow({rows.model._meta.label_lower} if changed else set(), by.workspace)
    said = ngettext("%(number)s record changed.", "%(number)s records changed.", changed) % {"number": f"{changed:,}"}
    return Done(said, group, changed)


# Verb → how to take back what is more than a change of fields, and of how many records it was; filled by the apps
# when they start.
UNDOING: dict[str, Callable[[AuditEntry, Membership], int]] = {}
# Type of record → what is to be seen to in a workspace where many of them were changed at once; filled likewise.
FOLLOWING: dict[str, Callable[[Any], None]] = {}


@transaction.atomic
def undo(workspace: Any, group: uuid.UUID, by: Membership) -> int:
    """Give the records of a bulk action back what they had. One that somebody changed since keeps the newer value."""
    entries = AuditEntry.objects.of(workspace).select_for_update().filter(group=group, undone=False)
    back = uuid.uuid4()
    count, types = 0, set[str]()
    written_before = list(entries)
    for record_type in {written.record_type for written in written_before}:
        turns.typing(workspace, definitions(workspace, record_type))
    for written in written_before:
        types.add(written.record_type)
        if written.verb in UNDOING:
            count += UNDOING[written.verb](written, by)
            continue
        record = _record(written)
        if record is None:
            continue
        stored = _stored(record, written.changes)
        old = {name: before for name, (before, after) in written.changes.items() if stored.get(name) == after}
        _set(record, old, written.told or ())
        count += bool(old)
        entry(record, "undone", Actor(by.user), {n: [written.changes[n][1], b] for n, b in old.items()}, back).save()
    entries.update(undone=True)
    _follow(types if count else set(), workspace)
    return count


def _follow(types: set[str], workspace: Any) -> None:
    for record_type in types & FOLLOWING.keys():
        FOLLOWING[record_type](workspace)


def _fields(model: type[models.Model], values: Mapping[str, Any], by: Membership) -> list[FieldDefinition]:
    """The custom fields among what changes."""
    if not any(name.startswith(CUSTOM) for name in values):
        return []
    return [f for f in definitions(by.workspace_id, model._meta.label_lower) if f"{CUSTOM}{f.name}" in values]


def _change(
    model: type[models.Model],
    ids: list[int],
    values: dict[str, Any],
    fields: list[FieldDefinition],
    verb: str,
    group: uuid.UUID,
    by: Membership,
) -> int:
    records = list(model.objects.of(by.workspace_id).select_for_update(of=("self",)).filter(pk__in=ids))
    own = {name: value for name, value in values.items() if not name.startswith(CUSTOM)}
    changes = {record.pk: differences(record, own) for record in records}
    touched = [record.pk for record in records if changes[record.pk]]
    model.objects.of(by.workspace_id).filter(pk__in=touched).update(**own)
    there = [record.pk for record in records]
    told = told_of(fields, there)
    wanted = {field.name: parse(field, values[f"{CUSTOM}{field.name}"]) for field in fields}
    for pk, custom in write_many(by.workspace_id, there, fields, wanted).items():
        changes[pk] |= {f"{CUSTOM}{name}": change for name, change in custom.items()}
    actor = Actor(by.user)
    changed = [record for record in records if changes[record.pk]]
    write_all(
        entry(record, verb, actor, changes[record.pk], group, {f"{CUSTOM}{name}" for name in told[record.pk]})
        for record in changed
    )
    return len(changed)


def _record(written: AuditEntry) -> Any:
    model = apps.get_model(written.record_type)
    return model.objects.of(written.workspace_id).select_for_update(of=("self",)).filter(pk=written.record_id).first()


def _stored(record: models.Model, names: Iterable[str]) -> dict[str, Any]:
    """What a record has now under these names, as the log has it."""
    own = [name for name in names if not name.startswith(CUSTOM)]
    custom = values_of(definitions(record.workspace_id, record._meta.label_lower), [record.pk]).get(record.pk, {})
    known = {f"{CUSTOM}{name}": value for name, value in custom.items()}
    found = {name: record._meta.get_field(name).value_from_object(record) for name in own}
    found |= {name: known.get(name) for name in names if name.startswith(CUSTOM)}
    return json.loads(json.dumps(found, cls=DjangoJSONEncoder))


def _set(record: models.Model, values: Mapping[str, Any], told: Collection[str]) -> None:
    own = {name: value for name, value in values.items() if not name.startswith(CUSTOM)}
    if own:
        fields = {name: record._meta.get_field(name) for name in own}
        named = {fields[n].attname: None if v is None else fields[n].to_python(v) for n, v in own.items()}
        type(record).objects.of(record.workspace_id).filter(pk=record.pk).update(**named)
    custom = {name.removeprefix(CUSTOM): value for name, value in values.items() if name.startswith(CUSTOM)}
    if custom:
        known = definitions(record.workspace_id, record._meta.label_lower)
        put_back(record, known, custom, told={name.removeprefix(CUSTOM) for name in told})
