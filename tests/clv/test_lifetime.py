"""CLV is purchases × spend × margin, discounted; fits are kept and read back; the choice says why."""

from __future__ import annotations

import builtins
import datetime as dt
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tests.clv.summaries import column, simulated
from tests.engines.engine import Engine, duckdb_engine, engine
from zhike.clv import (
    BGNBD,
    MBGNBD,
    GammaGamma,
    ParetoNBD,
    choose,
    explain_lifetime_value,
    fit_bayes,
    lifetime_value,
    load,
    score_lifetime_value,
    tracking,
)
from zhike.clv.histories import distinct
from zhike.errors import EngineError, InputError, SettingsError
from zhike.facts.repeat import repeat_summary

__all__ = ["engine"]  # the fixture
HISTORIES = simulated(1500, 11, {"r": 0.6, "alpha": 6.0, "a": 0.8, "b": 2.5})


def some_orders(customers: int = 300) -> pa.Table:
    """Two years of orders of customers who come, buy at a rate of their own, and leave."""
    dice = np.random.default_rng(5)
    rows: list[dict[str, Any]] = []
    for customer in range(customers):
        at = dt.datetime(2024, 1, 1) + dt.timedelta(days=int(dice.integers(0, 300)))
        gap, leaves = 1 / dice.gamma(0.8, 1 / 20.0), dice.beta(0.8, 3)
        while at < dt.datetime(2026, 1, 1):
            amount = round(float(dice.gamma(5.0, 8.0)), 2)
            rows.append({"customer_id": f"c{customer}", "order_id": len(rows), "ordered_at": at, "amount": amount})
            if dice.random() < leaves:
                break
            at += dt.timedelta(days=min(float(dice.exponential(gap)), 5000) + 0.3)
    return pa.Table.from_pylist(rows)


def test_clv_is_its_parts() -> None:
    model, spend = BGNBD().fit(HISTORIES), GammaGamma().fit(HISTORIES)
    scored = score_lifetime_value(HISTORIES, model, spend, horizon=26, margin=0.4)
    purchases = column(model.expected_purchases(HISTORIES, 26), "expected_purchases")
    each = column(spend.expected_spend(HISTORIES), "expected_spend")
    assert column(scored, "residual_clv") == pytest.approx(
        [0.4 * n * m for n, m in zip(purchases, each, strict=True)], abs=1e-6
    )
    assert column(scored, "p_alive") == column(model.p_alive(HISTORIES), "p_alive")
    assert "total_clv" not in scored.columns


@pytest.mark.parametrize("model", [BGNBD, MBGNBD, ParetoNBD])
def test_discounting_is_that_of_a_sum_over_weeks(model: Any) -> None:
    fitted, spend = model().fit(HISTORIES), GammaGamma().fit(HISTORIES)
    few = HISTORIES.slice(0, 40)
    scored = score_lifetime_value(few, fitted, spend, horizon=52, discount_rate=0.01)
    each = np.array(column(spend.expected_spend(few), "expected_spend"))
    times = np.arange(53.0)
    upto = np.array([column(fitted.expected_purchases(few, float(t)), "expected_purchases") for t in times])
    middle = (times[1:] + times[:-1]) / 2
    wanted = (np.diff(upto, axis=0) * 1.01 ** -middle[:, None]).sum(axis=0) * each
    assert column(scored, "residual_clv") == pytest.approx(wanted.tolist(), rel=1e-4)


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    """Fits to 40 samples: the 90 % interval of what a customer will do holds what the true parameters expect in about
    nine of ten (40 samples know that to 5 %)."""
    truth = {"r": 0.6, "alpha": 6.0, "a": 0.8, "b": 2.5}
    one, at = simulated(1, 1, truth), np.array(list(truth.values()))
    one = one.set_column(1, "frequency", [[4]]).set_column(2, "recency", [[30.0]]).set_column(3, "T", [[40.0]])
    right = BGNBD()._expected(at, distinct(one)[1], 26)[0]
    inside = 0
    for seed in range(40):
        row = BGNBD().fit(simulated(1500, seed, truth)).expected_purchases(one, 26, interval=0.9)
        (found,) = row.to_pyarrow().to_pylist()
        inside += found["expected_purchases_low"] <= right <= found["expected_purchases_high"]
    assert 31 <= inside <= 40


def test_from_orders_to_value() -> None:
    made = some_orders()
    scored = lifetime_value(made, observation_end="2025-12-31", horizon=26, margin=0.5, interval=0.9).to_pyarrow()
    summary = repeat_summary(made, observation_end="2025-12-31")
    assert scored.num_rows == 300
    assert summary.count().to_pyarrow().as_py() == 300
    spent: dict[str, float] = {}
    for row in made.to_pylist():
        spent[row["customer_id"]] = spent.get(row["customer_id"], 0.0) + row["amount"]
    for row in scored.to_pylist():
        assert row["total_clv"] == pytest.approx(row["residual_clv"] + 0.5 * spent[row["customer_id"]], abs=1e-5)
        assert row["residual_clv_low"] <= row["residual_clv"] <= row["residual_clv_high"]
    fitted = MBGNBD().fit(summary)
    given = lifetime_value(made, observation_end="2025-12-31", model=fitted)
    assert given.to_pyarrow().num_rows == 300


def test_wrong_settings_are_said() -> None:
    made = some_orders(50)
    for wrong in ({"margin": 1.2}, {"discount_rate": -0.1}, {"horizon": -1}, {"horizon": "x"}):
        with pytest.raises(SettingsError):
            lifetime_value(made, observation_end="2025-12-31", **wrong)  # type: ignore[arg-type]


def test_explained_in_both_languages() -> None:
    row = {"p_alive": 0.5, "expected_purchases": 1.25, "expected_spend": None, "residual_clv": None}
    assert "cannot be said" in explain_lifetime_value(row)
    said = explain_lifetime_value(row | {"expected_spend": 8.0, "residual_clv": 9.5}, horizon=6, unit="month")
    assert said.startswith("Still a customer with a probability of 50 %")
    assert "6 months, worth 9.50" in said


@pytest.mark.parametrize("model", [BGNBD, MBGNBD, ParetoNBD, GammaGamma])
def test_kept_and_read_back(model: Any, tmp_path: Path) -> None:
    fitted = model().fit(HISTORIES)
    fitted.save(tmp_path / "fit.json")
    for again in (model.load(tmp_path / "fit.json"), load(tmp_path / "fit.json")):
        assert type(again) is model
        assert again.params_ == fitted.params_
        assert again.standard_errors_ == fitted.standard_errors_
        assert (again.loglik_, again.customers_) == (fitted.loglik_, fitted.customers_)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("format", "zhike.clv/9"),
        ("model", "os.system"),
        ("params", {"r": 1, "alpha": 1, "a": 1}),
        ("params", {"r": 1, "alpha": -1, "a": 1, "b": 1}),
        ("params", {"r": "1", "alpha": 1, "a": 1, "b": 1}),
        ("loglik", float("nan")),
        ("log_covariance", [[1, 0], [0, 1]]),
        ("log_covariance", (-np.eye(4)).tolist()),
        ("at_limit", [0, 0, 0, 0]),
        ("customers", 0),
    ],
)
def test_what_is_no_fit_is_not_read(field: str, value: Any, tmp_path: Path) -> None:
    path = tmp_path / "fit.json"
    BGNBD().fit(HISTORIES).save(path)
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | {field: value}), encoding="utf-8")
    with pytest.raises(InputError, match="does not hold a fitted model"):
        load(path)


def test_no_file_and_another_model(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no file"):
        load(tmp_path / "none.json")
    (tmp_path / "deep.json").write_text("[" * 100_000, encoding="utf-8")
    with pytest.raises(InputError, match="does not hold"):
        load(tmp_path / "deep.json")
    GammaGamma().fit(HISTORIES).save(tmp_path / "fit.json")
    with pytest.raises(InputError, match="holds a GammaGamma, not a BGNBD"):
        BGNBD.load(tmp_path / "fit.json")


def test_the_choice_and_its_reasons() -> None:
    made = some_orders()
    choice = choose(made, observation_end="2025-12-31")
    assert choice.calibration_end == dt.date(2025, 12, 31) - dt.timedelta(days=round(730 / 3))
    assert {c.name for c in choice.contenders} == {"BG/NBD", "MBG/NBD", "Pareto/NBD", "same_again", "average"}
    best = min(c.rmse for c in choice.contenders if c.name.endswith("NBD"))
    assert choice.chosen.rmse <= best * 1.001
    assert f"{choice.chosen.rmse:.3f}" in choice.why()
    assert ("do not rely" in choice.why()) != choice.holds


def test_no_model_where_there_is_nothing_to_test_on() -> None:
    made = some_orders(60)
    with pytest.raises(InputError, match="None of the models can be fitted"):
        choose(made, observation_end="2025-12-31", calibration_end="2024-01-10")
    with pytest.raises(InputError, match="days of orders up to 2024-01-02"):
        choose(made, observation_end="2024-01-02")


def test_tracking_counts_what_happened() -> None:
    made = some_orders()
    model = BGNBD().fit(repeat_summary(made, observation_end="2025-06-30"))
    rows = tracking(made, model, calibration_end="2025-06-30", observation_end="2025-12-31").to_pylist()
    days = {(row["customer_id"], row["ordered_at"].date()) for row in made.to_pylist()}
    assert rows[-1]["actual"] == len(days) - 300
    assert rows[-1]["until"] == dt.date(2025, 12, 31)
    at_cut = [row for row in rows if not row["held_out"]][-1]
    assert at_cut["expected"] == pytest.approx(at_cut["actual"], rel=0.1)
    with pytest.raises(InputError, match="Nobody bought"):
        tracking(made, model, calibration_end="2023-06-30", observation_end="2025-12-31")


def test_bayes_without_its_library(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def missing(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("pymc_marketing"):
            raise ImportError("No module named 'pymc_marketing'")
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(EngineError, match=r"pip install 'zhike\[bayes\]'"):
        fit_bayes(HISTORIES)
    with pytest.raises(SettingsError, match="no model 'Prophet'"):
        fit_bayes(HISTORIES, "Prophet")


def test_the_same_on_every_engine(engine: Engine) -> None:
    """Summary, fit, prediction and value, from orders that the engine holds."""
    made, plain = some_orders(150), duckdb_engine()
    here, there = (e.table(made) for e in (engine, plain))
    for make in (
        lambda t: repeat_summary(t, observation_end="2025-12-31"),
        lambda t: lifetime_value(t, observation_end="2025-12-31", discount_rate=0.001, interval=0.9),
    ):
        found, wanted = engine.by_customer(make(here)), plain.by_customer(make(there))
        assert found.keys() == wanted.keys()
        for customer, row in wanted.items():
            for name, value in row.items():
                if isinstance(value, float):
                    # Directions the data say little about magnify the last digits of a sum into an interval.
                    close = 1e-4 if name.endswith(("low", "high")) else 1e-6
                    assert found[customer][name] == pytest.approx(value, rel=close, abs=2e-6), name
                else:
                    assert found[customer][name] == value, name
