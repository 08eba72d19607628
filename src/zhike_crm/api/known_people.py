"""What programs say about customers who are on record already, onto their records.

The lake keeps everything that was said; a record shows what people need. What a person typed there stays, whatever a
program says later: they have looked.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.utils import timezone

from zhike.lake.identities import qualified
from zhike_crm.api.facts_of_events import Row
from zhike_crm.api.models import InboxEvent
from zhike_crm.api.profiles import read_traits
from zhike_crm.audit.log import Actor, differences, entry, write_all
from zhike_crm.audit.models import Via
from zhike_crm.customers.models import Customer, Identity
from zhike_crm.workspaces.models import Workspace

# Those that a first message gives a new record.
_TEXTS = ("name", "email", "phone", "gender", "country", "region", "city", "address")
_WIDTHS = {name: Customer._meta.get_field(name).max_length for name in _TEXTS}
_FIELDS = (*_TEXTS, "birth_date")
_AT_ONCE = 500


def update_known(workspace: Workspace, events: Iterable[InboxEvent]) -> int:
    """Change the customers that these identify events, in their order, are about; how many. In a transaction."""
    said: dict[str, Row] = {}
    for event in events:
        values = _values(read_traits(event.payload["traits"]))
        said.setdefault(qualified(event.source, event.customer_id), {}).update(values)
    identities = sorted(name for name, values in said.items() if values)
    changed = 0
    for start in range(0, len(identities), _AT_ONCE):
        changed += _update(workspace, identities[start : start + _AT_ONCE], said)
    return changed


def _update(workspace: Workspace, identities: list[str], said: dict[str, Row]) -> int:
    known = Identity.objects.of(workspace).filter(identity__in=identities).order_by("pk")
    customers: dict[int, Customer] = {}
    entries = []
    for identity in known.select_related("customer"):
        customer = customers.get(identity.customer_id, identity.customer)
        allowed = {k: v for k, v in said[identity.identity].items() if k not in customer.edited}
        changes = differences(customer, allowed)
        if not changes:
            continue
        for name in changes:
            setattr(customer, name, allowed[name])
        customer.updated_at = timezone.now()
        customers[customer.pk] = customer
        entries.append(entry(customer, "customer.changed", Actor(None, Via.API), changes))
    Customer.objects.of(workspace).bulk_update(customers.values(), [*_FIELDS, "updated_at"], batch_size=100)
    write_all(entries)
    return len(customers)


def _values(told: Row) -> dict[str, Any]:
    """As the columns of a record hold them."""
    values: dict[str, Any] = {name: told[name][: _WIDTHS[name]] for name in _TEXTS if told.get(name)}
    day = _day(told.get("birth_date"))
    return values | ({"birth_date": day} if day else {})


def _day(value: Any) -> dt.date | None:
    try:
        return dt.date.fromisoformat(str(value)[:10]) if value else None
    except ValueError:
        return None
