"""Cleans hand-made rows and real files, and shows what came out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from zhike.cleaning.clean import NO_ORDERS, STAGED, CleanResult, clean
from zhike.cleaning.keys import staged_rows
from zhike.cleaning.outliers import OrderSizes
from zhike.intake.mapping import Mapping, propose
from zhike.intake.raw import SHORT, SURPLUS, Finding, RawColumn, RawTable
from zhike.intake.read import ReadOptions, read, sample
from zhike.schema import contract
from zhike.sql import quoted

TODAY = date(2026, 6, 1)


@dataclass
class Cleaned:
    """A result with its two files opened."""

    result: CleanResult
    staged: list[dict[str, object]]
    notes: list[tuple[int, str, str, str | None, str | None]]
    con: duckdb.DuckDBPyConnection
    folder: Path

    @property
    def rows(self) -> str:
        """The staged rows as everything after cleaning reads them."""
        return staged_rows(self.con, self.folder / STAGED, contract(self.result.report.table))

    def rules(self, row: int) -> set[str]:
        return {rule for number, _outcome, rule, _column, _value in self.notes if number == row}

    def one(self, query: str) -> tuple[object, ...]:
        found = self.con.execute(query.replace("STAGED", self.rows)).fetchone()
        assert found is not None
        return found


Rows = Sequence[Sequence[object]]
CleanRows = Callable[..., Cleaned]


def opened(con: duckdb.DuckDBPyConnection, result: CleanResult, folder: Path) -> Cleaned:
    notes = con.execute(f"FROM '{folder}/notes.parquet'").fetchall()
    assert result.rows == result.accepted + result.flagged + result.rejected
    done = Cleaned(result, [], notes, con, folder)
    relation = con.execute(f"FROM {done.rows} LIMIT 1000")
    names = [column[0] for column in relation.description or []]
    done.staged += [dict(zip(names, row, strict=True)) for row in relation.fetchall()]
    return done


@pytest.fixture
def clean_rows(tmp_path: Path) -> CleanRows:
    """Clean texts given as rows. Columns are named as ours unless `mapping` (ours → theirs) says otherwise."""

    def run(
        table: str,
        columns: Sequence[str],
        rows: Rows,
        *,
        mapping: AnyMapping[str, str] | None = None,
        ragged: Sequence[tuple[str | None, bool]] = (),
        types: AnyMapping[str, str] | None = None,
        today: date = TODAY,
        before: OrderSizes = NO_ORDERS,
    ) -> Cleaned:
        con = duckdb.connect()
        kinds = {name: (types or {}).get(name, "VARCHAR") for name in columns}
        defined = [f"{quoted(name)} {kind}" for name, kind in kinds.items()]
        if ragged:
            defined += [f"{SURPLUS} VARCHAR", f"{SHORT} BOOLEAN"]
            rows = [(*row, *marks) for row, marks in zip(rows, ragged, strict=True)]
        con.execute(f"CREATE TABLE raw_rows ({', '.join(defined)})")
        if rows:
            given = pa.table({f"c{n}": list(values) for n, values in enumerate(zip(*rows, strict=True))})
            con.from_arrow(given).insert_into("raw_rows")
        raw = RawTable(
            "raw_rows",
            tuple(RawColumn(name, kind) for name, kind in kinds.items()),
            2,
            Finding("csv", "file.csv"),
            bool(ragged),
        )
        named = dict(mapping) if mapping is not None else {name: name for name in columns}
        unmapped = tuple(name for name in columns if name not in named.values())
        result = clean(con, raw, Mapping(table, named, unmapped), tmp_path, today=today, before=before)
        return opened(con, result, tmp_path)

    return run


@pytest.fixture
def clean_file(tmp_path: Path) -> Callable[..., Cleaned]:
    """Clean a real file the way an import does: read, map, clean."""

    def run(path: Path, table: str | None = None) -> Cleaned:
        con = duckdb.connect()
        raw = read(con, path, ReadOptions(), scratch=tmp_path)
        mapping = propose(raw.columns, sample(con, raw), table=table)
        return opened(con, clean(con, raw, mapping, tmp_path, today=TODAY), tmp_path)

    return run
