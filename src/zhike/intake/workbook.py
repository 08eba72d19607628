"""XLSX and XLS → a view: columns of numbers, dates or yes/no with their type, mixed columns as text."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import Any

import duckdb
import fastexcel

from zhike.errors import InputError
from zhike.intake.archive import check_inflation, open_whole
from zhike.intake.headers import (
    NO_HEADER,
    TITLE_ROWS,
    check_width,
    column_headers,
    header_row,
    table_start,
    usual_width,
)
from zhike.intake.limits import MEGABYTE, Limits
from zhike.intake.raw import RELATION, Finding, RawColumn, RawTable, Warnings, unique_names
from zhike.sql import only_row, quoted

_SHEET = "raw_sheet"
_ROWS_LOOKED_AT = 100
_CHUNK = 4 * MEGABYTE

OTHER_SHEETS = "The workbook has other sheets too: {sheets}. This is {sheet}."


def read_workbook(
    con: duckdb.DuckDBPyConnection,
    path: Path,
    form: str,
    *,
    limits: Limits,
    sheet: str | None = None,
    header: int | None = None,
) -> RawTable:
    """A view over one sheet: the one named, else the first that holds a table.

    Raises:
        InputError: no such sheet, no table in any, a password, damage, a workbook that inflates too far, or a sheet
            with too many columns.
    """
    if form == "xlsx":
        _check_workbook(path, limits)
    book = _open(path)
    names = tuple(book.sheet_names)
    if sheet is not None and sheet not in names:
        raise InputError(
            "{file} has no sheet {sheet}.",
            fix="Its sheets are: {sheets}.",
            file=path.name,
            sheet=sheet,
            sheets=", ".join(names),
        )
    for candidate in (sheet,) if sheet is not None else names:
        rows = _first_rows(book, path, candidate)
        if _is_table(rows):
            check_width(path.name, len(rows[0]), limits)
            return _view(con, path, form, book, candidate, names, rows, header)
    raise InputError(
        "{file} has no sheet with a header and rows.",
        fix="Check that the data is in cells, not in a picture or a pivot table.",
        file=path.name,
    )


def _check_workbook(path: Path, limits: Limits) -> None:
    """By the declared sizes first, then by really inflating every part, so that a lie is found out."""
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
            check_inflation(path, infos, limits, limits.inflated_workbook)
            left = sum(info.file_size for info in infos)
            for info in infos:
                with open_whole(archive, info, limits.inflated_workbook, path) as part:
                    while chunk := part.read(_CHUNK):
                        left -= len(chunk)
                        if left < 0:
                            raise _damaged(path)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError) as error:
        raise _damaged(path) from error


def _damaged(path: Path) -> InputError:
    return InputError(
        "{file} cannot be opened as a workbook: it is damaged or protected by a password.",
        fix="Open it in a spreadsheet program and save it again without a password.",
        file=path.name,
    )


def _open(path: Path) -> Any:
    try:
        return fastexcel.read_excel(str(path))
    except fastexcel.FastExcelError as error:
        raise _damaged(path) from error


def _load_text(book: Any, path: Path, sheet: str, *, skip: int, rows: int | None) -> Any:
    try:
        loaded = book.load_sheet(sheet, header_row=None, skip_rows=skip, n_rows=rows, dtypes="string")
        return loaded.to_arrow()
    except fastexcel.FastExcelError as error:
        raise _damaged(path) from error


def _load_typed(book: Any, path: Path, sheet: str, skip: int) -> Any:
    """The rows below the header, each column with the type that all of its cells have, else as text.

    As text fastexcel writes numbers with nine decimals, so numbers are better taken as numbers.
    """
    try:
        return book.load_sheet(sheet, header_row=None, skip_rows=skip, schema_sample_rows=None).to_arrow()
    except fastexcel.FastExcelError:
        return _load_text(book, path, sheet, skip=skip, rows=None)


def _first_rows(book: Any, path: Path, sheet: str) -> list[list[str | None]]:
    batch = _load_text(book, path, sheet, skip=0, rows=_ROWS_LOOKED_AT)
    columns = [column.to_pylist() for column in batch.columns]
    return [list(row) for row in zip(*columns, strict=True)]


def _is_table(rows: list[list[str | None]]) -> bool:
    return len(rows) > table_start(rows) + 1 and usual_width(rows) >= 1


def _view(
    con: duckdb.DuckDBPyConnection,
    path: Path,
    form: str,
    book: Any,
    sheet: str,
    sheets: tuple[str, ...],
    rows: list[list[str | None]],
    header: int | None,
) -> RawTable:
    at = header_row(rows) if header is None else (header - 1 if header else None)
    start = at + 1 if at is not None else (table_start(rows) if header is None else 0)
    batch = _load_typed(book, path, sheet, start)
    if batch.num_rows == 0:
        raise InputError("{file} has a header but no rows.", fix="Export it again with its data.", file=path.name)
    # Columns that are blank from top to bottom, header included, are formatting, not data.
    width, named = batch.num_columns, len(column_headers(rows[at], 0)) if at is not None else 1
    while width > named and batch.column(width - 1).null_count == batch.num_rows:
        width -= 1
    names = unique_names(column_headers(rows[at], width)[:width] if at is not None else [""] * width)
    columns = _create_view(con, batch, names)
    warnings: Warnings = ()
    if at is None:
        warnings += ((NO_HEADER, {}),)
    elif at:
        warnings += ((TITLE_ROWS, {"count": at}),)
    if len(sheets) > 1:
        others = ", ".join(name for name in sheets if name != sheet)
        warnings += ((OTHER_SHEETS, {"sheets": others, "sheet": sheet}),)
    finding = Finding(
        format=form,
        file=path.name,
        header_row=at + 1 if at is not None else None,
        sheet=sheet,
        sheets=sheets,
        warnings=warnings,
    )
    return RawTable(RELATION, columns, start + 1, finding)


def _create_view(con: duckdb.DuckDBPyConnection, batch: Any, names: tuple[str, ...]) -> tuple[RawColumn, ...]:
    """Numbers in a workbook are all floating; a column of whole ones becomes whole."""
    con.register(_SHEET, batch)
    described = con.execute(f"DESCRIBE {_SHEET}").fetchall()[: len(names)]
    floating = [quoted(row[0]) for row in described if row[1] == "DOUBLE"]
    tests = [f"coalesce(bool_and({c} = trunc({c}) AND abs({c}) < 1e15), false)" for c in floating]
    whole = dict(zip(floating, only_row(con, f"SELECT {', '.join(tests)} FROM {_SHEET}"), strict=True)) if tests else {}
    columns, fields = [], []
    for (cell, sql_type, *_rest), name in zip(described, names, strict=True):
        read_as = "BIGINT" if whole.get(quoted(cell)) else "TIMESTAMP" if sql_type.startswith("TIMESTAMP") else sql_type
        if read_as not in ("BIGINT", "DOUBLE", "TIMESTAMP", "DATE", "BOOLEAN"):
            read_as = "VARCHAR"
        columns.append(RawColumn(name, read_as))
        fields.append(f"CAST({quoted(cell)} AS {read_as}) AS {quoted(name)}")
    con.execute(f"CREATE OR REPLACE VIEW {RELATION} AS SELECT {', '.join(fields)} FROM {_SHEET}")
    return tuple(columns)
