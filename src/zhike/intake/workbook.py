"""XLSX and XLS → a view with every cell as text: dates as ISO 8601, whole numbers without ".0"."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import Any

import duckdb
import fastexcel

from zhike.errors import InputError
from zhike.intake.archive import check_inflation, open_whole
from zhike.intake.delimited import RELATION
from zhike.intake.headers import (
    NO_HEADER,
    TITLE_ROWS,
    column_headers,
    header_row,
    table_start,
    usual_width,
)
from zhike.intake.limits import MEGABYTE, Limits
from zhike.intake.raw import Finding, RawColumn, RawTable, Warnings, unique_names
from zhike.intake.sql import quoted

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
        InputError: no such sheet, no table in any, a password, damage, or a workbook that inflates too far.
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


def _load(book: Any, path: Path, sheet: str, rows: int | None) -> Any:
    try:
        loaded = book.load_sheet(sheet, header_row=None, skip_rows=0, n_rows=rows, dtypes="string")
        return loaded.to_arrow()
    except fastexcel.FastExcelError as error:
        raise _damaged(path) from error


def _first_rows(book: Any, path: Path, sheet: str) -> list[list[str | None]]:
    batch = _load(book, path, sheet, _ROWS_LOOKED_AT)
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
    batch = _load(book, path, sheet, None)
    width = batch.num_columns
    # Columns that are blank from top to bottom are formatting, not data.
    while width > 1 and batch.column(width - 1).null_count == batch.num_rows:
        width -= 1
    names = unique_names(column_headers(rows[at], width)[:width] if at is not None else [""] * width)
    con.register(_SHEET, batch.slice(start))
    fields = (f"{quoted(old)} AS {quoted(new)}" for old, new in zip(batch.schema.names[:width], names, strict=True))
    con.execute(f"CREATE OR REPLACE VIEW {RELATION} AS SELECT {', '.join(fields)} FROM {_SHEET}")
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
    return RawTable(RELATION, tuple(map(RawColumn, names)), start + 1, finding)
