"""Repeat purchases over calendar time: what a model expected of all customers together, and what there were."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
from ibis import _

from zhike.clv.fitted import Vector
from zhike.clv.purchases import PurchaseModel
from zhike.errors import InputError
from zhike.facts.repeat import purchase_days, unit_days
from zhike.tables import as_date

POINTS = 80


def tracking(
    orders: Any,
    model: PurchaseModel,
    *,
    calibration_end: Any,
    observation_end: Any,
    unit: str = "week",
    step: int | None = 7,
) -> pa.Table:
    """Data for the tracking plot, a row per step of time: the customers are those who came by `calibration_end`.

    Args:
        orders: whatever `zhike.rfm` takes.
        model: fitted to `zhike.repeat_summary(orders, observation_end=calibration_end, unit=unit)`.
        calibration_end: the last day the model was shown.
        observation_end: the last day that is looked at.
        unit: the unit of time of the fit.
        step: days from one row to the next; None: as many weeks as make a plot of at most `POINTS`.

    Returns:
        An Arrow table: `until` (the last day of the step), `held_out` (whether the model had not seen it), `actual`
        and `expected` (repeat purchases since the first day, all customers together).

    Raises:
        InputError: `orders` cannot be read, or nobody bought by `calibration_end`.
        SettingsError: no dates, no such unit, or the model is not fitted.

    Source: the plots of Fader, Hardie & Lee (2005).
    """
    days = purchase_days(orders, until=observation_end)
    ends = {"calibration_end": calibration_end, "observation_end": observation_end}
    return track_days(days, model, **ends, unit=unit, step=step)


def track_days(
    days: Any, model: PurchaseModel, *, calibration_end: Any, observation_end: Any, unit: str, step: int | None
) -> pa.Table:
    """`purchase_days` up to `observation_end` → `tracking`."""
    cut, end, length = as_date(calibration_end), as_date(observation_end), unit_days(unit)
    came = days.group_by("customer_id").aggregate(came=_.day.min()).filter(_.came <= ibis.literal(cut))
    births = _per_day(came.group_by(day="came").aggregate(n=_.count()))
    repeats = days.inner_join(came, "customer_id").filter(_.day > _.came)
    purchases = _per_day(repeats.group_by("day").aggregate(n=_.count()))
    if not births:
        raise InputError("Nobody bought up to {end}.", fix="Give a later day, or more data.", end=cut.isoformat())
    first = min(births)
    step = 7 * math.ceil(((end - first).days + 1) / 7 / POINTS) if step is None else step
    ends = [min(first + dt.timedelta(days=at), end) for at in range(step - 1, (end - first).days + step, max(step, 1))]
    reached = np.array([day.toordinal() for day in ends], dtype=np.float64)
    expected = _expected(model, births, reached, length)
    bought, counts = _sorted(purchases)
    actual = np.concatenate([[0.0], np.cumsum(counts)])[np.searchsorted(bought, reached, side="right")]
    rows = {"until": ends, "held_out": [day > cut for day in ends], "actual": actual.astype(np.int64)}
    return pa.table({**rows, "expected": expected})


def _per_day(table: Any) -> dict[dt.date, int]:
    found = table.to_pyarrow()
    return dict(zip(found["day"].to_pylist(), found["n"].to_pylist(), strict=True))


def _sorted(counts: dict[dt.date, int]) -> tuple[Vector, Vector]:
    days = sorted(counts)
    return np.array([d.toordinal() for d in days], dtype=float), np.array([counts[d] for d in days], dtype=float)


def _expected(model: PurchaseModel, births: dict[dt.date, int], reached: Vector, length: float) -> Vector:
    """Σ over customers of E[X(time since they came)], at each day reached."""
    came, counts = _sorted(births)
    since = np.maximum(reached[None, :] - came[:, None], 0.0) / length
    times, which = np.unique(since, return_inverse=True)
    each = np.array([model.expected_from_start(float(t)) for t in times])[which].reshape(since.shape)
    return np.asarray(counts @ each)
