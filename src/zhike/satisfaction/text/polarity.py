"""What a text says by the words in it: praise and complaint, turned round by “not”, made stronger by “very”.

The fallback for workspaces without enough ratings of their own to learn from. Words are in `lexicon.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from zhike.satisfaction.text import lexicon
from zhike.satisfaction.text.characters import Characters, Flags, Places, is_han
from zhike.satisfaction.text.phrases import Found, Phrases

Vector = NDArray[np.float64]

# How far before a word “not” and “very” still belong to it, in characters and within the clause.
REACH_HAN, REACH_LATIN = 6, 22
DENIED = -0.7  # “not good” is less bad than “bad” is
STRONGER, WEAKER = 1.4, 0.7
AFTER_BUT, BEFORE_BUT = 1.3, 0.7
_CLAUSE_ENDS = np.array(sorted(map(ord, ",.!?;:，。！？；：、…~\n\0()（）")), dtype=np.uint32)


class Lexicon(NamedTuple):
    """All phrases with what each does: its own value, whether it denies, how much stronger it makes, whether it is a
    “but”."""

    phrases: Phrases
    value: Vector
    denies: Flags
    factor: Vector
    contrast: Flags


def _values(lists: Mapping[float, str], sign: int) -> dict[str, float]:
    return {phrase: sign * value for value, written in lists.items() for phrase in lexicon.phrases(written)}


@cache
def read_lexicon() -> Lexicon:
    """The lists of `lexicon.py`, ready to be looked for; a phrase may be in several, where it has several effects."""
    value: dict[str, float] = {}
    for praise in (lexicon.PRAISE_ZH, lexicon.PRAISE_EN, lexicon.PRAISE_SIGNS):
        value |= _values(praise, 1)
    for complaint in (lexicon.COMPLAINT_ZH, lexicon.COMPLAINT_EN, lexicon.COMPLAINT_SIGNS):
        value |= _values(complaint, -1)
    value |= dict.fromkeys(lexicon.phrases(lexicon.NEITHER), 0.0)
    denies = set(lexicon.phrases(lexicon.NEGATION_ZH) + lexicon.phrases(lexicon.NEGATION_EN))
    factor = dict.fromkeys(lexicon.phrases(lexicon.STRONGER), STRONGER)
    factor |= dict.fromkeys(lexicon.phrases(lexicon.WEAKER), WEAKER)
    contrast = set(lexicon.phrases(lexicon.CONTRAST))
    known = list(dict.fromkeys([*value, *denies, *factor, *contrast]))
    return Lexicon(
        Phrases(known),
        np.array([value.get(phrase, 0.0) for phrase in known]),
        np.array([phrase in denies for phrase in known]),
        np.array([factor.get(phrase, 1.0) for phrase in known]),
        np.array([phrase in contrast for phrase in known]),
    )


def polarity(characters: Characters) -> Vector:
    """Per text the sum of its praise (> 0) and complaints (< 0); NaN where there is neither.

    >>> polarity(Characters.of(["味道很好", "味道不好", "not very good", "good, but far too slow", "12 Main Street"]))
    array([ 1.  , -1.  , -0.98, -1.25,   nan])
    """
    judged, value, _buts = _judgements(characters)
    text = characters.text[judged.start]
    total = np.bincount(text, weights=value, minlength=characters.count)
    anything = np.bincount(text, minlength=characters.count) > 0
    return np.where(anything, total, np.nan)


def tone(characters: Characters, topics: Found) -> Vector:
    """What is said about each of the places found: the praise or complaint nearest to it within its clause, 0 if none.

    >>> texts = Characters.of(["味道不错，送餐太慢了", "delivery"])
    >>> tone(texts, Phrases(["味道", "送餐", "delivery"]).find(texts))
    array([ 1., -1.,  0.])
    """
    judged, value, buts = _judgements(characters)
    if not len(value):
        return np.zeros(len(topics.start))
    ends = np.isin(characters.codes, _CLAUSE_ENDS)
    ends[buts.start] = True
    clause = np.cumsum(ends)
    after = np.searchsorted(judged.start, topics.start)
    best, says = np.full(len(topics.start), np.inf), np.zeros(len(topics.start))
    # Chinese says what it thinks of a thing after naming it, so of two equally near the later is taken.
    for place in (after, after - 1):
        there = np.clip(place, 0, len(value) - 1)
        start, end = judged.start[there], judged.start[there] + judged.length[there]
        gap = np.maximum(start - (topics.start + topics.length), topics.start - end).clip(min=0)
        near = (place == there) & (clause[start] == clause[topics.start]) & (gap < best)
        best, says = np.where(near, gap, best), np.where(near, value[there], says)
    return says


def _judgements(characters: Characters) -> tuple[Found, Vector, Found]:
    """Every word that praises or complains, what it is worth where it stands, and every “but”."""
    words = read_lexicon()
    found = words.phrases.find(characters)
    value = words.value[found.phrase]
    carries = value != 0
    judged, value = found.only(carries), value[carries]
    since = _reach(characters, judged)
    denials = _count(found.only(words.denies[found.phrase]).start, since, judged.start)
    value = np.where(denials % 2 == 1, value * DENIED, value)
    factor = words.factor[found.phrase]
    for strength in (STRONGER, WEAKER):
        value *= strength ** np.minimum(_count(found.start[factor == strength], since, judged.start), 2)
    buts = found.only(words.contrast[found.phrase])
    return judged, value * _contrast(characters, buts, judged), buts


def _reach(characters: Characters, judged: Found) -> Places:
    """From where on words still belong to each judgement: so many characters before it, in the same clause."""
    ends = np.flatnonzero(np.isin(characters.codes, _CLAUSE_ENDS))
    latest = np.searchsorted(ends, judged.start) - 1
    clause = np.where(latest >= 0, ends[np.maximum(latest, 0)] + 1, 0) if len(ends) else np.zeros_like(judged.start)
    reach = np.where(is_han(characters.codes[judged.start]), REACH_HAN, REACH_LATIN)
    return np.asarray(np.maximum(clause, judged.start - reach))


def _count(places: Places, since: Places, until: Places) -> Places:
    """How many of the places, which are in order, lie in each [since, until)."""
    return np.asarray(np.searchsorted(places, until) - np.searchsorted(places, since))


def _contrast(characters: Characters, buts: Found, judged: Found) -> Vector:
    """What is said after the last “but” of a text counts more, what before it less."""
    last = np.full(characters.count, -1)
    np.maximum.at(last, characters.text[buts.start], buts.start)
    of_text = last[characters.text[judged.start]]
    return np.where(of_text < 0, 1.0, np.where(judged.start >= of_text, AFTER_BUT, BEFORE_BUT))
