"""k-means for millions of rows: seeds from a sample, several starts there, then Lloyd's rounds on the whole.

Every value is rounded to a grid so fine that nobody notices, on which sums of up to 2²⁸ values are exact. So a round
only has to move the rows that changed their centre, and neither the order of adding nor the number of processors
changes a result.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Labels = NDArray[np.uint8]
# Features × rows, the last row all ones: |x − c|² − |x|² is then one matrix product.
Data = NDArray[np.float32]

SAMPLE = 50_000
SEEDED_FROM = 10_000
STARTS = 10
MOST_ROUNDS = 300
# A round that improves the whole by a smaller share has arrived.
ARRIVED = 3e-6
MOST_CLUSTERS = 50
# Numbers that stay in the processor's cache while the nearest centre is looked for.
IN_CACHE = 131_072
BITS = 22  # of a float32's 24


@dataclass(frozen=True)
class Fit:
    """`centres` (clusters × features), the `labels` of the rows, the sum of squared distances (`inertia`)."""

    centres: Matrix
    labels: Labels
    inertia: float


def kmeans(x: Any, k: int, *, seed: int = 0, starts: int = STARTS, near: Matrix | None = None) -> Fit:
    """The best of several starts.

    Args:
        x: rows × features, of like scale and about zero, without gaps; at least k rows must differ.
        k: clusters, from 1 to 50.
        seed: the same seed gives the same clusters.
        starts: how many.
        near: centres of an earlier fit (k × features), to start from as well.

    Source: Lloyd (1982), IEEE Trans. Inf. Theory 28; Arthur & Vassilvitskii (2007), k-means++, SODA.

    >>> fit = kmeans([[0.0], [0.1], [5.0], [5.1]], 2)
    >>> sorted(fit.centres.round(2).ravel().tolist()), round(fit.inertia, 3)
    ([0.05, 5.05], 0.01)
    """
    data = _on_grid(np.asarray(x))
    rows, rng = data.shape[1], np.random.default_rng(seed)
    sample = data if rows <= SAMPLE else _drawn(data, SAMPLE, rng)
    begun = [_seeds(_drawn(sample, SEEDED_FROM, rng), k, rng) for _start in range(starts)]
    if near is not None:
        begun.append(near)
    best = min((_lloyd(sample, centres) for centres in begun), key=lambda fit: fit.inertia)
    return best if sample is data else _lloyd(data, best.centres)


def nearest(x: Any, centres: Matrix) -> Labels:
    """The number of the nearest centre of each row; of two that are as near, the first."""
    return _nearest(_on_grid(np.asarray(x)), centres)


def _on_grid(x: NDArray[Any]) -> Data:
    data = np.empty((x.shape[1] + 1, x.shape[0]), dtype=np.float32)
    data[:-1], data[-1] = x.T, 1
    largest = float(np.abs(data).max(initial=1.0))
    step = np.float32(2.0 ** (math.ceil(math.log2(largest)) - BITS))
    inside = data[:-1]
    inside /= step
    np.rint(inside, out=inside)
    inside *= step
    return data


def _drawn(data: Data, rows: int, rng: np.random.Generator) -> Data:
    """So many of the rows, in their order; all where there are no more."""
    if data.shape[1] <= rows:
        return data
    # Not data[:, …]: that lies in memory the other way round, and everything after it takes three times as long.
    return np.take(data, np.sort(rng.choice(data.shape[1], rows, replace=False)), axis=1)


def _seeds(data: Data, k: int, rng: np.random.Generator) -> Matrix:
    """k-means++: each next seed is drawn by its squared distance to those there are, the best of a few draws taken."""
    points = data[:-1]
    squares = (points * points).sum(axis=0)
    chosen = [int(rng.integers(points.shape[1]))]
    away = _distances(points, squares, chosen)[0]
    for _seed in range(1, k):
        reached = np.cumsum(away, dtype=np.float64)
        drawn = np.searchsorted(reached, rng.random(2 + int(math.log(k))) * reached[-1], side="right")
        drawn = np.minimum(drawn, len(away) - 1)
        left = np.minimum(_distances(points, squares, drawn), away)
        best = int(left.sum(axis=1, dtype=np.float64).argmin())
        away = left[best]
        chosen.append(int(drawn[best]))
    return points[:, chosen].T.astype(np.float64)


def _distances(points: Any, squares: Any, chosen: Any) -> Any:
    """Squared, from each of the chosen rows to all."""
    found = squares[chosen][:, None] + squares - 2 * (points[:, chosen].T @ points)
    return np.maximum(found, 0, out=found)


def _lloyd(data: Data, centres: Matrix) -> Fit:
    k, spread = len(centres), float(np.square(data[:-1], dtype=np.float64).sum())
    labels = _nearest(data, centres)
    totals = _totals(data, labels, k)
    inertia = math.inf
    for _round in range(MOST_ROUNDS):
        _refill(data, labels, totals)
        centres = (totals[:-1] / totals[-1]).T
        before, inertia = inertia, spread - float((centres.T * totals[:-1]).sum())
        if before - inertia <= ARRIVED * inertia:
            break
        found = _nearest(data, centres)
        moved = np.flatnonzero(found != labels)
        if not len(moved):
            break
        rows = np.take(data, moved, axis=1)
        totals += _totals(rows, found[moved], k) - _totals(rows, labels[moved], k)
        labels = found
    return Fit(centres, labels, max(inertia, 0.0))


def _nearest(data: Data, centres: Matrix) -> Labels:
    """|c|²/2 − x·c for all centres at once, piece by piece; then which centre has the least."""
    k, rows = len(centres), data.shape[1]
    weights = np.column_stack([-centres, np.square(centres).sum(axis=1) / 2]).astype(np.float32)
    # The first of equals has the largest number, and so is the one that is left.
    number = np.arange(k, 0, -1, dtype=np.uint8)[:, None]
    labels, size = np.empty(rows, dtype=np.uint8), max(IN_CACHE // k, 256)
    for first in range(0, rows, size):
        scores = weights @ data[:, first : first + size]
        least = (scores == np.minimum.reduce(scores, axis=0)).view(np.uint8)
        least *= number
        np.subtract(k, np.maximum.reduce(least, axis=0), out=labels[first : first + size])
    return labels


def _totals(data: Data, labels: Labels, k: int) -> Matrix:
    """The sum of each feature over the rows of each cluster; in the last line, how many rows these are."""
    at = labels.astype(np.intp)
    return np.stack([np.bincount(at, weights=line, minlength=k) for line in data])


def _refill(data: Data, labels: Labels, totals: Matrix) -> None:
    """A cluster without rows gets the row that is farthest from its own centre."""
    empty = np.flatnonzero(totals[-1] == 0)
    if not len(empty):
        return
    centres = totals / np.maximum(totals[-1], 1)
    away = np.square(data - centres[:, labels]).sum(axis=0)
    away[totals[-1][labels] == 1] = -1  # the only row of a cluster stays
    for cluster in empty:
        row = int(away.argmax())
        totals[:, labels[row]] -= data[:, row]
        totals[:, cluster] += data[:, row]
        labels[row], away[row] = cluster, -1
