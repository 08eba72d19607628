"""A dry run: what an import would keep, flag and reject, and how its rows would look. The lake is not changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from zhike.cleaning.clean import NOTES, kept_rows
from zhike.importing.importer import WORKER, Choices, request_for
from zhike.intake.sandbox import run_worker
from zhike.lake.failures import computing
from zhike.lake.lake import Lake
from zhike.lake.working import working
from zhike.schema import contract
from zhike.sql import literal, quoted

SHOWN_REMARKS = 200
SHOWN_ROWS = 20
# A cell that is longer says nothing more to a person who looks whether the column is the right one.
SHOWN_CHARACTERS = 200


@dataclass(frozen=True)
class Remark:
    """One row that would be flagged or rejected, as a person counts rows, and the value that was the reason."""

    row: int
    outcome: str
    rule: str
    column: str | None = None
    value: str | None = None


@dataclass(frozen=True)
class Check:
    """What an import would do. rows = accepted + flagged + rejected.

    `columns` are the contract columns in which the first kept rows, `preview`, have a value; values are text.
    `remarks` are the first ones, rejected rows before flagged ones; the report counts them all.
    """

    rows: int
    accepted: int
    flagged: int
    rejected: int
    finding: dict[str, Any]
    mapping: dict[str, Any]
    report: dict[str, Any]
    remarks: tuple[Remark, ...]
    columns: tuple[str, ...]
    preview: tuple[tuple[str | None, ...], ...]


def check_file(
    lake: Lake,
    file: Path,
    choices: Choices | None = None,
    *,
    name: str | None = None,
    on_progress: Callable[[str], None] = lambda _: None,
) -> Check:
    """Read and clean a file as an import would, and write nothing to the lake.

    Args:
        choices: where the person knows better than the file.
        name: by which people know the file, when it is stored under another one.
        on_progress: called with the name of each step as it begins.

    Raises:
        InputError: the file cannot be read, or does not fit.
        LakeError: there is no room for unfinished work beside the lake.
    """
    choices = choices or Choices()
    with lake.staging() as folder:
        request = request_for(lake, file, folder, "clean", choices) | {"name": name or file.name}
        done = run_worker(WORKER, request, limits=choices.limits, on_progress=lambda said: on_progress(said["step"]))
        with working(folder) as con, computing(lake.url):
            columns, preview = _preview(con, folder, done)
            return Check(
                **{name: done[name] for name in ("rows", "accepted", "flagged", "rejected")},
                finding=done["finding"],
                mapping=done["mapping"],
                report=done["report"],
                remarks=_remarks(con, folder),
                columns=columns,
                preview=preview,
            )


def _remarks(con: duckdb.DuckDBPyConnection, folder: Path) -> tuple[Remark, ...]:
    rows = con.execute(
        f"SELECT row_number, outcome, rule, column_name, left(value, {SHOWN_CHARACTERS}) "
        f"FROM read_parquet({literal(str(folder / NOTES))}) "
        f"ORDER BY outcome = 'rejected' DESC, row_number, rule, column_name LIMIT {SHOWN_REMARKS}"
    ).fetchall()
    return tuple(Remark(*row) for row in rows)


def _preview(
    con: duckdb.DuckDBPyConnection, folder: Path, done: dict[str, Any]
) -> tuple[tuple[str, ...], tuple[tuple[str | None, ...], ...]]:
    """The first rows as they would be stored, without the columns that are empty in all of them."""
    kind = contract(done["mapping"]["table"])
    kept = kept_rows(con, folder, kind, done["first_row"])
    texts = ", ".join(f"left(CAST({quoted(n)} AS VARCHAR), {SHOWN_CHARACTERS})" for n in kind.names)
    rows = con.execute(f"SELECT {texts} FROM {kept} ORDER BY file_row_number LIMIT {SHOWN_ROWS}").fetchall()
    filled = [i for i in range(len(kind.names)) if any(row[i] is not None for row in rows)]
    return tuple(kind.names[i] for i in filled), tuple(tuple(row[i] for i in filled) for row in rows)
