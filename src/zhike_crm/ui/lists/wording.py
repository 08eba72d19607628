"""The tests of conditions in words, in the order a person looks for them; and a whole condition as a sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhike_crm.ui.lists.columns import Column, Kind

# What a tree may hold besides conditions on columns: the key by which one is known → how it is said.
Words = Mapping[str, Callable[[Mapping[str, Any]], str]]


_PRESENCE = (("empty", gettext_lazy("is empty")), ("filled", gettext_lazy("is filled")))
_NUMBERS = (
    ("gte", gettext_lazy("at least")),
    ("lte", gettext_lazy("at most")),
    ("between", gettext_lazy("between")),
    ("eq", gettext_lazy("equals")),
    ("gt", gettext_lazy("more than")),
    ("lt", gettext_lazy("less than")),
    *_PRESENCE,
)
_DATES = (
    ("last_days", gettext_lazy("in the last")),
    ("next_days", gettext_lazy("in the next")),
    ("before", gettext_lazy("before")),
    ("after", gettext_lazy("after")),
    ("between", gettext_lazy("between")),
    ("on", gettext_lazy("on")),
    *_PRESENCE,
)
_SEVERAL = (("any_of", gettext_lazy("is one of")), ("none_of", gettext_lazy("is none of")), *_PRESENCE)
_TESTS: dict[Kind, tuple[tuple[str, Any], ...]] = {
    Kind.TEXT: (
        ("contains", gettext_lazy("contains")),
        ("lacks", gettext_lazy("does not contain")),
        ("is", gettext_lazy("is")),
        ("is_not", gettext_lazy("is not")),
        ("starts", gettext_lazy("begins with")),
        *_PRESENCE,
    ),
    Kind.NUMBER: _NUMBERS,
    Kind.MONEY: _NUMBERS,
    Kind.DATE: _DATES,
    Kind.MOMENT: _DATES,
    Kind.CHOICE: _SEVERAL,
    Kind.PERSON: _SEVERAL,
    Kind.LINK: _SEVERAL,
    Kind.GROUP: _SEVERAL,
    Kind.AGE: _NUMBERS[:3] + _PRESENCE,
    Kind.YESNO: (("yes", gettext_lazy("is yes")), ("no", gettext_lazy("is no"))),
}


def tests_in_words(kind: Kind) -> list[tuple[str, str]]:
    """(test, what the reader sees) for a kind of column."""
    return [(test, str(words)) for test, words in _TESTS[kind]]


def sentence(tree: Mapping[str, Any], columns: Mapping[str, Column], words: Words | None = None) -> str:
    """A tree of conditions as people read it, such as: Tier is one of High value and Revenue at least 500."""
    words = words or {}
    if not tree:
        return ""
    kind = next((kind for kind in words if kind in tree), None)
    if kind is not None:
        return words[kind](tree)
    if "column" in tree:
        return _condition(tree, columns)
    if "not" in tree:
        return _("not (%(conditions)s)") % {"conditions": sentence(tree["not"], columns, words)}
    between = _(" and ") if "all" in tree else _(" or ")
    members = tree.get("all", tree.get("any")) or []
    parts = [sentence(member, columns, words) for member in members]
    nested = [
        f"({part})" if len(members) > 1 and {"all", "any"} & set(member) else part
        for part, member in zip(parts, members, strict=True)
    ]
    return between.join(nested)


def _condition(tree: Mapping[str, Any], columns: Mapping[str, Column]) -> str:
    column = columns.get(tree["column"])
    if column is None:
        return _("a condition that you may not see")
    test = dict(tests_in_words(column.kind))[tree["test"]]
    return " ".join(part for part in (str(column.label), test, _value(tree.get("value"), column, tree["test"])) if part)


def _value(value: Any, column: Column, test: str) -> str:
    labels = {choice.code: str(choice.label) for choice in column.choices()}
    if test in ("empty", "filled", "yes", "no"):
        return ""
    if test == "between":
        return f"{value[0]} – {value[1]}"
    if test in ("last_days", "next_days"):
        return _("%(number)s days") % {"number": value}
    several = value if isinstance(value, list) else [value]
    return ", ".join(labels.get(str(v), str(v)) for v in several)
