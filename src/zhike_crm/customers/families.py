"""Who has become whom by merging."""

from __future__ import annotations

from zhike_crm.customers.models import Customer


def family(customer: Customer) -> list[int]:
    """The ids of a customer and of all who were merged into it, however many steps away."""
    found, layer = [customer.pk], [customer.pk]
    while layer:
        rows = Customer.objects.of(customer.workspace_id).filter(merged_into__in=layer)
        layer = [pk for pk in rows.values_list("pk", flat=True) if pk not in found]
        found += layer
    return found


def now_known_as(customer: Customer | None) -> Customer | None:
    """The customer that a merged one has become."""
    seen: set[int] = set()
    while customer is not None and customer.merged_into_id and customer.pk not in seen:
        seen.add(customer.pk)
        customer = customer.merged_into
    return customer
