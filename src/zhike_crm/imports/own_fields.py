"""Columns of a list of customers for which customers have no field: what is offered for them, chosen, made of them.

Every such column can become a custom field, or fill one that is there. What is informative is proposed by itself;
which columns those are, and of what kind, follows from what they hold (`zhike.intake.held`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from zhike.intake.held import Held
from zhike.intake.vocabulary import normalised, sure_names
from zhike.language import current_language
from zhike.schema import CUSTOMERS
from zhike_crm.accounts.access import can
from zhike_crm.accounts.models import Membership
from zhike_crm.customers.actions import RECORD_TYPE
from zhike_crm.customers.personal import PERSONAL_COLUMNS
from zhike_crm.customers.telling import COLUMNS as RECORDED
from zhike_crm.customers.told_fields import told_column
from zhike_crm.fields.actions import AT_MOST, archive_field, define_field, fill_from
from zhike_crm.fields.models import FieldDefinition, FieldValue, Kind
from zhike_crm.imports.models import Import, State

KINDS = (Kind.CHOICE, Kind.NUMBER, Kind.DATE, Kind.YESNO, Kind.TEXT)
# In front of the number of a field that is there already.
EXISTING = "field:"
# Ours that customers have a place for, under "Who" on their portrait.
HAVE_A_PLACE = frozenset({"customer_id", *RECORDED})
_OF_CONTRACT = {"number": Kind.NUMBER, "integer": Kind.NUMBER, "date": Kind.DATE, "timestamp": Kind.DATE}
_MOSTLY = 0.95
_MOST_CHOICES = 50
_UNIQUE = 0.9
_FEW = 20
# More than this nobody wants at once; the others can be chosen.
_PROPOSED_AT_MOST = 40
# What tells something about a person that not everybody has to know: words of names, and parts of Chinese ones.
_PERSONAL_WORDS = re.compile(
    r"\b(age|aged|ages|born|dob|gender|sex|income|salary|wages?|marital|married|religion|ethnicity|race|health"
    r"|disability|diagnosis|names?|ssn|tel|id ?card|street|zip|wechat|qq|birth\w*|e ?mail\w*|mail|phone\w*|mobile\w*"
    r"|telephone\w*|address\w*|passport\w*|(first|last|full|sur|family|given|middle|maiden)names?)\b"
    r"|年龄|岁|生日|出生|性别|收入|工资|薪|婚|宗教|民族|健康|疾病|姓名|邮箱|邮编|电话|手机|地址|身份证|证件|微信"
)


@dataclass(frozen=True)
class Offer:
    """What can become of a column.

    `choice` is a kind, "field:" and the number of one that is there, or empty; `fills` the field that it fills already.
    """

    choice: str
    label: str
    why_not: str = ""
    misfits: int = 0
    personal: bool = False
    fills: FieldDefinition | None = None


def is_personal(name: str, ours: str = "") -> bool:
    """Whether a column is about what only those may see who may see personal data.

    >>> [is_personal(name) for name in ("AGE_DESC", "ageGroup", "年龄段", "Phone2", "birthdate", "Agent", "Homeowner")]
    [True, True, True, True, True, False, False]
    """
    words = re.sub(r"([a-z])([A-Z])|[\W\d_]+", r"\1 \2", name).casefold()
    return ours in PERSONAL_COLUMNS or bool(_PERSONAL_WORDS.search(words))


def kind_of(held: Held, ours: str = "") -> str:
    """The kind of field that fits what a column holds; empty where it says too little."""
    if held.filled == 0 or held.distinct < 2:
        return ""
    if ours and CUSTOMERS[ours].kind in _OF_CONTRACT:
        return _OF_CONTRACT[CUSTOMERS[ours].kind].value
    kind = "" if ours else _typed(held)
    if kind:
        return "" if kind == Kind.NUMBER and _is_unique(held) and held.whole == held.numbers else kind
    few = held.distinct <= min(_MOST_CHOICES, max(held.filled / 2, _FEW / 4))
    if few or (held.ranges + held.numbers >= _MOSTLY * held.filled and held.distinct <= _MOST_CHOICES):
        return Kind.CHOICE.value
    return "" if _is_unique(held) else Kind.TEXT.value


def _typed(held: Held) -> str:
    if held.yes_no == held.filled:
        return Kind.YESNO.value
    if held.present and held.numbers >= _MOSTLY * held.present:
        return Kind.NUMBER.value
    if held.present and held.dates >= _MOSTLY * held.present:
        return Kind.DATE.value
    return ""


def _is_unique(held: Held) -> bool:
    return held.filled >= _FEW and held.distinct >= _UNIQUE * held.filled


def _why_not(held: Held | None) -> str:
    if held is None:
        return ""
    if held.filled == 0:
        return _("empty")
    if held.distinct == 1:
        return _("the same in every row")
    return _("different in nearly every row") if _is_unique(held) else ""


def _misfits(held: Held | None, kind: str) -> int:
    """How many values a field of this kind could not take."""
    fitting = {Kind.NUMBER: "numbers", Kind.DATE: "dates", Kind.YESNO: "yes_no"}
    return held.present - getattr(held, fitting[Kind(kind)]) if held and kind in fitting else 0


def offers(
    imported: Import, by: Membership, feeds: Mapping[str, str], form: Mapping[str, str] | None
) -> dict[str, Offer]:
    """Theirs → what is offered for it, for a member who looks at the mapping.

    Args:
        feeds: theirs → ours, as it stands.
        form: what was chosen on the page that is shown again.
    """
    if imported.table != CUSTOMERS.name:
        return {}
    known = _fields(by)
    room = min(_PROPOSED_AT_MOST, AT_MOST - sum(field.archived_at is None for field in known))
    chosen = {one["theirs"]: one for one in imported.choices["fields"]} if "fields" in imported.choices else None
    found: dict[str, Offer] = {}
    for number, theirs in enumerate(imported.inspection["columns"]):
        offer = _offer(imported, theirs, feeds.get(theirs, ""), known)
        if form is not None:
            offer = _again(offer, form.get(f"field-{number}", ""), form.get(f"label-{number}", ""))
        elif chosen is not None:
            before = chosen.get(theirs, {})
            offer = _again(offer, before.get("choice", ""), before.get("label", ""))
        elif offer.choice in KINDS:
            room -= 1
            offer = offer if room >= 0 and can(by, "fields.edit") else _again(offer, "", offer.label)
        found[theirs] = offer
    return found


def _offer(imported: Import, theirs: str, ours: str, known: list[FieldDefinition]) -> Offer:
    stored = imported.inspection.get("held", {}).get(theirs)
    held = Held(**stored) if stored else None
    told = "" if ours in HAVE_A_PLACE else ours
    label = _label(told, theirs)
    column = told_column(told, theirs)
    personal = is_personal(theirs, told)
    if fills := next((field for field in known if column in field.told_by and not field.archived_at), None):
        return Offer("", fills.label, personal=fills.personal, fills=fills)
    kind = kind_of(held, told) if held else ""
    of_name = (f for f in known if not f.archived_at and f.label.casefold() == label.casefold())
    same = next((field for field in of_name if field.kind in (kind, Kind.TEXT)), None)
    if same is not None and kind:
        return Offer(f"{EXISTING}{same.pk}", label, personal=same.personal)
    # How columns of ours are written is found out for the whole file.
    misfits = 0 if told else _misfits(held, kind)
    return Offer(kind, label, "" if kind else _why_not(held), misfits, personal)


def _label(ours: str, theirs: str) -> str:
    """What people would call it: as we do, if it is ours by name even though its values are not."""
    known = ours or sure_names(CUSTOMERS.name).get(normalised(theirs), "")
    if known and known not in HAVE_A_PLACE:
        return CUSTOMERS[known].label(current_language())
    words = theirs.replace("_", " ").strip()[:80]
    return words[:1].upper() + words[1:]


def _again(offer: Offer, choice: str, label: str) -> Offer:
    return Offer(choice, label or offer.label, offer.why_not, 0, offer.personal, offer.fills)


def kinds_and_fields(by: Membership) -> tuple[list[tuple[str, Any]], list[tuple[str, str]]]:
    """What can be chosen for a column: kinds of a new field, if the member may make any, and fields that are there."""
    kinds = [(kind.value, kind.label) for kind in KINDS] if can(by, "fields.edit") else []
    return kinds, [(f"{EXISTING}{field.pk}", field.label) for field in _fields(by) if not field.archived_at]


def _fields(by: Membership) -> list[FieldDefinition]:
    rows = FieldDefinition.objects.of(by.workspace_id).filter(record_type=RECORD_TYPE, kind__in=KINDS)
    return list(rows.order_by("archived_at", "position", "pk"))


def chosen_fields(imported: Import, form: Mapping[str, str], columns: Mapping[str, str], by: Membership) -> list[dict]:
    """What a person chose for the columns: for each that becomes or fills a field what `make` needs to know.

    Args:
        columns: ours → theirs, as chosen with it.

    Raises:
        ValidationError: there would be too many fields.
    """
    if imported.table != CUSTOMERS.name:
        return []
    feeds = {theirs: ours for ours, theirs in columns.items()}
    kinds, existing = (dict(some) for some in kinds_and_fields(by))
    found = []
    for number, theirs in enumerate(imported.inspection["columns"]):
        ours, choice = feeds.get(theirs, ""), form.get(f"field-{number}", "")
        if ours in HAVE_A_PLACE or not (choice in kinds or choice in existing):
            continue
        label = form.get(f"label-{number}", "").replace("\0", "").strip()[:80] or theirs[:80]
        told = {"told_by": told_column(ours, theirs), "personal": is_personal(theirs, ours)}
        found.append({"theirs": theirs, "choice": choice, "label": label, **told})
    if len(existing) + sum(one["choice"] in kinds for one in found) > AT_MOST:
        raise ValidationError(_("There can be %(number)s custom fields at most.") % {"number": AT_MOST})
    return found


def make(imported: Import, by: Membership) -> None:
    """The fields that were chosen, in the transaction that starts the import. Done twice it is the same.

    Raises:
        ValidationError: there are too many fields by now.
    """
    made = imported.choices.get("made_fields", [])
    for one in imported.choices.get("fields", []):
        known = _fields(by)
        field = next((f for f in known if _is_meant(f, one)), None)
        if field is not None:
            made = [*made, field.pk] if field.archived_at else made
            fill_from(field, one["told_by"], by)
        elif one["choice"] in KINDS:
            asked = {"label": one["label"], "kind": one["choice"], "personal": one["personal"]}
            made = [*made, define_field(by, record_type=RECORD_TYPE, told_by=[one["told_by"]], **asked).pk]
    if made != imported.choices.get("made_fields", []):
        imported.choices = imported.choices | {"made_fields": made}
        imported.save(update_fields=["choices"])


def _is_meant(field: FieldDefinition, chosen: Mapping[str, Any]) -> bool:
    """Whether a field is there already: chosen, filled by this column, or archived when such an import was undone."""
    if chosen["told_by"] in field.told_by:
        return field.archived_at is None or field.kind == chosen["choice"]
    return field.archived_at is None and f"{EXISTING}{field.pk}" == chosen["choice"]


def withdraw(imported: Import, by: Membership) -> None:
    """Archive the fields that came with an import which is undone, where nothing else fills them.

    Their values go with the next refresh, as do its rows from all figures; out of sight they are at once.
    """
    rows = Import.objects.of(by.workspace_id).filter(table=CUSTOMERS.name, state=State.IMPORTED)
    others = list(rows.exclude(pk=imported.pk).values_list("mapping", flat=True))
    filled = {told_column(ours, "") for mapping in others for ours in mapping.get("columns", {})}
    filled |= {told_column("", theirs) for mapping in others for theirs in mapping.get("unmapped", ())}
    for field in _fields(by):
        came_with_it = field.pk in imported.choices.get("made_fields", []) and field.archived_at is None
        if came_with_it and not filled & set(field.told_by) and not _is_typed(field):
            archive_field(field, by)


def _is_typed(field: FieldDefinition) -> bool:
    return FieldValue.objects.of(field.workspace_id).filter(field=field, told=False).exists()


def refuse_ranges(imported: Import, columns: Mapping[str, str]) -> None:
    """No year or age follows from "45-54": who feeds one of ours with such a column is told so before rows are lost.

    Raises:
        ValidationError: a number or date of ours is fed by ranges.
    """
    for ours, theirs in columns.items():
        stored = imported.inspection.get("held", {}).get(theirs)
        if stored and CUSTOMERS[ours].kind in _OF_CONTRACT and stored["ranges"] > stored["filled"] / 2:
            said = {"theirs": theirs, "ours": CUSTOMERS[ours].label(current_language())}
            raise ValidationError(
                _(
                    "“%(theirs)s” holds ranges such as 45-54, and no %(ours)s follows from a range. "
                    "Choose “not one of these” and keep it as a field with one choice."
                )
                % said
            )
