"""A chart, as ECharts reads it; every mark leads to the records behind it.

A chart comes with the same figures as a table: for screen readers, for the keyboard, and for who wants the numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple


class Cell(NamedTuple):
    """A text of a table, and where the records behind it are."""

    text: str
    address: str = ""


@dataclass(frozen=True)
class Chart:
    """A picture and its table. `key` is its id in the page, `size` a class of the style sheet."""

    key: str
    title: str
    options: dict[str, Any]
    head: list[str]
    rows: list[list[Cell]]
    size: str = ""
    note: str = ""
