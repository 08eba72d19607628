"""What a cleaned file changes in the lake: rows that are new, rows that differ from what is there, rows already there.

A file speaks of the columns it has. In a row that is there already the others stay as they are, and so do attributes
the file does not have; a column that it has and leaves blank becomes blank.

Pure DuckDB SQL over the staged Parquet file of the child process and the table's current facts.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from zhike.cleaning.clean import STAGED, kept_rows
from zhike.lake.identities import qualified_sql
from zhike.schema import ATTRIBUTES, SOURCE_IDS, Contract
from zhike.sql import literal, quoted


@dataclass(frozen=True)
class Changes:
    """How many rows are new, differ, or are there already. `changes` on the same connection holds those to write.

    `columns` are the contract columns in which they can have a value; the others are empty in all of them.
    """

    added: int
    updated: int
    unchanged: int
    columns: tuple[str, ...]


def stage(con: duckdb.DuckDBPyConnection, folder: Path, table: Contract, source: str, first_row: int) -> set[str]:
    """Make the view `incoming`: the rows to be stored, one per key, their ids told apart by source.

    Returns the contract columns that the file has or yields.
    """
    ids = {name: qualified_sql(source, quoted(name)) for name in SOURCE_IDS}
    columns = [f"{ids.get(name, quoted(name))} AS {quoted(name)}" for name in table.names]
    con.execute(
        f"CREATE TEMP VIEW incoming AS SELECT {', '.join(columns)}, {ATTRIBUTES}, file_row_number "
        f"FROM {kept_rows(con, folder, table, first_row)}"
    )
    return _columns(con, f"read_parquet({literal(str(folder / STAGED))})") & set(table.names)


def compare(
    con: duckdb.DuckDBPyConnection,
    table: Contract,
    current: str | None,
    *,
    given: set[str],
    stated: Iterable[str],
    attributes: Iterable[str] = (),
) -> Changes:
    """Hold `incoming` against the current facts and make the view `changes`: the rows as they shall stand.

    Args:
        current: a relation on the same connection with the table's facts, or None when there are none yet.
        given: the contract columns that the file has or yields.
        stated: the contract columns that the file says something about.
        attributes: the file's columns outside the contract.
    """
    if current is None:
        con.execute("CREATE TEMP VIEW changes AS SELECT *, false AS replaces FROM incoming")
        [added] = _one(con, "SELECT count(*) FROM incoming")
        return Changes(added, 0, 0, _ordered(table, given))
    present = _columns(con, current)
    stored = {name: f"c.{quoted(name)}" if name in present else "NULL" for name in (*table.names, ATTRIBUTES)}
    told = [name for name in table.names if name in set(stated) and name not in table.key]
    silent = [name for name in table.names if name not in told and name not in table.key]
    merged, unchanged = _attributes(stored[ATTRIBUTES], attributes)
    same = " AND ".join([unchanged, *(f"i.{quoted(name)} IS NOT DISTINCT FROM {stored[name]}" for name in told)])
    kept = ", ".join([*(f"{literal(name)}: {stored[name]}" for name in silent), f"{literal(ATTRIBUTES)}: {merged}"])
    matches = " AND ".join(f"i.{quoted(k)} = c.{quoted(k)}" for k in table.key)
    known = f"c.{quoted(table.key[0])} IS NOT NULL"
    con.execute(
        f"CREATE TEMP TABLE compared AS SELECT i.file_row_number, {known} AS known, {same} AS same, "
        # What the lake knows beyond the file, of the rows that are written again.
        f"CASE WHEN {known} AND NOT ({same}) THEN {{{kept}}} END AS kept "
        f"FROM incoming i LEFT JOIN {current} c ON {matches}"
    )
    columns = [f"i.{quoted(name)}" for name in table.names if name not in silent]
    columns += [
        f"CASE WHEN c.known THEN c.kept.{quoted(name)} ELSE i.{quoted(name)} END AS {quoted(name)}"
        for name in (*silent, ATTRIBUTES)
    ]
    con.execute(
        f"CREATE TEMP VIEW changes AS SELECT {', '.join(columns)}, c.known AS replaces FROM incoming i "
        "JOIN compared c USING (file_row_number) WHERE NOT (c.known AND c.same)"
    )
    counts = "count(*) FILTER (NOT known), count(*) FILTER (known AND NOT same), count(*) FILTER (known AND same)"
    added, updated, known_rows = _one(con, f"SELECT {counts} FROM compared")
    return Changes(added, updated, known_rows, _ordered(table, given | present))


def _attributes(stored: str, names: Iterable[str]) -> tuple[str, str]:
    """The attributes as they shall stand, and the condition that they are so already (in whatever order)."""
    blank = json.dumps(dict.fromkeys(names), ensure_ascii=False)
    if blank == "{}":
        return stored, "true"
    ours = f"i.{ATTRIBUTES}"
    # In a merge patch null takes a key away: so do the file's own columns that are blank in a row.
    patch = f"json_merge_patch({literal(blank)}, coalesce({ours}, '{{}}'))"
    merged = f"nullif(CAST(json_merge_patch(coalesce({stored}, '{{}}'), {patch}) AS VARCHAR), '{{}}')"
    entries = "list_sort(map_entries(from_json({}, '\"MAP(VARCHAR, JSON)\"')))"
    sorted_same = f"{entries.format(merged)} IS NOT DISTINCT FROM {entries.format(stored)}"
    return merged, f"CASE WHEN {ours} IS NOT DISTINCT FROM {stored} THEN true ELSE {sorted_same} END"


def changed_rows(
    con: duckdb.DuckDBPyConnection, columns: Iterable[str], source: str, batch: int
) -> duckdb.DuckDBPyRelation:
    """The rows of `changes` as the lake stores them, with these contract columns: the others would be empty."""
    names = ", ".join(quoted(name) for name in (*columns, ATTRIBUTES))
    return con.sql(f"SELECT {names}, {literal(source)} AS source, {batch}::BIGINT AS batch, replaces FROM changes")


def _columns(con: duckdb.DuckDBPyConnection, relation: str) -> set[str]:
    return {row[0] for row in con.execute(f"DESCRIBE FROM {relation}").fetchall()}


def _ordered(table: Contract, names: set[str]) -> tuple[str, ...]:
    return tuple(name for name in table.names if name in names)


def _one(con: duckdb.DuckDBPyConnection, sql: str) -> tuple[int, ...]:
    # All rows are fetched: DuckDB refuses other work on the connection while a result is unfinished.
    return tuple(int(value) for value in con.execute(sql).fetchall()[0])
