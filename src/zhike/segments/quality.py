"""How clear clusters are, and whether they would be found again."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zhike.segments.kmeans import Labels, Matrix, kmeans, nearest

MOST_COMPARED = 4_000
BLOCK = 512
HALVINGS = 5
HALF_STARTS = 4


def silhouettes(x: Matrix, labellings: list[Labels]) -> list[float]:
    """The mean silhouette of each way to label the same rows, −1 to 1: (b − a)/max(a, b) per row, a the mean distance
    to the others of its cluster, b to those of the next cluster; 0 of a row that is alone.

    Source: Rousseeuw (1987), J. Comput. Appl. Math. 20.

    >>> x = np.array([[0.0], [0.1], [9.0], [9.1]])
    >>> [round(s, 2) for s in silhouettes(x, [np.array([0, 0, 1, 1], np.uint8), np.array([0, 1, 0, 1], np.uint8)])]
    [0.99, -0.49]
    """
    members = [np.eye(int(labels.max()) + 1)[labels] for labels in labellings]
    squares = np.square(x).sum(axis=1)
    sums = [0.0] * len(labellings)
    for first in range(0, len(x), BLOCK):
        rows = slice(first, first + BLOCK)
        away = np.sqrt(np.maximum(squares[rows, None] + squares - 2 * (x[rows] @ x.T), 0))
        for place, (labels, member) in enumerate(zip(labellings, members, strict=True)):
            sums[place] += float(_silhouette(away @ member, labels[rows], member.sum(axis=0)).sum())
    return [total / len(x) for total in sums]


def _silhouette(to: Matrix, labels: Labels, sizes: Matrix) -> Matrix:
    """Of some rows, from the sum of their distances `to` each cluster."""
    every, others = np.arange(len(labels)), sizes[labels] - 1
    own = to[every, labels] / np.maximum(others, 1)
    to = to / np.maximum(sizes, 1)
    to[:, sizes == 0] = np.inf
    to[every, labels] = np.inf
    other, widest = to.min(axis=1), np.maximum(own, to.min(axis=1))
    found = np.divide(other - own, widest, out=np.zeros(len(labels)), where=(widest > 0) & np.isfinite(widest))
    return np.asarray(np.where(others > 0, found, 0.0))


def davies_bouldin(x: Matrix, labels: Labels, centres: Matrix) -> float:
    """The mean over clusters of the worst (spread + spread of another)/(distance of their centres); less is better.

    Source: Davies & Bouldin (1979), IEEE Trans. Pattern Anal. Mach. Intell. 1.
    """
    away = np.sqrt(np.square(x - centres[labels]).sum(axis=1))
    sizes = np.bincount(labels, minlength=len(centres))
    spread = np.bincount(labels, weights=away, minlength=len(centres)) / np.maximum(sizes, 1)
    between = np.sqrt(np.square(centres[:, None] - centres).sum(axis=2))
    np.fill_diagonal(between, np.inf)
    return float(((spread[:, None] + spread) / between).max(axis=1).mean())


def adjusted_rand(one: NDArray[np.integer], other: NDArray[np.integer]) -> float:
    """How far two ways to label the same rows agree: 1 fully, 0 as chance would.

    Source: Hubert & Arabie (1985), J. Classification 2.

    >>> adjusted_rand(np.array([0, 0, 1, 1]), np.array([1, 1, 0, 0]))
    1.0
    """
    width = int(other.max()) + 1
    counts = np.bincount(one.astype(np.int64) * width + other, minlength=(int(one.max()) + 1) * width)
    table = counts.reshape(-1, width).astype(np.float64)
    together, rows, columns = (float((t * (t - 1) / 2).sum()) for t in (table, table.sum(1), table.sum(0)))
    pairs = len(one) * (len(one) - 1) / 2
    chance, most = rows * columns / pairs, (rows + columns) / 2
    return 1.0 if most == chance else (together - chance) / (most - chance)


def stability(x: Matrix, k: int, *, seed: int, halvings: int = HALVINGS) -> float | None:
    """Whether half of the rows give the same clusters as the other half: both fitted, both asked about all rows, the
    mean adjusted Rand index of several halvings. None where the halves are too small to have k clusters.

    Source: Tibshirani & Walther (2005), J. Comput. Graph. Stat. 14, for halves that predict each other; Lange et al.
    (2004), Neural Computation 16.
    """
    rng, found = np.random.default_rng((seed, 1)), []
    for _halving in range(halvings):
        order = rng.permutation(len(x))
        halves = (x[order[: len(x) // 2]], x[order[len(x) // 2 :]])
        if any(not can_have(half, k) for half in halves):
            return None
        one, other = (nearest(x, kmeans(half, k, seed=seed, starts=HALF_STARTS).centres) for half in halves)
        found.append(adjusted_rand(one, other))
    return float(np.mean(found))


def can_have(x: Matrix, k: int) -> bool:
    """Whether at least k rows differ."""
    return len(x) >= k and (len(np.unique(x[: 20 * k], axis=0)) >= k or len(np.unique(x, axis=0)) >= k)
