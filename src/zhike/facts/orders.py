"""Order lines → orders, with cancellations and refunds netted against the purchases they take back.

A return takes back the latest purchase of the same product by the same customer that has not been taken back yet
(last in, first out), in money: what was paid back is what the company no longer has. Seen over time, what a customer
has spent on one product is a level that sales raise and returns lower, never below zero; what is left of a sale is
how far the level stays above where it stood before the sale, from then on. So running sums and minima within
(customer, product) answer it exactly, with no row loop.
"""

from __future__ import annotations

from typing import Any

import ibis
from ibis import _

# Sums of floats: what is left after netting is rounded, so that 0.30000000000000004 − 0.3 is nothing.
_DIGITS = 6


def net_lines(lines: Any) -> Any:
    """Every sale line with what was not taken back, and every return line with what it could not be matched to.

    Args:
        lines: columns `order_id, customer_id, ordered_at, amount` and, where there are any, `line_no, product_id,
            product_name`. A return is a line with a negative amount.

    Returns:
        the lines with `is_return`, `net_amount` (0 for returns) and `unmatched_amount` (how much a return takes
        back that was never seen bought, for instance because the data begin later; 0 for sales).
        Lines without an amount (gifts, stock movements) are left out; lines without a customer cannot be matched:
        their sales stay whole, their returns are unmatched.
    """
    lines = _with_optional(lines)
    lines = lines.filter(_.amount.notnull() & (_.amount != 0)).mutate(
        is_return=_.amount < 0,
        product=ibis.coalesce(_.product_id, _.product_name, ibis.literal("")),
    )
    # Only products somebody brought back need the running sums; for most files that is a few percent of the lines.
    returned = lines.filter(_.is_return & _.customer_id.notnull()).select("customer_id", "product").distinct()
    touched = lines.semi_join(returned, ["customer_id", "product"])
    untouched = lines.anti_join(returned, ["customer_id", "product"])
    whole = untouched.mutate(
        net_amount=ibis.ifelse(_.is_return, 0.0, _.amount),
        unmatched_amount=ibis.ifelse(_.is_return, -_.amount, 0.0),
    )
    return whole.union(_matched(touched).select(*whole.columns)).drop("product")


def _matched(lines: Any) -> Any:
    partition = ["customer_id", "product"]
    # At the same moment a purchase comes before the return that cancels it.
    order = [_.ordered_at, _.is_return, _.order_id, _.line_no]
    so_far = ibis.window(group_by=partition, order_by=order, rows=(None, 0))
    from_here = ibis.window(group_by=partition, order_by=order, rows=(0, None))
    previous = ibis.window(group_by=partition, order_by=order)
    lines = lines.mutate(balance=_.amount.sum().over(so_far))
    # A balance below zero means returns of things never seen bought: that much of them is unmatched.
    lines = lines.mutate(excess=ibis.greatest(0.0, (-_.balance).max().over(so_far)))
    lines = lines.mutate(level=_.balance + _.excess)
    lines = lines.mutate(
        stays=_.level.min().over(from_here),
        unmatched=_.excess - _.excess.lag(1).over(previous).coalesce(0.0),
    )
    left = ibis.greatest(0.0, _.stays - _.level + _.amount).round(_DIGITS)
    return lines.mutate(
        net_amount=ibis.ifelse(_.is_return, 0.0, left),
        unmatched_amount=ibis.ifelse(_.is_return, _.unmatched.round(_DIGITS), 0.0),
    )


def orders_from_lines(lines: Any) -> Any:
    """One row per order: `customer_id, order_id, ordered_at, amount, gross_amount, discount, cost`.

    `amount` is net of what was taken back later; an order taken back whole has amount 0. Refund lines that name
    their order (`refund_of`) are netted there; the others by product.
    """
    lines = _with_optional(lines)
    by_product = net_lines(lines.filter(_.refund_of.isnull()))
    orders = (
        by_product.filter(~_.is_return)
        .group_by("order_id")
        .agg(
            customer_id=_.customer_id.max(),
            ordered_at=_.ordered_at.min(),
            amount=_.net_amount.sum(),
            gross_amount=_.amount.sum(),
            discount=_.discount.sum(),
            # Goods that came back are in stock again: their share of the cost is not spent.
            cost=(_.cost * _.net_amount / _.amount).sum(),
        )
    )
    return _less_named_refunds(orders, lines)


def net_orders(orders: Any) -> Any:
    """Orders of the contract, refunds taken off: same columns as `orders_from_lines`.

    A row's own `refunded` is taken off the row; a negative row is a refund, of the order it names in `refund_of`,
    else of the customer's latest orders.
    """
    sold = orders.mutate(
        line_no=ibis.literal("1"),
        product_id=ibis.null("string"),
        product_name=ibis.null("string"),
        amount=ibis.ifelse(_.amount > 0, ibis.greatest(0.0, _.amount - _.refunded.coalesce(0.0)), _.amount),
        gross=_.amount,
    )
    anonymous = sold.filter(_.refund_of.isnull())
    netted = net_lines(anonymous).filter(~_.is_return)
    named = netted.select(
        "customer_id",
        "order_id",
        "ordered_at",
        amount=_.net_amount,
        gross_amount=_.gross,
        discount=_.discount,
        cost=_.cost * _.net_amount / _.amount,
    )
    return _less_named_refunds(named, sold)


def _less_named_refunds(orders: Any, rows: Any) -> Any:
    refunds = rows.filter(_.refund_of.notnull() & (_.amount < 0)).group_by("refund_of").agg(back=(-_.amount).sum())
    joined = orders.left_join(refunds, orders.order_id == refunds.refund_of)
    left = ibis.greatest(0.0, joined.amount - joined.back.coalesce(0.0))
    return joined.mutate(amount=left).select(
        "customer_id", "order_id", "ordered_at", "amount", "gross_amount", "discount", "cost"
    )


def combined_orders(orders: Any, lines: Any) -> Any:
    """All purchases there are: the orders table, and orders known only by their lines.

    An order in both counts once, as the orders table has it (it knows shipping, coupons and what was really paid).
    """
    from_orders = net_orders(orders)
    only_lines = lines.anti_join(orders.select("order_id"), "order_id")
    return from_orders.union(orders_from_lines(only_lines).select(*from_orders.columns)).filter(_.amount > 0)


def _with_optional(lines: Any) -> Any:
    types = {"line_no": "string", "product_id": "string", "product_name": "string", "refund_of": "string"}
    types |= {"discount": "float64", "cost": "float64"}
    missing = {name: ibis.null(kind) for name, kind in types.items() if name not in lines.columns}
    return lines.mutate(**missing) if missing else lines
