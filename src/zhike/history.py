"""What a run knows of a few customers, in milliseconds: straight from files in which each customer's rows lie together.

`Facts` and `Run` answer any question through Ibis, which takes a tenth of a second to plan and reads whole tables.
A portrait page asks the same few questions of one customer thousands of times a day: this is its short way.
"""

from __future__ import annotations

import datetime as dt
import pickle
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

import duckdb
from cachetools import LRUCache, cached

from zhike.lake.facts_view import Facts
from zhike.lake.failures import computing
from zhike.lake.kept import found, kept, kept_file
from zhike.lake.lake import Lake
from zhike.lake.runs import runs, score_files
from zhike.pipeline import PURCHASES_FROM, purchases
from zhike.schema import contract
from zhike.sql import quoted

Row = dict[str, Any]

# What happened, the moment of it and the id of it. Purchases are orders net of what was taken back.
_OWN = ("tickets", "feedback", "interactions", "touches")
KINDS: dict[str, tuple[str, str]] = {
    "purchases": ("ordered_at", "order_id"),
    **{name: (str(contract(name).time), contract(name).key[0]) for name in _OWN},
}
# Of each of the two engines.
_MEMORY = "256MB"
# Threads for a question about everybody.
_ALL = 2
# Bytes of answers kept in memory: a few thousand customers'; what an answer is known by counts too.
_REMEMBERED, _KEY = 32_000_000, 1_000


def keep_histories(facts: Facts) -> None:
    """Put every kind of fact in the order of customers, where it is not yet. Once per refresh."""
    with facts.lake.temporary():
        for kind in KINDS:
            _keep(facts, kind)


def _keep(facts: Facts, kind: str) -> None:
    if kind == "purchases":
        purchases(facts)
    elif kind in facts.versions:
        kept(facts, kind, (kind,), lambda: facts.table(kind))


class History:
    """What one run of a local lake read, by customer.

    Args:
        url: the lake's folder.
        number: of the run.

    `days`: day → the run that scored it last, up to the day of this run and as of when it was first asked for.
    `runs`: all of that moment, by their numbers.
    """

    def __init__(self, url: str, number: int) -> None:
        """Take `history_of`, which looks a run up once.

        Raises:
            KeyError: the lake has no such run.
        """
        self._url = url
        with Lake(url) as lake:
            self.runs = {run.run: run for run in runs(lake)}
        self.run = self.runs[number]
        earlier = {run.as_of: run.run for run in self.runs.values() if run.as_of < self.run.as_of}
        self.days = dict(sorted(earlier.items())) | {self.run.as_of: number}
        self.facts = Facts.of(Lake(url), self.run)
        self._files: dict[str, Path | None] = {}

    def ids(self, identities: Iterable[str]) -> list[str]:
        """The customers of the run that these identities are: several between a merge and the next refresh."""
        given = set(identities)
        return sorted({self.facts.customer(identity) for identity in given} | given)

    def newest(
        self,
        kind: str,
        ids: Sequence[str] | None,
        limit: int,
        *,
        since: dt.date | None = None,
        until: dt.date | None = None,
        after: tuple[dt.datetime, str] | None = None,
    ) -> list[Row]:
        """The newest rows of a kind, by moment and then by id; rows without either are none of them.

        Args:
            kind: of `KINDS`.
            ids: customers of the run; None: of everybody who is known.
            limit: how many at most.
            since, until: days, both included.
            after: moment and id of the last row of the page before.
        """
        file = self._file(kind)
        if file is None or ids == []:
            return []
        moment, key = KINDS[kind]
        conditions = [f"{moment} IS NOT NULL", f"{key} IS NOT NULL", "customer_id IS NOT NULL"]
        values: list[Any] = [str(file)]
        filters: tuple[tuple[str, Sequence[Any] | None], ...] = (
            (f"customer_id IN ({_marks(ids)})", ids),
            (f"{moment} >= ?", [since] if since else None),
            (f"{moment} < ?::DATE + INTERVAL 1 DAY", [until] if until else None),
            (f"({moment}, {key}) < (?::TIMESTAMP, ?)", after),
        )
        for condition, given in filters:
            if given is not None:
                conditions.append(condition)
                values += given
        query = f"FROM read_parquet(?) WHERE {' AND '.join(conditions)} ORDER BY {moment} DESC, {key} DESC LIMIT ?"
        return self._rows(query, [*values, limit], threads=1 if ids else _ALL)

    def scores(self, ids: Sequence[str], numbers: Iterable[int], columns: Sequence[str] = ()) -> list[Row]:
        """The customers' score rows of these runs, the oldest run first; only these columns if any are named."""
        wanted = tuple(sorted(set(numbers)))
        files = _score_files(self._url, wanted)
        if not files or not ids:
            return []
        query = (
            f"SELECT {', '.join(map(quoted, columns)) or '*'} FROM read_parquet(?, union_by_name := true) "
            f"WHERE customer_id IN ({_marks(ids)}) "
            f"AND run IN ({_marks(wanted)}) ORDER BY run"
        )
        return self._rows(query, [list(files), *ids, *wanted])

    def averages(self, columns: tuple[str, ...]) -> dict[str, float]:
        """The mean of score columns over everybody in the run."""
        return dict(zip(columns, _averages(self._url, self.run.run, columns), strict=True))

    def _file(self, kind: str) -> Path | None:
        if kind not in self._files:
            made_from = PURCHASES_FROM if kind == "purchases" else (kind,)
            there = set(made_from) & set(self.facts.versions)
            self._files[kind] = kept_file(self.facts, kind, made_from) if there else None
        file = self._files[kind]
        if file is not None and not found(file):
            # A lake from a backup, or scored by an older Zhike: the first to ask waits for all.
            with self.facts.lake as lake, lake.temporary():
                _keep(self.facts, kind)
        return file

    def _rows(self, query: str, values: list[Any], threads: int = 1) -> list[Row]:
        with computing(self._url):
            return _rows(query, values, threads)


def _size(answer: bytes) -> int:
    return _KEY + len(answer)


def _rows(query: str, values: list[Any], threads: int = 1) -> list[Row]:
    asked = tuple(tuple(value) if isinstance(value, list) else value for value in values)
    return pickle.loads(_answer(query, asked, threads))  # type: ignore[no-any-return]  # noqa: S301 - written below


# The files never change, so what they once answered holds: a page is often opened again, after a note for instance.
@cached(LRUCache(_REMEMBERED, getsizeof=_size), lock=Lock())
def _answer(query: str, values: tuple[Any, ...], threads: int) -> bytes:
    cursor = _engine(threads).cursor()
    result = cursor.execute(query, [list(value) if isinstance(value, tuple) else value for value in values])
    names = [column[0] for column in result.description or ()]
    return pickle.dumps([dict(zip(names, row, strict=True)) for row in result.fetchall()])


def _marks(values: Sequence[Any] | None) -> str:
    return ", ".join("?" * len(values or ()))


@cache
def _engine(threads: int) -> duckdb.DuckDBPyConnection:
    """One for the whole process, and one for questions about everybody. Their queries are those of this file; what
    people say reaches them as values.

    One customer is found sooner by one thread: several take longer to agree than to read.
    """
    engine = duckdb.connect(config={"memory_limit": _MEMORY, "threads": threads})
    # The files never change: what they say of themselves is read once.
    engine.execute("LOAD parquet; SET GLOBAL parquet_metadata_cache = true")
    return engine


# Runs and their scores never change, so what was once read of them holds.
@lru_cache(maxsize=64)
def history_of(url: str, number: int) -> History:
    """The history that run `number` of the lake in the folder `url` read.

    Raises:
        KeyError: the lake has no such run.
    """
    return History(url, number)


@lru_cache(maxsize=64)
def _score_files(url: str, numbers: tuple[int, ...]) -> tuple[str, ...]:
    with Lake(url) as lake:
        return tuple(score_files(lake, numbers))


@lru_cache(maxsize=64)
def _averages(url: str, number: int, columns: tuple[str, ...]) -> tuple[float, ...]:
    means = ", ".join(f"avg({column}) AS {column}" for column in columns)
    query = f"SELECT {means} FROM read_parquet(?) WHERE run = ?"
    return tuple(_rows(query, [list(_score_files(url, (number,))), number], _ALL)[0].values())
