"""What sets a group of customers apart, in words: for the name of a cluster and for a profile card."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from zhike.language import _, current_language
from zhike.schema import CONTRACTS

# A group differs from everybody by so many standard deviations, or the difference is not in its name.
WORTH_A_NAME = 0.5
# A category names a group if most of the group have it.
MOST_HAVE_IT = 0.5
SHORT, LONGEST = 3, 5


class Difference(NamedTuple):
    """How far a group is from everybody in one column, in standard deviations; of a category, in one `level` of it
    that a `share` of the group have."""

    column: str
    level: str | None
    effect: float
    share: float = 1.0


# Columns of the models, in a word or two: when the group has less of it, and when it has more.
_WORDS: dict[str, tuple[Callable[[], str], Callable[[], str]]] = {
    "recency_days": (lambda: _("recent"), lambda: _("long absent")),
    "frequency": (lambda: _("infrequent"), lambda: _("frequent")),
    "orders": (lambda: _("few orders"), lambda: _("many orders")),
    "purchase_days": (lambda: _("few visits"), lambda: _("many visits")),
    "monetary": (lambda: _("low spend"), lambda: _("high spend")),
    "revenue": (lambda: _("low lifetime spend"), lambda: _("high lifetime spend")),
    "tenure_days": (lambda: _("new customers"), lambda: _("long-standing customers")),
    "average_order_value": (lambda: _("small orders"), lambda: _("large orders")),
    "clv": (lambda: _("low lifetime value"), lambda: _("high lifetime value")),
    "residual_clv": (lambda: _("little to come"), lambda: _("much to come")),
    "expected_purchases": (lambda: _("few purchases to expect"), lambda: _("many purchases to expect")),
    "p_alive": (lambda: _("probably gone"), lambda: _("probably staying")),
    "churn_probability": (lambda: _("unlikely to leave"), lambda: _("likely to leave")),
    "profit": (lambda: _("low profit"), lambda: _("high profit")),
    "age": (lambda: _("younger"), lambda: _("older")),
    "income": (lambda: _("low income"), lambda: _("high income")),
    "nps": (lambda: _("unlikely to recommend"), lambda: _("likely to recommend")),
    "csat": (lambda: _("dissatisfied"), lambda: _("satisfied")),
}


def column_name(column: str) -> str:
    """What people call a column of ours, in the current language; any other is called as it is."""
    for table in CONTRACTS.values():
        if column in table:
            return table[column].label(current_language())
    return column


def level_name(level: str) -> str:
    """No and yes in the current language; any other as it is."""
    return {"no": _("no"), "yes": _("yes")}.get(level, level)


# What people call a column, or a level of one: in the current language.
Called = Callable[[str, str | None], str]


def usual_name(column: str, level: str | None) -> str:
    """What a column of ours is called, or a level of it."""
    return column_name(column) if level is None else level_name(level)


def phrase(difference: Difference, called: Called = usual_name) -> str:
    """A difference in a word or two, in the current language.

    >>> from zhike.language import speaking
    >>> with speaking("en"):
    ...     phrase(Difference("recency_days", None, -1.2)), phrase(Difference("visits", None, 0.9))
    ('recent', 'high visits')
    """
    column, level, effect, _share = difference
    if level is not None:
        return _("{column}: {value}", column=called(column, None), value=called(column, level))
    if column in _WORDS:
        less, more = _WORDS[column]
        return more() if effect > 0 else less()
    name = called(column, None)
    return _("high {column}", column=name) if effect > 0 else _("low {column}", column=name)


def group_names(groups: Sequence[Sequence[Difference]], called: Called = usual_name) -> tuple[str, ...]:
    """A name for each group, all different, in the current language.

    Of each group the two or three differences that come first; more where another group would be called the same, and
    a number where even these do not tell them apart. `called` says what columns and levels are called that are not
    ours.

    >>> from zhike.language import speaking
    >>> often, seldom = Difference("frequency", None, 1.5), Difference("frequency", None, -0.7)
    >>> with speaking("en"):
    ...     group_names([[often], [seldom], []])
    ('frequent', 'infrequent', 'near the average')
    """
    phrases = [list(dict.fromkeys(phrase(d, called) for d in _worth_naming(group))) for group in groups]
    lengths = [SHORT] * len(groups)
    for _longer in range(LONGEST - SHORT):
        names = _joined(phrases, lengths)
        lengths = [n + (names.count(name) > 1) for n, name in zip(lengths, names, strict=True)]
    names = _joined(phrases, lengths)
    return tuple(
        name if names.count(name) == 1 else _("{name} ({number})", name=name, number=names[: place + 1].count(name))
        for place, name in enumerate(names)
    )


def _worth_naming(group: Sequence[Difference]) -> list[Difference]:
    found = [d for d in group if abs(d.effect) >= WORTH_A_NAME]
    return [d for d in found if d.level is None or (d.effect > 0 and d.share >= MOST_HAVE_IT)]


def _joined(phrases: list[list[str]], lengths: list[int]) -> list[str]:
    comma = "、" if current_language() == "zh" else ", "
    return [
        comma.join(said[:length]) if said else _("near the average")
        for said, length in zip(phrases, lengths, strict=True)
    ]
