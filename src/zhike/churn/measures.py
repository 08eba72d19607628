"""How good probabilities are, on rows the model had not seen."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from zhike.churn.layout import Matrix

BINS = 10
LOWEST = 1e-6  # probabilities are kept this far from 0 and 1, or one surprise would cost without bound


@dataclass(frozen=True)
class Measures:
    """Of probabilities `p` against who left.

    `auc`: chance that one who left was ranked above one who stayed (.5: no better than drawing lots), with its
    standard error (Hanley & McNeil 1982). `brier`: mean squared error. `log_loss`: in nats. `ece`: expected
    calibration error: in tenths of the customers by risk, how far the mean probability is from the share that left.
    """

    auc: float
    auc_error: float
    brier: float
    log_loss: float
    ece: float

    @classmethod
    def of(cls, left: Matrix, p: Matrix) -> Measures:
        value = auc(left, p)
        return cls(value, _auc_error(value, left), brier(left, p), log_loss(left, p), calibration_error(left, p))


def auc(left: Matrix, p: Matrix) -> float:
    """The area under the ROC curve; NaN when all left or none.

    >>> auc(np.array([0, 1, 0, 1]), np.array([.1, .9, .4, .4]))
    0.875
    """
    n1 = float(left.sum())
    n0 = len(left) - n1
    if not n1 or not n0:
        return float("nan")
    ranks = _ranks(p)
    return float((ranks[left > 0].sum() - n1 * (n1 + 1) / 2) / (n1 * n0))


def _ranks(values: Matrix) -> Matrix:
    """From 1; equal values share the mean of theirs."""
    # Loading it takes longer than most commands of Zhike, and few of them rank anything.
    from scipy.stats import rankdata

    return np.asarray(rankdata(values))


def _auc_error(value: float, left: Matrix) -> float:
    n1 = float(left.sum())
    n0 = len(left) - n1
    if not n1 or not n0:
        return float("nan")
    one, two = value / (2 - value), 2 * value**2 / (1 + value)
    variance = (value * (1 - value) + (n1 - 1) * (one - value**2) + (n0 - 1) * (two - value**2)) / (n1 * n0)
    return math.sqrt(max(variance, 0.0))


def brier(left: Matrix, p: Matrix) -> float:
    return float(np.mean((p - left) ** 2))


def losses(left: Matrix, p: Matrix) -> Matrix:
    """The log-loss of each row."""
    p = np.clip(p, LOWEST, 1 - LOWEST)
    return np.asarray(-np.where(left > 0, np.log(p), np.log1p(-p)))


def log_loss(left: Matrix, p: Matrix) -> float:
    return float(losses(left, p).mean())


@dataclass(frozen=True)
class Tenth:
    """A tenth of the customers by risk, the riskiest first: how many, the mean probability, the share that left, and
    how many times the share of all that is (`lift`)."""

    customers: int
    expected: float
    left: float
    lift: float


def tenths(left: Matrix, p: Matrix, bins: int = BINS) -> tuple[Tenth, ...]:
    """Customers in groups of equal size by risk. Equal risks stay together, so that the order of the rows decides
    nothing: with few different risks the groups are fewer and uneven.

    >>> [(t.customers, t.lift) for t in tenths(np.array([1.0, 0, 0, 0]), np.array([.9, .1, .1, .1]))]
    [(1, 4.0), (3, 0.0)]
    """
    at = np.floor((_ranks(-p) - 0.5) / max(len(p), 1) * bins)
    rate = float(left.mean()) if len(left) else 0.0
    groups = [np.flatnonzero(at == k) for k in np.unique(at)]
    return tuple(Tenth(len(g), *_means(left[g], p[g], rate)) for g in groups)


def _means(left: Matrix, p: Matrix, rate: float) -> tuple[float, float, float]:
    share = float(left.mean())
    return float(p.mean()), share, share / rate if rate else math.nan


def calibration_error(left: Matrix, p: Matrix) -> float:
    """Mean distance of said and seen over the tenths, weighted by their customers.

    >>> calibration_error(np.array([0.0, 1, 0, 1]), np.array([.25, .75, .25, .75]))
    0.25
    """
    groups = tenths(left, p)
    return float(sum(g.customers * abs(g.expected - g.left) for g in groups) / len(left))


def as_dict(measures: Measures) -> dict[str, Any]:
    return {name: None if math.isnan(value) else value for name, value in vars(measures).items()}
