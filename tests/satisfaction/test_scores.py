"""NPS, CSAT and CSI: worked out by hand, on both engines, and with what people really send."""

from __future__ import annotations

import datetime as dt
import math
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.engines.engine import Engine
from zhike.errors import InputError, SettingsError
from zhike.language import speaking
from zhike.satisfaction import csat, csi, good_review_rate, nps

pytest_plugins = ("tests.engines.engine",)

FEEDBACK = pa.table(
    {
        "customer_id": [1, 2, 3, 4, 5, 6, 7, 8],
        "given_at": [dt.datetime(2025, month, 3) for month in (1, 1, 1, 2, 2, 2, 2, 3)],
        "nps": [10, 9, 3, 8, 7, 12, None, 0],
        "csat": [5.0, 4.0, 1.0, 3.0, float("nan"), 6.0, None, -1.0],
        "channel": ["app", "app", "shop", None, "shop", "app", "app", "shop"],
    }
)


def test_by_hand() -> None:
    score = nps(FEEDBACK)
    # 2 promoters, 2 passives, 2 detractors of 6; 12 is no answer of 0–10.
    assert (score.value, score.n, score.out_of_range, score.unanswered) == (0, 6, 1, 1)
    assert score.counts == {"promoters": 2, "passives": 2, "detractors": 2}
    # Bonett & Price by hand: p̃ = d̃ = 3/8, reach = 1.96·√(.75/8).
    assert score.high == pytest.approx(100 * 1.959964 * math.sqrt(0.75 / 8), abs=1e-3)
    assert score.low == -score.high
    satisfied = csat(FEEDBACK)
    assert (satisfied.value, satisfied.n, satisfied.out_of_range, satisfied.unanswered) == (50, 4, 2, 2)
    assert csi(FEEDBACK).value == pytest.approx(100 * (1 + 0.75 + 0 + 0.5) / 4)


def test_what_lies_between_the_classes() -> None:
    score = nps(pa.table({"nps": [6, 6.5, 8.9, 9, 0, 10]}))
    assert score.counts == {"promoters": 2, "passives": 2, "detractors": 2}


@pytest.mark.parametrize("values", [[True, False, True, None], [1, 0, 1, None], ["1", "0", "1", " "]])
def test_good_and_bad_reviews(values: list[Any]) -> None:
    score = good_review_rate(pa.table({"positive": values}))
    assert (score.n, score.counts, score.unanswered) == (3, {"good": 2, "bad": 1}, 1)
    assert score.value == pytest.approx(200 / 3)
    # Wilson by hand: (2 + 1.92 ± 1.96·√(2/3 + .96)) / (3 + 3.84).
    assert score.low == pytest.approx(20.8, abs=0.1)
    assert score.high == pytest.approx(93.9, abs=0.1)
    assert good_review_rate(pa.table({"positive": [1, 0.5, 2]})).out_of_range == 2
    with pytest.raises(InputError):
        csat(pa.table({"csat": [True, False]}))


def test_the_trend_by_month() -> None:
    groups = nps(FEEDBACK, by="month").groups
    assert [(s.group["month"], s.n) for s in groups] == [
        (dt.date(2025, 1, 1), 3),
        (dt.date(2025, 2, 1), 2),
        (dt.date(2025, 3, 1), 1),
    ]
    assert [round(s.value or 0, 1) for s in groups] == [33.3, 0.0, -100.0]
    assert nps(FEEDBACK, by="month").rows()[0]["promoters"] == 2


def test_by_what_the_customers_have() -> None:
    tiers = pd.DataFrame(
        {"customer_id": ["1", "2", "3", "4", "4"], "value_tier": ["high", "high", "low", "low", "low"]}
    )
    score = nps(FEEDBACK, by=["value_tier", "channel"], customers=tiers)
    found = {(s.group["value_tier"], s.group["channel"]): (s.value, s.n) for s in score.groups}
    assert found[("high", "app")] == (100, 2)
    assert found[("low", "shop")] == (-100, 1)
    assert found[("low", None)] == (0, 1)  # counted once, though the customer is there twice
    assert sum(s.n for s in score.groups) == score.n == 6


def test_all_is_the_sum_of_its_groups() -> None:
    for split in (nps(FEEDBACK, by="channel"), csat(FEEDBACK, by="channel"), csi(FEEDBACK, by="channel")):
        whole = {"nps": nps, "csat": csat, "csi": csi}[split.metric](FEEDBACK)
        for name in ("n", "out_of_range", "unanswered", "counts"):
            assert getattr(split, name) == getattr(whole, name)
        assert (split.value, split.low, split.high) == pytest.approx((whole.value, whole.low, whole.high))


def test_an_index_of_weighted_attributes() -> None:
    rated = pa.table({"food": [5, 3, None, 9], "speed": [1, None, 3, 2], "n": ["a", "a", "b", "b"]})
    score = csi(rated, weights={"food": 3, "speed": 1}, by="n")
    # Respondents: (3·1 + 0)/4, 2/4 (food only), 2/4 (speed only), 1/4 (the 9 is off the scale).
    assert score.value == pytest.approx(100 * (0.75 + 0.5 + 0.5 + 0.25) / 4)
    assert score.parts == {"food": 75.0, "speed": pytest.approx(25.0)}
    assert score.out_of_range == 1
    assert [s.value for s in score.groups] == pytest.approx([62.5, 37.5])


@pytest.mark.parametrize("values", [[None], [float("nan")], [11, -1, 99], ["", "ten", "  "], []])
def test_nobody_answered(values: list[Any]) -> None:
    kind = pa.string() if any(isinstance(v, str) for v in values) else pa.float64()
    score = nps(pa.table({"nps": pa.array(values, kind)}))
    assert (score.value, score.low, score.high, score.n) == (None, None, None, 0)
    assert score.is_wide
    assert score.sentence().startswith("There is no NPS: nobody gave an answer that counts.")
    with speaking("zh"):
        assert "nobody" not in score.sentence()
    for group in nps(pa.table({"nps": pa.array(values, kind), "channel": ["x"] * len(values)}), by="channel").groups:
        assert group.value is None


def test_answers_written_as_text() -> None:
    score = nps(pa.table({"nps": ["10", " 9 ", "ten", "", None, "1e400", "11"]}))
    assert (score.n, score.out_of_range, score.unanswered) == (2, 3, 2)


def test_few_answers_say_so_and_many_do_not() -> None:
    assert "wide interval" in nps(pa.table({"nps": [10] * 5})).sentence()
    many = nps(pa.table({"nps": [10, 10, 8, 3] * 500}))
    assert not many.is_wide
    assert "wide" not in many.sentence()


def test_columns_and_settings_that_cannot_be() -> None:
    with pytest.raises(InputError, match="lacks the columns nps"):
        nps(pa.table({"score": [1]}))
    with pytest.raises(InputError, match="cannot be used as nps"):
        nps(pa.table({"nps": [True, False]}))
    with pytest.raises(SettingsError, match="no column tier"):
        nps(FEEDBACK, by="tier")
    with pytest.raises(InputError, match="customers lacks the columns tier"):
        nps(FEEDBACK, by="tier", customers=pa.table({"customer_id": [1]}))
    with pytest.raises(InputError, match="given_at"):
        nps(pa.table({"nps": [1]}), by="month")
    for weights in ({}, {"csat": 0}, {"csat": -1}, {"csat": float("nan")}, {"csat": "2"}):
        with pytest.raises(SettingsError, match="weights"):
            csi(FEEDBACK, weights=weights)
    for scale in ((5, 1), (1, 1), (1,), (float("nan"), 2)):
        with pytest.raises(SettingsError, match="scale"):
            csi(FEEDBACK, scale=scale)  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="confidence level"):
        csat(FEEDBACK, level=95)


def test_the_same_on_both_engines(engine: Engine, tmp_path: Path) -> None:
    file = tmp_path / "feedback.parquet"
    pq.write_table(FEEDBACK, file)
    feedback = engine.backend.read_parquet(str(file))
    customers = tmp_path / "customers.parquet"
    pq.write_table(pa.table({"customer_id": [1, 2, 3], "tier": ["a", "a", "b"]}), customers)
    people = engine.backend.read_parquet(str(customers))
    for score, by in ((nps, None), (nps, ["month", "channel"]), (csat, "month"), (csi, ["tier", "quarter"])):
        assert score(feedback, by=by, customers=people) == score(FEEDBACK, by=by, customers=str(customers)), by
    text = tmp_path / "text.parquet"
    pq.write_table(pa.table({"nps": ["10", "x", "", None], "given_at": ["2025-01-05", "soon", "", None]}), text)
    assert nps(engine.backend.read_parquet(str(text)), by="month") == nps(str(text), by="month")


def test_satisfaction_of_real_tickets(test_data: Path) -> None:
    (file,) = (test_data / "support_tickets").iterdir()
    tickets = pd.read_csv(file).rename(columns={"CSAT_Score": "csat", "Channel": "channel"})
    score = csat(tickets, by="channel")
    assert (score.n, score.unanswered) == (428, 572)
    known = tickets["csat"].dropna()
    assert score.value == pytest.approx(100 * (known >= 4).mean())
    assert score.low is not None
    assert score.high is not None
    assert score.low < score.value < score.high
    for group in score.groups:
        of = known[tickets.loc[known.index, "channel"] == group.group["channel"]]
        assert (group.n, group.value) == (len(of), pytest.approx(100 * (of >= 4).mean()))
