"""The models that predict, asked about the facts of one day: scores, and the test that says what they are worth.

SciPy takes longer to load than everything else: only who computes waits for it.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from zhike.lake.facts_view import Facts
from zhike.proof import Proof
from zhike.settings import Settings

# What may be known of somebody who leaves.
CHURN_FROM = ("orders", "order_lines", "customers", "interactions", "tickets", "feedback")


def value_to_come(orders: Any, summary: Any, settings: Settings, facts: Facts) -> tuple[Any, Proof]:
    """What customers are still worth (`zhike.clv.scores`). `facts` are those of a day."""
    from zhike.clv.scores import score_expectations

    value = settings.value
    return score_expectations(
        orders,
        summary,
        as_of=_day(facts),
        horizon_days=value.horizon_days,
        discount_rate=value.discount_rate,
        # Where the margin is not known the value is revenue, and its sentence says so.
        margin=1.0 if value.margin is None else value.margin,
        bench=facts.lake,
    )


def risk_of_leaving(orders: Any, summary: Any, settings: Settings, facts: Facts) -> tuple[Any, Proof]:
    """Who may leave (`zhike.churn.scores`). `facts` are those of a day.

    It learns from orders as they were recorded, not net of refunds: what came back later was not known before.
    """
    from zhike.churn.scores import score_churn

    tables = {name: facts.lake.cut(facts.table(name), name) for name in CHURN_FROM if name in facts.versions}
    if not {"orders", "order_lines"} & tables.keys():
        tables["orders"] = facts.table("orders")
    return score_churn(tables, orders, summary, as_of=_day(facts), settings=settings.churn, bench=facts.lake)


def _day(facts: Facts) -> dt.date:
    if facts.as_of is None:
        raise ValueError("facts of no day")
    return facts.as_of
