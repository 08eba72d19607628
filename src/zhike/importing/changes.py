"""What a cleaned file changes in the lake: rows that are new, rows that differ from what is there, rows already there.

Pure DuckDB SQL over the staged Parquet file of the child process and the table's current facts.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from zhike.intake.sql import literal, quoted
from zhike.lake.identities import MAIN_SOURCE
from zhike.lake.snapshot import facts_schema
from zhike.schema import ATTRIBUTES, SOURCE_IDS, Contract


@dataclass(frozen=True)
class Changes:
    """Counts of rows, and the relation (on the same connection) that holds those to be written."""

    added: int
    updated: int
    unchanged: int
    repeated: int
    relation: str

    @property
    def duplicates(self) -> int:
        return self.unchanged + self.repeated


def stage(con: duckdb.DuckDBPyConnection, staged: Path, table: Contract, source: str) -> None:
    """Make the view `incoming`: accepted rows, their ids told apart by source, every row with a key."""
    con.execute(f"CREATE TEMP VIEW staged AS FROM read_parquet({literal(str(staged))}, file_row_number = true)")
    columns = [f"{_identity(name, source)} AS {quoted(name)}" for name in table.names]
    con.execute(
        f"CREATE TEMP VIEW accepted AS SELECT {', '.join(columns)}, {ATTRIBUTES}, file_row_number "
        "FROM staged WHERE NOT rejected"
    )
    con.execute(f"CREATE TEMP VIEW incoming AS {_keyed(table)}")


def compare(con: duckdb.DuckDBPyConnection, table: Contract, current: Any | None) -> Changes:
    """Hold `incoming` against the current facts.

    Args:
        current: the table's facts on the same connection (a relation name), or None when there are none yet.

    Within one file the last row of a key counts; rows of a key that say the same thing count as repeated.
    """
    key = ", ".join(quoted(name) for name in table.key)
    total, keys = _one(con, f"SELECT count(*), count(DISTINCT ({key})) FROM incoming")
    incoming = "incoming"
    if keys < total:
        con.execute(
            f"CREATE TEMP TABLE lasting AS FROM incoming "
            f"QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY file_row_number DESC) = 1"
        )
        incoming = "lasting"
    if current is None:
        con.execute(f"CREATE TEMP VIEW changes AS SELECT *, false AS replaces FROM {incoming}")
        return Changes(keys, 0, 0, total - keys, "changes")
    content = [name for name in (*table.names, ATTRIBUTES) if name not in table.key]
    same = " AND ".join(f"i.{quoted(c)} IS NOT DISTINCT FROM c.{quoted(c)}" for c in content)
    matches = " AND ".join(f"i.{quoted(k)} = c.{quoted(k)}" for k in table.key)
    con.execute(
        f"CREATE TEMP TABLE compared AS SELECT i.file_row_number, c.{quoted(table.key[0])} IS NOT NULL AS known, "
        f"{same} AS same FROM {incoming} i LEFT JOIN {current} c ON {matches}"
    )
    added, updated, unchanged = _one(
        con,
        "SELECT count(*) FILTER (NOT known), count(*) FILTER (known AND NOT same), "
        "count(*) FILTER (known AND same) FROM compared",
    )
    con.execute(
        f"CREATE TEMP VIEW changes AS SELECT i.*, c.known AS replaces FROM {incoming} i "
        "JOIN compared c USING (file_row_number) WHERE NOT (c.known AND c.same)"
    )
    return Changes(added, updated, unchanged, total - keys, "changes")


def arrow_stream(con: duckdb.DuckDBPyConnection, changes: Changes, table: Contract, source: str, batch: int) -> Any:
    """The rows to be written, as the lake stores them, as a stream of record batches."""
    columns = [quoted(name) for name in (*table.names, ATTRIBUTES)]
    relation = con.sql(
        f"SELECT {', '.join(columns)}, {literal(source)} AS source, {batch}::BIGINT AS batch, replaces "
        f"FROM {changes.relation}"
    )
    return relation.to_arrow_reader().cast(facts_schema(table))


def _identity(name: str, source: str) -> str:
    if name in SOURCE_IDS and source != MAIN_SOURCE:
        return f"{literal(source + ':')} || {quoted(name)}"
    return quoted(name)


def _keyed(table: Contract) -> str:
    """Rows without an id of their own are known by what they say: the n-th row of exactly that content."""
    own = table.key[0]
    if len(table.key) > 1 or table[own].need == "must":
        return "FROM accepted"
    content = [f"coalesce({quoted(c)}::VARCHAR, '')" for c in (*table.names, ATTRIBUTES) if c != own]
    text = f"md5(concat_ws(chr(31), {', '.join(content)}))"
    nth = f"row_number() OVER (PARTITION BY {text} ORDER BY file_row_number)"
    return f"SELECT * REPLACE (coalesce({quoted(own)}, {text} || '-' || {nth}) AS {quoted(own)}) FROM accepted"


def _one(con: duckdb.DuckDBPyConnection, sql: str) -> tuple[int, ...]:
    # All rows are fetched: DuckDB refuses other work on the connection while a result is unfinished.
    return tuple(int(value) for value in con.execute(sql).fetchall()[0])
