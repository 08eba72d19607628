"""What the intervals promise, counted out: every possible survey of a size, weighted by how likely it is."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest

from zhike.errors import SettingsError
from zhike.satisfaction.intervals import difference_interval, mean_interval, normal_quantile, share_interval


def likelihood(counts: tuple[int, ...], shares: tuple[float, ...]) -> float:
    ways = math.factorial(sum(counts)) / math.prod(map(math.factorial, counts))
    return ways * math.prod(share**count for share, count in zip(shares, counts, strict=True))


def test_the_share_interval_is_wilsons() -> None:
    # Newcombe (1998), Statistics in Medicine 17, table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
    published = {
        (81, 263): (0.2553, 0.3662),
        (15, 148): (0.0624, 0.1605),
        (0, 20): (0, 0.1611),
        (1, 29): (0.0061, 0.1718),
    }
    for (hits, n), expected in published.items():
        assert share_interval(hits, n) == pytest.approx(expected, abs=5e-5)


@pytest.mark.parametrize("n", [5, 10, 30])
def test_the_difference_is_covered_as_often_as_promised(n: int) -> None:
    covered = []
    for p, d in product((0.05, 0.2, 0.4, 0.6, 0.9), repeat=2):
        if p + d > 1:
            continue
        shares, inside = (p, d, 1 - p - d), 0.0
        for plus in range(n + 1):
            for minus in range(n + 1 - plus):
                low, high = difference_interval(plus, minus, n)
                if low <= p - d <= high:
                    inside += likelihood((plus, minus, n - plus - minus), shares)
        covered.append(inside)
    assert len(covered) > 10
    assert np.mean(covered) > 0.945
    assert min(covered) > 0.89


def test_the_usual_interval_would_not_be() -> None:
    """Why it is adjusted: with ten answers Wald's covers a strong score in three of four surveys."""
    inside, n, p, d = 0.0, 10, 0.85, 0.05
    for plus in range(n + 1):
        for minus in range(n + 1 - plus):
            value = (plus - minus) / n
            reach = 1.96 * math.sqrt(((plus + minus) / n - value**2) / n)
            if abs(value - (p - d)) <= reach:
                inside += likelihood((plus, minus, n - plus - minus), (p, d, 1 - p - d))
    assert inside < 0.85


@pytest.mark.parametrize("n", [2, 5, 20, 200])
def test_the_mean_of_ratings_is_covered(n: int) -> None:
    dice = np.random.default_rng(7)
    for shares in ([0.1, 0.1, 0.2, 0.3, 0.3], [0.02, 0.03, 0.05, 0.2, 0.7], [0.4, 0.1, 0, 0.1, 0.4]):
        scale = np.linspace(0, 1, 5)
        truth = float(scale @ np.array(shares))
        drawn = dice.choice(scale, size=(2000, n), p=shares)
        sums, squares = drawn.sum(axis=1), (drawn**2).sum(axis=1)
        inside = [low <= truth <= high for low, high in map(lambda s, q: mean_interval(s, q, n), sums, squares)]
        assert np.mean(inside) > 0.92


def test_an_interval_holds_its_score_and_stays_on_the_scale() -> None:
    for level in (0.5, 0.8, 0.95, 0.999):
        for n in (1, 2, 7, 1000):
            for hits in {0, 1, n // 2, n}:
                low, high = share_interval(hits, n, level)
                assert 0 <= low <= hits / n <= high <= 1
                low, high = difference_interval(hits, n - hits, n, level)
                assert -1 <= low <= (2 * hits - n) / n <= high <= 1
                low, high = mean_interval(hits, hits, n, level)
                assert 0 <= low <= hits / n <= high <= 1


def test_one_answer_says_next_to_nothing() -> None:
    for low, high in (share_interval(1, 1), mean_interval(1, 1, 1)):
        assert high - low > 0.7
    low, high = difference_interval(1, 0, 1)
    assert high - low > 1.5


@pytest.mark.parametrize("level", [0, 1, 95, -1, "0.9", None, True, float("nan")])
def test_an_impossible_level(level: object) -> None:
    with pytest.raises(SettingsError, match="confidence level"):
        normal_quantile(level)
