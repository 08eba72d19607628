"""What customers can be compared by: columns of their list, what their file and their answers say.

A trait is a number or a category. Its name is what a clustering keeps, its label what people read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from zhike.language import current_language
from zhike.schema import contract
from zhike.segments.columns import NO_YES
from zhike.segments.naming import level_name
from zhike_crm.accounts.access import can
from zhike_crm.customers.lists import CustomerList
from zhike_crm.fields.models import Kind as FieldKind
from zhike_crm.segments.models import OPTION
from zhike_crm.segments.privacy import PERMISSION
from zhike_crm.ui.lists.columns import Column, Kind

# Customers are told apart by so many traits at most; more say the same several times over.
MOST_TRAITS = 20
# Columns of the lake's tables: name here → table and column there.
TOLD = {
    "profile.education": ("customers", "education"),
    "profile.occupation": ("customers", "occupation"),
    "profile.marital_status": ("customers", "marital_status"),
    "profile.income": ("customers", "income"),
    "profile.channel": ("customers", "channel"),
    "profile.language": ("customers", "language"),
    "answer.nps": ("feedback", "nps"),
    "answer.csat": ("feedback", "csat"),
}
_TOLD_OF_CUSTOMERS = {column for table, column in TOLD.values() if table == "customers"}
_BY_THEME = {
    "value": (
        "recency_days",
        "frequency",
        "monetary",
        "orders",
        "revenue",
        "average_order_value",
        "profit",
        "clv",
        "residual_clv",
    ),
    "outlook": ("expected_purchases", "p_alive", "churn_probability", "warnings"),
    "opinion": ("answer.nps", "answer.csat"),
    "people": (
        "age",
        "gender",
        "kind",
        "country",
        "region",
        *(name for name in TOLD if name.startswith("profile.")),
    ),
    # What the models say of them already: to compare groups by, not to find them with.
    "models": ("value_tier", "grade", "stage", "churn_risk"),
}
THEMES = {
    "value": _("Value and rhythm"),
    "outlook": _("What is to come"),
    "opinion": _("Satisfaction"),
    "people": _("Who they are"),
    "own": _("Your own fields"),
}
# Traits of customers who have bought: who has not is in no group that is found with them.
OF_BUYERS = frozenset(_BY_THEME["value"]) | {"expected_purchases", "p_alive"}
_FIELDS = (FieldKind.NUMBER, FieldKind.CHOICE, FieldKind.CHOICES, FieldKind.YESNO)


@dataclass(frozen=True)
class Trait:
    """`column` is that of the list of customers, None of what only the lake knows; `option` one of several choices."""

    name: str
    theme: str
    column: Column | None = None
    option: str = ""

    @cached_property
    def label(self) -> str:
        """What the reader calls it."""
        if self.column is None:
            table, name = TOLD[self.name]
            return contract(table)[name].label(current_language())
        if self.option:
            return f"{self.column.label}: {self.level(self.option)}"
        return str(self.column.label)

    def level(self, code: str) -> str:
        """What the reader calls a level of it."""
        if code in NO_YES:
            return level_name(code)
        choice = self.column.by_code.get(code) if self.column else None
        return str(choice.label) if choice else code

    @property
    def is_personal(self) -> bool:
        """A column says so itself; what a file tells is as personal as its contract says."""
        if self.column is not None:
            return self.column.personal
        table, name = TOLD[self.name]
        return contract(table)[name].personal

    @property
    def is_money(self) -> bool:
        return self.column is not None and self.column.kind is Kind.MONEY

    @property
    def digits(self) -> int:
        return self.column.digits if self.column else 1


def traits_of(records: CustomerList) -> dict[str, Trait]:
    """Everything that customers can be compared by, for somebody who sees this list, in the order of the themes."""
    columns, found = records.columns, []
    personal = can(records.member, PERMISSION)
    for theme, names in _BY_THEME.items():
        found += [Trait(name, theme, columns[name]) for name in names if name in columns]
        told = (Trait(name, theme) for name in names if name in TOLD)
        found += [trait for trait in told if personal or not trait.is_personal]
    for name, column in columns.items():
        # What the customer file says for a column of ours is offered already, under who they are.
        if column.field is None or column.field.kind not in _FIELDS or _TOLD_OF_CUSTOMERS & set(column.field.told_by):
            continue
        if column.field.kind == FieldKind.CHOICES:
            options = [Trait(f"{name}{OPTION}{code}", "own", column, code) for code in column.by_code]
            found += options[:MOST_TRAITS]
        else:
            found.append(Trait(name, "own", column))
    return {trait.name: trait for trait in found}


def usual(known: Iterable[str]) -> dict[str, list[str]]:
    """Sets of traits to begin with: code → names; of those that there are."""
    there = set(known)
    own = [name for name in there if name.startswith("field.")]
    sets = {
        "value": ["recency_days", "frequency", "average_order_value", "residual_clv"],
        "rfm": ["recency_days", "frequency", "monetary"],
        "outlook": ["recency_days", "residual_clv", "churn_probability", "expected_purchases"],
        "opinion": ["answer.nps", "answer.csat", "recency_days", "monetary"],
        "people": ["age", "gender", "profile.income", "profile.education", "profile.marital_status", *sorted(own)],
    }
    needed = {"opinion": {"answer.nps", "answer.csat"}, "people": set(sets["people"])}
    return {
        code: [name for name in names if name in there][:MOST_TRAITS]
        for code, names in sets.items()
        if there & set(needed.get(code, names))
    }


SETS = {
    "value": _("Value and rhythm"),
    "rfm": _("RFM"),
    "outlook": _("What is to come"),
    "opinion": _("Satisfaction"),
    "people": _("Who they are"),
}


def listed(said: Iterable[str]) -> str:
    """One after the other, as the reader's language has it."""
    return pgettext("between the items of a list", ", ").join(said)


class Names:
    """What traits and their levels are called in the current language of the library; for the names of groups."""

    def __init__(self, traits: Mapping[str, Trait]) -> None:
        self._traits = traits

    def __call__(self, name: str, level: str | None) -> str:
        trait = self._traits.get(name)
        if trait is None:
            return name if level is None else level
        return trait.label if level is None else trait.level(level)
