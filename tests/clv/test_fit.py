"""What a fit must be whatever the data: the top of the likelihood, the same in any unit, honest where data are thin."""

from __future__ import annotations

import math
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from tests.clv.summaries import column, simulated, summary
from zhike.clv import BGNBD, MBGNBD, GammaGamma, ParetoNBD, gamma_gamma
from zhike.clv.gamma_gamma import _objective as spend_objective
from zhike.clv.histories import MANY, distinct
from zhike.clv.purchases import PurchaseModel
from zhike.errors import InputError, SettingsError

MODELS: tuple[type[PurchaseModel], ...] = (BGNBD, MBGNBD, ParetoNBD)
BG = {"r": 0.6, "alpha": 6.0, "a": 0.8, "b": 2.5}
PARETO = {"r": 0.8, "alpha": 8.0, "s": 0.7, "beta": 15.0}


def assert_derivatives(objective: Any, at: np.ndarray) -> None:
    _value, gradient, hessian = objective(at)
    steps = 1e-6 * np.eye(len(at)) * at
    for i, step in enumerate(steps):
        above, below = objective(at + step), objective(at - step)
        assert (above[0] - below[0]) / (2 * step[i]) == pytest.approx(gradient[i], rel=1e-5, abs=1e-4)
        assert (above[1] - below[1]) / (2 * step[i]) == pytest.approx(hessian[i], rel=1e-5, abs=1e-4)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("scale", [0.3, 1.0, 4.0])
def test_derivatives_are_those_of_the_likelihood(model: type[PurchaseModel], scale: float) -> None:
    histories = distinct(simulated(300, 1, BG))[1].scaled(50.0)
    assert_derivatives(model()._objective(histories), np.array([0.6, 0.2, 0.8, 0.5]) * scale)


def test_derivatives_of_the_spend_model() -> None:
    dice = np.random.default_rng(2)
    x = dice.integers(1, 6, 200).astype(float)
    assert_derivatives(spend_objective(x, dice.gamma(5.0, 2.0, 200)), np.array([3.0, 2.5, 12.0]))


@pytest.mark.parametrize(
    ("model", "truth", "first_counts"), [(BGNBD, BG, False), (MBGNBD, BG, True), (ParetoNBD, PARETO, False)]
)
def test_what_was_put_in_comes_out(model: type[PurchaseModel], truth: dict[str, float], first_counts: bool) -> None:
    """Within four standard errors of the truth, in logarithms, and the standard errors are small enough to say it."""
    histories = simulated(12_000, 7, truth, first_counts=first_counts)
    fitted = model().fit(histories)
    for name, value in truth.items():
        error = fitted.standard_errors_[name] / fitted.params_[name]
        assert error < 0.25
        assert abs(math.log(fitted.params_[name] / value)) < 4 * error, name
    spend = GammaGamma().fit(histories)
    for name, value in {"p": 6.0, "q": 4.0, "v": 15.0}.items():
        error = spend.standard_errors_[name] / spend.params_[name]
        assert abs(math.log(spend.params_[name] / value)) < 4 * error, name


def test_the_first_guess_from_a_sample_leads_to_the_same_place(monkeypatch: pytest.MonkeyPatch) -> None:
    histories = simulated(50_000, 5, {"r": 0.8, "alpha": 4.0, "a": 0.8, "b": 2.5})
    assert pc.sum(pc.greater(histories["frequency"], 0)).as_py() > gamma_gamma.MANY
    sampled = GammaGamma().fit(histories)
    monkeypatch.setattr(gamma_gamma, "MANY", 10**9)
    assert sampled.params_ == pytest.approx(GammaGamma().fit(histories).params_, rel=1e-5)


def test_standard_errors_are_the_scatter_of_fits() -> None:
    fits = [BGNBD().fit(simulated(3000, seed, BG)) for seed in range(24)]
    for name in ("r", "alpha"):
        scatter = np.std([math.log(f.params_[name]) for f in fits], ddof=1)
        said = np.mean([f.standard_errors_[name] / f.params_[name] for f in fits])
        assert 0.6 < scatter / said < 1.6  # 24 fits know their scatter to about 15 %


@pytest.mark.parametrize("model", MODELS)
def test_days_and_weeks_give_the_same_answers(model: type[PurchaseModel]) -> None:
    weeks = simulated(2000, 3, BG)
    days = weeks.set_column(2, "recency", pa.array(np.array(weeks["recency"]) * 7))
    days = days.set_column(3, "T", pa.array(np.array(weeks["T"]) * 7))
    by_week, by_day = model().fit(weeks), model().fit(days)
    for name, value in by_week.params_.items():
        wanted = value * (7 if name in model.times else 1)
        assert by_day.params_[name] == pytest.approx(wanted, rel=1e-6)
    purchases = sum(weeks["frequency"].to_pylist())
    assert by_day.loglik_ == pytest.approx(by_week.loglik_ - purchases * math.log(7), abs=1e-6)
    one, other = by_week.expected_purchases(weeks, 13), by_day.expected_purchases(days, 91)
    assert column(one, "expected_purchases") == pytest.approx(column(other, "expected_purchases"), rel=1e-6)


@pytest.mark.parametrize("model", MODELS)
def test_many_histories_end_at_the_same_top(model: type[PurchaseModel]) -> None:
    """The first guess from a coarser picture changes nothing but the time it takes."""
    many = simulated(MANY * 2, 5, BG)
    fitted = model().fit(many)
    assert len(distinct(many)[1]) > MANY
    scaled = distinct(many)[1].scaled(52.0)
    place = fitted.fit_.parameters / [52.0 if name in model.times else 1.0 for name in model.names]
    _value, gradient, hessian = model()._objective(scaled)(place)
    assert gradient @ np.linalg.solve(-hessian, gradient) < 1e-6


def test_every_kind_of_table_is_taken() -> None:
    table = simulated(500, 4, BG)
    wanted = BGNBD().fit(table).params_
    for source in (table.to_pandas(), ibis.memtable(table)):
        assert BGNBD().fit(source).params_ == pytest.approx(wanted, rel=1e-9)
    assert column(BGNBD().fit(table).p_alive(table.to_pandas()), "p_alive")[0] <= 1


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    "histories",
    [
        summary([], [], []),
        summary([3], [5], [10]),
        summary([0] * 50, [0] * 50, list(range(1, 51))),
        summary([0] * 5, [0] * 5, [0] * 5),
        summary([1, 1] + [0] * 50, [1, 2] + [0] * 50, [10] * 52),
    ],
    ids=["nobody", "one customer", "no repeats", "all new today", "two repeats"],
)
def test_too_little_is_said_not_guessed(model: type[PurchaseModel], histories: pa.Table) -> None:
    with pytest.raises(InputError, match=r"ever bought again: too few to learn from"):
        model().fit(histories)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    "histories",
    [
        summary([3] * 100, [8] * 100, [10] * 100),
        summary([9, 10, 11, 12, 8, 9] * 10, [9.9] * 60, [10] * 60),
        summary([1] * 50 + [2] * 50, [1] * 100, [500] * 100),
        summary([5000, 3000, 1, 0, 0, 2, 8000, 4] * 5, [700, 699, 3, 0, 0, 50, 720, 600] * 5, [730] * 40),
        summary([0] * 900 + [1] * 90 + [20_000], [0] * 900 + [30] * 90 + [700], [730] * 991),
        summary([2, 0, 3, 0, 1, 4, 2] * 9, [5, 0, 3, 0, 10, 10, 10] * 9, [10, 0, 3, 5, 10, 10, 10] * 9),
        summary([1, 2, 3, 0, 4] * 9, [1e-6, 2e-6, 3e-6, 0, 4e-6] * 9, [5e-6] * 45),
    ],
    ids=["all alike", "all active", "all gone", "thousands of purchases", "one outlier", "bought today", "tiny times"],
)
@pytest.mark.filterwarnings("error")
def test_hard_histories_give_possible_answers(model: type[PurchaseModel], histories: pa.Table) -> None:
    """Where a parameter has no finite estimate the fit says so, and the predictions still are what they can be."""
    fitted = model().fit(histories)
    assert math.isfinite(fitted.loglik_)
    assert all(math.isnan(fitted.standard_errors_[name]) for name in fitted.at_limit_)
    reach = max(histories["T"].to_pylist())
    purchases = fitted.expected_purchases(histories, reach / 2, interval=0.9).to_pyarrow()
    alive = fitted.p_alive(histories, interval=0.9).to_pyarrow()
    for table, top in ((purchases, math.inf), (alive, 1.0)):
        values, low, high = (np.array(table[name]) for name in table.column_names[1:])
        assert (np.isfinite(values) & (values >= 0) & (values <= top)).all()
        assert ((low <= values * (1 + 1e-9)) & (values <= high * (1 + 1e-9))).all()
    assert np.array(purchases["expected_purchases"]).max() < 1.1 * max(histories["frequency"].to_pylist())


@pytest.mark.parametrize(
    ("histories", "said"),
    [
        (summary([1], [5], [3]), "lies after the end of the observation"),
        (summary([0], [2], [3]), "must be 0"),
        (summary([-1], [0], [3]), "frequency holds -1"),
        (pa.table({"frequency": [1.5], "recency": [1.0], "T": [2.0]}), r"frequency holds 1\.5"),
        (pa.table({"frequency": [1], "recency": [float("nan")], "T": [2.0]}), "recency holds"),
        (pa.table({"frequency": [1], "recency": [None], "T": [2.0]}), "recency holds NULL"),
        (pa.table({"frequency": ["a"], "recency": [1.0], "T": [2.0]}), "frequency holds string"),
        (pa.table({"frequency": [1]}), "lacks the columns"),
    ],
)
def test_what_cannot_be_a_summary_is_refused(histories: pa.Table, said: str) -> None:
    with pytest.raises(InputError, match=said):
        BGNBD().fit(histories)


def test_not_fitted_and_wrong_settings() -> None:
    table = summary([1, 2, 3, 0, 4], [1, 2, 3, 0, 4], [9] * 5)
    with pytest.raises(SettingsError, match="not fitted"):
        BGNBD().p_alive(table)
    fitted = BGNBD().fit(table)
    for t in (-1, float("nan"), "1"):
        with pytest.raises(SettingsError, match="time ahead"):
            fitted.expected_purchases(table, t)  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="interval of level"):
        fitted.p_alive(table, interval=95)


@pytest.mark.filterwarnings("error")
def test_spending_that_teaches_nothing() -> None:
    with pytest.raises(InputError, match="all spend the same"):
        GammaGamma().fit(summary([1, 2, 3, 0], [1, 2, 3, 0], [9] * 4, [5, 5, 5, 0]))
    with pytest.raises(InputError, match="Only 1 customers have a repeat purchase of known value"):
        GammaGamma().fit(summary([1, 2, 3, 4], [1, 2, 3, 4], [9] * 4, [-1, 0, 3, float("nan")]))
    # Everybody has a price of their own and pays it each time: p is without bound, the expectation is that price.
    own = summary([1, 2, 3, 4, 5, 6] * 9, [1] * 54, [9] * 54, [5, 7, 9, 20, 3, 1] * 9)
    fitted = GammaGamma().fit(own)
    assert column(fitted.expected_spend(own), "expected_spend") == pytest.approx(own["monetary"].to_pylist(), rel=1e-4)
    # A mean that is not finite is no number.
    dice = np.random.default_rng(3)
    wild = summary([1] * 200, [1] * 200, [9] * 200, np.exp(dice.normal(0, 6, 200)).tolist())
    assert set(column(GammaGamma().fit(wild).expected_spend(wild), "expected_spend")) == {None}
