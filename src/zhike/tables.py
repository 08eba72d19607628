"""Whatever a person has at hand (Ibis, pandas, Polars, Arrow, a file) → the Ibis tables that the models read.

Nothing is copied that need not be: a Parquet file is scanned in place, data frames are handed over as Arrow.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb
import ibis
import ibis.backends.duckdb  # loaded with us, not in the middle of the first question
import ibis.expr.datatypes as types
import pyarrow as pa

from zhike.cleaning.clean import clean, kept_rows
from zhike.errors import InputError, SettingsError
from zhike.intake.mapping import propose
from zhike.intake.read import read, sample
from zhike.schema import ATTRIBUTES, contract

ORDER_COLUMNS = ("customer_id", "order_id", "ordered_at", "amount")
# Numbers of an order that add up over its lines, and that some models use when they are there.
ADDITIVE = ("amount", "listed_amount", "refunded", "discount", "cost", "shipping", "tax")

# Up to here every order_id is compared; above, those of the first rows. Order lines repeat their ids next to each
# other, and even shuffled ones (two per order, ten million) meet three thousand times within a quarter million rows.
EXACT_ROWS = 1_000_000
FIRST_ROWS = 250_000


def as_date(value: Any) -> dt.date:
    """The day a person means by a date, a datetime, a pandas Timestamp or "YYYY-MM-DD".

    "As of a day" means everything up to the end of that day.

    Raises:
        SettingsError: not a date, or a year outside 1900–2999.

    >>> as_date("2011-12-10"), as_date(dt.datetime(2011, 12, 10, 23, 59))
    (datetime.date(2011, 12, 10), datetime.date(2011, 12, 10))
    """
    try:
        day = _day(value)
    except (ValueError, TypeError):  # TypeError: pandas' NaT, a datetime without a year
        day = None
    if day is None or not 1900 <= day.year <= 2999:
        raise SettingsError(
            "{value} is not a date that can be worked with.",
            fix="Write it as YYYY-MM-DD, for example 2025-12-31.",
            value=repr(value) if not isinstance(value, str) else f"“{value}”",
        )
    return day


def _day(value: Any) -> dt.date | None:
    if isinstance(value, dt.datetime):
        return dt.date(value.year, value.month, value.day)
    if isinstance(value, dt.date):
        return value
    return dt.date.fromisoformat(value.strip()) if isinstance(value, str) else None


def as_table(source: Any) -> Any:
    """Any source as an Ibis table.

    An Ibis table comes back as it is. pandas, Polars and Arrow tables are shared through Arrow; an Arrow reader is
    read once. A path: Parquet and plain CSV are scanned in place by the default engine (DuckDB); every other file
    is read, mapped and cleaned as `zhike import` would, rows that cannot be used left out (import it to see which).

    Raises:
        InputError: no such file, a file that cannot be read or whose columns fit no table, or not a table at all.
    """
    if isinstance(source, ibis.Table):
        return source
    if isinstance(source, str | Path):
        return _open(Path(source))
    if isinstance(source, pa.RecordBatchReader):
        source = source.read_all()
    try:
        return ibis.memtable(source)
    except Exception as error:
        raise InputError(
            "A {kind} cannot be read as a table ({reason}).",
            fix="Pass an Ibis, pandas, Polars or Arrow table, or the path of a file.",
            kind=type(source).__name__,
            reason=str(error).splitlines()[0] if str(error) else type(error).__name__,
        ) from error


def _open(path: Path) -> Any:
    if not path.is_file():
        raise InputError("There is no file {file}.", fix="Check the path.", file=str(path))
    suffix = path.suffix.lower()
    try:
        if suffix in {".parquet", ".pq"}:
            return ibis.get_backend().read_parquet(path, hive_partitioning=False)
        if suffix in {".csv", ".tsv"}:
            return ibis.get_backend().read_csv(path, hive_partitioning=False)
    except duckdb.Error:
        # Not as plain as its name says; the forgiving reader will read it or say what is wrong.
        pass
    return _cleaned(path)


def _cleaned(path: Path) -> Any:
    """A file as it came: its columns found and named ours, its rows cleaned, what cannot be used left out."""
    with tempfile.TemporaryDirectory() as scratch:
        con = duckdb.connect()
        con.execute("SET enable_progress_bar = false")
        raw = read(con, path, scratch=Path(scratch))
        mapping = propose(raw.columns, sample(con, raw))
        clean(con, raw, mapping, Path(scratch))
        rows = kept_rows(con, Path(scratch), contract(mapping.table), raw.first_row)
        columns = ", ".join((*contract(mapping.table).names, ATTRIBUTES))
        return ibis.memtable(con.sql(f"SELECT {columns} FROM {rows}").to_arrow_table())


def require(table: Any, columns: Iterable[str], what: str) -> None:
    """Check that `table` has these columns.

    Raises:
        InputError: lists what is missing and what was found.
    """
    missing = [name for name in columns if name not in table.columns]
    if missing:
        raise InputError(
            "The table {table} lacks the columns {missing}; found: {found}.",
            fix="Rename or add them.",
            table=what,
            missing=", ".join(missing),
            found=", ".join(table.columns),
        )


def as_orders(source: Any, *, optional: tuple[str, ...] = ()) -> Any:
    """Orders for the models: one row per order, `customer_id, order_id, ordered_at, amount` (+ `optional` if there).

    `ordered_at` becomes a timestamp without zone (a zoned one is read in UTC), `amount` a float in currency units;
    ids stay as they are. Rows without a customer belong to nobody and are left out.

    A file with other column names is mapped and cleaned first. An Ibis table is trusted to hold one row per order
    (`one_row_per_order` makes it so). In every other source a repeated `order_id` means order lines, and they are
    added up to orders.

    Raises:
        InputError: columns are missing, or dates or amounts are not dates or amounts.

    >>> lines = pa.table({"customer_id": ["a", "a"], "order_id": [1, 1], "ordered_at": ["2025-01-01"] * 2,
    ...                   "amount": [5, 7]})
    >>> as_orders(lines).to_pyarrow().to_pylist()
    [{'customer_id': 'a', 'order_id': 1, 'ordered_at': datetime.datetime(2025, 1, 1, 0, 0), 'amount': 12.0}]
    """
    table = as_table(source)
    in_file = isinstance(source, str | Path)
    if in_file and not set(ORDER_COLUMNS) <= set(table.columns):
        table, in_file = _cleaned(Path(source)), False
    require(table, ORDER_COLUMNS, "orders")
    table = table.select(*ORDER_COLUMNS, *(name for name in optional if name in table.columns))
    trusted = isinstance(source, ibis.Table)
    for name in table.columns[2:]:
        table = _typed(table, name, types.timestamp if name == "ordered_at" else types.float64, trusted=trusted)
    table = table.filter(table.customer_id.notnull())
    return one_row_per_order(table) if not trusted and _repeats_orders(table, in_file=in_file) else table


def _typed(table: Any, name: str, wanted: Any, *, trusted: bool) -> Any:
    """The column in its type. Text is looked through first, so that a bad value is named, not a cast that failed."""
    column, found = table[name], table[name].type()
    if found == wanted or (found.is_timestamp() and wanted.is_timestamp() and found.timezone is None):
        return table
    if wanted.is_timestamp():
        fits = found.is_timestamp() or found.is_date() or found.is_string()
    else:
        fits = found.is_numeric() or found.is_string()
    if not fits and not found.is_null():
        raise _unusable(name, str(found))
    if found.is_string() and not trusted:
        bad = table.filter(column.notnull(), column.try_cast(wanted).isnull())[[name]].limit(1).to_pyarrow()
        if bad.num_rows:
            raise _unusable(name, f"“{bad[name][0].as_py()}”")
    return table.mutate(column.cast(wanted).name(name))


def _unusable(column: str, value: str) -> InputError:
    return InputError(
        "{column} holds {value}, which cannot be used as {column}.",
        fix="Clean the column first, or import the file with `zhike import`, which sets such rows aside.",
        column=column,
        value=value,
    )


def _repeats_orders(table: Any, *, in_file: bool) -> bool:
    (rows,) = _one_row(table.aggregate(rows=table.count()), in_file=in_file)
    ids = table if rows <= EXACT_ROWS else table.limit(FIRST_ROWS)
    rows, orders = _one_row(ids.aggregate(rows=ids.order_id.count(), orders=ids.order_id.nunique()), in_file=in_file)
    return bool(rows > orders)


def _one_row(table: Any, *, in_file: bool) -> tuple[Any, ...]:
    engine = table.get_backend()
    if in_file and engine.name == "duckdb":
        # Ibis's own ways to fetch load pandas, which takes longer than counting ten million orders.
        (row,) = engine.raw_sql(engine.compile(table)).fetchall()  # all: a result left open blocks the engine
        return tuple(row)
    return tuple(table.to_pyarrow().to_pylist()[0].values())


def one_row_per_order(lines: Any) -> Any:
    """Order lines → orders: one row per `customer_id, order_id`, the earliest time, amounts added up.

    Lines without an `order_id` stay what they are: each an order of its own.
    """
    lines = as_table(lines)
    require(lines, ORDER_COLUMNS, "order_lines")
    sums = [name for name in ADDITIVE if name in lines.columns]
    kept = ["customer_id", "order_id", "ordered_at", *sums]
    known = lines.filter(lines.order_id.notnull())
    orders = known.group_by("customer_id", "order_id").aggregate(
        ordered_at=known.ordered_at.min(), **{name: known[name].sum() for name in sums}
    )
    return orders[kept].union(lines.filter(lines.order_id.isnull())[kept])
