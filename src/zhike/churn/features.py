"""What was known of each customer at the end of a day, as numbers a model can learn from.

Every column is made of facts dated up to that day, so the same day asked for again later gives the same numbers; what
has no date of its own (an order's `refunded`, a ticket's score before it was closed) is not used.
"""

from __future__ import annotations

from typing import Any

import ibis
from ibis import _

from zhike.churn.events import carts, competitors, complains, discontent
from zhike.churn.sources import Sources
from zhike.facts.purchases import CENTS, LARGEST, bought, days_between, purchase_summary, window_end
from zhike.lifecycle import NEEDS, score_lifecycle
from zhike.tables import as_date

WINDOWS = (30, 90, 180, 365)
DAYS_BETWEEN = ("recency_days", "tenure_days", "purchase_days", "rhythm_days", "overdue")


def features(tables: Any, as_of: Any, *, customers: Any = None) -> Any:
    """One row per customer with a purchase up to the end of the day `as_of`, as one Ibis expression.

    Args:
        tables: orders (whatever `zhike.rfm` takes), or a mapping of the contracts' names (`orders`, `order_lines`,
            `interactions`, `tickets`, `feedback`) to tables; what is missing has no columns.
        as_of: the last day that counts.
        customers: only those in this table (`customer_id`); their rhythm is still seen against that of all.

    Returns:
        `customer_id`, then in days `recency_days`, `tenure_days`, `purchase_days` (days with a purchase),
        `rhythm_days`, `overdue` (as `zhike.lifecycle`), `gap_sd`, `gap_longest` (between purchase days; NULL with
        fewer than two or three); in the last 30, 90, 180 and 365 days and in all `orders_…` and `money_…` (currency,
        net of refunds dated in the window); `order_value` (mean), `orders_trend`, `money_trend` (logarithm of the
        last 90 days over the 90 before, 0: the same), `returns_365`. With lines `products_all`, `products_365`
        (different ones), `basket_lines` (lines per order). With interactions `interactions_30` … `_365`,
        `interactions_trend`, `interaction_days` (since the last), `carts_90`, `competitor_90`. With tickets
        `tickets_90`, `tickets_365`, `complaints_365`, `ticket_csat` (of those closed by then). With feedback
        `feedback_365`, `nps`, `csat` (means, NULL without), `feedback_bad_365`.

    Raises:
        InputError: a table cannot be read.
        SettingsError: `as_of` is no date.

    >>> import pyarrow as pa
    >>> orders = pa.table({"customer_id": ["a", "a", "a"], "order_id": [1, 2, 3], "amount": [50.0, 20.0, 90.0],
    ...                    "ordered_at": ["2025-01-01", "2025-03-02", "2025-06-01"]})
    >>> known = features(orders, "2025-03-31").select("recency_days", "orders_30", "orders_90", "money_all")
    >>> known.to_pyarrow().to_pylist()
    [{'recency_days': 29, 'orders_30': 1, 'orders_90': 2, 'money_all': 70.0}]
    """
    sources = Sources.of(tables, as_date(as_of))
    found = _rhythm(sources)
    if customers is not None:
        found, sources = found.semi_join(customers, "customer_id"), sources.of_customers(customers)
    for part in (_purchases(sources), _gaps(sources), *_of_other_tables(sources)):
        found = _beside(found, part)
    return _with_trends(found)


def _of_other_tables(sources: Sources) -> list[Any]:
    parts = {_lines: sources.lines, _interactions: sources.interactions, _tickets: sources.tickets}
    parts[_feedback] = sources.feedback
    return [part(sources) for part, table in parts.items() if table is not None]


def _beside(found: Any, part: Any) -> Any:
    """A part joined on. Its whole numbers are counts: where a customer has no row in it they are 0."""
    names = [name for name in part.columns if name != "customer_id"]
    joined = found.left_join(part, "customer_id", rname="{name}_again").select(*found.columns, *names)
    return joined.mutate(**{n: joined[n].fill_null(0) for n in names if part[n].type().is_integer()})


def _rhythm(sources: Sources) -> Any:
    summary = purchase_summary(sources.orders, as_of=sources.day, columns=NEEDS)
    return score_lifecycle(summary).select("customer_id", *DAYS_BETWEEN)


def _purchases(sources: Sources) -> Any:
    table = sources.orders
    table = table.mutate(ago=days_between(table.ordered_at, sources.day), buys=bought(table).fill_null(False))
    known = table.amount.between(-LARGEST, LARGEST)
    columns: dict[str, Any] = {}
    for days in WINDOWS:
        columns[f"orders_{days}"] = table.count(where=table.buys & (table.ago < days))
        columns[f"money_{days}"] = table.amount.sum(where=known & (table.ago < days)).fill_null(0.0).round(CENTS)
    columns["orders_all"] = table.count(where=table.buys)
    columns["money_all"] = table.amount.sum(where=known).fill_null(0.0).round(CENTS)
    columns["returns_365"] = table.count(where=(table.amount < 0).fill_null(False) & (table.ago < 365))
    made = table.group_by("customer_id").aggregate(**columns)
    return made.mutate(order_value=(made.money_all / made.orders_all.nullif(0)).round(CENTS))


def _gaps(sources: Sources) -> Any:
    """How evenly the customer comes."""
    table = sources.orders.filter(bought(sources.orders))
    days = table.select("customer_id", day=table.ordered_at.date()).distinct()
    earlier = days.day.lag().over(group_by=days.customer_id, order_by=days.day)
    gaps = days.mutate(gap=days.day.delta(earlier, unit="day").cast("float64")).filter(_.gap.notnull())
    return gaps.group_by("customer_id").aggregate(gap_longest=gaps.gap.max(), gap_sd=gaps.gap.std().round(CENTS))


def _lines(sources: Sources) -> Any:
    lines = sources.lines
    kinds = lines.group_by("customer_id", "product").aggregate(
        last=lines.ordered_at.max(), lines=lines.count(), orders=lines.order_id.nunique()
    )
    recent = days_between(kinds["last"], sources.day) < 365
    made = kinds.group_by("customer_id").aggregate(
        products_all=kinds["product"].count(),
        products_365=kinds["product"].count(where=recent),
        lines=kinds.lines.sum(),
    )
    orders = lines.select("customer_id", "order_id").distinct().group_by("customer_id").aggregate(baskets=_.count())
    joined = made.left_join(orders, "customer_id", rname="{name}_again")
    return joined.select(
        "customer_id",
        "products_all",
        "products_365",
        basket_lines=(joined.lines / joined.baskets.nullif(0)).round(CENTS),
    )


def _interactions(sources: Sources) -> Any:
    table = sources.interactions
    table = table.mutate(ago=days_between(table.occurred_at, sources.day), cart=carts(table), rival=competitors(table))
    columns = {f"interactions_{days}": table.count(where=table.ago < days) for days in WINDOWS}
    return table.group_by("customer_id").aggregate(
        **columns,
        interaction_days=table.ago.min().cast("float64"),
        carts_90=table.count(where=table.cart & (table.ago < 90)),
        competitor_90=table.count(where=table.rival & (table.ago < 90)),
    )


def _tickets(sources: Sources) -> Any:
    table = sources.tickets
    closed = (table.closed_at.cast("timestamp") < window_end(sources.day)).fill_null(False)
    table = table.mutate(ago=days_between(table.opened_at, sources.day), complaint=complains(table), closed=closed)
    return table.group_by("customer_id").aggregate(
        tickets_90=table.count(where=table.ago < 90),
        tickets_365=table.count(where=table.ago < 365),
        complaints_365=table.count(where=table.complaint & (table.ago < 365)),
        ticket_csat=table.csat.cast("float64").mean(where=table.closed & (table.ago < 365)).round(CENTS),
    )


def _feedback(sources: Sources) -> Any:
    table = sources.feedback
    table = table.mutate(ago=days_between(table.given_at, sources.day), bad=discontent(table))
    recent = table.ago < 365
    return table.group_by("customer_id").aggregate(
        feedback_365=table.count(where=recent),
        feedback_bad_365=table.count(where=recent & table.bad),
        nps=table.nps.cast("float64").mean(where=recent).round(CENTS),
        csat=table.csat.cast("float64").mean(where=recent).round(CENTS),
    )


def _with_trends(found: Any) -> Any:
    """Logarithms of the last 90 days over the 90 before, with half a purchase (or event) added to each."""
    unit = ibis.greatest(found.order_value, 1e-9) / 2
    now, before = ibis.greatest(found.money_90, 0.0), ibis.greatest(found.money_180 - found.money_90, 0.0)
    columns = {
        "orders_trend": _log_ratio(found.orders_90, found.orders_180 - found.orders_90, 0.5),
        "money_trend": _log_ratio(now, before, unit),
    }
    if "interactions_90" in found.columns:
        rest = found.interactions_180 - found.interactions_90
        columns["interactions_trend"] = _log_ratio(found.interactions_90, rest, 0.5)
    return found.mutate(**columns)


def _log_ratio(now: Any, before: Any, added: Any) -> Any:
    return ((now + added) / (before + added)).ln().round(CENTS)
