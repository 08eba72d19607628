"""How far scores have moved between two runs: the population stability index, per score.

Where customers, data or settings change, scores spread differently; a model that was tested on the customers of last
quarter may not know those of this one. The index is 0 where the shares are the same. Up to .1 is usual, beyond .25 the
customers scored are others than before.

Source: Siddiqi (2006), Credit Risk Scorecards, chapter 9; Lin (2017), Examining the distributional characteristics of
the population stability index.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

BINS = 10
MOVED, SHIFTED = 0.1, 0.25
# A share of nothing would make the index infinite.
LEAST_SHARE = 1e-4


def stability(before: Any, now: Any, columns: Iterable[str], *, bins: int = BINS) -> dict[str, float]:
    """Score → its population stability index, 0 or more, between two tables of scores.

    Shares are those of the groups that the deciles of `before` make; who has no value is a group of their own. A column
    that either table lacks, or that nobody had a value in before, is left out.

    Args:
        before, now: Ibis tables on one engine, such as `zhike.lake.runs.scores_of`.
        columns: numbers.
        bins: groups of equal size in `before`; equal values stay together.

    >>> import ibis
    >>> before, now = ibis.memtable({"score": [1.0, 2, 3, 4]}), ibis.memtable({"score": [1.0, 2, 3, 40]})
    >>> stability(before, now, ["score", "other"], bins=2)
    {'score': 0.0}
    >>> round(stability(before, ibis.memtable({"score": [3.0, 4, 4, 2]}), ["score"], bins=2)["score"], 2)
    0.27
    """
    found = {}
    for column in columns:
        if column not in before.columns or column not in now.columns:
            continue
        edges = _edges(before, column, bins)
        if edges:
            found[column] = _index(_shares(before, column, edges), _shares(now, column, edges))
    return found


def _edges(table: Any, column: str, bins: int) -> list[float]:
    """The cut points between the groups; none where nobody has a value."""
    places = [place / bins for place in range(1, bins)]
    (row,) = table.aggregate(at=table[column].cast("float64").quantile(places)).to_pyarrow().to_pylist()
    return sorted({float(edge) for edge in row["at"] or [] if edge is not None})


def _shares(table: Any, column: str, edges: list[float]) -> np.ndarray[Any, np.dtype[np.float64]]:
    value = table[column].cast("float64")
    group = sum(((value > edge).cast("int64") for edge in edges[1:]), start=(value > edges[0]).cast("int64"))
    counted = table.group_by(group=group.fill_null(len(edges) + 1)).aggregate(customers=table.count()).to_pyarrow()
    customers = np.zeros(len(edges) + 2)
    customers[counted["group"].to_numpy()] = counted["customers"].to_numpy()
    shares: np.ndarray[Any, np.dtype[np.float64]] = np.maximum(customers / max(customers.sum(), 1), LEAST_SHARE)
    return shares


def _index(before: Any, now: Any) -> float:
    return round(float(((now - before) * np.log(now / before)).sum()), 4)
