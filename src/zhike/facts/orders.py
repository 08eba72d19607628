"""Orders and order lines → one row per order, net of everything that was taken back.

Sales and refunds of both tables become one stream of entries; then refunds are taken off in this order:

1. a negative line within an order (a discount, a correction) and a refund that names its order, or the amount the
   order itself says was refunded where that is more (both speak of the same money): off that order, over its lines;
2. a refund that names a product: off the customer's latest purchase of that product;
3. any other refund: off the customer's latest purchases.

Latest means last in, first out, in money. Seen over time, what a customer has spent is a level that sales raise and
refunds lower, never below zero; what is left of a sale is how far the level stays above where it stood before the
sale, from then on. So running sums and minima within (customer, product) answer it exactly, with no row loop.
What exceeds all that was bought before is left over: it takes nothing from later purchases.

An order is an order number and a customer: tills that count from 1 every morning give one number to many. A line that
names nobody belongs to the customer of its order, where there is only one.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, Protocol

import ibis
from ibis import _

from zhike.facts.purchases import window_end
from zhike.order_tables import known_sum

# Sums of floats: what is left after netting is rounded, so that 0.30000000000000004 − 0.3 is nothing.
_DIGITS = 6

_TYPES = {
    "order_id": "string",
    "line_no": "string",
    "customer_id": "string",
    "ordered_at": "timestamp",
    "product": "string",
    "amount": "float64",
    "refund_of": "string",
    "refunded": "float64",
    "discount": "float64",
    "cost": "float64",
}
COLUMNS = ("customer_id", "order_id", "ordered_at", "amount", "gross_amount", "discount", "cost")


class Cut(Protocol):
    """Computes a result on the way, as `Lake.cut` does; `few`: it holds a small part of the rows."""

    def __call__(self, expression: Any, name: str, *, few: bool = False) -> Any: ...


def _uncut(expression: Any, name: str, *, few: bool = False) -> Any:  # noqa: ARG001 - as the protocol has it
    return expression


def net_orders(
    orders: Any = None,
    lines: Any = None,
    *,
    as_of: dt.date | None = None,
    cut: Cut = _uncut,
) -> Any:
    """One row per order that was a sale: `customer_id, order_id, ordered_at, amount, gross_amount, discount, cost`.

    Args:
        orders: of the contract `orders` (an Ibis table; missing optional columns are treated as empty).
        lines: of the contract `order_lines`. An order in both tables counts once: its customer, its day, what it
            refunds and its amount (which knows shipping, coupons, what was really paid) are the order's own, the
            amount spread over its lines; the lines say what the order does not. At least one table is needed.
        as_of: the last day that counts; None: every day. Give all rows then, not those of that day: lines without a
            day are of the day of their order.
        cut: computes a result on the way, given a name for it, so that it is not planned anew wherever it is
            mentioned (`Lake.cut`). Spark needs it; DuckDB computes what is mentioned twice once.

    Returns:
        `amount` net of what was taken back, 0 for an order taken back whole; `gross_amount` before. `discount` and
        `cost` are reduced in the same proportion (goods that came back are in stock again); `cost` is NULL when the
        cost of any of the order's lines is unknown. Entries without an amount are left out.

    >>> lines = ibis.memtable({"order_id": ["1", "C2"], "customer_id": ["a", "a"], "product_id": ["p", "p"],
    ...     "ordered_at": ["2026-01-01", "2026-01-09"], "amount": [30.0, -10.0]})
    >>> net_orders(lines=lines).select("order_id", "amount", "gross_amount").to_pyarrow().to_pylist()
    [{'order_id': '1', 'amount': 20.0, 'gross_amount': 30.0}]
    """
    sales, refunds = sales_and_refunds(order_entries(orders, lines, as_of=as_of, cut=cut))
    # Refunds are few, mostly: a planner that knows how few does not look for them among all sales.
    refunds = cut(refunds, "refunds", few=True)
    placed, free = refunds_by_order(cut(sales, "sales"), refunds, cut=cut)
    settled = cut(_off_their_order(sales, taken_back(sales, placed)), "settled")
    free = cut(free.filter(_.customer_id.notnull()), "free_refunds")
    settled = _off_the_latest(settled, free.filter(_.product.notnull()), ["customer_id", "product"])
    settled = cut(settled, "settled_by_product")
    settled = _off_the_latest(settled, free.filter(_.product.isnull()), ["customer_id"])
    return _per_order(settled)


def order_entries(orders: Any = None, lines: Any = None, *, as_of: dt.date | None = None, cut: Cut = _uncut) -> Any:
    """Both tables in one shape, sales above zero and refunds below; an order in both is its lines.

    Args: see `net_orders`.
    """
    if lines is None and orders is None:
        raise ValueError("net_orders needs orders or lines")
    entries = _entries(orders, lines)
    if as_of is not None:
        # What has no day at all cannot be said to be later.
        entries = entries.filter(_.ordered_at.isnull() | (_.ordered_at < window_end(as_of)))
    entries = cut(entries, "entries")
    nameless = cut(entries.filter(_.customer_id.isnull()), "nameless_entries", few=True)
    return cut(_with_customers_of_orders(entries, nameless), "owned_entries")


def _with_customers_of_orders(entries: Any, nameless: Any) -> Any:
    """Entries without a customer get that of their order. Where it has several, nobody can say whose they are."""
    of_them = entries.semi_join(nameless, "order_id").filter(_.customer_id.notnull())
    owners = of_them.group_by("order_id").agg(owner=_.customer_id.min(), last=_.customer_id.max())
    owners = owners.filter(_.owner == _.last).select(owned_id="order_id", owner="owner")
    owned = nameless.left_join(owners, nameless.order_id == owners.owned_id).mutate(customer_id=_.owner)
    return entries.filter(_.customer_id.notnull()).union(owned.select(*entries.columns))


def sales_and_refunds(entries: Any) -> tuple[Any, Any]:
    """The `order_entries` above zero, with their `gross` amount, and those below it, their amount turned positive."""
    return entries.filter(_.amount > 0).mutate(gross=_.amount), entries.filter(_.amount < 0).mutate(amount=-_.amount)


def refunds_by_order(sales: Any, refunds: Any, *, cut: Cut = _uncut) -> tuple[Any, Any]:
    """The refunds whose order is known, as `order_id, customer_id, back`, and the others as they are.

    A refund is of the order that it names, else of the one it stands in. Of a number that several customers share,
    it is of its own customer's order; where the number is named and it has none there, of all of them in proportion.
    """
    asked = refunds.mutate(of=_.refund_of.coalesce(_.order_id), names=_.refund_of.notnull())
    orders = sales.semi_join(asked, sales.order_id == asked.of)
    orders = orders.group_by("order_id", "customer_id").agg(gross_amount=_.amount.sum())
    orders = cut(orders.rename(sold_id="order_id", buyer="customer_id"), "asked_orders")
    same = [asked.of == orders.sold_id, asked.customer_id.identical_to(orders.buyer)]
    exact = cut(asked.semi_join(orders, same), "own_refunds")
    rest = cut(asked.anti_join(orders, same), "other_refunds")
    # A stranger's refund under the same number, which names no order, is of something else.
    seeking = rest.filter(_.names | _.customer_id.isnull())
    known = seeking.of == orders.sold_id
    totals = orders.group_by("sold_id").agg(total=_.gross_amount.sum()).rename(whole_id="sold_id")
    found = seeking.join(orders, known)
    found = found.join(totals, found.of == totals.whole_id)
    lost = seeking.anti_join(orders, known)
    placed = exact.select(order_id="of", customer_id="customer_id", back="amount").union(
        found.select(order_id="of", customer_id="buyer", back=found.amount * found.gross_amount / found.total),
        # What was refunded of an order is known even where the sale itself is not.
        lost.filter(_.names).select(order_id="of", customer_id="customer_id", back="amount"),
    )
    free = rest.filter(~_.names & _.customer_id.notnull()).union(lost.filter(~_.names))
    return cut(placed, "placed_refunds"), cut(free.select(*refunds.columns), "unplaced_refunds")


def taken_back(sales: Any, placed: Any) -> Any:
    """What is known to have been taken back of an order: `order_id, customer_id, back`.

    The rows that refund it (`refunds_by_order`), or what the order itself says was refunded, whichever is more: a
    shop that writes a refund into the order also sends it as a row of its own.
    """
    nothing = ibis.literal(0.0)
    stated = sales.filter(_.refunded > 0).select("order_id", "customer_id", back=nothing, stated="refunded")
    both = placed.mutate(stated=nothing).union(stated)
    sums = both.group_by("order_id", "customer_id").agg(back=_.back.sum(), stated=_.stated.sum())
    return sums.select("order_id", "customer_id", back=ibis.greatest(sums.back, sums.stated))


def _entries(orders: Any, lines: Any) -> Any:
    detail = None if lines is None else _shaped(lines).filter(_.amount.notnull() & (_.amount != 0))
    if orders is None:
        return detail
    headers = _shaped(orders).filter(_.amount.notnull() & (_.amount != 0))
    if detail is None:
        return headers
    scaled = _scaled(detail, headers)
    alone = headers.anti_join(scaled, "order_id")
    only_lines = detail.anti_join(_shaped(orders), "order_id")
    return scaled.union(alone).union(only_lines)


def _shaped(table: Any) -> Any:
    have = set(table.columns)
    product = [table[name] for name in ("product_id", "product_name") if name in have]
    given = {"product": ibis.coalesce(*product)} if product else {}
    given |= {name: table[name] for name in _TYPES if name in have}
    return table.select(**{name: given.get(name, ibis.null(kind)).cast(kind) for name, kind in _TYPES.items()})


def _scaled(detail: Any, headers: Any) -> Any:
    """Lines of the orders in `headers`, of the same sign as the order, adding up to the order's amount.

    Where both say who bought, when, and what is refunded, the order does: it is what the customer saw and paid.
    """
    known = headers.drop("line_no", "product").rename(lambda name: name if name == "order_id" else f"whole_{name}")
    joined = detail.join(known, "order_id").filter((_.amount > 0) == (_.whole_amount > 0))
    totals = joined.group_by("order_id").agg(total=_.amount.sum())
    joined = joined.join(totals, "order_id")
    share = joined.amount / joined.total
    return joined.mutate(
        **{name: joined[f"whole_{name}"].coalesce(joined[name]) for name in ("customer_id", "ordered_at", "refund_of")},
        amount=joined.whole_amount * share,
        cost=(joined.whole_cost * share).coalesce(joined.cost),
        discount=(joined.whole_discount * share).coalesce(joined.discount),
        refunded=joined.whole_refunded * share,
    ).select(*_TYPES)


def _off_their_order(sales: Any, back: Any) -> Any:
    """Take off each order what is known to belong to it, in proportion over its lines."""
    gross = sales.semi_join(back, _same_order(sales, back)).group_by("order_id", "customer_id")
    gross = gross.agg(total=_.amount.sum())
    joined = gross.join(back, _same_order(gross, back), rname="back_{name}")
    left = joined.select("order_id", "customer_id", left=ibis.greatest(0.0, 1 - joined.back / joined.total))
    joined = sales.left_join(left, _same_order(sales, left), rname="left_{name}")
    return joined.mutate(amount=(joined.amount * joined.left.coalesce(1.0)).round(_DIGITS)).select(*sales.columns)


def _same_order(one: Any, other: Any) -> list[Any]:
    """Nobody and nobody are the same customer here: a sale without a name can be refunded too."""
    return [one.order_id == other.order_id, one.customer_id.identical_to(other.customer_id)]


def _off_the_latest(sales: Any, refunds: Any, by: list[str]) -> Any:
    """Take refunds off the latest sales before them that share the columns `by`."""
    # Only who brought something back needs the running sums; for most companies that is a few percent of the sales.
    keys = refunds.select(*by).distinct()
    touched, rest = sales.semi_join(keys, by), sales.anti_join(keys, by)
    given = refunds.mutate(amount=-_.amount, gross=ibis.literal(0.0)).select(*sales.columns)
    moves = touched.union(given)
    # At the same moment a purchase comes before the refund that cancels it.
    order = [_.ordered_at, _.amount < 0, _.order_id, _.line_no]
    so_far = ibis.window(group_by=by, order_by=order, rows=(None, 0))
    from_here = ibis.window(group_by=by, order_by=order, rows=(0, None))
    moves = moves.mutate(balance=_.amount.sum().over(so_far))
    # A balance below zero is refunds of what was never seen bought; the level starts again from nothing.
    moves = moves.mutate(level=_.balance + ibis.greatest(0.0, (-_.balance).max().over(so_far)))
    moves = moves.mutate(stays=_.level.min().over(from_here))
    # A sale whose amount is already 0 takes part, so that it is still an order, and keeps its 0.
    left = moves.filter(_.gross > 0).mutate(amount=ibis.greatest(0.0, _.stays - _.level + _.amount).round(_DIGITS))
    return rest.union(left.select(*sales.columns))


def _per_order(sales: Any) -> Any:
    whole = sales.group_by("order_id", "customer_id").agg(
        ordered_at=_.ordered_at.min(),
        amount=_.amount.sum().round(_DIGITS),
        gross_amount=_.gross.sum(),
        discount=_.discount.sum(),
        cost=known_sum(sales.cost),
    )
    kept = whole.amount / whole.gross_amount
    return whole.mutate(discount=whole.discount * kept, cost=whole.cost * kept).select(*COLUMNS)
