"""Finds out how a delimited text is written: its delimiter, escape, decimal mark, header."""

from __future__ import annotations

import csv
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from zhike.errors import InputError
from zhike.intake.headers import column_headers, header_row, table_start, usual_width
from zhike.intake.mending import Shape, figure_columns

_SAMPLE_CHARACTERS = 1_000_000
_SAMPLE_ROWS = 2_000
_FIGURE_ROWS = 500
# On equal evidence the rarer sign wins: commas and blanks also occur inside texts and numbers.
DELIMITERS = ("\t", ";", "|", ",")
SPACES = " "
_SEP_LINE = re.compile(r"^sep=(.)\s*$", re.IGNORECASE)
_DECIMAL_COMMA = re.compile(r"^\s*-?\d+,\d+\s*$")
_DECIMAL_POINT = re.compile(r"^\s*-?\d+\.\d+\s*$")


@dataclass(frozen=True)
class Dialect:
    """How the text is written. `skip` is the number of lines above the header (or above the data).

    `headers` is None when the file has none. `aligned` means columns set apart by runs of blanks.
    `plain_start` says that line and row are the same thing down to the header. `figures` are the columns, from 0,
    that hold numbers or dates.
    """

    delimiter: str
    escape: str
    decimal: str | None
    skip: int
    headers: tuple[str, ...] | None
    width: int
    named: int
    filled: int
    aligned: bool = False
    plain_start: bool = True
    figures: frozenset[int] = frozenset()

    @property
    def shape(self) -> Shape:
        return Shape(self.delimiter, self.escape, self.width, self.figures)


def find_dialect(
    path: Path, *, delimiter: str | None = None, decimal: str | None = None, header: int | None = None
) -> Dialect:
    """Reads the beginning of a UTF-8 text and finds out its dialect; what is given is taken as it is.

    `header` is the number of the header's row, counted from 1; 0 says that there is none.

    Raises:
        InputError: the delimiter given is not one character that can set cells apart.
    """
    if delimiter is not None and (len(delimiter) != 1 or delimiter in '\r\n"\\\0'):
        raise InputError(
            "A delimiter is one character, and no quote, backslash or line end.",
            fix="Use a comma, a semicolon, a tab or |, for example.",
        )
    sample = _sample(path)
    escape = "\\" if '\\"' in sample and '""' not in sample.replace('\\""', "") else '"'
    if delimiter is None:
        delimiter = _find_delimiter(sample, escape)
    aligned = delimiter == SPACES
    rows, lines = _parse(sample, delimiter, escape)
    at = _header_index(rows, lines, header)
    start = at if at is not None else (0 if header == 0 else table_start(rows))
    body = rows[start:] if at is None else rows[at + 1 :]
    headers = rows[at] if at is not None else None
    named = len(column_headers(headers, 0)) if headers is not None else 0
    width = _width(body, named)
    return Dialect(
        delimiter=delimiter,
        escape=escape,
        decimal=decimal or _find_decimal(body, delimiter),
        skip=lines[start - 1] if start else 0,
        headers=tuple(column_headers(headers, width)) if headers is not None else None,
        width=width,
        named=named,
        filled=min(usual_width(body), width),
        aligned=aligned,
        plain_start=not start or lines[start - 1] == start,
        figures=figure_columns(body[:_FIGURE_ROWS], width),
    )


def _width(body: list[list[str]], named: int) -> int:
    """As many columns as the header names, unless more of the rows agree on more."""
    widths = Counter(len(row) for row in body if any(cell.strip() for cell in row))
    if not widths:
        return max(named, 1)
    usual = max(widths, key=lambda width: (widths[width], width == named, -width))
    return usual if usual > named and widths[usual] > widths[named] else named or usual


def _sample(path: Path) -> str:
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        text = file.read(_SAMPLE_CHARACTERS)
        complete = not file.read(1)
    if complete:
        return text
    # The last line is cut; without it at least one line must remain.
    end = max(text.rfind("\n"), text.rfind("\r"))
    return text[: end + 1] if end > 0 else text


def _parse(sample: str, delimiter: str, escape: str) -> tuple[list[list[str]], list[int]]:
    """The sample's rows, and for each the number of the line it ends on."""
    csv.field_size_limit(2**31 - 1)
    if delimiter == SPACES:
        split = [line.split() for line in sample.splitlines()[:_SAMPLE_ROWS]]
        return split, list(range(1, len(split) + 1))
    reader = csv.reader(
        sample.splitlines(keepends=True),
        delimiter=delimiter,
        doublequote=escape == '"',
        escapechar=None if escape == '"' else escape,
    )
    rows: list[list[str]] = []
    lines: list[int] = []
    for row in reader:
        rows.append(row)
        lines.append(reader.line_num)
        if len(rows) >= _SAMPLE_ROWS:
            break
    return rows, lines


def _find_delimiter(sample: str, escape: str) -> str:
    if said := _SEP_LINE.match(sample.split("\n", 1)[0]):
        return said.group(1)
    best, best_score = "", 0.0
    for delimiter in DELIMITERS:
        rows, _ = _parse(sample, delimiter, escape)
        score = _evenness(rows)
        if score > best_score:
            best, best_score = delimiter, score
    if best_score < 0.6 and _is_aligned(sample):
        return SPACES
    return best or ","


def _evenness(rows: list[list[str]]) -> float:
    """The share of rows with the most common width; 0 when that is one field, or the header does not fit."""
    widths = Counter(len(row) for row in rows if any(cell.strip() for cell in row))
    if not widths:
        return 0.0
    width, count = max(widths.items(), key=lambda item: (item[1], item[0]))
    if width == 1:
        # A few split rows among whole ones are ragged rows of a one-column file, or prose.
        return 0.0
    first = next((len(row) for row in rows[:30] if len(row) >= 2), 0)
    fits = 1.0 if first >= width - 1 else 0.7
    return fits * count / widths.total() + min(width, 50) / 10_000


def _is_aligned(sample: str) -> bool:
    """Every line splits at blanks into equally many fields, most of them numbers: a report set in columns."""
    rows = [line.split() for line in sample.splitlines()[:_SAMPLE_ROWS] if line.strip()]
    widths = Counter(map(len, rows))
    width, count = widths.most_common(1)[0] if widths else (0, 0)
    cells = [cell for row in rows for cell in row]
    numbers = sum(cell.replace(".", "", 1).replace("-", "").isdigit() for cell in cells)
    return width >= 2 and count >= 0.98 * len(rows) and numbers >= 0.6 * len(cells)


def _header_index(rows: list[list[str]], lines: list[int], header: int | None) -> int | None:
    if header is None:
        return header_row(rows)
    if header == 0:
        return None
    # A person counts the rows of the file, blank ones included.
    return min(max(header - 1, 0), len(rows) - 1) if lines else None


def _find_decimal(rows: list[list[str]], delimiter: str) -> str | None:
    if delimiter == ",":
        return None
    commas = points = 0
    for row in rows[:500]:
        commas += sum(bool(_DECIMAL_COMMA.match(cell)) for cell in row)
        points += sum(bool(_DECIMAL_POINT.match(cell)) for cell in row)
    return "," if commas > points else "." if points else None
