"""The settings of churn as people set them: who counts as gone, what a high risk is, and each early warning."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from zhike.churn_settings import LONGEST_DAYS, LONGEST_NAME, RULES, ChurnSettings, IndicatorSettings, Rule
from zhike.labels import WARNINGS, say
from zhike.settings import Settings
from zhike_crm.insights.forms import MAX_WINDOW, SettingsForm

# What of a rule can be tuned.
PARTS = {
    "activity": ("threshold", "days", "at_least"),
    "interactions": ("threshold", "days", "at_least"),
    "carts": ("threshold", "days", "words"),
    "complaints": ("threshold", "days", "at_least", "words"),
    "overdue": ("threshold", "at_least"),
    "competitor": ("threshold", "days", "words"),
}
LONGEST_WORDS = 1_000
SHARES = ("activity", "interactions")
MEANINGS = {
    "activity": _("Purchases fell by so many per cent against as many days before, when there were enough then."),
    "interactions": _(
        "Interactions fell by so many per cent against as many days before, when there were enough then."
    ),
    "carts": _("So many carts were left without a purchase within the days."),
    "complaints": _("So many complaints per purchase within the days, when there are enough of them."),
    "overdue": _("No purchase for so many times their usual pause, from so many days with a purchase."),
    "competitor": _("So many signs of interest in competitors within the days."),
}
_LABELS = {
    "threshold": _("fires from"),
    "days": _("within days"),
    "at_least": _("at least"),
    "words": _("in the names of events"),
}


@dataclass(frozen=True)
class WarningFields:
    """One early warning in the form: its fields, None where it has no such part; `count`: how many it warns of now."""

    code: str
    name: str
    meaning: Any
    on: Any
    threshold: Any
    days: Any
    at_least: Any
    words: Any
    is_share: bool


class ChurnForm(SettingsForm):
    """When a customer counts as gone, from where a risk is high, and the early warnings."""

    steps = {"days": "1", "high": "1", "middle": "1"}

    days = forms.IntegerField(
        label=_("gone after, days without a purchase"),
        min_value=1,
        max_value=LONGEST_DAYS,
        required=False,
        help_text=_("Empty: proposed from how your customers buy."),
    )
    high = forms.FloatField(label=_("high risk from, %"), min_value=0, max_value=100)
    middle = forms.FloatField(label=_("middle risk from, %"), min_value=0, max_value=100)
    flag = forms.CharField(
        label=_("column that says who left"),
        max_length=LONGEST_NAME,
        required=False,
        help_text=_("For contracts: a column of your customers' list. Empty: there is none."),
    )

    def __init__(self, data: Any = None, *, base: Settings, **kwargs: Any) -> None:
        super().__init__(data, base=base, **kwargs)
        for rule in RULES:
            name = say(WARNINGS[rule])
            self.fields[f"{rule}_on"] = forms.BooleanField(label=name, required=False)
            for part in PARTS[rule]:
                field = _part(rule, part)
                field.label = f"{name}: {_LABELS[part]}"
                self.fields[f"{rule}_{part}"] = field

    @property
    def definition(self) -> list[Any]:
        return [self[name] for name in ("days", "high", "middle", "flag")]

    @property
    def warnings(self) -> list[WarningFields]:
        return [self._fields_of(rule) for rule in RULES]

    def _fields_of(self, rule: str) -> WarningFields:
        parts = {part: self[f"{rule}_{part}"] if part in PARTS[rule] else None for part in _LABELS}
        on, is_share = self[f"{rule}_on"], rule in SHARES
        return WarningFields(rule, say(WARNINGS[rule]), MEANINGS[rule], on, **parts, is_share=is_share)

    def initial_of(self, base: Settings) -> dict[str, Any]:
        churn = base.churn
        initial: dict[str, Any] = {"days": churn.days, "flag": churn.flag}
        initial |= {name: _plain(getattr(churn, name) * 100) for name in ("high", "middle")}
        for code in RULES:
            rule = getattr(churn.indicators, code)
            threshold = _plain(rule.threshold * (100 if code in SHARES else 1))
            values = {"on": rule.on, "threshold": threshold, "days": rule.days, "at_least": rule.at_least}
            values["words"] = ", ".join(rule.words)
            initial |= {f"{code}_{part}": value for part, value in values.items()}
        return initial

    def made(self, base: Settings, values: dict[str, Any]) -> Settings:
        rules = {code: _rule(getattr(base.churn.indicators, code), code, values) for code in RULES}
        churn = ChurnSettings(
            days=values["days"],
            flag=values["flag"].strip(),
            high=round(values["high"] / 100, 8),
            middle=round(values["middle"] / 100, 8),
            indicators=IndicatorSettings(**rules),
        )
        return replace(base, churn=churn)


def _plain(value: float) -> float:
    """50, not 50.0."""
    rounded = round(value, 6)
    return int(rounded) if rounded == int(rounded) else rounded


def _part(rule: str, part: str) -> forms.Field:
    if part == "threshold":
        widget = forms.NumberInput(attrs={"step": "1" if rule in SHARES else "0.1"})
        return forms.FloatField(min_value=0, max_value=100 if rule in SHARES else None, widget=widget)
    if part == "words":
        return forms.CharField(max_length=LONGEST_WORDS, required=False)
    return forms.IntegerField(min_value=1 if part == "days" else 0, max_value=MAX_WINDOW)


def _rule(rule: Rule, code: str, values: dict[str, Any]) -> Rule:
    parts = {part: values[f"{code}_{part}"] for part in PARTS[code]}
    if code in SHARES:
        parts["threshold"] = round(parts["threshold"] / 100, 8)
    if "words" in parts:
        words = tuple(word.strip() for word in re.split("[,，、;；]", parts["words"]) if word.strip())
        parts["words"] = words or getattr(IndicatorSettings(), code).words
    return replace(rule, on=values[f"{code}_on"], **parts)
