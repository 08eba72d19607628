"""What a company decides about churn: who counts as gone, which risk is high, which early warnings fire from where."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

from zhike.errors import SettingsError
from zhike.facts.purchases import check_window, is_number

# Companies name their events as they like, so words decide, in English and Chinese.
COMPLAINT_WORDS = ("complain", "grievance", "dissatisf", "投诉", "抱怨", "差评", "不满")
CART_WORDS = ("cart", "basket", "购物车", "加购")
COMPETITOR_WORDS = ("competitor", "competition", "rival", "price_match", "竞争对手", "竞品", "竞对", "比价")
LONGEST_DAYS = 3650
LONGEST_NAME = 200


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
        if not (is_number(self.threshold) and self.threshold > 0):
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


@dataclass(frozen=True)
class ChurnSettings:
    """Who counts as gone, and from which probability of leaving a risk is called high or middle.

    Args:
        days: a customer without a purchase for so many days counts as gone; None: proposed from how they buy.
        flag: the column of the customers' list that says who has left (a contract that ended); with it nothing else
            counts, and `days` only say how far ahead warnings look. Empty: there is none.
        high, middle: probabilities of leaving, 0–1.
        indicators: the early warnings.
    """

    days: int | None = None
    flag: str = ""
    high: float = 0.5
    middle: float = 0.25
    indicators: IndicatorSettings = field(default_factory=IndicatorSettings)

    def __post_init__(self) -> None:
        whole = isinstance(self.days, int) and not isinstance(self.days, bool)
        if self.days is not None and not (whole and 1 <= self.days <= LONGEST_DAYS):
            raise SettingsError(
                "A customer cannot count as gone after {days} days without a purchase.",
                fix="Give a whole number of days from 1 to 3650, or leave it out to have it proposed.",
                days=repr(self.days),
            )
        if not isinstance(self.flag, str) or len(self.flag) > LONGEST_NAME:
            raise SettingsError(
                "{name} cannot be {value}.",
                fix="Give the name of a column.",
                name="flag",
                value=repr(self.flag)[:LONGEST_NAME],
            )
        if not (is_number(self.high) and is_number(self.middle) and 0 < self.middle < self.high <= 1):
            raise SettingsError(
                "A risk cannot be middle from {middle} and high from {high}.",
                fix="Give middle above 0, and high above middle and up to 1; the defaults are 0.25 and 0.5.",
                middle=repr(self.middle),
                high=repr(self.high),
            )
