"""Finding a few customers by what somebody typed: for the palette, for picking a company, before creating a double."""

from __future__ import annotations

import re
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse

from zhike_crm.accounts.access import can, visible
from zhike_crm.accounts.models import Membership
from zhike_crm.customers.models import Customer, Identity
from zhike_crm.ui.palette import Found

FEW = 8
# Fewer digits are no phone number.
DIGITS = 7
_NOT_DIGITS = re.compile(r"\D+")


def current(member: Membership) -> QuerySet[Customer]:
    """The customers within a member's reach, without merged and deleted ones."""
    return visible(member, Customer.objects).filter(deleted_at=None, merged_into=None)


def find(member: Membership, words: str, **conditions: Any) -> list[Customer]:
    """A few customers by number, e-mail, phone or name, the surest first.

    Every step is answered by an index, whatever the number of customers; a name is found by its beginning, and inside
    only when nothing surer was found.
    """
    words = words.replace("\0", "").strip()[:100]
    if not words:
        return []
    rows = current(member).filter(**conditions)
    found: dict[int, Customer] = {}
    for step in _steps(member, words):
        for customer in rows.filter(step).order_by("name", "pk")[: FEW - len(found)]:
            found.setdefault(customer.pk, customer)
        if len(found) >= FEW:
            break
    return list(found.values())


def same_as(member: Membership, values: dict[str, Any], but: int | None = None) -> list[Customer]:
    """Customers who have the e-mail address, phone number or name already. What one may not see finds nothing.

    Asked while somebody waits, so only in the ways of writing that an index finds; the search for duplicates in the
    background sees through more of them.
    """
    found = Q(name__in=_cases(values.get("name") or ""))
    if can(member, "personal.view"):
        found |= Q(email__in=_cases(values.get("email") or "")) | Q(phone__in=_dialled(values.get("phone") or ""))
    return list(current(member).exclude(pk=but).filter(found).select_related("company").order_by("pk")[:5])


def found_in_palette(member: Membership, words: str) -> list[Found]:
    """Customers for the palette, for who may see them."""
    if not can(member, "customers.view"):
        return []
    personal = can(member, "personal.view")
    return [_line(member, customer, personal) for customer in find(member, words)]


def _line(member: Membership, customer: Customer, personal: bool) -> Found:
    address = reverse("customer", args=[member.workspace.slug, customer.pk])
    hint = (customer.email if personal else "") or customer.city or customer.country
    if customer.kind == Customer.Kind.COMPANY:
        return Found(customer.name, address, icon="building", hint=hint)
    return Found(customer.name, address, icon="user", hint=hint)


def _steps(member: Membership, words: str) -> list[Q]:
    numbered = Identity.objects.of(member.workspace_id).filter(identity=words).values("customer_id")
    steps = [Q(pk__in=numbered)]
    if can(member, "personal.view"):
        steps += [Q(email__in=_cases(words)), Q(phone__in=_dialled(words))]
    begins = Q(pk__in=[])
    for word in _cases(words):
        # A range and not LIKE, which no index answers on SQLite.
        begins |= Q(name__gte=word, name__lt=word + "\U0010ffff")
    return [*steps, begins, Q(name__icontains=words)]


def _cases(words: str) -> list[str]:
    """The ways in which people write the same."""
    words = words.strip()
    return sorted({words, words.lower(), words.upper(), words.title()} - {""})


def _dialled(words: str) -> list[str]:
    digits = _NOT_DIGITS.sub("", words)
    if len(digits) < DIGITS:
        return []
    # With and without a country's code of one to three digits.
    return sorted({words.strip(), digits, f"+{digits}", *(digits[cut:] for cut in (1, 2, 3) if len(digits) - cut > 9)})
