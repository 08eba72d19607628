"""How a model did on a part of the past it had not seen, beside the answer that needs no model: kept with every run.

Every predictive model ends in one of these, so that a page can show all of them in the same way and mark the scores
of one that failed wherever they appear.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

GROUPS = 10
LANGUAGES = ("en", "zh")


@dataclass(frozen=True)
class Group:
    """A tenth of the customers, by what was expected of them: means per customer, of what was expected and what was."""

    customers: int
    expected: float
    actual: float


@dataclass(frozen=True)
class Proof:
    """The test of one model.

    Args:
        subject: which scores it is about: "clv", "churn".
        model: its name; empty when no model could be fitted, and then there are no scores.
        measure: what `error` and `baseline` are: "rmse" (purchases per customer), "brier" (of a probability).
        error, baseline: of the model, and of the best answer without one; the smaller the better.
        cut, end: the model saw the days up to `cut` and was tested on those up to `end`.
        customers: how many it was tested on.
        expected, actual: totals over them.
        groups: a row per tenth, the customers of whom most was expected first.
        sure: what a stricter test said than which error is smaller (that it is so by more than luck); None: there was
            none.
        reasons: language → why this model, and how it compares.
        details: what else is worth keeping: parameters, the other models' errors.
    """

    subject: str
    model: str
    measure: str
    error: float | None = None
    baseline: float | None = None
    cut: dt.date | None = None
    end: dt.date | None = None
    customers: int = 0
    expected: float = 0.0
    actual: float = 0.0
    groups: tuple[Group, ...] = ()
    reasons: Mapping[str, str] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)
    sure: bool | None = None

    @property
    def holds(self) -> bool:
        """Whether the model was nearer than the best answer without one."""
        nearer = self.error is not None and self.baseline is not None and self.error < self.baseline
        return nearer and self.sure is not False

    @property
    def lift(self) -> float | None:
        """How many times the average the first tenth really reached; None when there is nothing to compare."""
        if not self.groups or not self.actual:
            return None
        return self.groups[0].actual / (self.actual / self.customers)

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self) | {name: day and day.isoformat() for name, day in (("cut", self.cut), ("end", self.end))}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Proof:
        days = {name: stored[name] and dt.date.fromisoformat(stored[name]) for name in ("cut", "end")}
        groups = tuple(Group(**group) for group in stored["groups"])
        return cls(**{**stored, **days, "groups": groups})


def in_groups(
    expected: NDArray[np.float64],
    actual: NDArray[np.float64],
    weights: NDArray[np.float64],
    *,
    groups: int = GROUPS,
) -> tuple[Group, ...]:
    """Customers in equal groups by what was expected of them, most first; equal expectations stay together.

    Args:
        expected, actual, weights: one entry per kind of customer; `weights` says how many customers are of the kind.

    >>> in_groups(np.array([3.0, 1.0]), np.array([2.0, 1.0]), np.array([5.0, 5.0]), groups=2)
    (Group(customers=5, expected=3.0, actual=2.0), Group(customers=5, expected=1.0, actual=1.0))
    """
    order = np.argsort(-expected, kind="stable")
    expected, actual, weights = expected[order], actual[order], weights[order]
    # Where the middle of each kind falls among all customers.
    _values, kind = np.unique(-expected, return_inverse=True)
    sizes = np.bincount(kind, weights)
    middles = (np.cumsum(sizes) - sizes / 2) / sizes.sum()
    member = np.minimum((middles * groups).astype(int), groups - 1)[kind]
    return tuple(_group(expected[member == g], actual[member == g], weights[member == g]) for g in np.unique(member))


def _group(expected: Sequence[float], actual: Sequence[float], weights: NDArray[np.float64]) -> Group:
    return Group(
        int(weights.sum()), float(np.average(expected, weights=weights)), float(np.average(actual, weights=weights))
    )
