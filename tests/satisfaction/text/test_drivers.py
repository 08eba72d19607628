"""Drivers: effects that were put in come out again, chance does not, and too little says so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.satisfaction.text.reviews import waimai
from zhike.errors import InputError, SettingsError
from zhike.satisfaction import csat, drivers, nps

COMPLAINTS = {"waiting": "等了半天，", "packaging": "包装破了，", "price": "太贵，", "hygiene": "头发，"}


def survey(size: int, effects: dict[str, float], seed: int = 1) -> pd.DataFrame:
    """Answers whose chance to be satisfied is .7 plus the effects of what their text complains about."""
    dice = np.random.default_rng(seed)
    has = {topic: dice.random(size) < 0.25 for topic in COMPLAINTS}
    has["packaging"] |= has["waiting"] & (dice.random(size) < 0.6)  # they come together: only one of them matters
    chance = 0.7 + sum(effects.get(topic, 0.0) * on for topic, on in has.items())
    text = ["".join(COMPLAINTS[t] for t in COMPLAINTS if has[t][i]) + "编号" + str(i) for i in range(size)]
    return pd.DataFrame({"text": text, "csat": np.where(dice.random(size) < chance, 5, 2)})


def test_what_was_put_in_comes_out() -> None:
    found = drivers(survey(6000, {"waiting": -0.4, "price": -0.1}), metric="csat")
    by_topic = {d.topic: d for d in found.drivers if d.tone == "complaint"}
    waiting, packaging = by_topic["waiting"], by_topic["packaging"]
    assert waiting.effect_low < -40 < waiting.effect_high
    assert by_topic["price"].effect_low < -10 < by_topic["price"].effect_high
    assert waiting.cost == pytest.approx(waiting.share * waiting.effect)
    # Packaging is complained about by the same people and only looks guilty.
    alone = packaging.with_topic - packaging.without
    assert alone < -10
    assert abs(packaging.effect) < abs(alone) / 2
    assert not packaging.is_clear
    assert found.short_board == waiting
    assert "等了半天" in waiting.quotes[0]
    assert 1 <= len(waiting.quotes) <= 3
    assert "“Waiting time”" in found.sentence("en")


def test_its_intervals_hold_what_they_promise() -> None:
    covered = []
    for seed in range(40):
        found = drivers(survey(400, {"waiting": -0.3}, seed), metric="csat")
        waiting = next(d for d in found.drivers if (d.topic, d.tone) == ("waiting", "complaint"))
        covered.append(waiting.effect_low < -30 < waiting.effect_high)
    assert np.mean(covered) > 0.88


def test_chance_is_no_short_board() -> None:
    boards = [drivers(survey(400, {}, seed), metric="csat").short_board for seed in range(25)]
    assert sum(board is not None for board in boards) <= 3


def test_the_value_is_the_score() -> None:
    table = survey(300, {"waiting": -0.4})
    assert drivers(table, metric="csat").value == pytest.approx(csat(table).value)
    table["nps"] = np.where(table["csat"] == 5, 10, 3)
    assert drivers(table).value == pytest.approx(nps(table).value)


def test_real_reviews(test_data: Path) -> None:
    reviews = waimai(test_data)
    found = drivers(reviews, metric="positive")
    assert "of good-review rate" in found.sentence()
    worst = [d.topic for d in found.drivers[:3]]
    assert set(worst) <= {"taste", "waiting", "delivery"}
    assert found.drivers[-1].tone == "praise"
    assert [d.cost for d in found.drivers] == sorted(d.cost for d in found.drivers)
    assert found.short_board is not None
    assert found.short_board.with_topic < 20 < found.short_board.without


@pytest.mark.parametrize(
    ("table", "reason", "sentence"),
    [
        (pd.DataFrame({"text": ["太慢"] * 5, "nps": [1] * 5}), "few", "too few to tell"),
        (pd.DataFrame({"text": ["太慢"] * 50, "nps": [12] * 50}), "few", "too few to tell"),
        (pd.DataFrame({"text": [None, " "] * 50, "nps": [1, 10] * 50}), "few", "too few to tell"),
        (pd.DataFrame({"text": ["送餐太慢", "好"] * 50, "nps": [10] * 100}), "alike", "are alike"),
        (pd.DataFrame({"text": ["唔", "哦"] * 50, "nps": [10, 1] * 50}), "no topics", "No topic"),
        (pd.DataFrame({"text": ["送餐太慢"] * 100, "nps": [10, 1] * 50}), "no topics", "No topic"),
    ],
)
def test_too_little_says_so(table: pd.DataFrame, reason: str, sentence: str) -> None:
    found = drivers(table)
    assert (found.reason, found.drivers, found.short_board) == (reason, (), None)
    assert sentence in found.sentence("en")


def test_topics_that_always_come_together_are_not_told_apart() -> None:
    text = [
        ("送货太慢" if n % 3 == 0 else "好") + "啊" * (n % 7) for n in range(120)
    ]  # delivery and waiting, always both
    found = drivers(pd.DataFrame({"text": text, "nps": [1 + (n * 7) % 10 for n in range(120)]}))
    named = {d.topic for d in found.drivers}
    assert len(named & {"delivery", "waiting"}) == 1
    assert len({topic for topic, _tone in found.left_out} & {"delivery", "waiting"}) == 1
    assert all(np.isfinite([d.effect, d.effect_low, d.effect_high]).all() for d in found.drivers)


def test_settings_that_cannot_be() -> None:
    with pytest.raises(SettingsError, match="no score called csi"):
        drivers(survey(50, {}), metric="csi")
    with pytest.raises(InputError, match="lacks the columns nps"):
        drivers(survey(50, {}))
    with pytest.raises(SettingsError, match="confidence level"):
        drivers(survey(50, {}), metric="csat", level=2)
