"""Many phrases looked for in many texts at once: the longest that fits, whole words in scripts that have blanks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from zhike.satisfaction.text.characters import Characters, Flags, Hashes, Places, hash_of, is_word

_SIEVE = 1 << 16


@dataclass(frozen=True)
class Found:
    """Where phrases stand, in the order of the texts: first character, number of characters, number of the phrase."""

    start: Places
    length: Places
    phrase: Places

    def only(self, which: Flags) -> Found:
        return Found(self.start[which], self.length[which], self.phrase[which])


class Phrases:
    """A list of phrases to look for; they are written in lower case, blanks single.

    >>> animals = Phrases(["cat", "cat food", "猫"])
    >>> found = animals.find(Characters.of(["Cat food, a cat; no category", "小猫"]))
    >>> found.phrase.tolist(), found.start.tolist()
    ([1, 0, 2], [0, 12, 30])
    """

    def __init__(self, phrases: Iterable[str]) -> None:
        by_length: dict[int, list[tuple[int, int]]] = {}
        for number, phrase in enumerate(phrases):
            by_length.setdefault(len(phrase), []).append((hash_of(phrase), number))
        self._hashes = {n: np.array(sorted(pairs), dtype=np.uint64) for n, pairs in by_length.items()}
        self._sieves = {n: _sieve(pairs[:, 0]) for n, pairs in self._hashes.items()}
        self._longest = max(by_length, default=0)

    def find(self, characters: Characters) -> Found:
        """Every place of every phrase, but none inside a longer one."""
        begins, ends = _word_edges(characters)
        candidates = []
        for n, hashes, fits in characters.grams(self._longest):
            if n not in self._hashes:
                continue
            # A sieve of bits first: the exact comparison is a binary search, which a handful of places are worth.
            low = hashes & np.uint64(_SIEVE - 1)
            places = np.flatnonzero(self._sieves[n][low.astype(np.int64)] & fits)
            places = places[begins[places] & ends[places + n - 1]]
            known = self._hashes[n]
            at = np.minimum(np.searchsorted(known[:, 0], hashes[places]), len(known) - 1)
            hit = known[at, 0] == hashes[places]
            candidates.append((n, places[hit], known[at[hit], 1].astype(np.int64)))
        return _longest_first(candidates, len(characters.codes))


def _sieve(hashes: Hashes) -> Flags:
    sieve = np.zeros(_SIEVE, dtype=np.bool_)
    sieve[(hashes & np.uint64(_SIEVE - 1)).astype(np.int64)] = True
    return sieve


def _word_edges(characters: Characters) -> tuple[Flags, Flags]:
    """Where a phrase may begin, and where it may end, so that no word of letters is cut."""
    word = is_word(characters.codes)
    before = np.concatenate([[False], word[:-1]])
    after = np.concatenate([word[1:], [False]])
    return ~(word & before), ~(word & after)


def _longest_first(candidates: list[tuple[int, Places, Places]], size: int) -> Found:
    taken = np.zeros(size + 1, dtype=np.int64)
    kept: list[tuple[Places, Places, Places]] = []
    for n, places, numbers in reversed(candidates):
        before = np.concatenate([[0], np.cumsum(taken[:-1] > 0)])
        free = before[places + n] == before[places]
        places, numbers = places[free], numbers[free]
        for step in range(n):
            taken[places + step] = 1
        kept.append((places, np.full(len(places), n, dtype=np.int64), numbers))
    if not kept:
        empty = np.zeros(0, dtype=np.int64)
        return Found(empty, empty, empty)
    start, length, phrase = (np.concatenate(part) for part in zip(*kept, strict=True))
    order = np.argsort(start, kind="stable")
    return Found(start[order], length[order], phrase[order])
