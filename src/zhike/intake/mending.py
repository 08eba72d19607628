"""Delimited text with odd quotes, line ends and empty lines → its rows, one list of cells each.

A quote that opens a cell and does not close on its line has one of two meanings: a cell of several lines, or a plain
quote such as an inch mark. Read the first way, a plain quote swallows every row down to the next one. So both readings
are held against the width of the table, and rows that stand well by themselves are never swallowed.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from zhike.intake.evidence import is_date, is_number

_OPENINGS_TRIED = 10
# One column of numbers in place may be chance ("Items:" and on the next line "2, red").
_FIGURES_THAT_TELL = 2
_PLAIN_QUOTE = "\x01\x02quote\x02\x01"


class NeverClosedError(ValueError):
    """A quote opens, nothing closes it, and the text is no row without it either. `args[0]` is its line."""


@dataclass(frozen=True)
class Shape:
    """What a row of the table looks like: its width, and the columns (from 0) that hold numbers or dates."""

    delimiter: str
    escape: str
    width: int
    figures: frozenset[int] = frozenset()


class Mender:
    """The rows of a text, in order; an empty line is a row of empty cells, save at the end.

    >>> lines = ["id,item,price\\n", '1,"3 inch pipe,5\\n', "\\n", '2,"two\\n', 'lines",6\\n', '3,"4 inch pipe,7\\n']
    >>> mender = Mender(lines, Shape(",", '"', 3, frozenset({0, 2})), longest=1000)
    >>> for row in mender.rows():
    ...     row
    ['id', 'item', 'price']
    ['1', '"3 inch pipe', '5']
    ['', '', '']
    ['2', 'two\\nlines', '6']
    ['3', '"4 inch pipe', '7']
    >>> mender.plain_quotes, mender.first_plain
    (2, 2)
    """

    def __init__(self, lines: Iterable[str], shape: Shape, *, longest: int) -> None:
        self.shape, self.longest = shape, longest
        self.plain_quotes = 0  # rows in which a quote is read as part of the text
        self.first_plain = 0  # the first of their lines, counted from 1
        self._source = iter(lines)
        self._ahead: deque[str] = deque()
        self._line = 0  # of the row being read
        self._opening = re.compile(f'(?:^|{re.escape(shape.delimiter)})(")')

    def rows(self) -> Iterator[list[str]]:
        """Each row of the text.

        Raises:
            NeverClosedError: see there; also where a quote stays open beyond `longest` characters.
        """
        empty = 0
        while (line := self.peek(0)) is not None:
            if not line.strip("\r\n"):
                empty += 1
                self._done(1)
                continue
            for _ in range(empty):
                yield [""] * self.shape.width
            empty = 0
            yield self._row(line)

    def _row(self, line: str) -> list[str]:
        if '"' not in line and self.shape.escape not in line:
            self._done(1)
            return line.rstrip("\r\n").split(self.shape.delimiter)
        row, closed = self._parsed([line])
        if not closed:
            return self._opened(line)
        if len(row) != self.shape.width and not self._is_strict([line]):
            literal = self._literally(line)
            if len(literal) == self.shape.width:
                return self._as_text(literal)
        self._done(1)
        return row

    def _opened(self, line: str) -> list[str]:
        """The row that begins on a line on which a quote opens and does not close."""
        look = _Look(self)
        row, _ = self._parsed(look.lines())
        literal = self._literally(line)
        fits = len(literal) == self.shape.width
        if not look.ended:
            if not self._swallows(look, row, fits):
                self._done(len(look.seen))
                return row
        elif not fits and not look.others_are_rows:
            raise NeverClosedError(self._line + 1)
        return self._as_text(literal)

    def _swallows(self, look: _Look, row: list[str], fits: bool) -> bool:
        """Whether the reading over several lines takes in rows that are rows by themselves."""
        whole = len(row) == self.shape.width
        if self._is_strict(look.seen):
            # Written as the rules want it. Only rows with their numbers and dates in place speak against that.
            return fits and look.others_are_rows and (not whole or self._are_records(look.seen))
        return fits or not whole or look.others_are_rows

    def _are_records(self, lines: list[str]) -> bool:
        """Whether each line has numbers and dates where the table has them, and none doubles a quote as cells must."""
        if len(self.shape.figures) < _FIGURES_THAT_TELL or any('""' in line for line in lines):
            return False
        return all(map(self._has_figures, lines))

    def _as_text(self, row: list[str]) -> list[str]:
        self.plain_quotes += 1
        self.first_plain = self.first_plain or self._line + 1
        self._done(1)
        return row

    def _parsed(self, lines: Iterable[str], *, strict: bool = False) -> tuple[list[str], bool]:
        """The first row of some lines, and whether it was complete when they ended."""
        wanted_more = False

        def fed() -> Iterator[str]:
            nonlocal wanted_more
            yield from lines
            wanted_more = True

        doubled = self.shape.escape == '"'
        reader = csv.reader(
            fed(),
            delimiter=self.shape.delimiter,
            doublequote=doubled,
            escapechar=None if doubled else self.shape.escape,
            strict=strict,
        )
        return next(reader, []), not wanted_more

    def _is_strict(self, lines: list[str]) -> bool:
        try:
            return self._parsed(lines, strict=True)[1]
        except csv.Error:
            return False

    def _literally(self, line: str) -> list[str]:
        """The cells of one line when a quote on it is plain text: the last that makes a row of it, else all of them."""
        text = line.rstrip("\r\n")
        openings = [found.start(1) for found in self._opening.finditer(text)]
        for at in openings[: -_OPENINGS_TRIED - 1 : -1]:
            row, closed = self._parsed([text[:at] + _PLAIN_QUOTE + text[at + 1 :]])
            if closed and len(row) == self.shape.width:
                return [cell.replace(_PLAIN_QUOTE, '"') for cell in row]
        return text.split(self.shape.delimiter)

    def _cells(self, line: str) -> list[str]:
        """The cells of a line that is held to be a row by itself."""
        row, closed = self._parsed([line])
        return row if closed and len(row) == self.shape.width else self._literally(line)

    def is_row(self, line: str) -> bool:
        """Whether a line could be a row by itself. An empty one says nothing; of one column every line could."""
        return not line.strip() or (self.shape.width > 1 and len(self._cells(line)) == self.shape.width)

    def _has_figures(self, line: str) -> bool:
        """Whether a line has numbers and dates where the table has them."""
        if not line.strip():
            return True
        cells = self._cells(line)
        values = [value for n in self.shape.figures if (value := cells[n].strip(' "'))]
        return bool(values) and all(is_number(value) or is_date(value, counted=True) for value in values)

    def peek(self, at: int) -> str | None:
        """A line that is not yet part of a row, counted from the first of them; None beyond the end."""
        while len(self._ahead) <= at:
            line = next(self._source, None)
            if line is None:
                return None
            self._ahead.append(line)
        return self._ahead[at]

    def _done(self, lines: int) -> None:
        for _ in range(lines):
            self._ahead.popleft()
        self._line += lines


class _Look:
    """A look ahead from a quote that opens: the lines up to where it closes.

    `others_are_rows`: those below the first could be rows by themselves. `ended`: nothing closes.
    """

    def __init__(self, mender: Mender) -> None:
        self.mender = mender
        self.seen: list[str] = []
        self.others_are_rows = True
        self.ended = False

    def lines(self) -> Iterator[str]:
        size = 0
        while True:
            line = self.mender.peek(len(self.seen))
            if line is None or size > self.mender.longest:
                self.ended = True
                return
            self.seen.append(line)
            size += len(line)
            if len(self.seen) > 1:
                self.others_are_rows = self.others_are_rows and self.mender.is_row(line)
            yield line


def figure_columns(rows: Iterable[list[str]], width: int) -> frozenset[int]:
    """The columns in which nearly every row of that width has a number or a date.

    >>> sorted(figure_columns([["1", "x", "5.0"], ["2", "7", "6"], ["odd"]], 3))
    [0, 2]
    """
    whole = [row for row in rows if len(row) == width]
    found = set()
    for column in range(width):
        values = [value for row in whole if (value := row[column].strip())]
        figures = sum(is_number(value) or is_date(value, counted=True) for value in values)
        if values and figures >= 0.95 * len(values):
            found.add(column)
    return frozenset(found)
