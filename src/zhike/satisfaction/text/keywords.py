"""The words that mark a group of texts, against all the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from zhike.errors import SettingsError
from zhike.satisfaction.text.characters import texts_of
from zhike.satisfaction.text.tokens import tokens

# A word that fewer texts have says something about these texts only.
FEWEST_TEXTS = 3


class Keyword(NamedTuple):
    """A word of a group: how much it marks the group (c-TF-IDF), and in how many of the group's texts it is."""

    word: str
    weight: float
    texts: int


def keywords(texts: Any, groups: Sequence[Any] | None = None, *, top: int = 10) -> dict[Any, list[Keyword]]:
    """Group → its keywords, best first; fewer than `top` where there are fewer words in at least three texts.

    The weight of word w in group g is tf(w, g) · ln(1 + A/f(w)): tf the share of the group's words that are w, f how
    often w is in all texts, A the mean number of words of a group. Each word counts once per text.

    Args:
        texts: a list or an Arrow column.
        groups: one per text (`positive`, a month, a channel …); all texts are one group when left out.

    Raises:
        SettingsError: not one group per text, or Chinese texts without a segmenter.

    Source: class-based TF-IDF, Grootendorst (2022), BERTopic, arXiv 2203.05794.

    >>> found = keywords(["slow delivery", "delivery late", "delivery ok", "great sound"] * 3,
    ...                  ["bad", "bad", "bad", "good"] * 3)
    >>> [k.word for k in found["good"]], found["bad"][0].word
    (['great', 'sound'], 'delivery')
    """
    given = texts_of(texts)
    names = [None] * len(given) if groups is None else list(groups)
    if len(names) != len(given):
        raise SettingsError(
            "There are {texts} texts and {groups} groups.",
            fix="Give one group per text.",
            texts=len(given),
            groups=len(names),
        )
    vocabulary, text, word = counted(given)
    kinds = list(dict.fromkeys(names))
    number = {kind: place for place, kind in enumerate(kinds)}
    of_text = np.array([number[name] for name in names], dtype=np.int64)
    counts = np.zeros((len(kinds), len(vocabulary)))
    np.add.at(counts, (of_text[text], word), 1.0)
    weights = weigh(counts)
    return {kind: _top(vocabulary, counts[row], weights[row], top) for row, kind in enumerate(kinds)}


def weigh(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Class-based TF-IDF of a table of counts, groups × words."""
    of_word, of_group = counts.sum(axis=0), counts.sum(axis=1, keepdims=True)
    mean = counts.sum() / max(len(counts), 1)
    return np.asarray(counts / np.maximum(of_group, 1) * np.log1p(mean / np.maximum(of_word, 1)))


def counted(texts: Sequence[str | None]) -> tuple[list[str], NDArray[np.int64], NDArray[np.int64]]:
    """The words in at least three texts, and each (number of the text, number of the word) once."""
    said = [set(words) for words in tokens(texts)]
    frequency = Counter(word for words in said for word in words)
    vocabulary = sorted(word for word, count in frequency.items() if count >= FEWEST_TEXTS)
    place = {word: number for number, word in enumerate(vocabulary)}
    pairs = [(number, place[word]) for number, words in enumerate(said) for word in words if word in place]
    both = np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2)
    return vocabulary, both[:, 0], both[:, 1]


def _top(vocabulary: list[str], counts: Any, weights: Any, top: int) -> list[Keyword]:
    best = [place for place in np.argsort(-weights, kind="stable")[:top] if weights[place] > 0]
    return [Keyword(vocabulary[place], float(weights[place]), int(counts[place])) for place in best]
