"""k-means by hand, beside scikit-learn, and whatever the order of the rows."""

from __future__ import annotations

import numpy as np
import pytest

from zhike.segments import kmeans as module
from zhike.segments.kmeans import kmeans, nearest


def blobs(rows: int = 3_000, clusters: int = 5, *, width: float = 0.5, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(clusters, 4))[rng.integers(clusters, size=rows)] * 2 + rng.normal(size=(rows, 4)) * width


def inertia_of(x: np.ndarray, labels: np.ndarray) -> float:
    return sum(float(np.square(x[labels == c] - x[labels == c].mean(axis=0)).sum()) for c in np.unique(labels))


def test_by_hand() -> None:
    fit = kmeans([[0.0, 0.0], [0.0, 1.0], [10.0, 0.0], [10.0, 3.0]], 2)
    assert sorted(fit.centres.round(3).tolist()) == [[0.0, 0.5], [10.0, 1.5]]
    assert fit.labels[0] == fit.labels[1] != fit.labels[2] == fit.labels[3]
    assert fit.inertia == pytest.approx(0.5 + 4.5, rel=1e-5)


@pytest.mark.parametrize("width", [0.3, 1.0, 3.0])
def test_as_low_as_scikit_learn(width: float) -> None:
    cluster = pytest.importorskip("sklearn.cluster")
    x = blobs(width=width)
    ours = kmeans(x, 5)
    theirs = cluster.KMeans(5, n_init=10, random_state=0).fit(x).inertia_
    assert inertia_of(x, ours.labels) == pytest.approx(ours.inertia, rel=1e-5)
    assert ours.inertia <= theirs * 1.001


def test_seeds_of_a_sample_do_for_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    x = blobs(20_000, width=1.0)
    whole = kmeans(x, 5)
    monkeypatch.setattr(module, "SAMPLE", 1_000)
    assert kmeans(x, 5).inertia == pytest.approx(whole.inertia, rel=1e-3)


def test_the_order_of_adding_changes_nothing() -> None:
    """Sums on the grid are exact: with the same start, shuffled rows give bit for bit the same centres."""
    x = blobs(20_000, width=1.5)
    start = x[:5].copy()
    shuffled = np.random.default_rng(1).permutation(len(x))
    one, other = (kmeans(rows, 5, starts=0, near=start) for rows in (x, x[shuffled]))
    assert np.array_equal(one.centres, other.centres)
    assert np.array_equal(one.labels[shuffled], other.labels)


def test_labels_are_the_nearest_centre() -> None:
    x = blobs(width=2.0)
    fit = kmeans(x, 7)
    away = np.square(x[:, None] - fit.centres).sum(axis=2)
    assert (away.argmin(axis=1) == fit.labels).mean() > 0.999
    assert np.array_equal(nearest(x, fit.centres), away.argmin(axis=1))


def test_as_many_clusters_as_different_rows() -> None:
    x = np.repeat(np.array([[0.0], [1.0], [2.0]]), 40, axis=0)
    fit = kmeans(x, 3)
    assert sorted(fit.centres.ravel().round(6).tolist()) == [0, 1, 2]
    assert fit.inertia == pytest.approx(0, abs=1e-6)


def test_no_cluster_stays_empty() -> None:
    """A start with two centres where nobody is."""
    x = blobs(width=0.4)
    near = np.vstack([x[:3], np.full((2, 4), 1e3)])
    fit = kmeans(x, 5, starts=0, near=near)
    assert np.bincount(fit.labels, minlength=5).min() > 0


def test_fifty_clusters_in_one_column() -> None:
    x = np.linspace(-4, 4, 5_000)[:, None]
    fit = kmeans(x, 50)
    assert np.bincount(fit.labels, minlength=50).min() > 20
