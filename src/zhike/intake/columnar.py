"""Parquet → a view with the file's own types."""

from __future__ import annotations

from pathlib import Path

import duckdb

from zhike.errors import InputError
from zhike.intake.headers import check_width
from zhike.intake.limits import Limits
from zhike.intake.raw import RELATION, Finding, RawColumn, RawTable, unique_names
from zhike.sql import literal, only_row, quoted

# Types that stay as they are; the rest (lists, structs, blobs, enums, intervals …) is read as text.
_KEPT = (
    "VARCHAR", "BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT",
    "UINTEGER", "UBIGINT", "FLOAT", "DOUBLE", "DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS",
)  # fmt: skip
_ZONED = "TIMESTAMP WITH TIME ZONE"


def read_parquet(con: duckdb.DuckDBPyConnection, path: Path, *, limits: Limits) -> RawTable:
    """A view over a Parquet file.

    Raises:
        InputError: the file is damaged, has no rows or too many columns.
    """
    with path.open("rb") as file:
        file.seek(-4, 2)
        if file.read(4) != b"PAR1":
            raise InputError(
                "{file} is a damaged Parquet file: its end is missing.",
                fix="Download or export it again.",
                file=path.name,
            )
    source = f"read_parquet({literal(str(path))}, hive_partitioning = false)"
    described = con.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
    check_width(path.name, len(described), limits)
    names = unique_names(row[0] for row in described)
    columns, selected = [], []
    for (name, sql_type, *_rest), ours in zip(described, names, strict=True):
        read_as, expression = _as_read(sql_type, quoted(name))
        columns.append(RawColumn(ours, read_as))
        selected.append(f"{expression} AS {quoted(ours)}")
    con.execute(f"CREATE OR REPLACE VIEW {RELATION} AS SELECT {', '.join(selected)} FROM {source}")
    if only_row(con, f"SELECT count(*) FROM {source}") == (0,):
        raise InputError("{file} has a header but no rows.", fix="Export it again with its data.", file=path.name)
    return RawTable(RELATION, tuple(columns), 1, Finding(format="parquet", file=path.name))


def _as_read(sql_type: str, column: str) -> tuple[str, str]:
    if sql_type.startswith("DECIMAL") or sql_type in _KEPT:
        return sql_type, column
    if sql_type == _ZONED:
        # Here already, so that no zone of the session or of the machine can have a part in it.
        return "TIMESTAMP", f"{column} AT TIME ZONE 'UTC'"
    if sql_type.endswith("]") or sql_type.startswith(("STRUCT", "MAP")):
        return "VARCHAR", f"CAST(to_json({column}) AS VARCHAR)"
    return "VARCHAR", f"CAST({column} AS VARCHAR)"
