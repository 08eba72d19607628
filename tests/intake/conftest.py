"""Reading a file in a test: `load(path_or_bytes, …)` gives the raw table and its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from zhike.intake.limits import Limits
from zhike.intake.raw import RawTable
from zhike.intake.read import ReadOptions, read

Load = Callable[..., tuple[RawTable, list[tuple[Any, ...]]]]


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect()
    yield connection
    connection.close()


@pytest.fixture
def load(tmp_path: Path, con: duckdb.DuckDBPyConnection) -> Load:
    def load(
        source: Path | bytes, name: str = "file.csv", limits: Limits | None = None, **options: Any
    ) -> tuple[RawTable, list[tuple[Any, ...]]]:
        if isinstance(source, bytes):
            path = tmp_path / name
            path.write_bytes(source)
        else:
            path = source
        scratch = tmp_path / "scratch"
        scratch.mkdir(exist_ok=True)
        table = read(con, path, ReadOptions(**options), limits=limits or Limits(), scratch=scratch)
        return table, con.execute(f"SELECT * FROM {table.relation}").fetchall()

    return load


def names(table: RawTable) -> list[str]:
    return [column.name for column in table.columns]
