"""How far scores moved: nothing where nothing did, on both engines, and by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from zhike.drift import MOVED, SHIFTED, stability

if TYPE_CHECKING:
    from tests.engines.engine import Engine

pytest_plugins = ("tests.engines.engine",)  # the fixture `engine`


def test_by_hand(engine: Engine) -> None:
    """Halves of 50 and 50 % become 25 and 75 %: (.25 − .5) ln(.25/.5) + (.75 − .5) ln(.75/.5) = .2747."""
    before = engine.table([{"score": float(n)} for n in range(1, 9)])
    now = engine.table([{"score": value} for value in (1.0, 2.0, 5.0, 6.0, 7.0, 8.0, 8.0, 8.0)])
    assert stability(before, before, ["score"], bins=2) == {"score": 0.0}
    assert stability(before, now, ["score"], bins=2)["score"] == pytest.approx(0.2747, abs=1e-4)


def test_who_lost_their_value_counts_and_what_cannot_be_told_is_left_out(engine: Engine) -> None:
    before = engine.table([{"score": float(n), "rank": None if n else 1.0} for n in range(40)])
    now = engine.table([{"score": None if n % 2 else float(n), "rank": 2.0} for n in range(40)])
    found = stability(before, now, ["score", "rank", "nothing"])
    assert set(found) == {"score", "rank"}
    assert found["score"] > SHIFTED
    assert stability(now.select("score").filter(now.score.isnull()), before, ["score"]) == {}


def test_chance_alone_stays_within_what_is_usual(engine: Engine) -> None:
    dice = np.random.default_rng(1)
    before, now = ([{"score": float(v)} for v in dice.gamma(2, 1, 2000)] for _ in range(2))
    assert 0 < stability(engine.table(before), engine.table(now), ["score"])["score"] < MOVED / 2
