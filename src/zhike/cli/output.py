"""What the command line says: tables and sentences for people, one JSON object for machines, progress on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from zhike.inert import HARMFUL, inert
from zhike.language import _

# A file or pipe has no width of its own; tables there must not be folded at 80 columns.
_PIPE_WIDTH = 200
people = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else _PIPE_WIDTH)
progress_line = Console(stderr=True)


def as_json(value: Any) -> None:
    """One object on stdout, and nothing else."""
    text = json.dumps(value, ensure_ascii=False, default=str, allow_nan=False)
    # JSON escapes the controls of ASCII only; a terminal obeys others too.
    click.echo(HARMFUL.sub(lambda found: f"\\u{ord(found[0]):04x}", text))


def say(sentence: str) -> None:
    # Text from files may hold anything; as `Text` it can neither be markup nor move the cursor.
    people.print(Text(inert(sentence)))


def table(headings: Sequence[str], rows: Iterable[Sequence[Any]], *, title: str = "") -> None:
    """A table; numbers to the right, with thousands separators."""
    rows = list(rows)
    shown = Table(title=title or None, title_justify="left", header_style="bold", box=SIMPLE_HEAD)
    for i, heading in enumerate(headings):
        numeric = bool(rows) and all(isinstance(row[i], int | float | None) for row in rows)
        shown.add_column(heading, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        shown.add_row(*(Text(cell(value)) for value in row))
    people.print(shown)


def cell(value: Any) -> str:
    """A value as a person reads it.

    >>> cell(1234567), cell(0.25), cell(1234.5), cell(None)
    ('1,234,567', '0.250', '1,234.50', '–')
    """
    if value is None:
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.2f}" if abs(value) >= 10 else f"{value:.3f}"
    return inert(str(value))


@contextmanager
def progressing(steps: dict[str, str], *, quiet: bool) -> Iterator[Callable[[str], None]]:
    """A progress bar over named steps; yields what to call as each begins. Silent for machines and pipes."""
    if quiet or not sys.stderr.isatty():
        yield lambda step: None  # noqa: ARG005 - the shape of the callback
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=progress_line, transient=True) as bar:
        task = bar.add_task("", total=len(steps))
        order = list(steps)

        def begin(step: str) -> None:
            if step in steps:
                bar.update(task, description=steps[step], completed=order.index(step))

        yield begin
