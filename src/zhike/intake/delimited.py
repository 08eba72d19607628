"""Delimited text → a DuckDB view over the file: every field as text, every row kept."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from itertools import islice
from pathlib import Path

import duckdb

from zhike.errors import InputError
from zhike.intake.dialect import Dialect, find_dialect
from zhike.intake.encoding import TextFile, as_utf8
from zhike.intake.headers import NO_HEADER, TITLE_ROWS, WIDER_ROWS, check_width
from zhike.intake.limits import Limits
from zhike.intake.mending import Mender, NeverClosedError
from zhike.intake.raw import RELATION, SHORT, SURPLUS, Finding, RawColumn, RawTable, Warnings, unique_names
from zhike.sql import literal, only_row, quoted

# Stands for "this row has no such field"; DuckDB pads with NULL, and an empty field stays an empty text.
_NEVER = "\x01\x02no value\x02\x01"
_ROW_BUFFERS = ((None, None), (32 * 1024 * 1024, 64 * 1024 * 1024))

REWRITTEN = "Quotes or line ends in the file are irregular; they were put in order before reading."
PLAIN_QUOTES = (
    "In {count} rows a quote opens a cell and does not close on that line, the first on line {line}; "
    "it is read as part of the text."
)
RAGGED = "Rows of the file have different numbers of fields."


def read_delimited(
    con: duckdb.DuckDBPyConnection,
    path: Path,
    *,
    scratch: Path,
    limits: Limits,
    encoding: str | None = None,
    delimiter: str | None = None,
    decimal: str | None = None,
    header: int | None = None,
) -> RawTable:
    """A view named `raw_rows` over a CSV, TSV, semicolon, pipe or blank-aligned text.

    Rows are those that a spreadsheet shows: an empty line is a row, save at the end; a cell of several lines is in one.

    Raises:
        InputError: nothing below the header, a quote that never closes, a row too long, too many columns, NUL bytes.
    """
    text = as_utf8(path, scratch, encoding)
    if text.longest_line > limits.longest_row:
        raise _too_long(path.name, limits)
    dialect = find_dialect(text.path, delimiter=delimiter, decimal=decimal, header=header)
    check_width(path.name, dialect.width, limits)
    names = unique_names(dialect.headers if dialect.headers is not None else [""] * dialect.width)
    source = _Source(con, path.name, text, dialect, names, limits, scratch)
    if dialect.aligned:
        source.set_apart()
    elif text.has_quotes and not dialect.plain_start:
        source.put_in_order()
    rows = source.open()
    if rows == 0:
        raise InputError("{file} has a header but no rows.", fix="Export it again with its data.", file=path.name)
    header_row = dialect.skip + 1 if dialect.headers is not None else None
    finding = Finding(
        format="csv",
        file=path.name,
        encoding=text.encoding,
        delimiter=dialect.delimiter,
        decimal=dialect.decimal,
        header_row=header_row,
        warnings=(*text.warnings, *_remarks(dialect), *source.warnings),
    )
    return RawTable(
        relation=RELATION,
        columns=tuple(RawColumn(name) for name in names),
        first_row=source.first_row,
        finding=finding,
        ragged=source.extras > 0,
    )


def _remarks(dialect: Dialect) -> Warnings:
    remarks: Warnings = ()
    if dialect.headers is None:
        remarks += ((NO_HEADER, {}),)
    if dialect.headers is not None and dialect.skip:
        remarks += ((TITLE_ROWS, {"count": dialect.skip}),)
    if dialect.headers is not None and dialect.named < dialect.filled:
        values: dict[str, object] = {
            "width": dialect.width,
            "named": dialect.named,
            "first": dialect.named + 1,
        }
        remarks += ((WIDER_ROWS, values),)
    return remarks


def _times(cell: str, sign: str) -> str:
    """How often a cell has a sign, as an expression."""
    return f"((strlen({cell}) - strlen(replace({cell}, {literal(sign)}, ''))) // {len(sign.encode())})"


def _too_long(file: str, limits: Limits) -> InputError:
    return InputError(
        "{file} has a row longer than {megabytes} MB.",
        fix="Look for a quote that opens and never closes, or shorten that cell.",
        file=file,
        megabytes=limits.longest_row // 2**20,
    )


class _Source:
    """One delimited text on its way to a view: tried plainly first, then with ever more patience.

    The plain reading is the strict and fast one; a file passes it whole (it is counted through, at memory speed) or
    is read with room for surplus fields, or is first put in order by the csv module.
    """

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        file: str,
        text: TextFile,
        dialect: Dialect,
        names: tuple[str, ...],
        limits: Limits,
        scratch: Path,
    ) -> None:
        self.con, self.file, self.text, self.dialect, self.names = con, file, text, dialect, names
        self.limits, self.scratch = limits, scratch
        self.path = text.path
        self.delimiter, self.escape, self.skip = dialect.delimiter, dialect.escape, dialect.skip
        self.header = dialect.headers is not None
        self.first_row = dialect.skip + (2 if self.header else 1)
        self.extras = 0
        # A column of the file may have any name, also that of a surplus field.
        self.surplus = SURPLUS
        while any(name.casefold().startswith(self.surplus) for name in names):
            self.surplus += "_"
        self.buffers = 0
        self.rewritten = False
        self.warnings: Warnings = ()

    def open(self) -> int:
        """Creates the view and counts its rows, so that whatever is wrong with the file is found now."""
        while True:
            self.con.execute(f"CREATE OR REPLACE VIEW {RELATION} AS {self._select()}")
            try:
                (rows,) = only_row(self.con, f"SELECT count(*) FROM {self._reader()}")
            except duckdb.Error as error:
                self._adapt(str(error), error)
                continue
            if not self.rewritten and self._hides_rows(int(rows)):
                self.rewrite()
                continue
            if self.extras:
                self.warnings += ((RAGGED, {}),)
            return int(rows)

    def _adapt(self, said: str, error: Exception) -> None:
        if "Expected Number of Columns" in said:
            # Rows wider than the limit are no table any more: a wrong delimiter or a binary file.
            if len(self.names) + self.extras >= self.limits.widest_row:
                raise self._unreadable(said) from error
            room = self.extras * 16 if self.extras else 16
            self.extras = min(room, self.limits.widest_row)
        elif "unterminated quote" not in said and self.buffers == 0:
            # Rows beyond two megabytes need larger buffers; DuckDB has several ways to say so.
            self.buffers = 1
        elif "aximum line size" in said:
            raise _too_long(self.file, self.limits) from error
        elif not self.rewritten:
            self.put_in_order()
        else:
            raise self._unreadable(said) from error

    def _unreadable(self, said: str) -> InputError:
        line = re.search(r"Line: (\d+)", said)
        return InputError(
            "{file} cannot be read as a table from line {line} on.",
            fix="Check the delimiter and the quotes there, or save the file as XLSX.",
            file=self.file,
            line=line.group(1) if line else "?",
        )

    def _reader(self) -> str:
        columns = [*self.names, *self._surplus_names()]
        line_size, buffer_size = _ROW_BUFFERS[self.buffers]
        # Without quotes in the file none are looked for; with quotes a ragged file cannot be read in parallel.
        quote = '"' if self.text.has_quotes else ""
        options = {
            "columns": "{" + ", ".join(f"{literal(name)}: 'VARCHAR'" for name in columns) + "}",
            "auto_detect": "false",
            "header": str(self.header).lower(),
            "skip": str(self.skip),
            "delim": literal(self.delimiter),
            "quote": literal(quote),
            "escape": literal(self.escape if quote else ""),
            "nullstr": literal(_NEVER),
            "null_padding": str(self.extras > 0).lower(),
            "parallel": str(not (self.extras and quote)).lower(),
        }
        if line_size is not None:
            options |= {"max_line_size": str(line_size), "buffer_size": str(buffer_size)}
        arguments = ", ".join(f"{name} = {value}" for name, value in options.items())
        return f"read_csv({literal(str(self.path))}, hive_partitioning = false, {arguments})"

    def _surplus_names(self) -> list[str]:
        return [f"{self.surplus}{n}" for n in range(self.extras)]

    def _select(self) -> str:
        if not self.extras:
            return f"SELECT * FROM {self._reader()}"
        names = ", ".join(map(quoted, self.names))
        surplus = ", ".join(map(quoted, self._surplus_names()))
        mark = literal(self.delimiter)
        # Blank surplus fields are what spreadsheets leave behind: nothing is lost with them.
        joined = f"nullif(rtrim(concat_ws({mark}, {surplus}), {mark} || ' '), '')"
        short = f"{quoted(self.names[-1])} IS NULL"
        return f"SELECT {names}, {joined} AS {SURPLUS}, {short} AS {SHORT} FROM {self._reader()}"

    def set_apart(self) -> None:
        """Columns set apart by blanks: the blanks become tabs."""
        target = self.scratch / "aligned.tsv"
        with (
            self.path.open(encoding="utf-8-sig", newline="") as source,
            target.open("w", encoding="utf-8", newline="") as out,
        ):
            out.writelines("\t".join(line.split()) + "\n" for line in source)
        self.path, self.delimiter = target, "\t"
        # A report set in columns quotes nothing: a quote in it is an inch or a part of a name.
        self.text = replace(self.text, path=target, has_quotes=False)

    def _hides_rows(self, rows: int) -> bool:
        """Whether the file has empty lines, which DuckDB passes over, or cells that look like several rows.

        A file with as many rows as lines has neither. In others the line ends within cells are counted.
        """
        unread = self.text.lines - (self.first_row - 1) - rows
        if unread <= 0 or self.dialect.aligned:
            return False
        if not self.text.has_quotes:
            return True
        cells = [quoted(name) for name in (*self.names, *self._surplus_names())]
        line_ends = " + ".join(f"coalesce({_times(cell, chr(10))}, 0)" for cell in cells)
        marks = len(self.names) - 1
        rows_within = " OR ".join(
            f"({_times(cell, chr(10))} > 0 AND {_times(cell, self.delimiter)} >= {marks})" for cell in cells
        )
        query = f"SELECT sum({line_ends}), bool_or({rows_within}) FROM {self._reader()}"
        within, swallowed = only_row(self.con, query)
        return unread > (within or 0) or (marks > 0 and bool(swallowed))

    def put_in_order(self) -> None:
        """Writes the file anew because its quotes or line ends are irregular."""
        self.warnings += ((REWRITTEN, {}),)
        self.rewrite()

    def rewrite(self) -> None:
        """Writes the rows anew, in strict CSV: slower than DuckDB's reader, and more patient."""
        target = self.scratch / "rewritten.csv"
        with (
            self.path.open(encoding="utf-8-sig", newline="") as source,
            target.open("w", encoding="utf-8", newline="") as out,
        ):
            mender = Mender(islice(source, self.skip, None), self.dialect.shape, longest=self.limits.longest_row)
            writer = csv.writer(out, lineterminator="\n")
            try:
                writer.writerows(mender.rows())
            except NeverClosedError as error:
                raise InputError(
                    "In {file} a quote opens on line {line} and never closes.",
                    fix="Close or remove that quote.",
                    file=self.file,
                    line=self.skip + error.args[0],
                ) from error
        if mender.plain_quotes:
            values: dict[str, object] = {"count": mender.plain_quotes, "line": self.skip + mender.first_plain}
            self.warnings += ((PLAIN_QUOTES, values),)
        self.path, self.delimiter, self.escape, self.skip = target, ",", '"', 0
        self.text = replace(self.text, path=target, has_quotes=True)
        self.rewritten = True
