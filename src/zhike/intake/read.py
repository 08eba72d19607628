"""Any file → a raw table: recognises the format, unpacks, and calls the reader for it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from zhike.errors import InputError
from zhike.intake.archive import unpack
from zhike.intake.columnar import read_parquet
from zhike.intake.delimited import read_delimited
from zhike.intake.jsonlines import read_json
from zhike.intake.limits import Limits
from zhike.intake.names import plainly_named, shown_name
from zhike.intake.raw import RawTable
from zhike.intake.recognise import recognise
from zhike.intake.workbook import read_workbook
from zhike.sql import quoted


@dataclass(frozen=True)
class ReadOptions:
    """What the person says about the file; None leaves it to be found out. `header_row` 0 means no header."""

    encoding: str | None = None
    delimiter: str | None = None
    decimal: str | None = None
    sheet: str | None = None
    member: str | None = None
    header_row: int | None = None


SAMPLE_ROWS = 1000
NO_LIMITS_NAMED = Limits()
FIND_OUT = ReadOptions()


def read(
    con: duckdb.DuckDBPyConnection,
    path: Path,
    options: ReadOptions = FIND_OUT,
    *,
    limits: Limits = NO_LIMITS_NAMED,
    scratch: Path,
) -> RawTable:
    """The table in a file, rows in file order, as a relation on `con`. Temporary files go to `scratch`.

    Raises:
        InputError: the file holds no table that can be read; the message names the fix.
    """
    name = shown_name(path.name)
    plain = plainly_named(path, scratch)
    try:
        form = recognise(plain)
        if form in ("zip", "gzip"):
            part, members = unpack(path, form, scratch=scratch, limits=limits, member=options.member)
            table = _read_one(con, part.path, options, limits, scratch)
            finding = replace(table.finding, member=part.name, members=members)
        else:
            table = _read_one(con, plain, options, limits, scratch)
            finding = table.finding
        return replace(table, finding=replace(finding, file=name))
    except InputError as error:
        if error.values.get("file") in (plain.name, path.name):
            error.values["file"] = name
        raise
    except duckdb.Error as error:
        raise reading_error(error, name) from error


def sample(con: duckdb.DuckDBPyConnection, raw: RawTable, rows: int = SAMPLE_ROWS) -> dict[str, list[object]]:
    """The first rows of a raw table: column → values. What a mapping is proposed from and a person is shown."""
    names = [column.name for column in raw.columns]
    chosen = ", ".join(quoted(name) for name in names)
    found = con.execute(f"SELECT {chosen} FROM {quoted(raw.relation)} LIMIT {rows}").fetchall()
    return {name: [row[i] for row in found] for i, name in enumerate(names)}


def _read_one(
    con: duckdb.DuckDBPyConnection, path: Path, options: ReadOptions, limits: Limits, scratch: Path
) -> RawTable:
    form = recognise(path)
    if form in ("xlsx", "xls"):
        return read_workbook(con, path, form, limits=limits, sheet=options.sheet, header=options.header_row)
    if form == "parquet":
        return read_parquet(con, path, limits=limits)
    if form == "json":
        return read_json(con, path, scratch=scratch, limits=limits, encoding=options.encoding)
    if form in ("zip", "gzip"):
        raise InputError(
            "{file} holds an archive inside an archive.",
            fix="Unpack it and choose the file inside.",
            file=path.name,
        )
    return read_delimited(
        con,
        path,
        scratch=scratch,
        limits=limits,
        encoding=options.encoding,
        delimiter=options.delimiter,
        decimal=options.decimal,
        header=options.header_row,
    )


def reading_error(error: duckdb.Error, file: str) -> InputError:
    """What DuckDB says while reading a file, as an error for people. Also for errors in later passes over it."""
    if isinstance(error, duckdb.OutOfMemoryException):
        return InputError(
            "{file} needs more memory than allowed.",
            fix="Raise the memory limit, or split the file.",
            file=file,
        )
    return InputError(
        "{file} is damaged or not what its name says: {reason}",
        fix="Export it again, or as CSV.",
        file=file,
        reason=str(error).splitlines()[0][:200],
    )
