"""A shop whose customers leave for reasons that are known: slower and angrier first, then gone."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

import pyarrow as pa

FIRST, LAST = dt.date(2024, 1, 1), dt.date(2025, 12, 31)


def tables(customers: int = 150, seed: int = 5) -> dict[str, pa.Table]:
    """Orders, lines, interactions, tickets and feedback of two years."""
    dice = random.Random(seed)
    rows: dict[str, list[dict[str, Any]]] = {
        n: [] for n in ("orders", "order_lines", "interactions", "tickets", "feedback")
    }
    for number in range(customers):
        _one(f"客{number}" if number % 3 else f"c{number}", dice, rows)
    return {name: pa.Table.from_pylist(found) for name, found in rows.items()}


def _one(who: str, dice: random.Random, rows: dict[str, list[dict[str, Any]]]) -> None:
    gap, leaves = dice.choice([7, 14, 30]), dice.random() < 0.6
    at = dt.datetime(2024, 1, 1) + dt.timedelta(days=dice.randrange(120), hours=dice.randrange(24))
    gone = dt.datetime(2024, 3, 1) + dt.timedelta(days=dice.randrange(600)) if leaves else dt.datetime(2026, 6, 1)
    while at < min(gone, dt.datetime(2025, 12, 31)):
        order, amount = len(rows["orders"]), round(dice.uniform(5, 90), 2)
        rows["orders"].append({"customer_id": who, "order_id": f"o{order}", "ordered_at": at, "amount": amount})
        for product in dice.sample(range(30), dice.randrange(1, 4)):
            line = {"customer_id": who, "order_id": f"o{order}", "ordered_at": at, "product_id": f"p{product}"}
            rows["order_lines"].append(line | {"amount": amount / 2})
        if dice.random() < 0.08:
            back = {"order_id": f"r{order}", "ordered_at": at + dt.timedelta(days=3), "amount": -amount / 2}
            rows["orders"].append({"customer_id": who} | back)
        for _visit in range(dice.randrange(4)):
            kind = dice.choice(["view", "add_to_cart", "login", "competitor_compare"])
            seen = at + dt.timedelta(days=dice.randrange(gap))
            rows["interactions"].append({"customer_id": who, "occurred_at": seen, "kind": kind})
        slow = 2.5 if leaves and at > gone - dt.timedelta(days=90) else 1.0
        if dice.random() < (0.5 if slow > 1 else 0.03):
            _complaint(who, at, dice, rows)
        at += dt.timedelta(days=max(1, int(dice.expovariate(1) * gap * slow)), minutes=dice.randrange(600))


def _complaint(who: str, at: dt.datetime, dice: random.Random, rows: dict[str, list[dict[str, Any]]]) -> None:
    ticket = {"customer_id": who, "ticket_id": f"t{len(rows['tickets'])}", "opened_at": at}
    closed = at + dt.timedelta(days=dice.randrange(20))
    rows["tickets"].append(ticket | {"kind": dice.choice(["投诉", "question"]), "closed_at": closed, "csat": 2.0})
    answer = {"customer_id": who, "feedback_id": f"f{len(rows['feedback'])}", "given_at": at}
    rows["feedback"].append(answer | {"nps": float(dice.randrange(11)), "text": "…"})
