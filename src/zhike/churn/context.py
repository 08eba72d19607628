"""What customers with a like value did: the evidence a reason is told with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from zhike.churn.layout import Feature, Layout, Matrix

BINS = 5
FEW_VALUES = 12
# Fewer customers with a value are no evidence.
FEWEST = 20


@dataclass(frozen=True)
class Kind:
    """Customers whose value lies from `low` to `high` (a category: its code), how many, and the share that left."""

    low: float
    high: float
    customers: int
    left: float


class Like(NamedTuple):
    """Of many values: from where to where the like ones lie, and the share of such customers that left; NaN where there
    were too few, or the value lies outside all that were seen."""

    low: Matrix
    high: Matrix
    left: Matrix


_PARTS = ("low", "high", "customers", "left")


@dataclass(frozen=True)
class Context:
    """Per feature the kinds of customers there were; `rate` is the share of all that left."""

    rate: float
    kinds: tuple[tuple[Kind, ...], ...]

    @classmethod
    def of(cls, x: Matrix, left: Matrix, layout: Layout) -> Context:
        kinds = tuple(_kinds(x[:, j], left, feature) for j, feature in enumerate(layout.features))
        return cls(float(left.mean()), kinds)

    def like(self, feature: int, column: Matrix) -> Like:
        """The customers with a like value, for each of many values of a feature."""
        kinds = self.kinds[feature]
        if not kinds:
            return Like(*(np.full(len(column), np.nan) for _part in Like._fields))
        low, high, customers, left = (np.array([getattr(kind, name) for kind in kinds]) for name in _PARTS)
        at = np.clip(np.searchsorted(low, column, side="right") - 1, 0, len(kinds) - 1)
        found = (column >= low[at]) & (column <= high[at]) & (customers[at] >= FEWEST)
        return Like(*(np.where(found, part[at], np.nan) for part in (low, high, left)))

    def to_dict(self) -> dict[str, Any]:
        return {"rate": self.rate, "kinds": [[vars(kind) for kind in kinds] for kinds in self.kinds]}

    @classmethod
    def from_dict(cls, kept: dict[str, Any]) -> Context:
        """Raises ValueError, TypeError or KeyError for what cannot be one."""
        return cls(float(kept["rate"]), tuple(tuple(Kind(**kind) for kind in kinds) for kinds in kept["kinds"]))


def _kinds(column: Matrix, left: Matrix, feature: Feature) -> tuple[Kind, ...]:
    known = ~np.isnan(column)
    values, left = column[known], left[known]
    if not len(values):
        return ()
    distinct = np.unique(values)
    if feature.kind == "category" or len(distinct) <= FEW_VALUES:
        edges = np.append(distinct, np.inf)
    else:
        edges = np.append(np.unique(np.quantile(values, np.linspace(0, 1, BINS + 1), method="lower")[:-1]), np.inf)
    at = np.searchsorted(edges, values, side="right") - 1
    found = []
    for k in range(len(edges) - 1):
        here = at == k
        if here.any():
            mine = values[here]
            found.append(Kind(float(mine.min()), float(mine.max()), int(here.sum()), float(left[here].mean())))
    return tuple(found)
