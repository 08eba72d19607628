"""A company's own past as examples: at each of several days what was known of each customer, and who then left.

Only customers who had not left already (by the same definition) are examples: that someone silent for a year stays
silent needs no model, and would flatter one.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import ibis
import pyarrow as pa

from zhike.churn.definition import check_days, left_after
from zhike.churn.features import features
from zhike.churn.model import ChurnModel
from zhike.churn.sources import Sources
from zhike.errors import InputError
from zhike.tables import as_date, as_table, require

MOST_DAYS = 6
LABEL, TIME = "left", "as_of"


def example_days(first: dt.date, last: dt.date, days: int, most: int = MOST_DAYS) -> list[dt.date]:
    """The days to take examples at, oldest first: whose outcome is known at `last`, with some past before them.

    The newest lies `days` before `last`; they step back by half of `days`, so that a test lies `days` after the
    newest examples it may learn from, and stop `days` after the first purchase.

    >>> [d.isoformat() for d in example_days(dt.date(2025, 1, 1), dt.date(2025, 12, 31), 90)]
    ['2025-04-05', '2025-05-20', '2025-07-04', '2025-08-18', '2025-10-02']
    """
    newest, step = last - dt.timedelta(days=days), max(days // 2, 1)
    found = [newest - dt.timedelta(days=_back(k, days, step)) for k in range(most)]
    return sorted(day for day in found if day >= first + dt.timedelta(days=days))


def _back(k: int, days: int, step: int) -> int:
    # Two steps are `days` exactly, also where half of it is not a whole day.
    return (k // 2) * days + (k % 2) * step


def training_panel(tables: Any, as_of: Any, *, days: int, most: int = MOST_DAYS) -> pa.Table:
    """Examples to learn from: `as_of` (the day), the columns of `zhike.churn.features`, `left`.

    Args:
        tables: as for `zhike.churn.features`; facts up to `as_of` are used.
        as_of: the last day that counts: what happened until then is known.
        days: a customer without a purchase in so many days has left.
        most: how many days examples are taken at, at most.

    Raises:
        InputError: a table cannot be read, or the data is too short.
        SettingsError: `as_of` is no date, or `days` no whole number of 1 or more.
    """
    last, days = as_date(as_of), check_days(days)
    orders = Sources.of(tables, last).orders
    first = orders.aggregate(first=orders.ordered_at.min()).to_pyarrow()["first"][0].as_py()
    at = [] if first is None else example_days(first.date(), last, days, most)
    if not at:
        span = 0 if first is None else (last - first.date()).days + 1
        raise InputError(
            "The orders cover {span} days up to {end}: too few to see who leaves within {days} days.",
            fix="Choose fewer days (at most a third of the time there is data for), or add older orders.",
            span=span,
            end=last.isoformat(),
            days=days,
        )
    panel = pa.concat_tables([_examples(tables, day, days) for day in at])
    if not panel.num_rows:
        raise InputError(
            "On none of the days looked at ({first} to {last}) had anybody bought within the {days} days before.",
            fix="Choose more days, or add the orders of that time.",
            first=at[0].isoformat(),
            last=at[-1].isoformat(),
            days=days,
        )
    # In one order, whatever order an engine gives them in: what is learnt from them is then the same every time.
    return panel.sort_by([(TIME, "ascending"), ("customer_id", "ascending")])


def _examples(tables: Any, day: dt.date, days: int) -> pa.Table:
    known = at_risk(features(tables, day), days)
    outcome = left_after(tables, day, days)
    joined = known.inner_join(outcome, "customer_id", rname="{name}_again").select(*known.columns, LABEL)
    return joined.select(as_of=ibis.literal(day), **{name: joined[name] for name in joined.columns}).to_pyarrow()


def at_risk(table: Any, days: int) -> Any:
    """The customers of `zhike.churn.features` who have not left yet: a purchase within the last `days` days.

    Raises:
        InputError: not a table of features.
        SettingsError: `days` no whole number of 1 or more.
    """
    table = as_table(table)
    require(table, ("customer_id", "recency_days"), "features")
    return table.filter(table.recency_days < check_days(days))


def learn(tables: Any, as_of: Any, *, days: int) -> ChurnModel:
    """A churn model of the company's own past, for "no purchase in `days` days" (`zhike.churn.propose_days`).

    Predict with `model.predict(zhike.churn.at_risk(zhike.churn.features(tables, as_of), days))`.

    Raises:
        InputError: the tables cannot be read, are too short, or everybody left, or nobody did.
        SettingsError: `as_of` is no date, or `days` no whole number of 1 or more.
    """
    panel = training_panel(tables, as_of, days=days)
    return ChurnModel.fit(panel, LABEL, time=TIME, horizon_days=days, customer="customer_id")
