"""Orders → one row per customer in the form that purchase models are fitted to (Fader & Hardie).

The first day with a purchase brings the customer in; every later day with one is a repeat purchase, however many
orders it has. Time is counted in calendar days and given in `unit`.

An order of amount 0 or of an unknown amount is a purchase here, as in the published data; one that `zhike.net_orders`
found taken back whole (0 net, more before) is none. A negative amount is a refund: no purchase, and it does not
lower what the others are worth (`zhike.net_orders` takes it off the purchase it belongs to).
"""

from __future__ import annotations

from typing import Any

import ibis
from ibis import _

from zhike.errors import SettingsError
from zhike.facts.purchases import CENTS, LARGEST, window_end
from zhike.order_tables import as_orders
from zhike.tables import as_date

# Days in a unit of time. Months and years are the mean ones of the calendar.
UNIT_DAYS = {"day": 1.0, "week": 7.0, "month": 365.2425 / 12, "year": 365.2425}
UNKNOWN = -1.0  # amounts here are never negative


def repeat_summary(orders: Any, *, observation_end: Any, unit: str = "week") -> Any:
    """One row per customer with a purchase up to the end of the day `observation_end`.

    `customer_id`, `frequency` (days with a repeat purchase), `recency` (time from the first to the last purchase; 0
    without a repeat), `T` (time from the first purchase to `observation_end`), `monetary` (mean value of a day with a
    repeat purchase, currency; 0 without a repeat; NULL when none of their amounts is known). Times in `unit`s.

    Args:
        orders: whatever `zhike.rfm` takes: one row per order, `customer_id, order_id, ordered_at, amount`.
        observation_end: the last day that is looked at.
        unit: "day", "week", "month" or "year".

    Raises:
        InputError: `orders` cannot be read as orders.
        SettingsError: `observation_end` is no date, or there is no such unit.

    Source: Fader, Hardie & Lee (2005), "Counting Your Customers" the Easy Way, Marketing Science 24 (2), 275–284.

    >>> import pyarrow as pa
    >>> orders = pa.table({"customer_id": ["a", "a", "a"], "order_id": [1, 2, 3], "amount": [9.0, 20.0, 5.0],
    ...                    "ordered_at": ["2025-01-01", "2025-01-15 09:00:00", "2025-01-15 18:00:00"]})
    >>> repeat_summary(orders, observation_end="2025-01-29").to_pyarrow().to_pylist()
    [{'customer_id': 'a', 'frequency': 1, 'recency': 2.0, 'T': 4.0, 'monetary': 25.0}]
    """
    summary = summarise_days(purchase_days(orders, until=observation_end), until=observation_end, unit=unit)
    return summary.drop("revenue")


def purchase_days(orders: Any, *, until: Any) -> Any:
    """One row per customer and day with a purchase: `customer_id, day, spent` (NULL when no amount is known)."""
    table = as_orders(orders, optional=("gross_amount",))
    amount = table.amount
    bought = amount.isnull() | ~(amount < 0)
    if "gross_amount" in table.columns:
        bought = bought & ~((amount == 0) & (table.gross_amount > 0)).fill_null(False)
    table = table.filter(bought, table.ordered_at < window_end(as_date(until)))
    known = table.amount.between(0, LARGEST).ifelse(table.amount, None)
    table = table.select("customer_id", day=table.ordered_at.date(), amount=known)
    return table.group_by("customer_id", "day").aggregate(spent=_.amount.sum())


def summarise_days(days: Any, *, until: Any, unit: str = "week") -> Any:
    """`purchase_days` → `repeat_summary`, with one more column: `revenue`, all that was spent."""
    end, length = as_date(until), unit_days(unit)
    days = days.filter(days.day <= ibis.literal(end))
    customers = days.group_by("customer_id").aggregate(
        first=_.day.min(),
        last=_.day.max(),
        days=_.count(),
        known=_.spent.count(),
        revenue=_.spent.sum().fill_null(0.0),
        at_first=_.spent.fill_null(UNKNOWN).argmin(_.day),
    )
    known = customers.known - (customers.at_first >= 0).cast("int64")
    repeated = customers.revenue - ibis.greatest(customers.at_first, 0.0)
    mean = (repeated / known.nullif(0)).round(CENTS)
    return customers.select(
        "customer_id",
        frequency=(customers.days - 1).cast("int64"),
        recency=customers.last.delta(customers.first, unit="day") / length,
        T=ibis.literal(end).delta(customers["first"], unit="day") / length,
        monetary=(customers.days == 1).ifelse(0.0, mean),
        revenue=customers.revenue.round(CENTS),
    )


def holdout_summary(orders: Any, *, calibration_end: Any, observation_end: Any, unit: str = "week") -> Any:
    """The summary up to `calibration_end`, and what those customers did after it.

    `repeat_summary` as of `calibration_end`, with `held_out` (days with a purchase after it, up to `observation_end`)
    and `previous` (days with a repeat purchase in the period of the same length that ends with `calibration_end`), and
    with what was spent on these days (`held_out_spent`, `previous_spent`; currency; NULL where one is not known).

    Raises:
        InputError: `orders` cannot be read as orders.
        SettingsError: `calibration_end` is not before `observation_end`, or either is no date; no such unit.

    >>> import pyarrow as pa
    >>> orders = pa.table({"customer_id": ["a"] * 4, "order_id": [1, 2, 3, 4], "amount": [9.0, 2.0, 5.0, 1.0],
    ...                    "ordered_at": ["2025-01-01", "2025-01-15", "2025-01-20", "2025-02-03"]})
    >>> held = holdout_summary(orders, calibration_end="2025-01-18", observation_end="2025-02-04")
    >>> held.select("held_out", "held_out_spent", "previous", "previous_spent").to_pyarrow().to_pylist()
    [{'held_out': 2, 'held_out_spent': 6.0, 'previous': 1, 'previous_spent': 2.0}]
    """
    days = purchase_days(orders, until=observation_end)
    return hold_out(days, calibration_end=calibration_end, observation_end=observation_end, unit=unit)


def hold_out(days: Any, *, calibration_end: Any, observation_end: Any, unit: str = "week") -> Any:
    """`purchase_days` up to `observation_end` → `holdout_summary`."""
    cut, end = as_date(calibration_end), as_date(observation_end)
    if not cut < end:
        raise SettingsError(
            "The calibration period ends on {cut}, not before the observation ends on {end}.",
            fix="Give a calibration end before the end of the observation.",
            cut=cut.isoformat(),
            end=end.isoformat(),
        )
    summary = summarise_days(days, until=cut, unit=unit).drop("revenue")
    ago = ibis.literal(cut).delta(days.day, unit="day")  # below 0: after the cut
    after, within = ago < 0, (ago >= 0) & (ago < (end - cut).days)
    counts = days.group_by("customer_id").aggregate(
        held_out=days.count(where=after),
        within=days.count(where=within),
        held_out_spent=_spent(days, after),
        spent_within=_spent(days, within),
        at_first=days.spent.fill_null(0.0).argmin(days.day),
    )
    joined = summary.inner_join(counts, "customer_id")
    # The first purchase is no repeat; it lies within the last period when T does.
    first_within = joined["T"] * unit_days(unit) < (end - cut).days - 0.5
    previous = joined.within - first_within.cast("int64")
    spent = joined.spent_within - first_within.ifelse(joined.at_first, 0.0)
    columns = {"previous": previous, "held_out_spent": joined.held_out_spent.round(CENTS)}
    return joined.select(*summary.columns, "held_out", **columns, previous_spent=spent.round(CENTS))


def _spent(days: Any, where: Any) -> Any:
    """What was spent on some of the days: 0 where there were none, NULL where the value of one is not known."""
    unknown = days.count(where=where & days.spent.isnull())
    return (unknown > 0).ifelse(None, days.spent.sum(where=where).fill_null(0.0))


def unit_days(unit: Any) -> float:
    """The days in a unit of time.

    Raises:
        SettingsError: there is no such unit.

    >>> unit_days("week")
    7.0
    """
    if not isinstance(unit, str) or unit not in UNIT_DAYS:
        raise SettingsError(
            "There is no unit of time {unit}.", fix="Use {units}.", unit=repr(unit), units=", ".join(UNIT_DAYS)
        )
    return UNIT_DAYS[unit]
