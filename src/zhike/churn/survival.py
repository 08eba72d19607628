"""How long customers stay: Kaplan–Meier and the hazard per step of time, and the probability that each still is one.

Source: Kaplan & Meier (1958), JASA 53; Greenwood's variance on the scale of log(−log S), which keeps the interval
within 0 and 1 (Kalbfleisch & Prentice 2002, 1.4).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from zhike.churn.layout import Matrix
from zhike.churn.tabular import labelled, raw_table
from zhike.clv.fitted import normal_quantile
from zhike.errors import InputError


def survival(
    table: Any,
    duration: str,
    label: str | None = None,
    *,
    weight: str | None = None,
    positive: Any = None,
    level: float = 0.95,
) -> pa.Table:
    """The share of customers still there after each duration at which somebody left.

    Args:
        table: one row per customer; a customer who has not left (yet) is counted as long as they have been seen.
        duration: the column with how long, in any unit, 0 or more.
        label: the column that says who left; found by its name when not given.
        weight: a column with how many customers a row stands for.
        positive: the value of the label that means "left", where it is not plain.
        level: of the confidence interval.

    Returns:
        An Arrow table, a row per distinct duration with someone who left: `duration`, `at_risk` (customers seen up to
        then), `left`, `hazard` (left / at risk), `survival` (the share still there after it), `low`, `high`.

    Raises:
        InputError: a column is missing, or holds what no duration or weight can be.
        SettingsError: an impossible level.

    >>> table = pa.table({"months": [1, 2, 2, 3], "churn": ["yes", "yes", "no", "no"]})
    >>> survival(table, "months").select(["duration", "at_risk", "left", "survival"]).to_pylist()
    [{'duration': 1.0, 'at_risk': 4.0, 'left': 1.0, 'survival': 0.75}, \
{'duration': 2.0, 'at_risk': 3.0, 'left': 1.0, 'survival': 0.5}]
    """
    reach = normal_quantile(level)
    rows = labelled(raw_table(table), label, positive=positive)
    lasted = _numbers(rows.table, duration)
    weights = np.ones(len(lasted)) if weight is None else _numbers(rows.table, weight)
    return kaplan_meier(lasted, rows.left.astype(np.float64), weights, reach)


def kaplan_meier(lasted: Matrix, left: Matrix, weights: Matrix, reach: float) -> pa.Table:
    """`survival` from plain numbers; `reach` is how many standard errors the interval reaches to each side."""
    times, at = np.unique(lasted, return_inverse=True)
    gone = np.bincount(at, weights=weights * left, minlength=len(times))
    seen = np.bincount(at, weights=weights, minlength=len(times))
    at_risk = seen[::-1].cumsum()[::-1]
    event = gone > 0
    times, gone, at_risk = times[event], gone[event], at_risk[event]
    hazard = np.minimum(gone / at_risk, 1.0)
    share = np.cumprod(1 - hazard)
    with np.errstate(all="ignore"):
        spread = np.sqrt(np.cumsum(gone / (at_risk * (at_risk - gone)))) / np.abs(np.log(share))
        low, high = share ** np.exp(reach * spread), share ** np.exp(-reach * spread)
    known = np.isfinite(spread)  # not where nobody is left: the formula has no width there
    columns = {"duration": times, "at_risk": at_risk, "left": gone, "hazard": hazard, "survival": share}
    bounds = {"low": pa.array(low, mask=~known), "high": pa.array(high, mask=~known)}
    return pa.table({**columns, **bounds})


def median_survival(curve: pa.Table) -> float | None:
    """The duration after which half have left; None when fewer ever did."""
    share = np.asarray(curve["survival"].to_numpy())
    below = np.flatnonzero(share <= 0.5)
    return float(curve["duration"][int(below[0])].as_py()) if len(below) else None


def _numbers(table: pa.Table, name: str) -> Matrix:
    if name not in table.column_names:
        raise InputError(
            "The table has no column {column}; it has {found}.",
            fix="Name a column it has.",
            column=name,
            found=", ".join(table.column_names),
        )
    try:
        values = np.asarray(table[name].cast(pa.float64()).to_numpy(), dtype=np.float64)
    except pa.ArrowInvalid:
        values = np.full(table.num_rows, np.nan)
    bad = ~(np.isfinite(values) & (values >= 0))
    if bad.any():
        raise InputError(
            "{column} holds {value}, which is no duration or weight.",
            fix="Every row needs a number of 0 or more; leave out the others.",
            column=name,
            value=f"“{table[name][int(np.flatnonzero(bad)[0])].as_py()}”",
        )
    return values
