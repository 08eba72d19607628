"""Risks as the refresh scores them: the best way whose test holds, and no number where nothing could be tested."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tests.churn import rhythms
from tests.clv.test_scores import shoppers
from zhike.churn import learnt
from zhike.churn.explained import told_reasons
from zhike.churn.scores import COLUMNS, score_churn
from zhike.churn.silent import learn_silence
from zhike.churn_settings import ChurnSettings
from zhike.errors import SettingsError
from zhike.facts.purchases import purchase_summary
from zhike.lake.lake import Lake
from zhike.proof import Proof

LAST = rhythms.LAST
Bench = Lake


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Lake]:
    with Lake(tmp_path / "lake") as lake, lake.temporary():
        yield lake


def scored(
    bench: Bench, tables: dict[str, pa.Table], as_of: dt.date = LAST, **settings: Any
) -> tuple[dict[str, dict[str, Any]], Proof]:
    here = {name: bench.materialised(bench.small(table), name) for name, table in tables.items()}
    orders = here["orders"]
    summary = bench.materialised(purchase_summary(orders, as_of=as_of), "summary")
    scores, proof = score_churn(here, orders, summary, as_of=as_of, settings=ChurnSettings(**settings), bench=bench)
    rows = bench.engine.to_pyarrow(scores).to_pylist()
    assert all(set(row) == {"customer_id", *COLUMNS} for row in rows)
    assert Proof.from_dict(proof.to_dict()).to_dict() == proof.to_dict()
    return {row["customer_id"]: row for row in rows}, proof


def orders_of(*customers: tuple[str, list[int]]) -> pa.Table:
    """Orders of 10 each, so many days before the last day."""
    rows = [
        {
            "customer_id": who,
            "order_id": f"{who}{day}",
            "ordered_at": dt.datetime(2025, 12, 31) - dt.timedelta(day),
            "amount": 10.0,
        }
        for who, days in customers
        for day in days
    ]
    return pa.Table.from_pylist(rows)


def test_a_shop_learns_from_its_own_past(bench: Bench) -> None:
    tables = rhythms.tables()
    rows, proof = scored(bench, tables, days=60)
    assert proof.details["method"] == "learnt"
    assert proof.holds
    assert (proof.model, proof.details["evaluation"]["baseline"]) == ("logistic", "recency")
    assert proof.customers == proof.details["evaluation"]["rows"]
    assert proof.cut is not None
    assert proof.cut < LAST - dt.timedelta(days=59)
    gone = {who for who, row in rows.items() if row["churn_risk"] == "gone"}
    last = {}
    for row in tables["orders"].filter(pa.compute.greater(tables["orders"]["amount"], 0)).to_pylist():
        last[row["customer_id"]] = max(last.get(row["customer_id"], dt.date.min), row["ordered_at"].date())
    assert gone == {who for who, day in last.items() if (LAST - day).days >= 60}
    assert rows.keys() == last.keys()
    for who, row in rows.items():
        assert (row["churn_probability"] is None) == (who in gone)
        if who not in gone:
            p = row["churn_probability"]
            assert row["churn_risk"] == ("high" if p >= 0.5 else "middle" if p >= 0.25 else "low")
            assert len(told_reasons(row["churn_reasons"], language="zh")) == len(told_reasons(row["churn_reasons"]))
        else:
            assert row["warnings"] is None
    kept = [reason for row in rows.values() for reason in json.loads(row["churn_reasons"] or "[]")]
    assert kept
    assert all((reason["left"] - reason["all"]) * reason["effect"] > 0 for reason in kept)


def test_the_same_again_whatever_the_order_of_the_rows_and_whatever_came_later(bench: Bench) -> None:
    tables = rhythms.tables()
    day = dt.date(2025, 10, 31)
    known = {
        n: t.filter(pa.compute.less(t[_moment(n)], pa.scalar(dt.datetime(2025, 11, 1)))) for n, t in tables.items()
    }
    first, proof = scored(bench, known, day, days=60)
    dice = np.random.default_rng(3)
    mixed = {name: table.take(pa.array(dice.permutation(table.num_rows))) for name, table in tables.items()}
    again, _proof = scored(bench, mixed, day, days=60)
    assert proof.details["method"] == "learnt"
    assert again == first


def _moment(table: str) -> str:
    return {"interactions": "occurred_at", "tickets": "opened_at", "feedback": "given_at"}.get(table, "ordered_at")


def test_of_many_customers_a_lot_is_learnt_from_and_all_are_told(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    tables = rhythms.tables()
    whole, _proof = scored(bench, tables, days=60)
    monkeypatch.setattr(learnt, "LEARNT_FROM", 300)
    monkeypatch.setattr(learnt, "MOST_EXPLAINED", 40)
    part, proof = scored(bench, tables, days=60, middle=0.01)
    assert {who: row["churn_probability"] is None for who, row in part.items()} == {
        who: row["churn_probability"] is None for who, row in whole.items()
    }
    assert proof.details["examples"] < _proof.details["examples"] * 0.9
    assert 0 < sum(row["churn_reasons"] is not None for row in part.values()) <= 40


@pytest.mark.parametrize(
    ("customers", "risks"),
    [
        ([("a", [3])], {"a": "low"}),
        ([("a", [700, 650, 600, 550])], {"a": "gone"}),
        ([("a", [400, 300, 200, 160]), ("b", [20, 10, 0])], {"a": "high", "b": "low"}),
    ],
)
def test_too_few_go_by_their_rhythm(bench: Bench, customers: list[Any], risks: dict[str, str]) -> None:
    rows, proof = scored(bench, {"orders": orders_of(*customers)}, days=170)
    assert {who: row["churn_risk"] for who, row in rows.items()} == risks
    assert {row["churn_probability"] for row in rows.values()} == {None}
    assert proof.model == ""
    assert not proof.holds
    assert proof.reasons["en"]
    assert proof.reasons["zh"]


def test_where_no_rhythm_is_known_a_usual_one_is_taken(bench: Bench) -> None:
    rows, proof = scored(bench, {"orders": orders_of(("a", [30]), ("b", [20, 10]))})
    assert proof.details["days"] == 90
    assert "90 days is only a usual choice" in proof.details["why_days"]["en"]
    assert "gone" not in {row["churn_risk"] for row in rows.values()}


def test_nobody_left_and_everybody_left(bench: Bench) -> None:
    weekly = [(f"c{n}", list(range(n % 7, 400, 7))) for n in range(120)]
    rows, proof = scored(bench, {"orders": orders_of(*weekly)}, days=30)
    assert {row["churn_risk"] for row in rows.values()} == {"low"}
    assert {row["churn_probability"] for row in rows.values()} == {None}
    assert "None of the" in proof.reasons["en"]
    gone = [(who, [day + 200 for day in days]) for who, days in weekly]
    rows, proof = scored(bench, {"orders": orders_of(*gone)}, days=30)
    assert {row["churn_risk"] for row in rows.values()} == {"gone"}
    assert proof.details["warnings"]["any"] == 0


def test_without_a_past_to_learn_from_the_purchase_model_is_asked(bench: Bench) -> None:
    orders = shoppers(2500, seed=1)
    rows, proof = scored(bench, {"orders": orders}, dt.date(2025, 12, 28), days=400)
    assert proof.details["method"] == "purchases"
    assert "too few to see who leaves" in proof.reasons["en"]
    here = [row for row in rows.values() if row["churn_risk"] != "gone"]
    assert all(0 <= row["churn_probability"] <= 1 for row in here)
    assert all(told_reasons(row["churn_reasons"]) for row in here)


def test_the_purchase_model_tells_probabilities_that_come_true() -> None:
    found = learn_silence({"orders": shoppers(4000, seed=2)}, dt.date(2025, 12, 28), 60)
    evaluation = found.evaluation
    assert evaluation.beats_baseline
    assert evaluation.ece < 0.06
    assert sum(t.customers * t.expected for t in evaluation.lift) == pytest.approx(evaluation.churned, rel=0.1)


def contract(customers: int = 600) -> pa.Table:
    dice = np.random.default_rng(4)
    rows = []
    for n in range(customers):
        monthly, calls = dice.random() < 0.5, int(dice.integers(0, 6))
        left = dice.random() < 0.05 + 0.4 * monthly + 0.07 * calls
        own = {"Contract": "monthly" if monthly else "yearly", "Calls": str(calls), "Churn": "Yes" if left else "No"}
        own |= {'Exit "reason': "moved" if left else None}
        rows.append({"customer_id": f"c{n}", "name": f"n{n}", "city": "上海", "attributes": json.dumps(own)})
    return pa.Table.from_pylist(rows)


def test_a_list_that_says_who_left_is_learnt_from_without_what_knows_the_answer(bench: Bench) -> None:
    tables = {"orders": orders_of(("x", [3])), "customers": contract()}
    rows, proof = scored(bench, tables, flag="Churn")
    assert proof.details["left_out"] == ['Exit "reason']
    assert 'Exit "reason' in proof.reasons["zh"]
    assert proof.holds
    # A leak would tell who left almost perfectly.
    assert proof.details["evaluation"]["measures"]["auc"] < 0.9
    assert "x" not in rows
    assert sum(row["churn_risk"] == "gone" for row in rows.values()) == proof.actual
    here = [row for row in rows.values() if row["churn_risk"] != "gone"]
    assert np.mean([row["churn_probability"] for row in here]) == pytest.approx(proof.actual / 600, abs=0.1)
    said = {reason.topic for row in here for reason in told_reasons(row["churn_reasons"])}
    assert said == {"Contract", "Calls"}
    assert any("monthly" in reason.sentence for row in here for reason in told_reasons(row["churn_reasons"]))


def test_a_column_that_looks_as_if_it_said_who_left_is_found(bench: Bench) -> None:
    orders = orders_of(("x", [3]))
    _rows, proof = scored(bench, {"orders": orders, "customers": contract(50)})
    assert proof.details["flag_found"] == "Churn"
    own = [json.dumps({"Churn": "price", "left": "1", "流失风险": "高"}), json.dumps({"left": None})]
    table = contract(2).drop(["attributes"]).append_column("attributes", [own])
    assert scored(bench, {"orders": orders, "customers": table})[1].details["flag_found"] == "left"
    assert scored(bench, {"orders": orders, "customers": table}, flag="left")[1].details["flag_found"] == ""
    assert scored(bench, {"orders": orders})[1].details["flag_found"] == ""


@pytest.mark.parametrize("flag", ["nothing", "city", 'a"]; DROP'])
def test_a_column_that_does_not_say_who_left_is_named_and_nobody_scored(bench: Bench, flag: str) -> None:
    tables = {"orders": orders_of(("x", [3])), "customers": contract(50)}
    rows, proof = scored(bench, tables, flag=flag)
    assert rows == {}
    assert flag in proof.reasons["en"]


@pytest.mark.parametrize(
    "wrong",
    [{"days": 0}, {"days": True}, {"days": 90.5}, {"days": 4000}, {"high": 0.2}, {"middle": 0.0}, {"high": 1.2},
     {"high": float("nan")}, {"flag": 3}, {"flag": "x" * 300}],
)  # fmt: skip
def test_settings_outside_what_is_allowed(wrong: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        ChurnSettings(**wrong)


def test_reasons_are_told_as_for_one_customer(make_model: Callable[[], Any]) -> None:
    """Many at once and one by one say the same."""
    model, rows = make_model()
    kept = model.kept_reasons(rows).to_pylist()
    for at in range(rows.num_rows):
        one = model.reasons(rows.slice(at, 1))
        assert [r.sentence for r in told_reasons(kept[at])] == [r.sentence for r in one]
        assert [r.effect for r in told_reasons(kept[at])] == pytest.approx([r.effect for r in one], abs=1e-3)


@pytest.fixture
def make_model() -> Callable[[], Any]:
    from zhike.churn import ChurnModel

    def made() -> Any:
        dice = np.random.default_rng(8)
        plans, spent = dice.choice(["a", 'b"', "丙"], 800), np.round(dice.gamma(2, 30, 800), 2)
        left = dice.random(800) < 0.1 + 0.5 * (plans == "a") + (spent < 30) * 0.2
        table = pa.table({"plan": pa.array(plans.tolist()), "spent": spent, "left": left})
        blank = pa.table({"plan": pa.array([None], pa.string()), "spent": [float("nan")], "left": [False]})
        return ChurnModel.fit(table, "left"), pa.concat_tables([table.slice(0, 40), blank])

    return made
