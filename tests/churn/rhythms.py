"""Customers of two rhythms: a month of silence means nothing of the one and everything of the other."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

import pyarrow as pa

FIRST, LAST = dt.date(2024, 7, 1), dt.date(2025, 12, 31)
DAYS = 60


def tables(customers: int = 420, seed: int = 9) -> dict[str, pa.Table]:
    """Orders of a year and a half, and carts that were left behind."""
    dice = random.Random(seed)
    orders: list[dict[str, Any]] = []
    carts: list[dict[str, Any]] = []
    for number in range(customers):
        gap, spent = dice.choice([4, 36]), dice.uniform(10, 90)
        at = dt.datetime.combine(FIRST, dt.time(9)) + dt.timedelta(days=dice.randrange(90))
        last = at + dt.timedelta(days=int(dice.expovariate(1 / 420)))
        who = f"c{number:03}"
        while at <= min(last, dt.datetime.combine(LAST, dt.time(23))):
            orders.append(
                {"customer_id": who, "order_id": f"o{len(orders)}", "ordered_at": at, "amount": round(spent, 2)}
            )
            at += dt.timedelta(days=gap + dice.randrange(-1, 2))
        for _cart in range(dice.choice([0, 0, 0, 4])):
            seen = dt.datetime.combine(LAST, dt.time(12)) - dt.timedelta(days=3 + 5 * _cart)
            carts.append({"customer_id": who, "interaction_id": f"i{len(carts)}", "occurred_at": seen, "kind": "cart"})
    return {"orders": pa.Table.from_pylist(orders), "interactions": pa.Table.from_pylist(carts)}
