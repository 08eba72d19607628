"""Whatever a person has at hand (Ibis, pandas, Polars, Arrow, a file) → the Ibis tables that the models read.

Nothing is copied that need not be: a Parquet file is scanned in place, data frames are handed over as Arrow.
"""

from __future__ import annotations

import datetime as dt
import tempfile
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb
import ibis
import ibis.backends.duckdb  # these are loaded with us, not in the middle of the first question
import ibis.expr.types.groupby
import pyarrow as pa

from zhike.cleaning.clean import clean, kept_rows
from zhike.errors import InputError, SettingsError
from zhike.intake.mapping import Mapping, propose
from zhike.intake.misfits import Sample
from zhike.intake.raw import RawColumn
from zhike.intake.read import read, sample
from zhike.schema import ATTRIBUTES, CONTRACTS, contract
from zhike.sql import quoted

IDS = frozenset(column.name for table in CONTRACTS.values() for column in table if column.kind == "id")
TEXT_FILES = {".csv", ".tsv"}
UNREADABLE = ("unreadable", "impossible_date", "out_of_range", "more_fields", "fewer_fields")


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
            value=f"“{value}”" if isinstance(value, str | dt.date) else repr(value),
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
        plain = in_place(Path(source))
        return cleaned(Path(source)) if plain is None else plain
    if isinstance(source, pa.RecordBatchReader):
        source = source.read_all()
    try:
        table = ibis.memtable(source)
        if type(source).__module__.startswith("pandas"):
            # Ibis turns it into Arrow at the first question; a column of numbers and texts has to be named before.
            table = ibis.memtable(table.op().data.to_pyarrow(table.schema()))
        return table
    except Exception as error:
        raise InputError(
            "A {kind} cannot be read as a table ({reason}).",
            fix="Pass an Ibis, pandas, Polars or Arrow table, or the path of a file.",
            kind=type(source).__name__,
            reason=str(error).splitlines()[0] if str(error) else type(error).__name__,
        ) from error


def in_place(path: Path, *, as_text: bool = False) -> Any | None:
    """A file scanned in place; None where it is not as plain as its name says, and needs the forgiving reader.

    `as_text` leaves every column of a CSV text.
    """
    if not path.is_file():
        raise InputError("There is no file {file}.", fix="Check the path.", file=str(path))
    suffix = path.suffix.lower()
    try:
        if suffix in {".parquet", ".pq"}:
            return ibis.get_backend().read_parquet(path, hive_partitioning=False)
        if suffix in TEXT_FILES:
            found = ibis.get_backend().read_csv(path, hive_partitioning=False, all_varchar=as_text)
            ids = {name: "string" for name in found.columns if name in IDS and not found[name].type().is_string()}
            # A number has no leading zeros and no more than 19 digits; 1e3 and 1000 are two ids.
            return ibis.get_backend().read_csv(path, hive_partitioning=False, header=True, types=ids) if ids else found
    except duckdb.Error:
        pass
    return None


def read_once(table: Any) -> Any:
    """The rows of a table of the default engine, held by it until nothing mentions them any more.

    It spills to disk what does not fit in memory. Not Ibis's own `cache`: Ibis 12 cannot drop what it has cached.
    """
    _drop_waiting()
    engine = ibis.get_backend()
    name = ibis.util.gen_name("zhike_read")
    engine.con.execute(f"CREATE TEMP TABLE {quoted(name)} AS {engine.compile(table)}").fetchall()
    held = engine.table(name)
    weakref.finalize(held.op(), _let_go, engine.con, name)
    return held


# What nothing mentions any more, but could not be dropped at once: engine and name.
_WAITING: deque[tuple[Any, str]] = deque()


def _let_go(con: Any, name: str) -> None:
    _WAITING.append((con, name))
    _drop_waiting()


def _drop_waiting() -> None:
    """While somebody reads a result of an engine it takes no other command: what waits for that goes with the next."""
    for _ in range(len(_WAITING)):
        # Another thread may have taken the last; and when somebody has disconnected, there is nothing to drop.
        with suppress(IndexError, duckdb.Error):
            con, name = _WAITING.popleft()
            try:
                con.execute(f"DROP TABLE IF EXISTS {quoted(name)}").fetchall()
            except duckdb.ResourceInUseException:
                _WAITING.append((con, name))


def cleaned(
    path: Path, choose: Callable[[Sequence[RawColumn], Sample], Mapping] = propose, *, wrong: InputError | None = None
) -> Any:
    """A file as it came: its columns found and named ours, its rows cleaned, what cannot be used left out.

    `wrong` is what somebody is told instead, where a value of the file can be read no way.
    """
    with tempfile.TemporaryDirectory() as scratch, duckdb.connect() as con:
        con.execute("SET enable_progress_bar = false")
        raw = read(con, path, scratch=Path(scratch))
        mapping = choose(raw.columns, sample(con, raw))
        report = clean(con, raw, mapping, Path(scratch)).report
        if wrong is not None and any(report.count(rule) for rule in UNREADABLE):
            raise wrong
        rows = kept_rows(con, Path(scratch), contract(mapping.table), raw.first_row)
        columns = ", ".join((*contract(mapping.table).names, ATTRIBUTES))
        return ibis.memtable(con.sql(f"SELECT {columns} FROM {rows}").to_arrow_table())


def lacking(table: str, missing: Iterable[str], found: Iterable[str]) -> InputError:
    return InputError(
        "The table {table} lacks the columns {missing}; found: {found}.",
        fix="Rename or add them.",
        table=table,
        missing=", ".join(missing),
        found=", ".join(found),
    )


def require(table: Any, columns: Iterable[str], what: str) -> None:
    """Check that `table` has these columns.

    Raises:
        InputError: lists what is missing and what was found.
    """
    missing = [name for name in columns if name not in table.columns]
    if missing:
        raise lacking(what, missing, table.columns)
