"""How clear and how stable clusters are, beside scikit-learn and where the answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from tests.segments.test_kmeans import blobs
from zhike.segments.choice import Quality, best, reason
from zhike.segments.kmeans import kmeans
from zhike.segments.quality import adjusted_rand, can_have, davies_bouldin, silhouettes, stability


@pytest.mark.parametrize("k", [2, 5, 9])
def test_measures_are_scikit_learns(k: int) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    x = blobs(1_500, width=1.2)
    fit = kmeans(x, k)
    other = np.random.default_rng(0).integers(4, size=len(x)).astype(np.uint8)
    assert silhouettes(x, [fit.labels, other]) == pytest.approx(
        [metrics.silhouette_score(x, labels) for labels in (fit.labels, other)], abs=1e-6
    )
    assert davies_bouldin(x, fit.labels, fit.centres) == pytest.approx(
        metrics.davies_bouldin_score(x, fit.labels), rel=1e-4
    )
    assert adjusted_rand(fit.labels, other) == pytest.approx(metrics.adjusted_rand_score(fit.labels, other), abs=1e-9)


def test_a_customer_alone_has_no_silhouette() -> None:
    x = np.array([[0.0], [0.2], [5.0]])
    assert silhouettes(x, [np.array([0, 0, 1], np.uint8)])[0] == pytest.approx((2 - 0.2 / 5 - 0.2 / 4.8) / 3)


def test_groups_are_found_again_and_noise_is_not() -> None:
    assert (stability(blobs(width=0.3), 5, seed=0) or 0) > 0.98
    noise = np.random.default_rng(5).normal(size=(2_000, 6))
    assert (stability(noise, 6, seed=0) or 0) < 0.65


def test_too_few_to_halve() -> None:
    assert stability(np.arange(5.0)[:, None], 4, seed=0) is None
    assert not can_have(np.ones((100, 2)), 2)


def tried(*figures: tuple[float, float | None]) -> tuple[Quality, ...]:
    return tuple(Quality(k, clear, 1.0, stable) for k, (clear, stable) in enumerate(figures, start=2))


@pytest.mark.parametrize(
    ("found", "clusters", "said"),
    [
        (tried((0.50, 0.95), (0.40, 0.95)), 2, "these are the clearest (silhouette 0.50) among those"),
        (
            tried((0.50, 0.95), (0.46, 0.85), (0.45, 0.7)),
            3,
            "nearly as clear (silhouette 0.46) as the clearest, 2 (0.50)",
        ),
        (tried((0.50, 0.60), (0.30, 0.95)), 3, "these are the clearest (silhouette 0.30) among those"),
        (tried((0.50, 0.60), (0.30, 0.70)), 2, "none of 2 to 3 is found again"),
        (tried((0.50, None), (0.30, None)), 2, "too few customers to say"),
        (tried((0.20, 0.90), (0.10, 0.90)), 2, "Also found again: 3 (0.10). They overlap"),
    ],
)
def test_the_number_and_why(found: tuple[Quality, ...], clusters: int, said: str) -> None:
    chosen = best(found)
    assert chosen.clusters == clusters
    assert said in reason(chosen, found, asked=False)
