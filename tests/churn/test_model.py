"""Models are tested on what they had not seen, fall back where data is thin and say so, and end in no traceback."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tests.churn.shop import tables
from zhike.churn import ChurnModel, at_risk, features, learn
from zhike.churn.calibration import choose_calibration
from zhike.churn.candidates import NEEDS
from zhike.churn.measures import Measures, auc, calibration_error, tenths
from zhike.churn.validation import fold_splits, time_splits
from zhike.errors import InputError


def people(n: int, rate: float, seed: int = 1, strength: float = 2.0) -> pa.Table:
    """Customers who leave the more surely the fewer visits they pay; `plan` and `lot` mean nothing."""
    dice = np.random.default_rng(seed)
    visits = dice.normal(size=n)
    odds = np.log(rate / (1 - rate)) - strength * visits
    left = dice.random(n) < 1 / (1 + np.exp(-odds))
    plan, lot = np.array(["a", "b"])[dice.integers(0, 2, n)], dice.random(n)
    ids = [f"c{i}" for i in range(n)]
    return pa.table({"customer_id": ids, "visits": visits, "plan": plan, "lot": lot, "left": left})


def test_probabilities_are_those_of_customers_not_seen() -> None:
    model, fresh = ChurnModel.fit(people(3000, 0.3), "left"), people(3000, 0.3, seed=2)
    p = model.predict(fresh).to_pyarrow()["churn_probability"].to_numpy()
    left = np.asarray(fresh["left"].to_numpy(zero_copy_only=False), dtype=float)
    assert model.evaluation.how == "folds"
    assert abs(auc(left, p) - model.evaluation.auc) < 0.04
    assert calibration_error(left, p) < 0.03
    assert model.evaluation.beats_baseline
    assert model.evaluation.lift[0].left > 2 * model.evaluation.base_rate
    assert ((p > 0) & (p < 1)).all()


def test_noise_is_not_called_a_model() -> None:
    model = ChurnModel.fit(people(1500, 0.3, strength=0.0), "left")
    assert model.evaluation.chosen == "base_rate"
    assert not model.evaluation.beats_baseline
    assert "do not rely on it" in model.evaluation.why("en")
    p = model.predict(people(10, 0.3)).to_pyarrow()["churn_probability"].to_numpy()
    assert np.ptp(p) == 0
    assert p[0] == pytest.approx(0.3, abs=0.05)


@pytest.mark.parametrize(("n", "best"), [(30, {"base_rate"}), (400, {"base_rate", "logistic"}), (2000, set(NEEDS))])
def test_small_data_falls_back_and_says_so(n: int, best: set[str]) -> None:
    evaluation = ChurnModel.fit(people(n, 0.25), "left").evaluation
    assert evaluation.candidates.keys() <= best
    said = evaluation.why("en")
    assert ("simpler method was used" in said) == (n < 2000)
    assert f"only {evaluation.rarer} cases" in said or n == 2000


def test_without_lightgbm_the_regression_does_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    monkeypatch.setattr("zhike.churn.candidates.installed", lambda: False)
    monkeypatch.setattr("zhike.churn.evaluation.installed", lambda: False)
    evaluation = ChurnModel.fit(people(2000, 0.3), "left").evaluation
    assert evaluation.chosen == "logistic"
    assert "LightGBM is not installed" in evaluation.why("en")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (people(50, 0.3).slice(0, 0), "left is empty"),
        (people(50, 0.3).drop(["left"]).append_column("left", [[True] * 50]), "All 50 customers left"),
        (people(50, 0.3).drop(["left"]).append_column("left", [[False] * 50]), "None of the 50 customers left"),
        (people(1, 0.3), "1 customers left"),
    ],
)
def test_one_outcome_is_a_sentence(given: pa.Table, said: str) -> None:
    with pytest.raises(InputError, match=said):
        ChurnModel.fit(given, "left")


@pytest.mark.parametrize("n", [2, 3, 12])
def test_next_to_nothing_to_learn_from(n: int) -> None:
    table = pa.table({"customer_id": range(n), "same": [1] * n, "left": [i == 0 for i in range(n)]})
    model = ChurnModel.fit(table, "left")
    assert model.evaluation.chosen == "base_rate"
    assert model.predict(table).to_pyarrow()["churn_probability"][0].as_py() == pytest.approx(1.5 / (n + 1))
    assert not model.evaluation.beats_baseline
    assert model.reasons(table, 0) == []


def test_constant_and_empty_features() -> None:
    n = 300
    table = people(n, 0.4).append_column("same", [[7] * n]).append_column("none", [pa.nulls(n)])
    model = ChurnModel.fit(table, "left")
    assert {"same", "none"} <= model.layout.dropped.keys()
    only = table.select(["customer_id", "same", "none", "left"])
    assert "no column tells the customers apart" in ChurnModel.fit(only, "left").evaluation.why("en")


def test_time_is_the_test_and_no_outcome_from_after_it_is_learnt_from() -> None:
    time = np.repeat([0.0, 30.0, 60.0, 90.0, 120.0], 10)
    newest, before = time_splits(time, 60)
    assert (set(time[newest.ask]), set(time[newest.learn])) == ({120.0}, {0.0, 30.0, 60.0})
    assert (set(time[before.ask]), set(time[before.learn])) == ({90.0}, {0.0, 30.0})
    assert time_splits(np.zeros(5), 0) == []


def test_folds_keep_a_customer_together_and_share_those_who_left() -> None:
    left = np.array([1.0] * 20 + [0.0] * 80)
    splits = fold_splits(left)
    assert sorted(np.concatenate([s.ask for s in splits])) == list(range(100))
    assert [left[s.ask].sum() for s in splits] == [4] * 5
    group = np.arange(100) // 4
    for split in fold_splits(left, group):
        assert not set(group[split.learn]) & set(group[split.ask])


def test_a_company_learns_from_its_past() -> None:
    shop = tables(200)
    model = learn(shop, "2025-12-31", days=60)
    evaluation = model.evaluation
    assert evaluation.how == "time"
    # What is chosen is never held against itself.
    assert (evaluation.chosen, evaluation.baseline) == ("recency", "base_rate")
    assert evaluation.beats_baseline
    assert evaluation.auc > 0.7
    now = at_risk(features(shop, "2025-12-31"), 60).to_pyarrow()
    scores = model.predict(now).to_pyarrow()
    assert scores.column_names == ["customer_id", "churn_probability"]
    riskiest = max(scores.to_pylist(), key=lambda row: row["churn_probability"])["customer_id"]
    reasons = model.reasons(now, riskiest, language="en")
    assert reasons[0].raises
    assert any("of all" in r.sentence for r in reasons)
    with pytest.raises(InputError, match="0 rows for the customer nobody"):
        model.reasons(now, "nobody")


def test_calibration_mends_what_is_bent_and_leaves_what_is_straight() -> None:
    dice = np.random.default_rng(4)
    odds = dice.normal(size=6000)
    left = (dice.random(6000) < 1 / (1 + np.exp(-odds))).astype(float)
    assert choose_calibration(odds, left).way == "none"
    bent = 3 * odds + 1
    mended = choose_calibration(bent, left)
    assert mended.way == "platt"
    assert mended.to[1] == pytest.approx(1 / 3, abs=0.03)
    crooked = np.where(odds > 0, 4.0, -4.0) + odds / 100
    found = choose_calibration(crooked, left)
    assert found.way == "isotonic"
    assert calibration_error(left, found.probability(crooked)) < 0.03
    assert (np.diff(found.probability(np.sort(crooked))) >= 0).all()


def test_measures_by_hand() -> None:
    left, p = np.array([1.0, 0, 1, 0]), np.array([0.8, 0.3, 0.4, 0.4])
    found = Measures.of(left, p)
    assert (found.auc, found.brier) == (0.875, pytest.approx((0.04 + 0.09 + 0.36 + 0.16) / 4))
    assert found.log_loss == pytest.approx(-np.log([0.8, 0.7, 0.4, 0.6]).mean())
    many = np.repeat([0.9, 0.1], 50)
    gone = np.r_[np.ones(40), np.zeros(60)]
    assert calibration_error(gone, many) == pytest.approx(0.1)
    # Equal risks stay together: the order of the rows decides nothing.
    assert [(t.customers, t.left, t.lift) for t in tenths(gone, many)] == [(50, 0.8, 2.0), (50, 0.0, 0.0)]
    steps = np.arange(100) / 100
    assert [t.customers for t in tenths(gone, steps)] == [10] * 10


@pytest.mark.parametrize("n", [60, 300, 2000])
def test_kept_and_loaded_again(tmp_path: Path, n: int) -> None:
    table = people(n, 0.3)
    model = ChurnModel.fit(table, "left")
    model.save(tmp_path / "model.json")
    again = ChurnModel.load(tmp_path / "model.json")
    assert np.array_equal(again.probabilities(table), model.probabilities(table))
    assert again.evaluation == model.evaluation
    assert again.reasons(table, "c1") == model.reasons(table, "c1")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A model with trees, as it is kept."""
    file = tmp_path_factory.mktemp("kept") / "model.json"
    dice = np.random.default_rng(5)
    x, y = dice.normal(size=(2, 2500))
    left = dice.random(2500) < 1 / (1 + np.exp(2 - 4 * ((x > 0) != (y > 0))))
    ChurnModel.fit(pa.table({"x": x, "y": y, "left": left}), "left").save(file)
    return file.read_text("utf-8")


DAMAGES: dict[str, Any] = {
    "format": {"format": "other"},
    "chosen": {"evaluation": {"chosen": "pickle"}},
    "learner": {"learner": {}},
    "boosters": {"learner": {"rounds": 3, "boosters": ["tree\nversion=v4\n"], "logistic": None, "trees": None}},
    "calibration": {"calibration": {"way": "platt", "at": [], "to": [1.0]}},
    "kinds": {"context": {"rate": 0.5, "kinds": []}},
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_files(tmp_path: Path, kept: str, damage: str) -> None:
    file = tmp_path / "model.json"
    file.write_text(kept, encoding="utf-8")
    assert ChurnModel.load(file).evaluation.chosen == "trees"
    found = json.loads(kept)
    for part, change in DAMAGES[damage].items():
        found[part] = found[part] | change if isinstance(change, dict) and part == "evaluation" else change
    file.write_text(json.dumps(found), encoding="utf-8")
    with pytest.raises(InputError, match="does not hold a churn model"):
        ChurnModel.load(file)
    file.write_text(kept[:-50], encoding="utf-8")
    with pytest.raises(InputError, match="does not hold a churn model"):
        ChurnModel.load(file)


def test_the_same_rows_give_the_same_model() -> None:
    table = people(1500, 0.3)
    one, other = (ChurnModel.fit(table, "left").probabilities(table) for _ in range(2))
    assert np.array_equal(one, other)


def test_zhike_is_loaded_without_what_only_churn_needs() -> None:
    code = "import sys, zhike; print([n for n in ('lightgbm', 'sklearn', 'zhike.churn') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    # Every command of the product loads it: these would take longer than the rest together.
    heavy = ("lightgbm", "sklearn", "scipy.stats", "scipy.optimize")
    code = f"import sys, zhike.churn; print([n for n in {heavy} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
