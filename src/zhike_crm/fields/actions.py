"""What is done to the definitions of custom fields. Values are never lost: a field is archived, not deleted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from zhike_crm.accounts.models import Membership
from zhike_crm.audit.log import Actor, differences, record
from zhike_crm.audit.models import Via
from zhike_crm.fields.models import FieldDefinition, FieldValue, Kind
from zhike_crm.fields.ordering import in_natural_order
from zhike_crm.fields.record_types import RECORD_TYPES

AT_MOST = 100
OPTIONS_AT_MOST = 200
WITH_OPTIONS = (Kind.CHOICE, Kind.CHOICES)

# (code or "" for a new one, label), in order.
Options = Sequence[tuple[str, str]]


@transaction.atomic
def define_field(
    by: Membership,
    *,
    record_type: str,
    label: str,
    kind: str,
    options: Options = (),
    name: str = "",
    help_text: str = "",
    personal: bool = False,
    told_by: Sequence[str] = (),
    via: str = Via.PAGE,
) -> FieldDefinition:
    """A new custom field at the end of the others. Its name, for the API, is made of the label unless given.

    Args:
        told_by: the columns of the list of customers that fill it; a choice then gets its options from there.

    Raises:
        ValidationError: the name is taken, a choice has nothing to choose from, there are too many fields.
    """
    if record_type not in RECORD_TYPES:
        raise ValidationError({"record_type": _("There are no such records.")})
    mine = FieldDefinition.objects.of(by.workspace_id).filter(record_type=record_type)
    if room_for(by.workspace_id, record_type) < 1:
        raise too_many()
    last = mine.aggregate(last=Max("position"))["last"]
    field = FieldDefinition(
        workspace_id=by.workspace_id,
        record_type=record_type,
        name=name or _name(label, set(mine.values_list("name", flat=True)), *told_by),
        label=label,
        kind=kind,
        options=[] if told_by else _options(kind, options),
        help_text=help_text,
        personal=personal,
        told_by=list(told_by),
        position=0 if last is None else last + 1,
    )
    if mine.filter(name=field.name).exists():
        raise ValidationError({"name": _("There is a field of this name already.")})
    field.full_clean(exclude=["workspace"])
    field.save()
    record(field, "field.created", Actor(by.user, Via(via)), {"label": [None, label], "kind": [None, kind]})
    return field


def room_for(workspace: Any, record_type: str) -> int:
    """How many fields more there can be. Those in the archive count: each can be brought back."""
    return AT_MOST - FieldDefinition.objects.of(workspace).filter(record_type=record_type).count()


def too_many() -> ValidationError:
    said = _("There can be %(number)s custom fields at most, those in the archive among them.")
    return ValidationError(said % {"number": AT_MOST})


@transaction.atomic
def change_field(
    field: FieldDefinition,
    by: Membership,
    *,
    label: str,
    help_text: str = "",
    personal: bool = False,
    options: Options = (),
    via: str = Via.PAGE,
) -> FieldDefinition:
    """Change what people see of a field. Its name and kind stay, or the values would no longer fit.

    Raises:
        ValidationError: an option that records have would go.
    """
    stored = FieldDefinition.objects.of(by.workspace_id).select_for_update().get(pk=field.pk)
    wanted = _options_of_files(stored, options) if stored.told_by else _options(stored.kind, options)
    _keep_used(stored, {option["code"] for option in wanted})
    values = {"label": label, "help_text": help_text, "personal": personal, "options": wanted}
    changes = differences(stored, values)
    for name, value in values.items():
        setattr(stored, name, value)
    stored.full_clean(exclude=["workspace"])
    stored.save()
    if changes:
        record(stored, "field.changed", Actor(by.user, Via(via)), changes)
    return stored


@transaction.atomic
def archive_field(field: FieldDefinition, by: Membership) -> None:
    """Out of lists, forms and filters; its values stay for when it is brought back."""
    field.archived_at = timezone.now()
    field.save(update_fields=["archived_at"])
    record(field, "field.archived", Actor(by.user))


@transaction.atomic
def bring_back_field(field: FieldDefinition, by: Membership) -> None:
    # What was told meanwhile was told to an archived field: the next refresh reads it all.
    field.archived_at = field.told_version = None
    field.save(update_fields=["archived_at", "told_version"])
    record(field, "field.restored", Actor(by.user))


@transaction.atomic
def remove_field(field: FieldDefinition, by: Membership) -> None:
    """As if it had never been: of a field in which nobody has ever had a value, so that none is lost.

    Raises:
        ValidationError: somebody has one.
    """
    if FieldValue.objects.of(field.workspace_id).filter(field=field).exists():
        raise ValidationError(_("Records have values in this field. Archive it instead."))
    record(field, "field.removed", Actor(by.user))
    field.delete()


@transaction.atomic
def fill_from(field: FieldDefinition, column: str, by: Membership) -> None:
    """Let another column of the list of customers fill a field too; one that is archived is in use again."""
    stored = FieldDefinition.objects.of(by.workspace_id).select_for_update().get(pk=field.pk)
    if stored.archived_at is not None:
        bring_back_field(stored, by)
    if column not in stored.told_by:
        before, stored.told_by, stored.told_version = stored.told_by, [*stored.told_by, column], None
        stored.save(update_fields=["told_by", "told_version"])
        record(stored, "field.changed", Actor(by.user), {"told_by": [before, stored.told_by]})


def more_options(field: FieldDefinition, labels: Sequence[str]) -> dict[str, str]:
    """Label → code of these labels, most frequent first, with new options for those that are new; the field is saved.

    Beyond so many as a field can have, none is made; nor is one of a label of blanks.
    """
    known = _codes(field)
    # A label that is cut may end in a blank, with which no option is stored.
    cut = (label.strip()[:80].strip() for label in labels)
    new = [label for label in dict.fromkeys(cut) if label and label not in known]
    new = new[: max(0, OPTIONS_AT_MOST - len(field.options))]
    if new:
        stored = {option["label"]: option for option in field.options}
        made = [(*pair.values(),) for pair in _options(field.kind, [*_pairs(field), *(("", label) for label in new)])]
        every = {label: stored.get(label, {"code": code, "label": label}) for code, label in made}
        # What people have put into an order of their own stays so.
        natural = list(stored) == in_natural_order(stored)
        field.options = [every[label] for label in (in_natural_order(every) if natural else every)]
        field.save(update_fields=["options"])
    return _codes(field)


@transaction.atomic
def move_field(field: FieldDefinition, by: Membership, *, up: bool) -> None:
    """One place up or down among the fields in use."""
    rows = FieldDefinition.objects.of(by.workspace_id).select_for_update()
    fields = list(rows.filter(record_type=field.record_type, archived_at=None))
    place = next((i for i, one in enumerate(fields) if one.pk == field.pk), None)
    other = None if place is None else place + (-1 if up else 1)
    if other is None or not 0 <= other < len(fields):
        return
    fields[place], fields[other] = fields[other], fields[place]
    for position, one in enumerate(fields):
        one.position = position
    FieldDefinition.objects.bulk_update(fields, ["position"])


def _said(option: dict[str, str]) -> str:
    """What files say for an option, which people may call otherwise."""
    return option.get("said", option["label"])


def _codes(field: FieldDefinition) -> dict[str, str]:
    by_label = {option["label"]: option["code"] for option in field.options}
    return by_label | {_said(option): option["code"] for option in field.options}


def _pairs(field: FieldDefinition) -> list[tuple[str, str]]:
    return [(option["code"], option["label"]) for option in field.options]


def _options_of_files(field: FieldDefinition, options: Options) -> list[dict[str, str]]:
    """The options of a field that files fill: none until they have, and each knows what files say for it."""
    if not any(label.strip() for _code, label in options):
        return list(field.options)
    before = {option["code"]: _said(option) for option in field.options}
    found = _options(field.kind, options)
    return [
        one | ({"said": before[one["code"]]} if before.get(one["code"], one["label"]) != one["label"] else {})
        for one in found
    ]


def used_by(field: FieldDefinition) -> int:
    """How many records have a value."""
    values = FieldValue.objects.of(field.workspace_id).filter(field=field)
    return values.values("record_id").distinct().count()


def _name(label: str, taken: set[str], *others: str) -> str:
    """A name for the API: of the first that has Latin letters, the label and the columns of files; else a number."""
    slugs = (slugify(said.removeprefix("attributes.")) for said in (label, *others))
    start = re.sub(r"-+", "_", next(filter(None, slugs), ""))[:40] or "field"
    names = (start, *(f"{start}_{number}" for number in range(2, OPTIONS_AT_MOST + 2)))
    return next(name for name in names if name not in taken)


def _options(kind: str, options: Options) -> list[dict[str, str]]:
    """The options as they are stored: known codes stay, so that renaming one keeps the values of records."""
    if kind not in WITH_OPTIONS:
        return []
    found: list[dict[str, str]] = []
    taken = {code for code, label in options if code and label.strip()}
    for code, text in options:
        label = text.strip()[:80]
        if not label or any(label == one["label"] for one in found):
            continue
        made = code or _name(label, taken)
        taken.add(made)
        found.append({"code": made[:60], "label": label})
    if not found:
        raise ValidationError({"options": _("Write at least one option.")})
    if len(found) > OPTIONS_AT_MOST:
        raise ValidationError({"options": _("There can be %(number)s options at most.") % {"number": OPTIONS_AT_MOST}})
    return found


def _keep_used(field: FieldDefinition, codes: set[str]) -> None:
    gone: dict[str, Any] = {o["code"]: o["label"] for o in field.options if o["code"] not in codes}
    values = FieldValue.objects.of(field.workspace_id)
    for code, label in gone.items():
        count = values.filter(field=field, text=code).count()
        if count:
            said = ngettext(
                "%(number)s record has “%(option)s”; change it first.",
                "%(number)s records have “%(option)s”; change them first.",
                count,
            )
            raise ValidationError({"options": said % {"number": count, "option": label}})
