"""Columns of a list of customers for which customers have no field: what is offered for them, chosen, made of them.

Every such column can become a custom field, or fill one that is there. What is informative is proposed by itself;
which columns those are, and of what kind, follows from what they hold (`zhike.intake.held`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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
from zhike_crm.fields.actions import room_for, too_many
from zhike_crm.fields.models import FieldDefinition, Kind
from zhike_crm.imports.models import Import
from zhike_crm.imports.privacy import hidden_columns, proposed_mapping

KINDS = (Kind.CHOICE, Kind.NUMBER, Kind.DATE, Kind.YESNO, Kind.TEXT)
# Theirs → a kind, or a field that is there, and what a new one is to be called.
Asked = Mapping[str, tuple[str, str]]
# In front of the number of a field that is there already.
EXISTING = "field:"
# Ours that customers have a place for, under "Who" on their portrait.
HAVE_A_PLACE = frozenset({"customer_id", *RECORDED})
OF_CONTRACT = {"number": Kind.NUMBER, "integer": Kind.NUMBER, "date": Kind.DATE, "timestamp": Kind.DATE}
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
    if ours and CUSTOMERS[ours].kind in OF_CONTRACT:
        return OF_CONTRACT[CUSTOMERS[ours].kind].value
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
    known = fields_of(by)
    room = min(_PROPOSED_AT_MOST, room_for(by.workspace_id, RECORD_TYPE))
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
            told = told_column(_without_place(feeds.get(theirs, "")), theirs)
            room -= meant(known, {"told_by": told, "choice": offer.choice}) is None
            offer = offer if room >= 0 and can(by, "fields.edit") else _again(offer, "", offer.label)
        elif offer.choice and not offer.personal and not can(by, "personal.view"):
            # An open field; see `refusals`.
            ours = _without_place(feeds.get(theirs, ""))
            hidden = may_be_personal(imported, theirs, ours, known, by)
            offer = _again(offer, "", offer.label) if hidden else offer
        found[theirs] = offer
    return found


def _offer(imported: Import, theirs: str, ours: str, known: list[FieldDefinition]) -> Offer:
    stored = imported.inspection.get("held", {}).get(theirs)
    held = Held(**stored) if stored else None
    told = _without_place(ours)
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


def _without_place(ours: str) -> str:
    return "" if ours in HAVE_A_PLACE else ours


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
    return kinds, [(f"{EXISTING}{field.pk}", field.label) for field in fields_of(by) if not field.archived_at]


def fields_of(by: Membership) -> list[FieldDefinition]:
    rows = FieldDefinition.objects.of(by.workspace_id).filter(record_type=RECORD_TYPE, kind__in=KINDS)
    return list(rows.order_by("archived_at", "position", "pk"))


def meant(known: list[FieldDefinition], chosen: Mapping[str, Any]) -> FieldDefinition | None:
    """The field that is there already: chosen, filled by this column, or archived when such an import was undone."""
    for field in known:
        if chosen["told_by"] in field.told_by:
            if field.archived_at is None or field.kind == chosen["choice"]:
                return field
        elif field.archived_at is None and f"{EXISTING}{field.pk}" == chosen["choice"]:
            return field
    return None


def chosen_fields(imported: Import, asked: Asked, columns: Mapping[str, str], by: Membership) -> list[dict]:
    """What was chosen for the columns: for each that becomes or fills a field what `made_fields.make` needs to know.

    Args:
        columns: ours → theirs, as chosen with it.

    Raises:
        ValidationError: there would be too many fields.
    """
    if imported.table != CUSTOMERS.name:
        return []
    feeds = {theirs: ours for ours, theirs in columns.items()}
    kinds, existing = (dict(some) for some in kinds_and_fields(by))
    known = fields_of(by)
    found, new = [], 0
    for theirs in imported.inspection["columns"]:
        ours, (choice, label) = feeds.get(theirs, ""), asked.get(theirs, ("", ""))
        if ours in HAVE_A_PLACE or not (choice in kinds or choice in existing):
            continue
        label = label.replace("\0", "").strip()[:80] or theirs[:80]
        told = {"told_by": told_column(ours, theirs), "personal": may_be_personal(imported, theirs, ours, known, by)}
        found.append({"theirs": theirs, "choice": choice, "label": label, **told})
        new += choice in kinds and meant(known, found[-1]) is None
    if new > room_for(by.workspace_id, RECORD_TYPE):
        raise too_many()
    return found


def may_be_personal(imported: Import, theirs: str, ours: str, known: list[FieldDefinition], by: Membership) -> bool:
    """Whether a column is personal by its name or by the fields it fills, or hidden from the member.

    Nobody knows what is in a hidden one.
    """
    column = told_column(ours, theirs)
    declared = any(field.personal for field in known if column in field.told_by)
    return declared or is_personal(theirs, ours) or theirs in hidden_columns(imported, by, proposed_mapping(imported))
