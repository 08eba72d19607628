"""What pages show of customers from the database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from zhike_crm.accounts.access import can, visible
from zhike_crm.accounts.models import Membership
from zhike_crm.customers.actions import RECORD_TYPE
from zhike_crm.customers.families import now_known_as
from zhike_crm.customers.models import Customer
from zhike_crm.fields.models import FieldDefinition, FieldValue, Kind
from zhike_crm.fields.values import CUSTOM, definitions, open_definitions, values_of
from zhike_crm.ui.lists.cells import own_number

_SHOWN = (
    "kind",
    "company",
    "job_title",
    "email",
    "phone",
    "gender",
    "birth_date",
    "country",
    "region",
    "city",
    "address",
)
PERSONAL = ("email", "phone", "gender", "birth_date", "address")
# Of these a masked value still tells one person from another, and is long enough to.
RECOGNISED, _LONG_ENOUGH = ("email", "phone"), 8
MASK = "•••"
# What a record should have, by its kind.
_WANTED = {
    Customer.Kind.PERSON: ("email", "phone", "birth_date", "country", "city", "address", "owner"),
    Customer.Kind.COMPANY: ("email", "phone", "country", "city", "address", "owner"),
}


@dataclass(frozen=True)
class Known:
    """One thing that is known of a customer; `address` is where it leads, `source` where it is from if not typed."""

    label: str
    value: Any
    address: str = ""
    source: str = ""


def profile(customer: Customer, member: Membership) -> list[Known]:
    """What is known of the customer. Personal data masked for whom they are not for, fields of them left out."""
    open_book = can(member, "personal.view")
    found: list[Known] = []
    for name in _SHOWN:
        label = Customer._meta.get_field(name).verbose_name
        display = getattr(customer, f"get_{name}_display", None)
        value = display() if display else getattr(customer, name)
        if name == "company" and value:
            value = visible(member, Customer.objects).filter(pk=now_known_as(value).pk).first()
        if not value or value == customer:
            continue
        address = reverse("customer", args=[member.workspace.slug, value.pk]) if name == "company" else ""
        shown = value if open_book or name not in PERSONAL else hidden_value(name, str(value))
        found.append(Known(str(label).capitalize(), shown, address))
    fields = open_definitions(member, RECORD_TYPE)
    custom = values_of(fields, [customer.pk]).get(customer.pk, {})
    _name_links(fields, custom, member)
    told = _told(customer, fields)
    return found + [
        Known(
            field.label, said(field, custom[field.name]), source=_("from the customer file") if field.pk in told else ""
        )
        for field in fields
        if field.name in custom
    ]


def _told(customer: Customer, fields: list[FieldDefinition]) -> set[int]:
    """The fields whose value of this customer came from a file."""
    filled = [field.pk for field in fields if field.told_by]
    if not filled:
        return set()
    rows = FieldValue.objects.of(customer.workspace_id).filter(record_id=customer.pk, field__in=filled, told=True)
    return set(rows.values_list("field", flat=True))


def masked(value: str) -> str:
    """Enough to recognise, too little to use: the first character, and where it ends.

    >>> masked("li.wei@example.com"), masked("13800138000")
    ('l•••@example.com', '1•••00')
    """
    if "@" in value:
        name, _at, host = value.partition("@")
        return f"{name[:1]}{MASK}@{host}"
    return f"{value[:1]}{MASK}{value[-2:]}" if len(value) >= _LONG_ENOUGH else MASK


def hidden_value(name: str, value: str) -> str:
    """What stands in the place of a field's value that is not for the reader."""
    return masked(value) if name in RECOGNISED else MASK


def completeness(customer: Customer) -> tuple[int, list[str]]:
    """How much of what one should know is known, in per cent, and what is missing."""
    wanted = _WANTED[Customer.Kind(customer.kind)]
    missing = [name for name in wanted if not getattr(customer, name)]
    labels = [str(Customer._meta.get_field(name).verbose_name) for name in missing]
    return round(100 * (len(wanted) - len(missing)) / len(wanted)), labels


def hidden_changes(member: Membership) -> set[str]:
    """The names in the audit log whose values are masked for a member."""
    if can(member, "personal.view"):
        return set()
    # Archived ones too: what was typed into them is still in the log.
    rows = FieldDefinition.objects.of(member.workspace_id).filter(record_type=RECORD_TYPE, personal=True)
    custom = set(rows.values_list("name", flat=True))
    return {*PERSONAL, *custom, *(f"{CUSTOM}{name}" for name in custom)}


def field_labels(workspace: Any) -> dict[str, str]:
    """What the fields of customers are called, by their names in the audit log; custom ones with and without prefix."""
    own = {f.name: str(f.verbose_name).capitalize() for f in Customer._meta.fields}
    custom = {field.name: field.label for field in definitions(workspace, RECORD_TYPE)}
    own |= {"merged": _("Merged customer"), "merged_into": _("Merged into"), "text": _("Text"), "title": _("Task")}
    return custom | {f"{CUSTOM}{name}": label for name, label in custom.items()} | own


def said(field: Any, value: Any) -> str:
    labels = {option["code"]: option["label"] for option in field.options}
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, float):
        return own_number(value)
    several = value if isinstance(value, list) else [value]
    return ", ".join(str(labels.get(one, one)) for one in several)


def _name_links(fields: list[Any], custom: dict[str, Any], member: Membership) -> None:
    """Names instead of numbers, of the customers within reach."""
    linked = {f.name: custom[f.name] for f in fields if f.kind == Kind.LINK and f.name in custom}
    if linked:
        names = dict(visible(member, Customer.objects).filter(pk__in=linked.values()).values_list("pk", "name"))
        custom |= {name: names.get(pk, f"#{pk}") for name, pk in linked.items()}
