"""What a cleaned file changes in the lake: rows that are new, rows that differ from what is there, rows already there.

Pure DuckDB SQL over the staged Parquet file of the child process and the table's current facts.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from zhike.cleaning.clean import kept_rows
from zhike.intake.sql import literal, quoted
from zhike.lake.identities import MAIN_SOURCE
from zhike.lake.snapshot import facts_schema
from zhike.schema import ATTRIBUTES, SOURCE_IDS, Contract


@dataclass(frozen=True)
class Changes:
    """How many rows are new, differ, or are there already. `changes` on the same connection holds those to write."""

    added: int
    updated: int
    unchanged: int


def stage(con: duckdb.DuckDBPyConnection, folder: Path, table: Contract, source: str, first_row: int) -> None:
    """Make the view `incoming`: the rows to be stored, one per key, their ids told apart by source."""
    columns = [f"{_identity(name, source)} AS {quoted(name)}" for name in table.names]
    con.execute(
        f"CREATE TEMP VIEW incoming AS SELECT {', '.join(columns)}, {ATTRIBUTES}, file_row_number "
        f"FROM {kept_rows(con, folder, table, first_row)}"
    )


def compare(con: duckdb.DuckDBPyConnection, table: Contract, current: str | None) -> Changes:
    """Hold `incoming` against the current facts and make the view `changes`.

    Args:
        current: a relation on the same connection with the table's facts, or None when there are none yet.
    """
    if current is None:
        con.execute("CREATE TEMP VIEW changes AS SELECT *, false AS replaces FROM incoming")
        return Changes(_one(con, "SELECT count(*) FROM incoming")[0], 0, 0)
    content = [name for name in (*table.names, ATTRIBUTES) if name not in table.key]
    same = " AND ".join(f"i.{quoted(c)} IS NOT DISTINCT FROM c.{quoted(c)}" for c in content)
    matches = " AND ".join(f"i.{quoted(k)} = c.{quoted(k)}" for k in table.key)
    con.execute(
        f"CREATE TEMP TABLE compared AS SELECT i.file_row_number, c.{quoted(table.key[0])} IS NOT NULL AS known, "
        f"{same} AS same FROM incoming i LEFT JOIN {current} c ON {matches}"
    )
    con.execute(
        "CREATE TEMP VIEW changes AS SELECT i.*, c.known AS replaces FROM incoming i "
        "JOIN compared c USING (file_row_number) WHERE NOT (c.known AND c.same)"
    )
    counts = "count(*) FILTER (NOT known), count(*) FILTER (known AND NOT same), count(*) FILTER (known AND same)"
    return Changes(*_one(con, f"SELECT {counts} FROM compared"))


def arrow_stream(con: duckdb.DuckDBPyConnection, table: Contract, source: str, batch: int) -> Any:
    """The rows of `changes`, as the lake stores them, as a stream of record batches."""
    columns = [quoted(name) for name in (*table.names, ATTRIBUTES)]
    relation = con.sql(
        f"SELECT {', '.join(columns)}, {literal(source)} AS source, {batch}::BIGINT AS batch, replaces FROM changes"
    )
    return relation.to_arrow_reader().cast(facts_schema(table))


def _identity(name: str, source: str) -> str:
    if name in SOURCE_IDS and source != MAIN_SOURCE:
        return f"{literal(source + ':')} || {quoted(name)}"
    return quoted(name)


def _one(con: duckdb.DuckDBPyConnection, sql: str) -> tuple[int, ...]:
    # All rows are fetched: DuckDB refuses other work on the connection while a result is unfinished.
    return tuple(int(value) for value in con.execute(sql).fetchall()[0])
