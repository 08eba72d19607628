"""The next best action: the first rule that fits, with the numbers it rests on."""

from __future__ import annotations

from typing import Any

import pytest

from zhike.next_action import RULES, next_action

BASE: dict[str, Any] = {
    "stage": "maturity", "never_purchased": False, "value_tier": "general", "abc": "C", "churn_risk": "low",
    "churn_probability": 0.1, "residual_clv": 1234.0, "warn_complaints": False, "complaints": 0,
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, "stage"),
        ({"churn_risk": "high", "value_tier": "high"}, "call"),
        ({"churn_risk": "high", "abc": "A"}, "call"),
        ({"churn_risk": "high"}, "offer"),
        ({"churn_risk": "high", "warn_complaints": True, "complaints": 3}, "settle_complaint"),
        ({"churn_risk": "middle", "value_tier": "potential"}, "contact"),
        ({"churn_risk": "middle"}, "remind"),
        ({"churn_risk": "middle", "stage": "acquisition"}, "stage"),
        ({"churn_risk": "gone", "value_tier": "high", "churn_probability": None}, "win_back"),
        ({"churn_risk": "gone", "churn_probability": None}, "stage"),
        ({"churn_risk": None, "churn_probability": None, "never_purchased": True, "stage": "acquisition"}, "stage"),
    ],
)
def test_the_first_rule_that_fits(changes: dict[str, Any], code: str) -> None:
    found = next_action(BASE | changes, language="en")
    assert found.code == code
    assert found.action
    assert found.why


def test_every_rule_is_reached_and_the_reason_has_the_numbers() -> None:
    row = BASE | {"churn_risk": "high", "churn_probability": 0.834, "warn_complaints": True, "complaints": 3}
    assert next_action(row, language="en").why == (
        "Complains often: 3 complaints lately, and a risk of leaving of 83 %; 1,234 to come is at stake."
    )
    unproven = next_action(row, proven=False, language="en").why
    assert unproven.endswith("The risk is not proven: on a later time the model was no better than none.")
    assert len({rule.code for rule in RULES}) == len(RULES)


def test_a_risk_without_a_probability_and_scores_from_before() -> None:
    late = BASE | {"churn_risk": "high", "churn_probability": None, "residual_clv": None}
    assert next_action(late, language="en").why == "Worth less than a call costs, but later than usual."
    unknown = BASE | {
        "churn_risk": "high",
        "churn_probability": 0.8,
        "value_tier": None,
        "abc": None,
        "residual_clv": None,
    }
    assert next_action(unknown, language="en").why == "What they are worth is not known; a risk of leaving of 80 %."
    old = {"stage": "growth", "never_purchased": False}
    assert next_action(old, language="en").code == "stage"


def test_who_ended_a_contract_is_not_asked_for_a_first_purchase() -> None:
    gone = {"stage": "acquisition", "never_purchased": True, "value_tier": None, "churn_risk": "gone"}
    assert next_action(gone, language="en").code == "ask_why"
    assert next_action(gone | {"churn_risk": "low"}, language="en").code == "stage"
