"""Which facts a message is: rows of the lake's tables, with what has no column of its own kept as JSON beside them.

An order is a row of orders and, where the message lists products, one of order lines for each. It counts once, with
the total it names. What says no total is worth what its products add up to.
"""

from __future__ import annotations

import json
import math
from typing import Any

from zhike_crm.api.models import InboxEvent

Row = dict[str, Any]
# Where a row keeps what its table has no column for.
EXTRAS = {"customers": "traits", "orders": "properties", "interactions": "properties"}
BOUGHT, REFUNDED = "order completed", "order refunded"
CUSTOMERS, ORDERS, LINES, INTERACTIONS = "customers", "orders", "order_lines", "interactions"
# More lines than this are kept with the order only.
MOST_LINES = 500
_ABOUT = ("subject", "product_id", "product", "name", "title", "path", "url", "query")
_PRODUCT = ("product_id", "productId", "sku", "id")
_MONEY = ("discount", "shipping", "tax", "cost")
_PLACES = ("channel", "store", "country", "region", "city", "currency", "status")


def facts_of(event: InboxEvent) -> list[tuple[str, Row]]:
    """The rows that a tracked message is, each with its table. An order that cannot be told is an interaction."""
    order = _order(event)
    if order is None:
        return [(INTERACTIONS, _interaction(event))]
    return [(ORDERS, order), *((LINES, line) for line in _lines(event, order))]


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
    order = text(said.get("order_id")) or text(said.get("orderId"))
    amount = number(said, "total", "revenue", "value")
    amount = _worth(said) if amount is None else amount
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


def _lines(event: InboxEvent, order: Row) -> list[Row]:
    """What was bought. Of a refund the lines are not told: it takes off the order that it names, whole."""
    products = _products(event.payload["properties"])
    if order["refund_of"] or len(products) > MOST_LINES:
        return []
    shared = {name: order[name] for name in ("order_id", "customer_id", "ordered_at", "channel", "store", "country")}
    return [
        {
            **shared,
            "line_no": str(place),
            "product_id": next((found for key in _PRODUCT if (found := text(product.get(key)))), None),
            "product_name": text(product.get("name")) or text(product.get("title")),
            "category": text(product.get("category")),
            "quantity": number(product, "quantity"),
            "unit_price": number(product, "price", "unit_price"),
            "amount": _amount(product),
            "discount": number(product, "discount"),
            "cost": number(product, "cost"),
        }
        for place, product in enumerate(products, 1)
    ]


def _products(said: Row) -> list[Row]:
    """The products that are told well enough to be a line: which one it is, or what it cost."""
    listed = said.get("products")
    listed = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    named = (*_PRODUCT, "name", "title")
    return [one for one in listed if _amount(one) is not None or any(text(one.get(name)) for name in named)]


def _amount(product: Row) -> float | None:
    price, quantity = number(product, "price", "unit_price"), number(product, "quantity")
    if price is None:
        return number(product, "total", "amount", "revenue")
    return round(price * (1 if quantity is None else quantity), 6)


def _worth(said: Row) -> float | None:
    """What the products add up to, if each says what it cost."""
    amounts = [_amount(product) for product in _products(said)]
    return round(sum(amounts), 6) if amounts and None not in amounts else None  # type: ignore[arg-type]


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
