"""What to do next for one customer, and why: simple rules over stage, risk of leaving and value.

A list of rules, the first that fits wins, so that anybody can say why it was this one. They are rules of trade, not
learnt: whether a call pays is for a campaign with a hold-out group to show.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from zhike.labels import label
from zhike.language import _, current_language, speaking
from zhike.lifecycle import strategy

Scores = Mapping[str, Any]
# Worth a person's time.
VALUABLE_TIERS = ("high", "potential")
VALUABLE_CLASS = "A"


@dataclass(frozen=True)
class NextAction:
    """What to do, and the reason in a sentence; `urgent`: within days."""

    code: str
    action: str
    why: str
    urgent: bool = False


@dataclass(frozen=True)
class Rule:
    code: str
    fits: Callable[[Scores], bool]
    action: Callable[[], str]
    why: Callable[[Scores], str]
    urgent: bool = False


def next_action(scores: Scores, *, proven: bool = True, language: str | None = None) -> NextAction:
    """The next best action for a row of scores.

    Args:
        scores: of a run; a run from before there was a risk of leaving goes by the stage.
        proven: whether the risk of leaving held its test; where it did not, the reason says so.

    >>> row = {"stage": "maintenance", "never_purchased": False, "value_tier": "high", "churn_risk": "high",
    ...        "churn_probability": 0.72, "residual_clv": 480.0}
    >>> found = next_action(row, language="en")
    >>> found.code, found.why
    ('call', 'High value, and a risk of leaving of 72 %; 480 to come is at stake.')
    """
    with speaking(language or current_language()):
        for rule in RULES:
            if rule.fits(scores):
                why = rule.why(scores)
                if not proven and scores.get("churn_risk") not in (None, "gone"):
                    why += " " + _("The risk is not proven: on a later time the model was no better than none.")
                return NextAction(rule.code, rule.action(), why, rule.urgent)
        never = bool(scores["never_purchased"])
        return NextAction("stage", strategy(scores["stage"], never_purchased=never), _by_stage(scores))


def _valuable(scores: Scores) -> bool:
    return scores.get("value_tier") in VALUABLE_TIERS or scores.get("abc") == VALUABLE_CLASS


def _at(*risks: str) -> Callable[[Scores], bool]:
    return lambda scores: scores.get("churn_risk") in risks


def _risk(scores: Scores) -> str:
    """The risk in words, and what is at stake where that is known."""
    if scores.get("churn_probability") is None:
        said = _("later than usual")
    else:
        said = _("a risk of leaving of {percent} %", percent=f"{scores['churn_probability'] * 100:.0f}")
    if scores.get("residual_clv"):
        said += _("; {money} to come is at stake", money=f"{scores['residual_clv']:,.0f}")
    return said


def _why_offer(scores: Scores) -> str:
    if scores.get("value_tier") is None:
        return _("What they are worth is not known; {risk}.", risk=_risk(scores))
    return _("Worth less than a call costs, but {risk}.", risk=_risk(scores))


def _by_stage(scores: Scores) -> str:
    stage = label("stage", scores["stage"])
    if scores.get("churn_risk") == "low":
        return _("It fits the stage ({stage}), and the risk of leaving is low.", stage=stage)
    return _("It fits the stage ({stage}).", stage=stage)


RULES = (
    Rule(
        "settle_complaint",
        lambda s: _at("high", "middle")(s) and bool(s.get("warn_complaints")),
        lambda: _("Settle the complaint first, in person, before anything is offered."),
        lambda s: _(
            "Complains often: {complaints} complaints lately, and {risk}.",
            complaints=s.get("complaints") or 0,
            risk=_risk(s),
        ),
        urgent=True,
    ),
    Rule(
        "call",
        lambda s: _at("high")(s) and _valuable(s),
        lambda: _("Call this week: ask what is wrong, and have something to offer that they would miss."),
        lambda s: _("High value, and {risk}.", risk=_risk(s)),
        urgent=True,
    ),
    Rule(
        "offer",
        _at("high"),
        lambda: _("Send one good offer by mail or message, with an end date; no call."),
        _why_offer,
    ),
    Rule(
        "contact",
        lambda s: _at("middle")(s) and _valuable(s),
        lambda: _("Get in touch within two weeks, before they are late: news, an early look, a small thank-you."),
        lambda s: _("High value, and {risk}.", risk=_risk(s)),
    ),
    Rule(
        "remind",
        # Who has only begun needs a second purchase, whatever the risk: the stage says how.
        lambda s: _at("middle")(s) and s["stage"] != "acquisition",
        lambda: _("Remind them with the next mailing of what fits what they bought last."),
        lambda s: _("In between: {risk}.", risk=_risk(s)),
    ),
    Rule(
        "win_back",
        lambda s: _at("gone")(s) and _valuable(s),
        lambda: _("Win back in person: one strong offer, and ask why they left."),
        lambda _s: _("Counts as gone, but was worth much."),
    ),
    Rule(
        "ask_why",
        # A contract that ended: the stage would speak of a first purchase.
        lambda s: _at("gone")(s) and bool(s["never_purchased"]),
        lambda: _("Ask once why they left, and write again only with something new to offer."),
        lambda _s: _("Counts as gone, by what your list of customers says."),
    ),
)
