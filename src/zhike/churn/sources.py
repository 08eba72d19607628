"""The facts churn is read from, cut at the end of a day: what was recorded later is not there.

Give the facts as they were recorded (a refund as a row of its own, with its own day), not orders netted on a later day:
those already know what came back.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import ibis

from zhike.errors import InputError
from zhike.facts.purchases import window_end
from zhike.order_tables import ORDER_COLUMNS, as_orders, one_row_per_order
from zhike.schema import IBIS_TYPES, contract
from zhike.tables import as_table, require
from zhike.workbench import Workbench

OTHERS = ("interactions", "tickets", "feedback")
MOMENTS = {"orders": "ordered_at", "lines": "ordered_at"} | {name: contract(name).time or "" for name in OTHERS}


@dataclass(frozen=True)
class Sources:
    """Ibis tables up to the end of a day; those nobody has are None.

    `orders` has one row per order (`customer_id, order_id, ordered_at, amount`; below 0: a return); `lines` those
    order lines that say who bought what when.
    """

    day: dt.date
    orders: Any
    lines: Any = None
    interactions: Any = None
    tickets: Any = None
    feedback: Any = None

    @classmethod
    def of(cls, tables: Any, day: dt.date) -> Sources:
        """Args: tables: orders, or a mapping of the contracts' names (`orders`, `order_lines`, `interactions`,
        `tickets`, `feedback`) to tables; others are not looked at. Or sources up to a later day.

        Raises:
            InputError: there are no orders in it, or a table lacks a column it must have.
        """
        if isinstance(tables, Sources):
            return tables.until(day)
        given = dict(tables) if isinstance(tables, Mapping) else {"orders": tables}
        orders = _orders(given.get("orders"), given.get("order_lines"))
        orders = orders.filter(orders.ordered_at < window_end(day))
        who = orders.customer_id.type()
        others = {name: _until(given[name], name, day, who) for name in OTHERS if given.get(name) is not None}
        lines = given.get("order_lines")
        return cls(day, orders, None if lines is None else _lines(lines, day, who), **others)

    def until(self, day: dt.date) -> Sources:
        """The same up to the end of a day that is not later."""
        if day == self.day:
            return self
        cut = self._each(lambda name, table: table.filter(table[MOMENTS[name]] < window_end(day)))
        return replace(cut, day=day)

    def of_customers(self, customers: Any) -> Sources:
        """The same of the customers in a table with their `customer_id`."""
        return self._each(lambda _name, table: table.semi_join(customers, "customer_id"))

    def settled(self, bench: Workbench) -> Sources:
        """The same, computed once, for those who ask about many days."""
        return self._each(lambda name, table: bench.materialised(table, f"churn_{name}"))

    def _each(self, change: Callable[[str, Any], Any]) -> Sources:
        tables = {name: getattr(self, name) for name in MOMENTS}
        return replace(self, **{name: change(name, table) for name, table in tables.items() if table is not None})


def _orders(orders: Any, lines: Any) -> Any:
    """One row per order: those of both tables, an order in both once, with its own amount."""
    if orders is None and lines is None:
        raise InputError(
            "There are no orders among the tables.", fix="Give a table “orders” or “order_lines” of what was bought."
        )
    known = None if orders is None else as_orders(orders)
    if lines is None:
        return known
    table = as_table(lines)
    if known is not None and not set(ORDER_COLUMNS) <= set(table.columns):
        return known
    of_lines = as_orders(one_row_per_order(table.filter(table.customer_id.notnull())))
    if known is None:
        return of_lines
    of_lines = of_lines.mutate(**{name: of_lines[name].cast(known[name].type()) for name in known.columns})
    return known.union(of_lines.anti_join(known, "order_id").select(*known.columns))


def _lines(lines: Any, day: dt.date, who: Any) -> Any:
    table = as_table(lines)
    named = [name for name in ("product_id", "product_name") if name in table.columns]
    if not named or not {"customer_id", "ordered_at", "order_id"} <= set(table.columns):
        return None
    product = ibis.coalesce(*(table[name].cast("string") for name in named))
    columns = {"product": product, "order_id": table.order_id}
    if "category" in table.columns:
        columns["category"] = table.category
    bought = table.amount > 0 if "amount" in table.columns else ibis.literal(True)
    table = table.select("customer_id", bought=bought.fill_null(True), ordered_at=_moment(table.ordered_at), **columns)
    table = table.filter(table.bought, table.ordered_at < window_end(day), table.customer_id.notnull())
    return table.mutate(customer_id=table.customer_id.cast(who)).drop("bought")


def _until(source: Any, name: str, day: dt.date, who: Any) -> Any:
    """The rows of a table up to the end of the day that belong to a customer, every column of its contract there."""
    table, its = as_table(source), contract(name)
    time = its.time or ""
    require(table, ("customer_id", time), name)
    table = table.mutate(**{time: _moment(table[time]), "customer_id": table.customer_id.cast(who)})
    absent = {c.name: ibis.null(IBIS_TYPES[c.kind]) for c in its.columns if c.name not in table.columns}
    table = table.mutate(**absent).select(*its.names)
    return table.filter(table.customer_id.notnull(), table[time] < window_end(day))


def _moment(column: Any) -> Any:
    return column.try_cast("timestamp") if column.type().is_string() else column.cast("timestamp")
