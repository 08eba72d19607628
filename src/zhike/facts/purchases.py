"""Orders → one row per customer: what they bought up to a date, and in the windows before it.

The models are functions of this summary, so a refresh aggregates the orders once for all of them.

A purchase is an order with an amount above zero: one unpaid, given away or taken back whole is none. A negative
amount is a refund: it lowers the money of the day it is dated (`zhike.net_orders` takes it off the purchase it
belongs to). An amount that is missing, NaN or infinite is unknown: the purchase counts, its money does not. All
money is rounded to a millionth, so that the order in which an engine happens to add does not decide a tie.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import ibis

from zhike.errors import InputError, SettingsError
from zhike.language import _
from zhike.order_tables import as_orders
from zhike.tables import as_date

LARGEST = 1e300  # beyond: infinite or NaN (which both engines sort above every number)
LARGEST_SETTING = 1e15  # whole numbers up to here are exact in every engine
CENTS = 6
LONGEST_WINDOW_DAYS = 36_500
MONEY = ("revenue", "monetary", "prior_monetary")

COLUMNS = (
    "customer_id",
    "first_at",
    "last_at",
    "recency_days",
    "tenure_days",
    "orders",
    "revenue",
    "frequency",
    "monetary",
    "prior_frequency",
    "prior_monetary",
    "purchase_days",
)


def purchase_summary(orders: Any, *, as_of: Any, window_days: int = 365, columns: tuple[str, ...] = COLUMNS) -> Any:
    """One row per customer with at least one purchase up to the end of the day `as_of`.

    `first_at`, `last_at` (timestamps of the first and last purchase), `recency_days` and `tenure_days` (calendar
    days from the last and the first to `as_of`), `orders` and `revenue` (all time; revenue net of refunds),
    `frequency` and `monetary` (purchases and net amount of the window: the `window_days` days that end with
    `as_of`), `prior_frequency` and `prior_monetary` (the window of the same length before it), `purchase_days`
    (days with a purchase: three orders on one day are one visit).

    Ask with `columns` for what is needed: an aggregate costs time even when nobody reads it.

    Raises:
        InputError: `orders` cannot be read as orders.
        SettingsError: `as_of` is no date, or `window_days` is not a whole number from 1 to 36,500.

    >>> import pyarrow as pa
    >>> orders = pa.table({"customer_id": ["a", "a", "a"], "order_id": [1, 2, 3],
    ...                    "ordered_at": ["2024-06-01", "2025-03-01", "2025-03-05"], "amount": [50, 20, -5]})
    >>> summary = purchase_summary(orders, as_of="2025-03-31")
    >>> summary.select("recency_days", "orders", "revenue", "frequency", "monetary").to_pyarrow().to_pylist()
    [{'recency_days': 30, 'orders': 2, 'revenue': 65.0, 'frequency': 2, 'monetary': 65.0}]
    """
    day = as_date(as_of)
    table = as_orders(orders)
    table = table.filter(table.ordered_at < window_end(day))
    start, prior = window_start(day, window_days), _start_of(day, 1 - 2 * window_days)
    asked, columns = columns, _with_sources(columns)
    aggregates = _aggregates(table, start, prior)
    wanted = {name: value for name, value in aggregates.items() if name in columns}
    summary = table.group_by("customer_id").aggregate(**wanted)
    summary = summary.mutate(**{n: summary[n].fill_null(0.0).round(CENTS) for n in MONEY if n in columns})
    summary = summary.filter(summary.last_at.notnull())
    if "recency_days" in columns:
        summary = summary.mutate(recency_days=days_between(summary.last_at, day))
    if "tenure_days" in columns:
        summary = summary.mutate(tenure_days=days_between(summary.first_at, day))
    if "purchase_days" in columns:
        summary = summary.inner_join(_purchase_days(table), "customer_id")
    return summary.select("customer_id", *(name for name in COLUMNS[1:] if name in asked))


def _with_sources(columns: tuple[str, ...]) -> tuple[str, ...]:
    """Also what the asked-for columns are made from."""
    if "tenure_days" in columns:
        columns = (*columns, "first_at")
    return (*columns, "last_at")


def _aggregates(table: Any, start: Any, prior: Any) -> dict[str, Any]:
    at, amount = table.ordered_at, table.amount
    buys = bought(table)
    known = amount.between(-LARGEST, LARGEST)
    now, before = at >= start, (at >= prior) & (at < start)
    return {
        "first_at": at.min(where=buys),
        "last_at": at.max(where=buys),
        "orders": table.count(where=buys),
        "revenue": amount.sum(where=known),
        "frequency": table.count(where=buys & now),
        "monetary": amount.sum(where=known & now),
        "prior_frequency": table.count(where=buys & before),
        "prior_monetary": amount.sum(where=known & before),
    }


def _purchase_days(table: Any) -> Any:
    """Days with a purchase per customer. Distinct first, then count: a third of the cost of a distinct count."""
    purchases = table.filter(bought(table))
    days = purchases.select("customer_id", day=purchases.ordered_at.date()).distinct()
    return days.group_by("customer_id").aggregate(purchase_days=days.count())


def bought(table: Any) -> Any:
    """Whether an order is a purchase (and not a refund)."""
    return (table.amount > 0) | table.amount.isnull()


def days_between(earlier: Any, day: dt.date) -> Any:
    """Calendar days from a timestamp column to `day`."""
    return ibis.literal(day).delta(earlier.date(), unit="day")


def days_ago(days: int) -> str:
    """When something was that is so many days back, in the current language.

    >>> days_ago(0), days_ago(1), days_ago(1200)
    ('0 days ago', '1 day ago', '1,200 days ago')
    """
    return _("1 day ago") if days == 1 else _("{days} days ago", days=f"{days:,}")


def window_start(day: dt.date, days: int) -> Any:
    """The first moment of the window of `days` days that ends with `day` (which it includes)."""
    return _start_of(day, 1 - check_window(days))


def window_end(day: dt.date) -> Any:
    """The first moment after `day`."""
    return _start_of(day, 1)


def _start_of(day: dt.date, shift: int) -> Any:
    moved = dt.date.fromordinal(max(day.toordinal() + shift, dt.date(1, 1, 1).toordinal()))
    return ibis.literal(dt.datetime(moved.year, moved.month, moved.day))


def check_window(days: Any) -> int:
    """A window in whole days.

    Raises:
        SettingsError: not a whole number from 1 to `LONGEST_WINDOW_DAYS`.
    """
    if isinstance(days, bool) or not isinstance(days, int) or not 1 <= days <= LONGEST_WINDOW_DAYS:
        raise SettingsError(
            "A window of {days} days is not possible.",
            fix="Give a whole number of days from 1 to 36500; the default is 365.",
            days=repr(days),
        )
    return days


def is_number(value: Any) -> bool:
    """Whether a setting, which may come from a file somebody wrote by hand, is a number that engines can hold.

    >>> is_number(0.3), is_number(True), is_number("3"), is_number(float("nan")), is_number(10**24)
    (True, False, False, False, False)
    """
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= LARGEST_SETTING


def need(summary: Any, columns: tuple[str, ...]) -> Any:
    """The summary, once it is sure to have what a model reads.

    Raises:
        InputError: a column is missing.
    """
    missing = [name for name in columns if name not in summary.columns]
    if missing:
        raise InputError(
            "The purchase summary lacks {missing}.",
            fix="Make it with zhike.purchase_summary and ask for these columns.",
            missing=", ".join(missing),
        )
    return summary
