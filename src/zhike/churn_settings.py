"""Which early warnings there are, and from where each fires: what a company switches and tunes."""

from __future__ import annotations

from dataclasses import dataclass, fields
from math import isfinite

from zhike.churn.events import CART_WORDS, COMPETITOR_WORDS, COMPLAINT_WORDS
from zhike.errors import SettingsError
from zhike.facts.purchases import check_window


@dataclass(frozen=True)
class Rule:
    """One warning.

    Args:
        on: whether it is used.
        threshold: from where it fires; what it counts is said with each rule of `IndicatorSettings`.
        days: the window it looks at, ending with the day asked for.
        at_least: how much there must have been at all, before the rule says anything.
        words: what the events it looks for are called, in part.
    """

    on: bool = True
    threshold: float = 1.0
    days: int = 90
    at_least: int = 0
    words: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        number_ = isinstance(self.threshold, int | float) and not isinstance(self.threshold, bool)
        if not (number_ and isfinite(self.threshold) and self.threshold > 0):
            raise SettingsError(
                "A warning cannot fire from {value}.", fix="Give a number above 0.", value=repr(self.threshold)
            )
        check_window(self.days)
        if not isinstance(self.on, bool):
            raise SettingsError("{name} cannot be {value}.", fix="Give true or false.", name="on", value=repr(self.on))
        if isinstance(self.at_least, bool) or not isinstance(self.at_least, int) or self.at_least < 0:
            raise SettingsError(
                "{name} cannot be {value}.",
                fix="Give a whole number of 0 or more.",
                name="at_least",
                value=repr(self.at_least),
            )
        words = tuple(self.words) if not isinstance(self.words, str) else (self.words,)
        if not all(isinstance(word, str) and word.strip() for word in words):
            raise SettingsError(
                "{name} cannot be {value}.", fix="Give a list of words.", name="words", value=repr(self.words)
            )
        object.__setattr__(self, "words", tuple(word.strip().lower() for word in words))


@dataclass(frozen=True)
class IndicatorSettings:
    """The rules.

    `activity`: purchases of the last `days` are lower by the share `threshold` than in the `days` before, when there
    were `at_least` then. `interactions`: the same for interactions. `carts`: `threshold` carts left behind in the
    last `days`: days on which something was put into a cart, without a purchase on them or the two after.
    `complaints`: complaints per purchase of the last `days` reach `threshold`, from `at_least` complaints. `overdue`:
    the pause since the last purchase is `threshold` times the customer's own rhythm, from `at_least` days with a
    purchase. `competitor`: `threshold` signs of interest in competitors in the last `days`.
    """

    activity: Rule = Rule(threshold=0.5, days=90, at_least=2)
    interactions: Rule = Rule(threshold=0.5, days=90, at_least=5)
    carts: Rule = Rule(threshold=3, days=30, words=CART_WORDS)
    complaints: Rule = Rule(threshold=0.5, days=180, at_least=2, words=COMPLAINT_WORDS)
    overdue: Rule = Rule(threshold=1.5, at_least=3)
    competitor: Rule = Rule(threshold=1, days=90, words=COMPETITOR_WORDS)


RULES = tuple(rule.name for rule in fields(IndicatorSettings))
