"""The tests of conditions in words, in the order a person looks for them; and a whole condition as a sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from zhike_crm.ui.lists.columns import Column, Kind

# What a tree may hold besides conditions on columns: the key by which one is known → how it is said.
Words = Mapping[str, Callable[[Mapping[str, Any]], str]]


def tests_in_words(kind: Kind) -> list[tuple[str, str]]:
    """(test, what the reader sees) for a kind of column."""
    presence = [("empty", _("is empty")), ("filled", _("is filled"))]
    numbers = [
        ("gte", _("at least")),
        ("lte", _("at most")),
        ("between", _("between")),
        ("eq", _("equals")),
        ("gt", _("more than")),
        ("lt", _("less than")),
        *presence,
    ]
    dates = [
        ("last_days", _("in the last")),
        ("next_days", _("in the next")),
        ("before", _("before")),
        ("after", _("after")),
        ("between", _("between")),
        ("on", _("on")),
        *presence,
    ]
    several = [("any_of", _("is one of")), ("none_of", _("is none of")), *presence]
    return {
        Kind.TEXT: [
            ("contains", _("contains")),
            ("lacks", _("does not contain")),
            ("is", _("is")),
            ("is_not", _("is not")),
            ("starts", _("begins with")),
            *presence,
        ],
        Kind.NUMBER: numbers,
        Kind.MONEY: numbers,
        Kind.DATE: dates,
        Kind.MOMENT: dates,
        Kind.CHOICE: several,
        Kind.PERSON: several,
        Kind.LINK: several,
        Kind.GROUP: several,
        Kind.AGE: numbers[:3] + presence,
        Kind.YESNO: [("yes", _("is yes")), ("no", _("is no"))],
    }[kind]


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
