"""Who did what: conditions on events as queries over the facts.

What people write in a condition is compared with, never run: it reaches the engine as values.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from functools import reduce
from operator import or_
from typing import Any

import ibis

from zhike.segments.event_conditions import EVENTS, Condition, Event, Where

Tables = Mapping[str, Any]


def who(condition: Condition, tables: Tables, *, as_of: dt.date) -> Any:
    """The customers who did it so often, or for so much: an Ibis table `customer_id`, each once.

    Args:
        tables: the tables the condition `reads`, as the contracts have them, up to the day.
        as_of: the day from which `within_days` counts back.

    Where the condition is about absence ("at most 2", "none"), these are the customers for whom it does not hold:
    who never did anything is in no table of facts, so only the caller, who knows everybody, can name the others.
    A purchase counts once however many of its lines are meant. What was taken back whole is no purchase; of what was
    taken back in part, the lines still count.

    >>> from zhike.segments.event_conditions import read_condition
    >>> tickets = ibis.memtable({"customer_id": ["a", "a", "b"], "opened_at": [dt.datetime(2026, 5, d) for d in
    ...     (1, 30, 30)]}, schema={"customer_id": "string", "opened_at": "timestamp"})
    >>> twice = read_condition({"event": "ticket", "test": "at_least", "value": 2})
    >>> who(twice, {"tickets": tickets}, as_of=dt.date(2026, 5, 31)).to_pyarrow().to_pylist()
    [{'customer_id': 'a'}]
    """
    event = EVENTS[condition.event]
    rows = tables[event.table]
    rows = rows.filter(rows.customer_id.notnull())
    if condition.within_days is not None:
        since = as_of - dt.timedelta(days=condition.within_days - 1)
        rows = rows.filter(rows[event.moment] >= ibis.timestamp(since.isoformat()))
    found = _of_orders(condition, event, rows, tables) if len(condition.reads) > 1 else _of_rows(condition, event, rows)
    return found.select("customer_id")


def usual(
    event: str, tables: Tables, *, limit: int = 20, run: Callable[[Any], Any] = lambda table: table.to_pyarrow()
) -> dict[str, list[str]]:
    """What is commonly written in each detail of an event, the most common first; details without a word left out.

    Args:
        tables: as for `who`; those that are missing have nothing to say.
        run: gives the rows of a query as an Arrow table (`lake.engine.to_pyarrow` where the tables are a lake's).

    >>> touches = ibis.memtable({"campaign": ["spring", "spring", "autumn", None]})
    >>> usual("touch", {"touches": touches})
    {'campaign': ['spring', 'autumn']}
    """
    known = EVENTS[event]
    found: dict[str, list[str]] = {}
    for name, columns in known.all_details.items():
        for table in ("orders", "order_lines") if known.line_details else (known.table,):
            # What people said in their own words is never common.
            if table in tables and columns[0] in tables[table].columns and name != "text":
                written = run(_common(tables[table], columns[0], limit))[columns[0]].to_pylist()
                found[name] = found.get(name) or written
    return {name: written for name, written in found.items() if written}


def _common(table: Any, column: str, limit: int) -> Any:
    counts = table.filter(table[column].notnull() & (table[column] != "")).group_by(column).agg(times=ibis._.count())
    return counts.order_by(ibis.desc("times"), column).limit(limit)


# -- queries -----------------------------------------------------------------------------------------------------------
def _of_rows(condition: Condition, event: Event, rows: Any) -> Any:
    """Every row is one time."""
    met = [_met(rows, where, event.details[where.detail]) for where in condition.where]
    rows = rows.filter(*met) if met else rows
    if condition.test == "amount_at_least":
        counted = rows.group_by("customer_id").agg(found=rows[event.amount].sum())
    else:
        counted = rows.group_by("customer_id").agg(found=rows.count())
    return counted.filter(counted.found >= _threshold(condition))


def _of_orders(condition: Condition, event: Event, orders: Any, tables: Tables) -> Any:
    """Orders that are such, and, where something is asked of their lines, these lines alone."""
    of_lines = [where for where in condition.where if where.detail in event.line_details]
    for where in condition.where:
        if where not in of_lines:
            columns = event.details[where.detail]
            such = [_such(tables[name], [where], {where.detail: columns}) for name in ("orders", "order_lines")]
            orders = _standing(orders, such[0].union(such[1]).distinct()).select(*orders.columns).distinct()
    if not of_lines:
        return _of_rows(Condition(condition.event, condition.test, condition.value), event, orders)
    lines = _such(tables["order_lines"], of_lines, event.line_details, "amount")
    bought = _standing(orders, lines)
    if condition.test == "amount_at_least":
        counted = bought.group_by("customer_id").agg(found=bought.line_amount.sum())
    else:
        counted = bought.group_by("customer_id").agg(found=bought.order_id.nunique())
    return counted.filter(counted.found >= _threshold(condition))


def _such(table: Any, asked: list[Where], details: Mapping[str, tuple[str, ...]], *amounts: str) -> Any:
    """Order numbers, and whose, of the rows that are as asked."""
    rows = table.filter(*[_met(table, where, details[where.detail]) for where in asked])
    more = {f"line_{name}": rows[name] for name in amounts}
    return rows.select(of_order=rows.order_id, of_customer=rows.customer_id, **more)


def _standing(orders: Any, such: Any) -> Any:
    """The orders among them: of a number that several customers share, the customer's own."""
    joined = orders.join(such, orders.order_id == such.of_order)
    return joined.filter(joined.of_customer.isnull() | (joined.of_customer == joined.customer_id))


def _met(rows: Any, where: Where, columns: tuple[str, ...]) -> Any:
    """Whether one of the columns says so; for "lacks" and "is_not", whether none does."""
    asked = where.value.lower()
    texts = [rows[name].fill_null("").lower() for name in columns]
    if where.test in ("contains", "lacks"):
        found = reduce(or_, [text.contains(asked) for text in texts])
    else:
        found = reduce(or_, [text == asked for text in texts])
    return ~found if where.test in ("lacks", "is_not") else found


def _threshold(condition: Condition) -> float:
    """What `who` asks for: of those whom an absence is about, the others."""
    if condition.test == "none":
        return 1
    return condition.value + 1 if condition.test == "at_most" else condition.value
