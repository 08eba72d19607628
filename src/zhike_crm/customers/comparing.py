"""Two customers side by side, as the page shows them before they are merged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from zhike_crm.accounts.access import can
from zhike_crm.accounts.models import Membership
from zhike_crm.customers.actions import RECORD_TYPE
from zhike_crm.customers.merging import Side, side_of, wins
from zhike_crm.customers.models import EDITABLE, Customer
from zhike_crm.customers.queries import PERSONAL, hidden_value, said
from zhike_crm.fields.values import CUSTOM, definitions, open_definitions, values_of


@dataclass(frozen=True)
class Line:
    """One field of both. `chosen` is "kept" or "other", what is taken unless somebody says otherwise."""

    name: str
    label: str
    kept: str
    other: str
    chosen: str

    @property
    def differs(self) -> bool:
        return self.kept != self.other


def lines(kept: Customer, other: Customer, member: Membership) -> list[Line]:
    """The fields that at least one of the two has, those that differ first."""
    open_book = can(member, "personal.view")
    sides = side_of(kept), side_of(other)
    found = []
    for name in EDITABLE:
        label = str(Customer._meta.get_field(name).verbose_name).capitalize()
        values = [_own(customer, name) for customer in (kept, other)]
        if name in PERSONAL and not open_book:
            values = [value and hidden_value(name, value) for value in values]
        found.append(Line(name, label, *values, _chosen(name, *sides)))
    fields = open_definitions(member, RECORD_TYPE)
    custom = values_of(fields, [kept.pk, other.pk])
    for field in fields:
        values = [custom.get(customer.pk, {}).get(field.name) for customer in (kept, other)]
        name = f"{CUSTOM}{field.name}"
        shown = ("" if v is None else said(field, v) for v in values)
        found.append(Line(name, field.label, *shown, _chosen(name, *sides)))
    return sorted((line for line in found if line.kept or line.other), key=lambda line: not line.differs)


def belongings(customers: list[Customer], member: Membership) -> list[tuple[str, list[int]]]:
    """How much belongs to each: what moves when they are merged."""
    counts = {
        _("Identities"): Count("identities", distinct=True),
        _("Notes"): Count("notes", filter=Q(notes__deleted_at=None), distinct=True),
        _("Tasks"): Count("tasks", filter=Q(tasks__deleted_at=None), distinct=True),
        _("Contacts"): Count("contacts", filter=Q(contacts__deleted_at=None), distinct=True),
    }
    named = {f"n{i}": count for i, count in enumerate(counts.values())}
    rows = Customer.objects.of(member.workspace_id).filter(pk__in=[c.pk for c in customers]).annotate(**named)
    by_id = {row.pk: row for row in rows}
    return [(label, [getattr(by_id[c.pk], f"n{i}") for c in customers]) for i, label in enumerate(counts)]


def chosen(posted: Any, kept: Customer) -> dict[str, bool]:
    """field → whether to take the other's, as the form says; nothing but the fields there are is read."""
    custom = [f"{CUSTOM}{field.name}" for field in definitions(kept.workspace_id, RECORD_TYPE)]
    asked = {name: posted.get(f"take.{name}") for name in [*EDITABLE, *custom]}
    return {name: value == "other" for name, value in asked.items() if value in ("kept", "other")}


def _own(customer: Customer, name: str) -> str:
    display = getattr(customer, f"get_{name}_display", None)
    value = display() if display else getattr(customer, name)
    return "" if value is None else str(value)


def _chosen(name: str, kept: Side, other: Side) -> str:
    return "other" if wins(name, kept, other) else "kept"
