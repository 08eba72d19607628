"""Keys for rows that have no number of their own: the number of a line, the id of an event, the number of an order.

They are made from what a row says, never from its place in the file, so that overlapping exports give the same row
the same key. Rows that say the same are told apart by `…#n`, which `keys` counts up.

Sales without an order number: where every row is an order (`orders`), each has an id of its own, made from the
customer, the time and the amount. Where it is a line (`order_lines`), the lines of one customer and day are one
order, which is what RFM and the purchase models count as one purchase; a line without a customer or a date is an
order alone. Ids of orders begin with "made-", as those of customers do (`nameless.py`).
"""

from __future__ import annotations

from collections.abc import Iterable

from zhike.cleaning.plan import Plan
from zhike.sql import literal, quoted

PREFIX = "made-"


def made_keys(plan: Plan) -> dict[str, str]:
    """The key columns that the file does not have: ours → the expression of the first row of its kind."""
    made = {}
    if plan.makes_orders and plan.contract.name == "order_lines":
        made["order_id"] = _order_of_day(plan)
    if plan.made_id and not plan.has(plan.made_id):
        made[plan.made_id] = made_id(plan)
    return made


def made_id(plan: Plan) -> str:
    """The key that Zhike numbers itself, of the first row of its kind."""
    if plan.made_id == "line_no":
        return f"{_line(plan)} || '#1'"
    if plan.made_id == "order_id":
        # What may still change, such as the status, has no part in it: a later export is the same order.
        return f"{literal(PREFIX)} || {_digest(plan, ('customer_id', 'ordered_at', 'amount'))} || '#1'"
    # Always from the same columns and from none outside the contract, so that an export with one more gives the
    # same ids.
    return f"{_digest(plan, (name for name in plan.contract.names if name != plan.made_id))} || '#1'"


def _line(plan: Plan) -> str:
    """A line without a line number is the n-th of its product in its order."""
    products = [quoted(name) for name in ("product_id", "product_name") if plan.has(name)]
    if not plan.makes_orders:
        return f"coalesce({', '.join([*products, literal('')])})"
    # Of such an order a file may hold a part only: the n-th of a product may be another line the next time.
    said = _digest(plan, ("ordered_at", "quantity", "unit_price", "amount"))
    return f"concat_ws(' ', coalesce({', '.join([*products, 'NULL'])}), {said})"


def _order_of_day(plan: Plan) -> str:
    alone = _digest(plan, (name for name in plan.contract.names if name not in plan.contract.key))
    if not plan.has("customer_id", "ordered_at"):
        return f"{literal(PREFIX)} || {alone}"
    # A customer's id may be an e-mail address, and order numbers are shown where that is hidden.
    of_day = 'strftime("ordered_at", \'%Y-%m-%d-\') || left(md5("customer_id"), 16)'
    return f"{literal(PREFIX)} || coalesce({of_day}, {alone})"


def _digest(plan: Plan, names: Iterable[str]) -> str:
    """A short fingerprint of these columns; one that the file lacks counts as empty."""
    text = ", ".join(f"coalesce(CAST({quoted(name)} AS VARCHAR), '')" if plan.has(name) else "''" for name in names)
    return f"left(md5(concat_ws(chr(31), {text})), 16)"
