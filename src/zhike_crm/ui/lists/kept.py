"""The values of a list's columns in a file: column by column, in the order of the records' ids.

A database looks at a million rows one after the other, which takes a second; over a column that lies in one piece the
same question takes a millisecond. The file is mapped into memory, so that all processes share it and none reads more
of it than it is asked for. It tells how things were when it was written; see `finding` for what changed since.

    numbers                             64-bit floats, none is NaN; dates as days, moments as microseconds since 1970
    texts                               strings, or a dictionary of them where few are different; none is ""; nothing
                                        after a NUL, where SQLite stops looking
    id                                  whole numbers
"""

from __future__ import annotations

import datetime as dt
import os
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection

from zhike_crm.ui.lists.column_tests import Filled, Lacks, Meaning
from zhike_crm.ui.lists.columns import Column, Kind

ID = "id"
# Once more records than this have changed since, asking about them all takes longer than the file saves.
OUTDATED = 20_000
_SINCE, _SEEN = b"since", b"seen"
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
# The file that is kept open of each folder, and of how many folders; opening one takes a millisecond.
_OPEN: dict[Path, tuple[Path, Kept]] = {}
_FOLDERS = 16
_OPENING = Lock()
Mask = np.ndarray[Any, np.dtype[np.bool_]]
Places = np.ndarray[Any, np.dtype[np.int64]]


def write(path: Path, table: pa.Table, since: dt.datetime, seen: Sequence[dt.datetime] = ()) -> None:
    """Keep a table in the order of its `id`: on disk, whole, or not there at all.

    Args:
        since: records that changed from then on may be otherwise than in the file,
        seen: but not those that changed at one of these very moments, in rising order.

    Raises:
        OSError: it cannot be written.
    """
    columns = [
        _in_one_piece(table[name]) if name == ID else _kept(_in_one_piece(table[name])) for name in table.column_names
    ]
    moments = {_SINCE: since.isoformat(), _SEEN: " ".join(moment.isoformat() for moment in seen)}
    whole = pa.table(columns, names=table.column_names).replace_schema_metadata(moments)
    part = path.with_suffix(".part")
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with part.open("wb") as file:
            with pa.ipc.new_file(file, whole.schema) as writer:
                writer.write_table(whole)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise


def _in_one_piece(column: pa.ChunkedArray) -> pa.Array:
    whole = column.combine_chunks()
    return whole.chunk(0) if isinstance(whole, pa.ChunkedArray) and whole.num_chunks else whole


def _kept(column: pa.Array) -> pa.Array:
    """As the file has it."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _text(column.dictionary_decode()).dictionary_encode()
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _text(column.cast(pa.large_string()))
    if pa.types.is_date(kind):
        column = column.cast(pa.date32()).cast(pa.int32())
    if pa.types.is_timestamp(kind):
        column = column.cast(pa.timestamp("us")).cast(pa.int64())
    return pc.fill_null(column.cast(pa.float64(), safe=False), float("nan"))


def _text(column: pa.Array) -> pa.Array:
    """Up to the first NUL and with it: SQLite finds nothing behind one, and takes no text with one for one without."""
    column = pc.fill_null(column, "")
    if not pc.any(pc.match_substring(column, "\0")).as_py():
        return column
    return pc.replace_substring_regex(column, r"(?s)\x00.*", "\0")


def open_file(path: Path) -> Kept:
    """What is in a file; files never change. Of a folder the one last asked for stays open.

    Raises:
        OSError: it is not there (any more).
        ArrowException: it is not one of ours.
    """
    known, found = _OPEN.get(path.parent, (None, None))
    if known == path and found is not None:
        return found
    found = _opened(path)
    with _OPENING:
        # A file that was removed takes its room on the disk, and has its data, until nobody has it open.
        for folder in [folder for folder, (file, _) in _OPEN.items() if folder == path.parent or not file.exists()]:
            del _OPEN[folder]
        if len(_OPEN) >= _FOLDERS:
            del _OPEN[next(iter(_OPEN))]
        _OPEN[path.parent] = path, found
    return found


def _opened(path: Path) -> Kept:
    with pa.memory_map(str(path)) as mapped:
        table = pa.ipc.open_file(mapped).read_all().combine_chunks()
    moment, told = dt.datetime.fromisoformat, table.schema.metadata
    # A file of an older Zhike has seen no moment: right, if slower until the next copy.
    seen = tuple(map(moment, told.get(_SEEN, b"").decode().split()))
    return Kept(table, table[ID].to_numpy(), moment(told[_SINCE].decode()), seen)


@dataclass(frozen=True, eq=False)
class Kept:
    """The columns of records by the paths of a list's columns. `places` are numbers of rows in it."""

    table: pa.Table
    ids: Places
    since: dt.datetime
    seen: tuple[dt.datetime, ...]

    def has(self, column: Column) -> bool:
        return column.field is None and column.through is None and column.path in self.table.column_names

    def places(self, ids: Any) -> Places:
        """Where these records are, as far as they are in it."""
        wanted = np.asarray(ids, dtype=np.int64)
        found = np.searchsorted(self.ids, wanted)
        found[found == len(self.ids)] = 0
        return found[self.ids[found] == wanted] if len(self.ids) else found[:0]

    def numbers(self, path: str) -> np.ndarray[Any, Any]:
        return self._piece(path).to_numpy()

    def mask(self, column: Column, meaning: Meaning) -> Mask | None:
        """Who meets a test. None when the database may see it differently."""
        values = self._one(column)
        test = _number_test if _has_numbers(values) else _text_test
        if isinstance(meaning, Filled):
            return _filled(values) if meaning.filled else ~_filled(values)
        found = np.ones(len(values), bool)
        for lookup, value in meaning.lookups.items():
            met = test(values, lookup, value)
            if met is None:
                return None
            found &= met
        return ~found if isinstance(meaning, Lacks) else found

    def can_sort(self, column: Column) -> bool:
        """Whether a column is of another table, which is written with the file: what people change, and words, about
        whose order the database has its own opinion, are sorted there."""
        return self.has(column) and bool(column.table) and column.kind is not Kind.TEXT

    def keys(self, column: Column) -> np.ndarray[Any, Any]:
        """What to sort by; NaN for none."""
        values = self._one(column)
        if not pa.types.is_dictionary(values.type):
            return values.to_numpy()
        ranks = [self.key(column, word) if word else np.nan for word in values.dictionary.to_pylist()]
        return np.array(ranks)[values.indices.to_numpy()]

    def key(self, column: Column, value: Any) -> float:
        """Where a value comes in the order of a column's keys, be it in the file or not."""
        if column.ranks:
            return float(column.rank(value))
        values = self._one(column)
        if not pa.types.is_dictionary(values.type):
            return number(value)
        words = sorted(values.dictionary.to_pylist())
        return bisect_left(words, value) - (0.0 if value in words else 0.5)

    def _one(self, column: Column) -> pa.Array:
        return self._piece(column.path or "")

    def _piece(self, path: str) -> pa.Array:
        chunks = self.table[path]
        return chunks.chunk(0) if chunks.num_chunks else pa.array([], chunks.type)


def first(keys: np.ndarray[Any, Any], places: Places, count: int, *, descending: bool) -> Places:
    """The first so many of the places by their keys, equal ones by place; those without a key are left out."""
    asked = keys[places]
    there = ~np.isnan(asked)
    places, asked = places[there], asked[there]
    if len(asked) > 4 * count:
        # Only those that can be among the first are sorted: the better ones, and as many as it takes of the equal ones.
        edge = len(asked) - count if descending else count - 1
        # Equal values are what takes NumPy long.
        bound = asked[0] if asked.min() == asked.max() else np.partition(asked, edge)[edge]
        better = np.flatnonzero(asked > bound if descending else asked < bound)
        equal = np.flatnonzero(asked == bound)
        missing = count - len(better)
        chosen = np.concatenate([better, equal[-missing:] if descending else equal[:missing]])
        places, asked = places[chosen], asked[chosen]
    order = np.lexsort((places, asked))
    return places[order[::-1] if descending else order][:count]


# -- tests of whole columns --------------------------------------------------------------------------------------------
_COMPARED: Mapping[str, Callable[[Any, Any], Any]] = {
    "exact": np.equal,
    "lt": np.less,
    "lte": np.less_equal,
    "gt": np.greater,
    "gte": np.greater_equal,
}


def _number_test(values: pa.Array, lookup: str, value: Any) -> Mask | None:
    numbers = values.to_numpy()
    if lookup == "range":
        return (numbers >= number(value[0])) & (numbers <= number(value[1]))
    if lookup == "in":
        return np.logical_or.reduce([numbers == number(one) for one in value])
    return np.asarray(_COMPARED[lookup](numbers, number(value)), bool) if lookup in _COMPARED else None


def number(value: Any) -> float:
    """A value as the file has it."""
    if isinstance(value, dt.datetime):
        return float((value - _EPOCH) // dt.timedelta(microseconds=1))
    if isinstance(value, dt.date):
        return float((value - _EPOCH.date()).days)
    return float(value)


def _text_test(values: pa.Array, lookup: str, value: Any) -> Mask | None:
    if pa.types.is_dictionary(values.type):
        met = _text_test(values.dictionary, lookup, value)
        return None if met is None else met[values.indices.to_numpy()]
    if lookup == "exact":
        return _plain(pc.equal(values, pa.scalar(value, values.type)))
    if lookup == "in":
        return _plain(pc.is_in(values, pa.array(value, values.type)))
    if lookup == "startswith" and connection.vendor == "postgresql":
        return _plain(pc.starts_with(values, pattern=value))
    if lookup not in ("icontains", "istartswith", "startswith") or not _same_letters(value):
        return None
    pattern = pc.ascii_lower(pa.scalar(value)).as_py()
    find = pc.match_substring if lookup == "icontains" else pc.starts_with
    return _plain(find(pc.ascii_lower(values), pattern=pattern))


def _same_letters(pattern: str) -> bool:
    """Whether the database too takes only A–Z for a–z in it: SQLite always does, PostgreSQL goes by its language."""
    return connection.vendor == "sqlite" or pattern.isascii() or pattern.lower() == pattern.upper()


def _has_numbers(values: pa.Array) -> bool:
    """Whole ones are in files of earlier versions."""
    return bool(pa.types.is_floating(values.type) or pa.types.is_integer(values.type))


def _filled(values: pa.Array) -> Mask:
    if _has_numbers(values):
        return ~np.isnan(values.to_numpy())
    if pa.types.is_dictionary(values.type):
        return _filled(values.dictionary)[values.indices.to_numpy()]
    return _plain(pc.not_equal(values, pa.scalar("", values.type)))


def _plain(found: pa.Array) -> Mask:
    return np.asarray(found.to_numpy(zero_copy_only=False), bool)
