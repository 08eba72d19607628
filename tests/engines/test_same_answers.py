"""DuckDB and Spark give the same scores, row for row, on a few hundred customers of every kind."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from typing import Any

import ibis
import pyarrow as pa
import pytest

from tests.engines.engine import Engine, duckdb_engine
from zhike.facts.orders import net_orders
from zhike.facts.purchases import purchase_summary
from zhike.lifecycle import lifecycle
from zhike.order_tables import one_row_per_order
from zhike.rfm import rfm
from zhike.value.clv_formula import clv_formula
from zhike.value.contribution import contribution
from zhike.value.profitability import profitability

pytest_plugins = ("tests.engines.engine",)

AS_OF = "2025-12-31"


def some_orders() -> pa.Table:
    """Two years of orders: weekly, yearly and one-time buyers, refunds, unknown amounts, ids in two scripts."""
    dice = random.Random(20251231)
    rows: list[dict[str, Any]] = []
    for number in range(200):
        at = dt.datetime(2024, 1, 1) + dt.timedelta(days=dice.randrange(500), hours=dice.randrange(24))
        gap = dice.choice([3, 7, 30, 90, 365, 1000])
        while at < dt.datetime(2026, 1, 5) and len(rows) < 3000:
            amount = dice.choice([dice.randrange(1, 500) / 10, 20.0, 20.0, None, -dice.randrange(1, 90) / 1.0])
            rows.append({"customer_id": f"客{number}" if number % 3 else f"c{number}", "order_id": len(rows)})
            rows[-1] |= {"ordered_at": at, "amount": amount, "cost": dice.choice([5.0, None]), "discount": 1.5}
            at += dt.timedelta(days=dice.randrange(gap // 2, 2 * gap), minutes=dice.randrange(600))
    return pa.Table.from_pylist(rows)


def both_tables(t: Any, cut: Callable[[Any, str], Any]) -> Any:
    """Net orders where the lines know neither customer nor day, and some refunds are in the order and in a row."""
    orders = t.filter(t.order_id % 7 != 3)
    orders = orders.mutate(refunded=(t.order_id % 5 == 0).ifelse(4.0, None), refund_of=ibis.null("string"))
    back = orders.filter(orders.order_id % 10 == 0)
    refund = {"order_id": back.order_id + 100_000, "amount": ibis.literal(-2.5), "refunded": ibis.null("float64")}
    orders = orders.union(back.mutate(**refund, refund_of=back.order_id.cast("string")).select(*orders.columns))
    lines = t.filter(t.order_id % 3 == 0).mutate(line_no=ibis.literal("1"))
    lines = lines.union(lines.mutate(line_no=ibis.literal("2"))).select("order_id", "line_no", "amount", "cost")
    return net_orders(orders, lines, as_of=dt.date(2025, 6, 30), cut=cut)


MODELS: dict[str, Callable[..., Any]] = {
    "summary": lambda t: purchase_summary(t, as_of=AS_OF),
    "rfm": lambda t: rfm(t, as_of=AS_OF),
    "rfm in quantiles": lambda t: rfm(t, as_of=AS_OF, mode="quantile"),
    "lifecycle": lambda t: lifecycle(t, as_of=AS_OF),
    "clv": lambda t: clv_formula(t, as_of=AS_OF, margin=0.4),
    "contribution": lambda t: contribution(t, as_of=AS_OF),
    "profitability": lambda t: profitability(t, as_of=AS_OF, margin=0.3, cost_per_ticket=2.0),
    "orders from lines": lambda t: one_row_per_order(t.union(t)),
    "net orders": net_orders,
    "net orders of two tables": both_tables,
}


@pytest.mark.parametrize("model", MODELS)
def test_same_answers(engine: Engine, model: str) -> None:
    expected = duckdb_engine()
    rows = some_orders()
    order = ("customer_id", "order_id") if "orders" in model else ("customer_id",)
    wanted, found = (
        one.rows(MODELS[model](one.table(rows), **({"cut": one.cut} if MODELS[model] is both_tables else {})), *order)
        for one in (expected, engine)
    )
    assert len(wanted) > 50
    assert len(found) == len(wanted)
    for column in wanted[0]:
        one, other = ([row[column] for row in side] for side in (found, wanted))
        if any(isinstance(value, float) for value in other):
            one, other = ([float("nan") if v is None else v for v in side] for side in (one, other))
            assert one == pytest.approx(other, rel=1e-9, abs=1e-9, nan_ok=True), column
        else:
            assert one == other, column
