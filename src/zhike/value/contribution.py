"""Who brings in the revenue: shares, ranks, ABC classes, the Pareto curve (`docs/models/contribution.md`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis

from zhike.errors import SettingsError
from zhike.facts.purchases import LARGEST_SETTING, need, purchase_summary
from zhike.labels import label
from zhike.language import _, current_language, speaking
from zhike.tables import as_table, require

A_TO, B_TO = 0.8, 0.95
# Rank and running total would be a window over all customers, which one machine of a cluster would have to do alone.
# Instead customers fall into slices of revenue (each about 1.6 % wide), the slices, a few thousand at most, are
# added up, and rank and running total are exact inside each slice.
SLICES_PER_E = 64


def contribution(orders: Any, *, as_of: Any, window_days: int | None = None) -> Any:
    """One row per customer with a purchase up to `as_of`: their part of the revenue.

    `customer_id`, `revenue` (net, currency; of all time, or of the window when `window_days` is given), `share`
    (of the sum of positive revenues, 0–1; 0 for customers whose refunds ate their purchases), `rank` (1 = most
    revenue; equal revenue in the order of `customer_id`), `cumulative_share` (of this and all higher ranks), `abc`
    (A until 80 % are reached, B until 95 %, C the rest; whoever crosses a line still belongs to the class before).

    Raises:
        InputError: `orders` cannot be read as orders.
        SettingsError: `as_of` is no date, or `window_days` is not a positive whole number.

    >>> import pyarrow as pa
    >>> orders = pa.table({"customer_id": ["a", "b", "c"], "order_id": [1, 2, 3], "amount": [60, 30, 10],
    ...                    "ordered_at": ["2025-03-01"] * 3})
    >>> contribution(orders, as_of="2025-12-31").order_by("rank").select(
    ...     "customer_id", "cumulative_share", "abc").to_pyarrow().to_pylist()
    [{'customer_id': 'a', 'cumulative_share': 0.6, 'abc': 'A'}, \
{'customer_id': 'b', 'cumulative_share': 0.9, 'abc': 'A'}, {'customer_id': 'c', 'cumulative_share': 1.0, 'abc': 'B'}]
    """
    money = "revenue" if window_days is None else "monetary"
    summary = purchase_summary(
        orders, as_of=as_of, window_days=365 if window_days is None else window_days, columns=("customer_id", money)
    )
    return score_contribution(summary, money=money)


def score_contribution(summary: Any, *, money: str = "revenue") -> Any:
    """Contribution from a purchase summary; `money` is its column to share out ("revenue" or "monetary")."""
    customers = need(summary, ("customer_id", money))
    customers = customers.select("customer_id", revenue=customers[money])
    earned = ibis.greatest(customers.revenue, 0.0)
    customers = customers.mutate(earned=earned, slice=_slice(earned))
    total = customers.aggregate(total=customers.earned.sum())
    slices = customers.group_by("slice").aggregate(count=customers.count(), sum=customers.earned.sum())
    above = ibis.window(order_by=slices.slice.desc(), rows=(None, 0))
    slices = slices.select(
        of_slice=slices.slice,
        rank_before=slices["count"].sum().over(above) - slices["count"],
        sum_before=slices["sum"].sum().over(above) - slices["sum"],
    )
    inside = ibis.window(
        group_by=customers.slice, order_by=[customers.revenue.desc(), customers.customer_id], rows=(None, 0)
    )
    ranked = customers.mutate(place=ibis.row_number().over(inside) + 1, running=customers.earned.sum().over(inside))
    ranked = ranked.inner_join(slices, ranked.slice == slices.of_slice).cross_join(total)
    share = (ranked.earned / ranked.total.nullif(0)).round(12)
    upto = ((ranked.sum_before + ranked.running) / ranked.total.nullif(0)).round(12)
    before = ((ranked.sum_before + ranked.running - ranked.earned) / ranked.total.nullif(0)).round(9)
    return ranked.select(
        "customer_id",
        "revenue",
        share=share,
        rank=ranked.rank_before + ranked.place,
        cumulative_share=(upto > 1).ifelse(1.0, upto),
        abc=ibis.cases((ranked.earned <= 0, "C"), (before < A_TO, "A"), (before < B_TO, "B"), else_="C"),
    )


def _slice(earned: Any) -> Any:
    """A whole number that never falls as revenue rises."""
    return ((earned + 1).ln() * SLICES_PER_E).floor().cast("int64")


def pareto_curve(contributions: Any, *, points: int = 100) -> Any:
    """The Pareto curve from a table of `contribution`: how much the best x % of customers bring in.

    `customers` (how many, best first), `customer_share`, `revenue_share` (0–1, both exact at that customer), in
    about `points` steps; fewer when there are fewer customers.

    Raises:
        SettingsError: `points` is no whole number, or below one.
    """
    if isinstance(points, bool) or not isinstance(points, int) or not 1 <= points <= LARGEST_SETTING:
        raise SettingsError(
            "A curve of {points} points is not possible.",
            fix="Give a whole number, 1 or more; the default is 100.",
            points=repr(points),
        )
    table = as_table(contributions)
    require(table, ("rank", "cumulative_share"), "contributions")
    table = table.cross_join(table.aggregate(everyone=table.count()))
    step = ((table["rank"] * points - 1) / table.everyone).floor().cast("int64")
    curve = table.group_by(step=step).aggregate(
        customers=table["rank"].max(),
        customer_share=(table["rank"].max() / table.everyone.max()).round(12),
        revenue_share=table.cumulative_share.max(),
    )
    return curve.order_by("step").drop("step")


def explain_contribution(row: Mapping[str, Any], *, customers: int | None = None, language: str | None = None) -> str:
    """One row of `contribution` in a sentence; `customers` (how many there are) makes the rank speak."""
    with speaking(language or current_language()):
        values = {
            "revenue": f"{row['revenue']:,.2f}",
            "share": f"{(row['share'] or 0) * 100:,.2f}",
            "rank": f"{row['rank']:,}",
            "abc": label("abc", row["abc"]),
        }
        if customers is None:
            return _("Brought in {revenue}, {share} % of the revenue; number {rank}; class {abc}.", **values)
        return _(
            "Brought in {revenue}, {share} % of the revenue; number {rank} of {customers} customers; class {abc}.",
            customers=f"{customers:,}",
            **values,
        )
