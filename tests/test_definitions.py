"""What the words for leaving mean is said with the numbers of the settings, and is what the models do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from zhike.churn_settings import ChurnSettings
from zhike.definitions import Definitions
from zhike.language import speaking
from zhike.lifecycle import LifecycleSettings
from zhike.rfm import RfmSettings
from zhike.settings import Settings

LEARNT = {"method": "learnt", "days": 112}


def test_the_numbers_are_those_of_the_settings() -> None:
    settings = Settings(
        rfm=RfmSettings(thresholds=(0.7, 0.4, 0.25), grid_days=(60, 150)),
        lifecycle=LifecycleSettings(slow_after=2, churn_after=4.5, fall=0.3),
        churn=ChurnSettings(high=0.6, middle=0.3),
    )
    said = Definitions(settings, LEARNT)
    assert said.stages() == (
        "Maintenance: slowing down, no purchase for 2 times their own usual pause, or spending down to 30%. "
        "Churn: gone, no purchase for 4.5 times that pause."
    )
    assert "below 0.25" in said.tier()
    assert said.grid() == "Active: a purchase in the last 60 days; silent: in the last 150; lost: longer ago."
    assert "112 days" in said.gone()
    assert said.risks() == (
        "High risk: no purchase follows in 112 days with a probability of 60% or more; Middle risk: 30% or more."
    )
    assert all("112 days" in one for one in (said.left(), said.stayed(), said.returned()))


def test_where_a_list_says_who_left_nothing_is_said_of_days() -> None:
    settings = replace(Settings(), churn=ChurnSettings(flag="Exited"))
    said = Definitions(settings, {"method": "contract", "days": 90})
    assert "the column Exited" in said.gone()
    assert "the column Exited" in said.left()
    assert "90" not in said.gone() + said.risks() + said.left() + said.returned()


def test_by_the_rhythm_alone_there_is_no_probability() -> None:
    said = Definitions(Settings(), {"method": "rhythm", "days": 90})
    assert "probability" not in said.risks()
    assert "1.5 times" in said.risks()


def test_before_churn_was_computed() -> None:
    assert "days" not in Definitions(Settings()).returned()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_one_word_for_a_risk_and_another_for_a_tier(language: str) -> None:
    with speaking(language):
        said = Definitions(Settings(), LEARNT)
        assert said.tier().split(":")[0].split("：")[0] != said.risks().split(":")[0].split("：")[0]
