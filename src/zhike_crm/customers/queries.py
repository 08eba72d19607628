"""What pages show of customers from the database."""

from __future__ import annotations

from typing import Any

from django.utils import formats
from django.utils.translation import gettext as _

from zhike_crm.accounts.access import can
from zhike_crm.accounts.models import Membership
from zhike_crm.customers.actions import RECORD_TYPE
from zhike_crm.customers.models import Customer
from zhike_crm.customers.timeline import Event
from zhike_crm.fields.values import definitions, values_of

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
_PERSONAL = ("email", "phone", "birth_date", "address")


def profile(customer: Customer, member: Membership) -> list[tuple[Any, Any]]:
    """What is known of the customer, label and value; personal data masked for whom they are not for."""
    open_book = can(member, "personal.view")
    found = []
    for name in _SHOWN:
        label = Customer._meta.get_field(name).verbose_name
        display = getattr(customer, f"get_{name}_display", None)
        value = display() if display else getattr(customer, name)
        if value:
            found.append((str(label).capitalize(), value if open_book or name not in _PERSONAL else masked(str(value))))
    fields = definitions(customer.workspace_id, RECORD_TYPE)
    custom = values_of(fields, [customer.pk]).get(customer.pk, {})
    return found + [(field.label, _said(field, custom[field.name])) for field in fields if field.name in custom]


def masked(value: str) -> str:
    """Enough to recognise, too little to use: the first character, and where it ends.

    >>> masked("li.wei@example.com"), masked("13800138000")
    ('l•••@example.com', '1•••00')
    """
    if "@" in value:
        name, _at, host = value.partition("@")
        return f"{name[:1]}•••@{host}"
    return f"{value[:1]}•••{value[-2:]}"


def kinds_of(events: list[Event]) -> list[tuple[str, str]]:
    """The kinds of event there are, with their names, for choosing among them."""
    names = {
        "order": _("Orders"),
        "note": _("Notes"),
        "task": _("Tasks"),
        "ticket": _("Tickets"),
        "feedback": _("Feedback"),
        "interaction": _("Interactions"),
        "touch": _("Messages"),
        "change": _("Changes"),
    }
    present = {event.kind for event in events}
    return [(kind, name) for kind, name in names.items() if kind in present]


def _said(field: Any, value: Any) -> str:
    labels = {option["code"]: option["label"] for option in field.options}
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, float):
        return formats.number_format(value, use_l10n=True)
    several = value if isinstance(value, list) else [value]
    return ", ".join(str(labels.get(one, one)) for one in several)
