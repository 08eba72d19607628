"""What a company's data hold: counted once, so that advice rests on numbers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from zhike.churn.events import carts, competitors
from zhike.tables import as_date

# What of a customer's own record says who they are.
TRAITS = ("gender", "birth_date", "birth_year", "age", "country", "region", "city", "education", "occupation", "income")
# From so many purchase days on a customer has a rhythm of their own.
RHYTHM = 3


@dataclass(frozen=True)
class Inventory:
    """Counts up to a day. Everything is 0 where nothing is known.

    Args:
        buyers: customers with a purchase; `returning` on more than one day, `regular` on `RHYTHM` days or more.
        purchases: days with a purchase, of all buyers; `days`: from the first purchase to the day of the count.
        costed: orders or order lines that say what the goods cost.
        products: order lines that name a product.
        profiled: customers of whom at least one of `TRAITS` is known.
        interactions, carts, competitors: events; of them baskets, and interest in competitors.
        tickets, touches: rows.
        nps, csat: answers with a likelihood to recommend, with a satisfaction; `texts`: with a text.
    """

    buyers: int = 0
    returning: int = 0
    regular: int = 0
    purchases: int = 0
    days: int = 0
    costed: int = 0
    products: int = 0
    profiled: int = 0
    interactions: int = 0
    carts: int = 0
    competitors: int = 0
    tickets: int = 0
    touches: int = 0
    nps: int = 0
    csat: int = 0
    texts: int = 0


def take_stock(summary: Any, tables: Mapping[str, Any], *, as_of: Any) -> Inventory:
    """Count what there is, one small query per table.

    Args:
        summary: of `zhike.purchase_summary` (or the scores of a run): who bought how often.
        tables: "orders", "order_lines", "customers", … as the contracts have them, up to the day; those that nobody
            has may be missing.
        as_of: the last day that counts.

    >>> import ibis, pyarrow as pa
    >>> summary = ibis.memtable(pa.table({"customer_id": ["a", "b"], "purchase_days": [1, 4],
    ...                                   "first_at": [dt.datetime(2025, 1, 1), dt.datetime(2025, 2, 1)]}))
    >>> stock = take_stock(summary, {}, as_of="2025-03-02")
    >>> stock.buyers, stock.returning, stock.regular, stock.purchases, stock.days
    (2, 1, 1, 5, 60)
    """
    end = as_date(as_of)
    found: dict[str, Any] = _bought(summary, end)
    for name, count in _COUNTS.items():
        if name in tables:
            counted = _one(tables[name], count)
            found |= {key: found.get(key, 0) + number for key, number in counted.items()}
    return Inventory(**{field.name: int(found.get(field.name) or 0) for field in fields(Inventory)})


def _bought(summary: Any, end: dt.date) -> dict[str, Any]:
    days = summary.purchase_days.fill_null(0)
    row = _one(
        summary,
        lambda t: {
            "buyers": t.count(where=days > 0),
            "returning": t.count(where=days > 1),
            "regular": t.count(where=days >= RHYTHM),
            "purchases": days.sum(),
            "first": t.first_at.min(),
        },
    )
    first = row.pop("first")
    return row | {"days": 0 if first is None else (end - as_date(first)).days}


def _costed(table: Any) -> dict[str, Any]:
    return {"costed": table.cost.count()}


def _profiled(table: Any) -> dict[str, Any]:
    known = table[TRAITS[0]].notnull()
    for trait in TRAITS[1:]:
        known = known | table[trait].notnull()
    return {"profiled": table.count(where=known)}


_COUNTS: dict[str, Any] = {
    "orders": _costed,
    "order_lines": lambda t: _costed(t) | {"products": t.product_id.count()},
    "customers": _profiled,
    "interactions": lambda t: {
        "interactions": t.count(),
        "carts": t.count(where=carts(t)),
        "competitors": t.count(where=competitors(t)),
    },
    "tickets": lambda t: {"tickets": t.count(), "csat": t.csat.count()},
    "touches": lambda t: {"touches": t.count()},
    "feedback": lambda t: {
        "nps": t.nps.count(),
        "csat": t.csat.count(),
        "texts": t.count(where=t.text.fill_null("").strip() != ""),
    },
}


def _one(table: Any, count: Any) -> dict[str, Any]:
    (row,) = table.aggregate(**count(table)).to_pyarrow().to_pylist()
    return dict(row)
