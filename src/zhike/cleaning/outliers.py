"""Unusually large orders: at least ten times the mean of the others, those of the file and those imported before."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from zhike.cleaning.keys import NOTES, standing
from zhike.cleaning.layers import REJECTED
from zhike.cleaning.plan import Plan
from zhike.sql import literal, only_row

OUTLIER_FACTOR = 10.0
# With fewer orders in all, the largest of them tells nothing.
FEWEST = 3


@dataclass(frozen=True)
class OrderSizes:
    """Orders above zero: how many, what they add up to, and the currencies they name."""

    orders: int = 0
    amount: float = 0.0
    currencies: tuple[str, ...] = ()


@dataclass(frozen=True)
class OutlierBound:
    """The mean of all orders known, and the amount from which on an order is unusually large."""

    mean: float
    bound: float


def collect_outliers(con: duckdb.DuckDBPyConnection, rows: str, plan: Plan, before: OrderSizes) -> OutlierBound | None:
    """Note the orders of at least `OUTLIER_FACTOR` times the mean of the others; None without enough amounts.

    Of an order in lines the largest line is noted, with the order's total: one question per order for a person.
    Orders are those above zero; rows that a later one replaces do not count.

    Args:
        before: the orders of earlier imports, so that a file of one day is held against all days. They count where
            they are in the currency of the file.

    An order x of n that add up to s is as large when x ≥ f (s − x) / (n − 1), that is, from f s / (n − 1 + f) on: one
    bound for all of them.
    """
    totals = _totals(con, rows, plan)
    count, amount = only_row(con, f"SELECT count(*), coalesce(fsum(total), 0) FROM ({totals}) WHERE total > 0")
    if len({*before.currencies, *_currencies(con, rows, plan)}) <= 1:
        count, amount = count + before.orders, amount + before.amount
    if count < FEWEST:
        return None
    bound = OUTLIER_FACTOR * amount / (count - 1 + OUTLIER_FACTOR)
    # The total of an order in lines stands in no column of the file.
    shown = literal(plan.theirs("amount")) if plan.contract.name == "orders" else "NULL"
    con.execute(
        f"INSERT INTO {NOTES} SELECT row, 'flagged', 'outlier', {shown}, CAST(round(total, 2) AS VARCHAR) "
        f"FROM ({totals}) WHERE total >= {bound!r}::DOUBLE"
    )
    return OutlierBound(amount / count, bound)


def _totals(con: duckdb.DuckDBPyConnection, rows: str, plan: Plan) -> str:
    """`row` and `total` of each order, as a query."""
    counted = f"NOT {REJECTED} AND amount IS NOT NULL AND {standing(con)}"
    if plan.contract.name == "orders":
        return f"SELECT file_row_number AS row, amount AS total FROM {rows} WHERE {counted}"
    return (
        f"SELECT arg_max(file_row_number, amount) AS row, sum(amount) AS total FROM {rows} "
        f"WHERE {counted} GROUP BY order_id"
    )


def _currencies(con: duckdb.DuckDBPyConnection, rows: str, plan: Plan) -> set[str]:
    if not plan.has("currency"):
        return set()
    named = f"SELECT DISTINCT currency FROM {rows} WHERE NOT {REJECTED} AND currency IS NOT NULL LIMIT 2"
    return {name for (name,) in con.execute(named).fetchall()}
