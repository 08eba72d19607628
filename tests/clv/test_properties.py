"""What must hold for any parameters and any histories at all."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import beta as beta_distribution

from zhike.clv import BGNBD, MBGNBD, ParetoNBD
from zhike.clv.beta_geometric import _integrated
from zhike.clv.histories import Histories
from zhike.clv.purchases import PurchaseModel

some = settings(max_examples=60, deadline=None, database=None)
positive = st.floats(-6, 6).map(lambda e: float(np.exp(e)))
parameters = st.tuples(positive, positive, positive, positive).map(np.array)
models = st.sampled_from([BGNBD(), MBGNBD(), ParetoNBD()])
rows = st.lists(
    st.tuples(st.integers(0, 3000), st.floats(0, 1), st.floats(0.01, 1000), st.integers(1, 1000)),
    min_size=1,
    max_size=8,
)


def histories(made: list[tuple[int, float, float, int]]) -> Histories:
    x, part, age, customers = (np.array(values, dtype=float) for values in zip(*made, strict=True))
    return Histories(x, np.where(x > 0, part * age, 0.0), age, customers)


@some
@given(models, parameters, rows)
def test_the_likelihood_is_finite_and_a_sum_over_customers(
    model: PurchaseModel, at: np.ndarray, made: list[tuple[int, float, float, int]]
) -> None:
    value, gradient, hessian = model._objective(histories(made))(at)
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()
    assert np.isfinite(hessian).all()
    assert hessian == pytest.approx(hessian.T, rel=1e-6, abs=1e-6 * float(np.abs(hessian).max()))
    alone = sum(model._objective(histories([row]))(at)[0] for row in reversed(made))
    assert value == pytest.approx(alone, rel=1e-9, abs=1e-6)


@some
@given(models, parameters, rows, st.floats(0.01, 100))
def test_the_likelihood_does_not_depend_on_the_unit_of_time(
    model: PurchaseModel, at: np.ndarray, made: list[tuple[int, float, float, int]], unit: float
) -> None:
    whole = histories(made)
    moved = at / np.array([unit if name in model.times else 1.0 for name in model.names])
    shift = float(whole.customers @ whole.frequency) * np.log(unit)
    value, scaled = model._objective(whole)(at)[0], model._objective(whole.scaled(unit))(moved)[0]
    assert scaled - shift == pytest.approx(value, rel=1e-8, abs=1e-6)


@some
@given(models, parameters, rows, st.floats(0.01, 500))
def test_predictions_are_possible_and_grow_with_time(
    model: PurchaseModel, at: np.ndarray, made: list[tuple[int, float, float, int]], t: float
) -> None:
    whole = histories(made)
    alive = model._alive(at, whole)
    assert ((alive >= 0) & (alive <= 1)).all()
    soon, later = model._expected(at, whole, t), model._expected(at, whole, 1.5 * t)
    assert np.isfinite(later).all()
    assert ((soon >= 0) & (soon <= later * (1 + 1e-7))).all()
    # Discounting takes away, and no more than all time's worth of it.
    discounted = model._discounted(at, whole, t, 0.01)
    assert (discounted <= soon * (1 + 1e-7)).all()
    assert (discounted >= soon * np.exp(-0.01 * t) * (1 - 1e-7)).all()


@some
@given(parameters, st.integers(0, 200), st.floats(0.1, 200), st.floats(0.1, 200))
def test_the_closed_form_is_the_integral(at: np.ndarray, x: int, age: float, t: float) -> None:
    """The transformed hypergeometric form against the integral it stands for, summed another way."""
    r, alpha, a, b = at
    found = BGNBD()._expected_if_alive(at, np.array([float(x)]), np.array([age]), t)
    assert found == pytest.approx(
        _integrated(np.array([r + x]), a, np.array([b + x]), t / np.array([alpha + age])), rel=1e-5
    )


@pytest.mark.parametrize("a", [0.02, 0.8, 1.0, 1.00001, 3.0])
def test_expected_purchases_are_the_mean_over_the_chance_to_leave(a: float) -> None:
    """Against SciPy's integration of the story itself: someone with rate and p buys (1 − e^(−λpt))/p times."""
    r, alpha, b, x, age, t = 0.7, 5.0, 2.5, 3, 20.0, 52.0
    chance, ahead = beta_distribution(a, b + x), t / (alpha + age)

    def bought(share: float) -> float:
        p = chance.ppf(share)
        return float((r + x) * ahead if p < 1e-12 else -np.expm1(-(r + x) * np.log1p(p * ahead)) / p)

    wanted = quad(bought, 0, 1, epsabs=1e-9, limit=500)[0]
    found = BGNBD()._expected_if_alive(np.array([r, alpha, a, b]), np.array([float(x)]), np.array([age]), t)
    assert found == pytest.approx([wanted], rel=1e-5)


@some
@given(parameters, st.integers(0, 40), st.floats(0, 0.99), st.floats(1, 200))
def test_the_pareto_integral_is_right(at: np.ndarray, x: int, part: float, age: float) -> None:
    """P(alive) against adaptive integration of the same integral."""
    r, alpha, s, beta = at
    start = part * age if x else 0.0

    def fall(tau: float) -> float:
        return float(
            np.exp(-(r + x) * np.log((alpha + tau) / (alpha + start)) - s * np.log((beta + tau) / (beta + start)))
        )

    cuts = np.geomspace(1e-6, 1, 14) * (age - start) + start
    left = sum(
        quad(lambda tau: s / (beta + tau) * fall(tau), low, high, epsabs=0, epsrel=1e-10)[0]
        for low, high in zip([start, *cuts[:-1]], cuts, strict=True)
    )
    one = np.array([1.0])
    found = ParetoNBD()._alive(at, Histories(one * x, one * start, one * age, one))
    assert found == pytest.approx([fall(age) / (fall(age) + left)], rel=1e-6, abs=1e-12)
