"""What the newest rating of a customer says, whatever was asked."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from zhike.language import speaking
from zhike_crm.customers.opinion import opinion


def answers(*rows: dict[str, Any]) -> list[dict[str, Any]]:
    """Feedback, the newest first."""
    day = dt.datetime(2025, 6, 30)
    return [{"given_at": day - dt.timedelta(days=n), **row} for n, row in enumerate(rows)]


@pytest.mark.parametrize(
    ("row", "value", "note", "mood"),
    [
        ({"nps": 10}, "10 of 10", "a promoter", 1),
        ({"nps": 7.5}, "7.5 of 10", "neither for nor against us", 0),
        ({"nps": 6}, "6 of 10", "a detractor", -1),
        ({"csat": 4}, "4 of 5", "satisfied", 1),
        ({"csat": 3}, "3 of 5", "not satisfied", -1),
        ({"positive": True}, "good", "satisfied", 1),
        ({"positive": False}, "bad", "not satisfied", -1),
        # Off the scale is no answer, and the next question counts.
        ({"nps": 11, "csat": 5}, "5 of 5", "satisfied", 1),
    ],
)
def test_a_rating(row: dict[str, Any], value: str, note: str, mood: int) -> None:
    found = opinion(answers(row))
    assert found is not None
    assert found.rating == (value, note, mood)
    assert found.why == f"Asked on 2025-06-30: {value}, {note}."


@pytest.mark.parametrize("rows", [[], [{"nps": None, "text": "Hello"}], [{"nps": 12}, {"csat": 0}]])
def test_no_rating(rows: list[dict[str, Any]]) -> None:
    assert opinion(answers(*rows)) is None


def test_why() -> None:
    found = opinion(answers({"nps": 2, "text": "  送餐太慢，\n包装漏了 100% "}, {"nps": 9}))
    assert found is not None
    assert "“送餐太慢， 包装漏了 100%”" in found.why
    assert "It complains about " in found.why
    assert found.why.endswith("Before that 9 of 10, on 2025-06-29.")
    with speaking("zh"):
        again = opinion(answers({"csat": 5, "text": "味道很好" * 100}))
    assert again is not None
    assert "…”" in again.why
