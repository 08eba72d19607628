"""Which facts a message is: rows of the lake's tables, with what has no column of its own kept as JSON beside them."""

from __future__ import annotations

import json
import math
from typing import Any

from zhike_crm.api.models import InboxEvent

Row = dict[str, Any]
# Where a row keeps what its table has no column for.
EXTRAS = {"customers": "traits", "orders": "properties", "interactions": "properties"}
BOUGHT, REFUNDED = "order completed", "order refunded"
_ABOUT = ("subject", "product_id", "product", "name", "title", "path", "url", "query")
_MONEY = ("discount", "shipping", "tax", "cost")
_PLACES = ("channel", "store", "country", "region", "city", "currency", "status")


def table_of(event: InboxEvent) -> str:
    """The table a message belongs to. An order without number or amount is an interaction like any other."""
    if event.kind == "identify":
        return "customers"
    return "orders" if _order(event) else "interactions"


def row_of(event: InboxEvent) -> Row:
    """What a tracked message says, as a row of its table."""
    return _order(event) or _interaction(event)


def _interaction(event: InboxEvent) -> Row:
    said = event.payload["properties"]
    return {
        "interaction_id": event.message_id,
        "customer_id": event.customer_id,
        "occurred_at": event.occurred_at,
        "kind": event.payload["event"],
        "channel": text(said.get("channel")),
        "subject": next((found for name in _ABOUT if (found := text(said.get(name)))), None),
        "value": number(said, "value", "revenue", "total"),
        "session_id": text(said.get("session_id")),
        "properties": extras(said, ("channel", "session_id")),
    }


def _order(event: InboxEvent) -> Row | None:
    """An order, or the refund of one as an order of its own with less than nothing paid."""
    name = event.payload.get("event", "").strip().lower()
    if name not in (BOUGHT, REFUNDED):
        return None
    said = event.payload["properties"]
    order, amount = text(said.get("order_id")) or text(said.get("orderId")), number(said, "total", "revenue", "value")
    if order is None or amount is None:
        return None
    refund = name == REFUNDED
    known = ("order_id", "orderId", "total", *_MONEY, *_PLACES)
    return {
        "order_id": f"refund-{event.message_id}" if refund else order,
        "customer_id": event.customer_id,
        "ordered_at": event.occurred_at,
        "amount": -abs(amount) if refund else amount,
        "refund_of": order if refund else None,
        **{name: None if refund else number(said, name) for name in _MONEY},
        **{name: text(said.get(name)) for name in _PLACES},
        "properties": extras(said, known),
    }


def text(value: Any) -> str | None:
    """A value as text; None for what is empty, or no single value."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    return str(value).strip()[:2000] or None


def number(said: Row, *names: str) -> float | None:
    """The first of these that is a number."""
    for name in names:
        value = said.get(name)
        try:
            found = float(value) if isinstance(value, (int, float, str)) and not isinstance(value, bool) else math.nan
        except (ValueError, OverflowError):
            continue
        if math.isfinite(found):
            return found
    return None


def extras(said: Row, known: tuple[str, ...]) -> str | None:
    rest = {name: value for name, value in said.items() if name not in known}
    return json.dumps(rest, ensure_ascii=False, sort_keys=True) if rest else None
