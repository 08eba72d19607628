"""What the file amounts to before and after cleaning, and a profile of each column."""

from __future__ import annotations

import duckdb

from zhike.cleaning.keys import NOTES, SUPERSEDED_RULES, standing
from zhike.cleaning.layers import REJECTED, derivations
from zhike.cleaning.plan import Plan
from zhike.cleaning.report import ColumnProfile, Example, Figures, RuleCount
from zhike.sql import literal, only_row, quoted

EXAMPLES = 5
_RAW_RULES: dict[str, dict[str, tuple[str, ...]]] = {
    "orders": {
        "cancellations": ("cancellation",),
        "returns": ("return_order",),
        "repeated": ("repeated_row",),
        "unpaid": ("unpaid",),
        "outliers": ("outlier",),
    },
    "order_lines": {
        "cancellations": ("cancellation",),
        "returns": ("return_line",),
        "repeated": ("repeated_line", "repeated_row"),
        "outliers": ("outlier",),
    },
}
SHOWN_LENGTH = 80
# Up to here the different values of a column are counted; beyond, estimated (HyperLogLog), which the report says.
EXACT_ROWS = 500_000


def count_rows(con: duckdb.DuckDBPyConnection, rows: str) -> tuple[int, int, int, int]:
    """Rows in all, flagged, rejected, and superseded by a later row of the file (these are among the flagged)."""
    rules = ", ".join(literal(rule) for rule in SUPERSEDED_RULES)
    total, rejected = only_row(con, f"SELECT count(*), count(*) FILTER ({REJECTED}) FROM {rows}")
    flagged, superseded = only_row(
        con,
        f"SELECT count(DISTINCT row), count(DISTINCT row) FILTER (rule IN ({rules})) "
        f"FROM {NOTES} WHERE outcome = 'flagged'",
    )
    return total, flagged, rejected, superseded


def rule_counts(con: duckdb.DuckDBPyConnection, first_row: int) -> tuple[RuleCount, ...]:
    """Per rule: how many rows, and the first few of them. Rejections first, then the most frequent."""
    found = con.execute(
        f"SELECT outcome, rule, count(DISTINCT row) AS n, "
        f"arg_min({{'row': row, 'col': column_name, 'val': value}}, row, {EXAMPLES}) "
        f"FROM {NOTES} GROUP BY outcome, rule ORDER BY outcome = 'flagged', n DESC, rule"
    ).fetchall()
    return tuple(
        RuleCount(rule, outcome, n, tuple(Example(e["row"] + first_row, e["col"], e["val"]) for e in examples))
        for outcome, rule, n, examples in found
    )


def profile(con: duckdb.DuckDBPyConnection, rows: str, plan: Plan, kept: int) -> tuple[ColumnProfile, ...]:
    """Of each column that the file gives: the share that is missing, lowest, highest, how many different values.

    `kept` is the number of rows that are not rejected.
    """
    names = [column.name for column in plan.mapped]
    names += [name for name in derivations(plan) if name != plan.made_id]
    if not names:
        return ()
    items = []
    different = "count(DISTINCT {})" if kept <= EXACT_ROWS else "approx_count_distinct({})"
    for name in names:
        c = quoted(name)
        if plan.contract[name].kind in ("id", "text"):
            ends = f"left(min({c}), {SHOWN_LENGTH}), left(max({c}), {SHOWN_LENGTH})"
        else:
            ends = f"CAST(min({c}) AS VARCHAR), CAST(max({c}) AS VARCHAR)"
        items.append(f"count({c}), {ends}, {different.format(c)}")
    query = f"SELECT count(*), {', '.join(items)} FROM {rows} WHERE NOT {REJECTED}"
    total, *values = only_row(con, query)
    profiles = []
    for i, name in enumerate(names):
        present, lowest, highest, distinct = values[4 * i : 4 * i + 4]
        theirs = plan.mapping.columns.get(name)
        missing = 1 - present / total if total else 1.0
        profiles.append(ColumnProfile(name, theirs, total - present, missing, lowest, highest, min(distinct, present)))
    return tuple(profiles)


def order_figures(con: duckdb.DuckDBPyConnection, rows: str, plan: Plan, *, already_net: bool = False) -> Figures:
    """Orders and lines: as they came (raw), sales to known customers alone (clean), and less what came back (net).

    Clean is the plain reading of the literature: customer known, not cancelled, quantity and price above zero.
    Net keeps cancellations and returns of known customers as the negative amounts they are, and takes off what an
    order says was refunded, unless its amount is that much less already. Where the file has no customer column, every
    customer counts as known.
    """
    known = "customer_id IS NOT NULL" if plan.has("customer_id") else "true"
    lines = plan.contract.name == "order_lines"
    has_amount = plan.has("amount") or "amount" in derivations(plan)
    sold = "amount > 0" if has_amount else "true"
    if lines:
        sold += " AND coalesce(quantity, 1) > 0"
    stands = f"NOT {REJECTED} AND {standing(con)}"
    clean = f"{stands} AND {known} AND {sold}"
    refunded = "coalesce(refunded, 0)" if not lines else "0"
    sums = {
        "raw_missing_customer": "count(*) FILTER (customer_id IS NULL)",
        "rows": f"count(*) FILTER ({clean})",
        "revenue": f"fsum(amount) FILTER ({clean})",
        "refunded": f"fsum({refunded}) FILTER ({stands} AND {known})",
        "net": f"fsum(amount) FILTER ({stands} AND {known})",
        "paid": f"fsum(amount) FILTER ({stands})",
    }
    got = dict(zip(sums, only_row(con, f"SELECT {', '.join(sums.values())} FROM {rows}"), strict=True))
    # Customers are counted by one small grouping, not by two distinct counts: ten million rows notice the difference.
    grouped = f"SELECT customer_id, count(*) FILTER ({clean}) AS kept FROM {rows} GROUP BY customer_id"
    counted = "count(customer_id), count(customer_id) FILTER (kept > 0)"
    got["raw_customers"], got["customers"] = only_row(con, f"SELECT {counted} FROM ({grouped})")
    got["orders"] = got["rows"]
    if lines:
        got["orders"] = only_row(con, f"SELECT count(DISTINCT order_id) FROM {rows} WHERE {clean}")[0]
    raw, clean_names = {}, ["rows", "orders"]
    if plan.has("customer_id"):
        raw = {"customers": got["raw_customers"], "missing_customer": got["raw_missing_customer"]}
        clean_names = ["rows", "customers", "orders"]
    for figure, rules in _RAW_RULES[plan.contract.name].items():
        named = ", ".join(literal(rule) for rule in rules)
        raw[figure] = only_row(con, f"SELECT count(DISTINCT row) FROM {NOTES} WHERE rule IN ({named})")[0]
    if not has_amount:
        return Figures(raw, {name: got[name] for name in clean_names}, {})
    stated = 0.0 if already_net or not plan.has("refunded") else _stated_refunds(con, rows, f"{stands} AND {known}")
    net = {
        "paid": got["paid"] or 0.0,
        "revenue": (got["net"] or 0.0) - stated,
        "returned": (got["revenue"] or 0.0) - (got["net"] or 0.0),
    }
    if plan.has("refunded"):
        net["refunded"] = got["refunded"] or 0.0
    return Figures(raw, {name: got[name] or 0 for name in [*clean_names, "revenue"]}, net)


def _stated_refunds(con: duckdb.DuckDBPyConnection, rows: str, counted: str) -> float:
    """What the orders say was refunded beyond the rows of the file that refund them (docs/decisions/003)."""
    told = (
        f"SELECT refund_of AS of_order, -sum(amount) AS told FROM {rows} "
        f"WHERE {counted} AND amount < 0 AND refund_of IS NOT NULL GROUP BY refund_of"
    )
    beyond = "greatest(0, least(refunded, amount) - coalesce(told, 0))"
    query = f"SELECT fsum({beyond}) FROM {rows} LEFT JOIN ({told}) ON of_order = order_id"
    return float(only_row(con, f"{query} WHERE {counted} AND amount > 0 AND refunded > 0")[0] or 0.0)


def already_net(con: duckdb.DuckDBPyConnection, rows: str, plan: Plan) -> bool | None:
    """Whether the amount paid is already less the refund, read from the orders that have one; None if unclear.

    On such an order paid + refunded is at most the listed amount; otherwise paid alone comes near it.
    """
    if not plan.has("refunded", "listed_amount", "amount"):
        return None
    n, net, gross = only_row(
        con,
        f"SELECT count(*), count(*) FILTER (amount + refunded <= listed_amount + .01), "
        f"count(*) FILTER (amount + refunded > listed_amount + .01) "
        f"FROM {rows} WHERE NOT {REJECTED} AND refunded > 0 AND listed_amount IS NOT NULL",
    )
    if n and net >= 0.9 * n:
        return True
    return False if n and gross >= 0.9 * n else None
