"""What a page is made of. The sections fill these in, the templates draw them; neither knows the other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from markupsafe import Markup

Tone = Literal["", "good", "bad", "muted"]
HEAT_LEVELS = 6


@dataclass(frozen=True)
class Cell:
    """One field of a table.

    Args:
        bar: 0–1, drawn behind the number.
        level: 0 … HEAT_LEVELS, the shade of a heatmap.
        note: small print under the text.
        hint: shown when the pointer rests on it.
        code: set as it is written, like an ID or a command.
    """

    text: str
    bar: float | None = None
    level: int | None = None
    note: str = ""
    hint: str = ""
    tone: Tone = ""
    code: bool = False


@dataclass(frozen=True)
class Column:
    """A column of a table; "number" is set flush right, "long" gets the room that is left,
    "size" only what a count needs."""

    title: str
    kind: Literal["text", "number", "size", "long"] = "text"


@dataclass(frozen=True)
class Table:
    """A table; `stacks`: on a phone each row becomes a small card. `heat`: a heatmap, drawn dense."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    title: str = ""
    note: str = ""
    stacks: bool = True
    heat: bool = False
    kind: ClassVar[str] = "table"


@dataclass(frozen=True)
class Chart:
    """A drawing, once for wide and once for narrow pages, with the same numbers as a table to open."""

    title: str
    wide: Markup
    narrow: Markup
    table: Table
    legend: Sequence[tuple[str, str]] = ()
    note: str = ""
    kind: ClassVar[str] = "chart"


@dataclass(frozen=True)
class Side:
    """Blocks beside one another where there is room."""

    blocks: Sequence[Table | Chart]
    title: str = ""
    note: str = ""
    kind: ClassVar[str] = "side"


@dataclass(frozen=True)
class Card:
    """One headline figure."""

    label: str
    value: str
    note: str = ""
    tone: Tone = ""


@dataclass(frozen=True)
class Cards:
    cards: Sequence[Card]
    kind: ClassVar[str] = "cards"


@dataclass(frozen=True)
class Text:
    """A paragraph; `title` sets it off, `command` is something to type."""

    text: str
    title: str = ""
    command: str = ""
    kind: ClassVar[str] = "text"


@dataclass(frozen=True)
class Advice:
    """What to do next, or what to be careful about."""

    title: str
    text: str
    command: str = ""
    caution: bool = False
    kind: ClassVar[str] = "advice"


@dataclass(frozen=True)
class Action:
    """One of the first things to do: in a word, why, and the section that shows it."""

    title: str
    text: str
    section: str


@dataclass(frozen=True)
class Actions:
    title: str
    actions: Sequence[Action]
    kind: ClassVar[str] = "actions"


@dataclass(frozen=True)
class Facts:
    """Names and their values."""

    pairs: Sequence[tuple[str, str]]
    title: str = ""
    kind: ClassVar[str] = "facts"


@dataclass(frozen=True)
class Folded:
    """Detail for those who ask: closed until it is opened, unless it begins `open`."""

    title: str
    blocks: Sequence[Table | Text | Facts]
    open: bool = False
    kind: ClassVar[str] = "folded"


Block = Table | Chart | Side | Cards | Text | Advice | Actions | Facts | Folded


@dataclass(frozen=True)
class Section:
    """One question and its answer, then the evidence."""

    id: str
    short: str
    question: str
    answer: str
    blocks: Sequence[Block]


def level(value: float, highest: float) -> int:
    """The shade of a heatmap: 0 for nothing, then evenly up to the highest value.

    >>> level(0, 100), level(1, 100), level(50, 100), level(100, 100)
    (0, 1, 3, 6)
    """
    if value <= 0 or highest <= 0:
        return 0
    return min(HEAT_LEVELS, math.ceil(value / highest * HEAT_LEVELS))


def root_level(value: float, highest: float) -> int:
    """As `level`, but by the square root, for counts that differ by powers of ten.

    >>> root_level(1, 100), root_level(25, 100)
    (1, 3)
    """
    return level(max(value, 0.0) ** 0.5, max(highest, 0.0) ** 0.5)
