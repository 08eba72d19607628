"""What is left of a customer's revenue after everything they cost (`docs/models/profitability.md`).

Profit = revenue − cost of goods − cost to serve − campaign cost. Revenue is what was paid, so discounts are off it
already. What is not known stays NULL; nothing is made up.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import ibis

from zhike.assumptions import check_cost_per_ticket, check_margin
from zhike.errors import InputError
from zhike.facts.purchases import CENTS, LARGEST, window_end, window_start
from zhike.labels import label
from zhike.language import _, current_language, speaking
from zhike.order_tables import as_orders
from zhike.tables import as_date, as_table, require


def profitability(
    orders: Any,
    *,
    as_of: Any,
    window_days: int = 365,
    margin: float | None = None,
    touches: Any = None,
    tickets: Any = None,
    cost_per_ticket: float | None = None,
) -> Any:
    """One row per customer with an order in the window that ends with `as_of`.

    `customer_id`, `revenue` (paid, net of refunds), `discounts` (NULL when the orders have none on record),
    `cost_of_goods` (the orders' `cost`; where an order has none, `(1 − margin) × amount` when a margin is given, a
    share of revenue as in `clv_formula`, else NULL), `cost_basis` (orders, margin, mixed, unknown), `cost_to_serve`
    (tickets' `cost`, else `cost_per_ticket`; NULL when a price is missing or no ticket was recorded up to `as_of`),
    `campaign_cost` (touches' `cost`, hold-outs left out; NULL likewise), `profit` (NULL when the cost of goods is
    unknown; costs that are NULL are not in it), `profit_margin` (profit / revenue; NULL unless revenue is above 0).
    All money in the currency of the orders.

    `amount` is what was paid, after the discount: discounts are shown beside it and not taken off once more.

    Raises:
        InputError: a table cannot be read, or lacks its customer or its date.
        SettingsError: `margin` outside 0–1, or a cost below 0.

    >>> import pyarrow as pa
    >>> orders = pa.table({"customer_id": ["a"], "order_id": [1], "amount": [90.0], "discount": [10.0],
    ...                    "cost": [55.0], "ordered_at": ["2025-03-01"]})
    >>> profitability(orders, as_of="2025-12-31").select("discounts", "profit").to_pyarrow().to_pylist()
    [{'discounts': 10.0, 'profit': 35.0}]
    """
    _check(margin, cost_per_ticket)
    day = as_date(as_of)
    sold = _sales(_in_window(as_orders(orders, optional=("cost", "discount")), "ordered_at", day, window_days), margin)
    sold = _with_costs(sold, _tickets(tickets, cost_per_ticket), "cost_to_serve", day, window_days)
    return _profit(_with_costs(sold, _touches(touches), "campaign_cost", day, window_days))


def _check(margin: float | None, cost_per_ticket: float | None) -> None:
    if margin is not None:
        check_margin(margin)
    if cost_per_ticket is not None:
        check_cost_per_ticket(cost_per_ticket)


def _in_window(table: Any, time: str, day: dt.date, window_days: int) -> Any:
    at = table[time]
    return table.filter(at >= window_start(day, window_days), at < window_end(day))


def _money(table: Any, name: str) -> Any:
    """The column as money, NULL where missing, infinite or not there at all."""
    if name not in table.columns:
        return ibis.null("float64")
    value = table[name].cast("float64")
    return value.between(-LARGEST, LARGEST).ifelse(value, None)


def _sales(orders: Any, margin: float | None) -> Any:
    """Per customer: revenue, discounts, cost of goods and where it comes from."""
    orders = orders.mutate(
        amount=_money(orders, "amount"), discount=_money(orders, "discount"), known_cost=_money(orders, "cost")
    )
    assumed = ibis.null("float64") if margin is None else orders.amount * (1 - margin)
    orders = orders.mutate(goods=ibis.coalesce(orders.known_cost, assumed))
    sums = orders.group_by("customer_id").aggregate(
        revenue=orders.amount.sum().fill_null(0.0).round(CENTS),
        discounts=orders.discount.sum().round(CENTS),
        goods=orders.goods.sum().round(CENTS),
        rows=orders.count(),
        costed=orders.goods.count(),
        on_record=orders.known_cost.count(),
    )
    basis = ibis.cases(
        (sums.costed < sums["rows"], "unknown"),
        (sums.on_record == sums["rows"], "orders"),
        (sums.on_record == 0, "margin"),
        else_="mixed",
    )
    goods = (sums.costed == sums["rows"]).ifelse(sums.goods, None)
    return sums.select("customer_id", "revenue", "discounts", cost_of_goods=goods, cost_basis=basis)


def _tickets(tickets: Any, cost_per_ticket: float | None) -> Any:
    if tickets is None:
        return None
    table = as_table(tickets)
    require(table, ("customer_id", "opened_at"), "tickets")
    price = ibis.null("float64") if cost_per_ticket is None else ibis.literal(float(cost_per_ticket))
    return table.select("customer_id", at=table.opened_at, cost=ibis.coalesce(_money(table, "cost"), price))


def _touches(touches: Any) -> Any:
    """Touches that were really sent: a hold-out customer was left alone and cost nothing."""
    if touches is None:
        return None
    table = as_table(touches)
    require(table, ("customer_id", "touched_at"), "touches")
    if "hold_out" in table.columns:
        if not (table.hold_out.type().is_boolean() or table.hold_out.type().is_null()):
            raise InputError(
                "{column} holds {value}, which cannot be used as {column}.",
                fix="Make it a column of true and false.",
                column="hold_out",
                value=str(table.hold_out.type()),
            )
        table = table.filter(~table.hold_out.cast("boolean").fill_null(False))
    return table.select("customer_id", at=table.touched_at, cost=_money(table, "cost"))


def _with_costs(sold: Any, table: Any, name: str, day: dt.date, window_days: int) -> Any:
    """What the window's tickets (or touches) cost each customer.

    NULL where one of them has no price, and for everybody when no ticket was recorded up to that day; else a
    customer without a ticket costs 0.
    """
    if table is None:
        return sold.mutate(ibis.null("float64").name(name))
    if not table["at"].type().is_timestamp():
        table = table.mutate(at=table["at"].cast("timestamp"))
    table = table.filter(table["at"] < window_end(day))
    recorded = table.aggregate(recorded=table.count())
    recent = _in_window(table, "at", day, window_days)
    costs = recent.group_by(cost_of=recent.customer_id).aggregate(
        cost=recent.cost.sum().round(CENTS), priced=recent.cost.count(), each=recent.count()
    )
    if sold.customer_id.type().is_string() != costs.cost_of.type().is_string():
        # 17 and "17" are one customer, whichever of the tables came from a file.
        costs = costs.mutate(cost_of=costs.cost_of.cast("string"))
        same = sold.customer_id.cast("string") == costs.cost_of
    else:
        same = sold.customer_id == costs.cost_of
    joined = sold.left_join(costs, same).cross_join(recorded)
    cost = ibis.cases(
        (joined.recorded == 0, None), (joined.each.isnull(), 0.0), (joined.priced == joined.each, joined.cost)
    )
    return joined.select(*sold.columns, cost.cast("float64").name(name))


def _profit(table: Any) -> Any:
    profit = table.revenue - table.cost_of_goods
    profit = (profit - table.cost_to_serve.fill_null(0.0) - table.campaign_cost.fill_null(0.0)).round(CENTS)
    table = table.mutate(profit=profit)
    margin = (table.revenue > 0).ifelse(table.profit / table.revenue.nullif(0), None)
    return table.mutate(profit_margin=margin.round(CENTS))


def explain_profitability(row: Mapping[str, Any], *, language: str | None = None) -> str:
    """One row of `profitability` in a sentence, which also says what is not known."""
    with speaking(language or current_language()):
        revenue = f"{row['revenue']:,.2f}"
        if row["profit"] is None:
            return _(
                "Brought in {revenue}; what is left of it is unknown, because the cost of goods is.", revenue=revenue
            )
        said = _(
            "Leaves {profit} of {revenue} after {goods} for goods ({basis})",
            profit=f"{row['profit']:,.2f}",
            revenue=revenue,
            goods=f"{row['cost_of_goods']:,.2f}",
            basis=label("cost_basis", row["cost_basis"]),
        )
        if row["cost_to_serve"] is not None:
            said += _(", {cost} for service", cost=f"{row['cost_to_serve']:,.2f}")
        if row["campaign_cost"] is not None:
            said += _(", {cost} for campaigns", cost=f"{row['campaign_cost']:,.2f}")
        if row["discounts"]:
            said += _("; discounts of {discounts} are already off the revenue", discounts=f"{row['discounts']:,.2f}")
        unknown = [
            name
            for name, cost in (
                (_("cost of service"), row["cost_to_serve"]),
                (_("cost of campaigns"), row["campaign_cost"]),
            )
            if cost is None
        ]
        if unknown:
            said += _("; not counted because unknown: {costs}", costs=_(", ").join(unknown))
        return said + _(".")
