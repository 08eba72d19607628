"""Texts laid end to end as code points, so that a million of them are worked on by a few operations on whole arrays."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Places = NDArray[np.int64]
Flags = NDArray[np.bool_]

# Of a longer text the beginning is read: what somebody thinks is said by then, and a pasted log file costs nothing.
LONGEST = 10_000
BLOCK = 1_000_000  # characters worked on at once
_FIRST = np.uint64(0x2545F4914F6CDD1D)
_STEP = np.uint64(0x9E3779B97F4A7C15)  # odd, so that no step of the hash loses anything
_BLANKS = re.compile(r"[^\S\x00]+")


@dataclass(frozen=True)
class Characters:
    """Some texts: lower case, full-width forms folded (NFKC), blanks single, one 0 after each.

    `codes` are their characters, `text` says to which of the texts each belongs, `room` how many are left in its text
    from there on (0 for the 0 at the end); there are `count` texts.
    """

    codes: NDArray[np.uint32]
    text: Places
    room: Places
    count: int

    @classmethod
    def of(cls, texts: Sequence[str | None]) -> Characters:
        whole = "\0".join((text or "")[:LONGEST].replace("\0", " ") for text in texts) + "\0"
        whole = unicodedata.normalize("NFKC", whole).lower().replace("\u2019", "'")
        whole = _BLANKS.sub(" ", whole)
        codes = np.frombuffer(whole.encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.uint32, copy=False)
        ends = np.flatnonzero(codes == 0)
        lengths = np.diff(ends, prepend=-1)
        text = np.repeat(np.arange(len(ends)), lengths)
        return cls(codes, text, ends[text] - np.arange(len(codes)), len(texts))

    def grams(self, longest: int) -> Iterator[tuple[int, Hashes, Flags]]:
        """For n = 1 … longest: a hash of the n characters from each place on, and whether its text has so many left.

        The arrays are as long as there are places with n characters after them, of whichever text.
        """
        hashes = np.full(len(self.codes) + 1, _FIRST)
        for n in range(1, longest + 1):
            if len(self.codes) < n:
                return
            hashes = (hashes[:-1] ^ self.codes[n - 1 :]) * _STEP
            hashes ^= hashes >> np.uint64(29)
            yield n, hashes, self.room[: len(hashes)] >= n


def hash_of(phrase: str) -> int:
    """The hash that `Characters.grams` has where this phrase stands."""
    characters = Characters.of([phrase])
    length = len(characters.codes) - 1
    for n, hashes, _fits in characters.grams(length):
        if n == length:
            return int(hashes[0])
    raise ValueError("an empty phrase stands nowhere")


def blocks(texts: Sequence[str | None]) -> Iterator[tuple[int, Characters]]:
    """The texts in parts that fit in memory, each with the number of its first text."""
    first, size = 0, 0
    for number, text in enumerate(texts):
        size += min(len(text or ""), LONGEST) + 1
        if size >= BLOCK:
            yield first, Characters.of(texts[first : number + 1])
            first, size = number + 1, 0
    if first < len(texts):
        yield first, Characters.of(texts[first:])


def texts_of(column: Any) -> list[str | None]:
    """A column of Arrow, or a list, as Python text; what is no text is none."""
    values = column.to_pylist() if isinstance(column, pa.Array | pa.ChunkedArray) else list(column)
    return [value if isinstance(value, str) else None for value in values]


def is_han(codes: NDArray[np.uint32]) -> Flags:
    """Which characters are Chinese (also as Japanese uses them)."""
    return np.asarray(((codes >= 0x3400) & (codes <= 0x9FFF)) | ((codes >= 0x20000) & (codes <= 0x323AF)))


def is_latin(codes: NDArray[np.uint32]) -> Flags:
    """Which characters are letters of the Latin alphabet."""
    basic = (codes >= ord("a")) & (codes <= ord("z"))
    return np.asarray(basic | ((codes >= 0xC0) & (codes <= 0x24F) & (codes != 0xD7) & (codes != 0xF7)))


def is_word(codes: NDArray[np.uint32]) -> Flags:
    """Which characters make up words that stand between blanks: letters, digits, the apostrophe."""
    return np.asarray(is_latin(codes) | ((codes >= ord("0")) & (codes <= ord("9"))) | (codes == ord("'")))
