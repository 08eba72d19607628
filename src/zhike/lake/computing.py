"""What a lake's engine computes: intermediate results, streams, and letting go of them. DuckDB or Spark."""

from __future__ import annotations

import itertools
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any, Self

import ibis
import pyarrow as pa

from zhike.lake.failures import computing
from zhike.sql import quoted

_NUMBERS = itertools.count(1)


class Computing(ABC):
    """A place (`url`) with an engine that is started on first use."""

    url: str

    def __init__(self) -> None:
        self._until_closed: list[Callable[[], object]] = []
        self._turn = threading.RLock()
        self._of_thread = threading.local()

    @property
    def _drops(self) -> list[Callable[[], object]]:
        """How to let go of what is made now: at the end of this thread's `temporary`, or when the lake is closed."""
        drops: list[Callable[[], object]] = getattr(self._of_thread, "drops", self._until_closed)
        return drops

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @cached_property
    def engine(self) -> Any:
        """The Ibis backend that reads this lake."""
        return self._connected()

    @abstractmethod
    def _connected(self) -> Any:
        """A new backend."""

    def close(self) -> None:
        """Let go of the engine, when no other thread is in its `temporary`. The lake itself needs no closing."""
        with self._turn:
            engine = self.__dict__.get("engine")
            if engine is not None and engine.name == "pyspark":
                _run_all(self._until_closed)
            self._until_closed.clear()
            self.__dict__.pop("engine", None)
            # A Spark session belongs to the whole process; others may be using it.
            if engine is not None and engine.name != "pyspark":
                engine.disconnect()

    def small(self, table: pa.Table) -> Any:
        """A few rows of ours as a table on the lake's engine."""
        if self.engine.name != "pyspark":
            return ibis.memtable(table)
        # Ibis hands memory tables to Spark only when a query runs, too late for one that is cached.
        return self._view(self.engine._session.createDataFrame(table), "small")

    def _view(self, frame: Any, name: str) -> Any:
        """A Spark data frame under a name of its own: other lakes of this process share the session."""
        name = f"{name}_{next(_NUMBERS)}"
        frame.createTempView(name)
        self._drops.append(lambda: self.engine._session.catalog.dropTempView(name))
        return self.engine.table(name)

    def materialised(self, expression: Any, name: str) -> Any:
        """The expression computed once, for those who read it several times.

        Gone at the end of the `temporary` around it, else when the lake is closed.
        """
        if self.engine.name == "pyspark":
            # What `compile` leaves out: tables of ours that the expression mentions have to be known to Spark first.
            self.engine._run_pre_execute_hooks(expression)
            # Not cached but cut off: a cached table drags its whole plan into every plan that reads it.
            return self._view(self.engine._session.sql(self.engine.compile(expression)).localCheckpoint(), name)
        name = f"{name}_{next(_NUMBERS)}"
        # Not Ibis's drop_table: Ibis 12 loses the table's name on the way to SQL.
        self._drops.append(lambda: self.engine.raw_sql(f"DROP TABLE IF EXISTS {quoted(name)}").fetchall())
        with computing(self.url):
            return self.engine.computed(name, expression)

    def cut(self, expression: Any, name: str, *, few: bool = False) -> Any:
        """The expression, ready to be mentioned many times in one query.

        DuckDB computes what a query mentions twice once; Spark plans every mention anew, until it has no memory left.
        `few`: the expression holds a small part of the rows it is made from; DuckDB guesses wrongly how small, and
        sorts out all the others by it, unless it is computed.
        """
        return self.materialised(expression, name) if few or self.engine.name == "pyspark" else expression

    @contextmanager
    def temporary(self) -> Iterator[None]:
        """What is materialised inside is dropped at the end, so that a lake that stays open does not fill up.

        Threads that share a lake take turns: an engine answers one at a time, and is not closed in the middle.
        """
        with self._turn:
            outside = self._drops
            self._of_thread.drops = inside = list[Callable[[], object]]()
            try:
                yield
            finally:
                self._of_thread.drops = outside
                _run_all(inside)

    @contextmanager
    def stream(self, table: Any) -> Iterator[pa.RecordBatchReader]:
        """A table as a stream of record batches, never whole in memory. Read it before anything else is asked."""
        schema = table.schema().to_pyarrow()
        if self.engine.name == "duckdb":
            # Not Ibis's own to_pyarrow_batches: Ibis 12 calls a method that DuckDB 2 no longer has.
            reader = self.engine.con.sql(self.engine.compile(table)).to_arrow_reader()
        else:
            reader = self.engine.to_pyarrow_batches(table)
        try:
            yield reader.cast(schema)
        finally:
            # Left open half-way, it would block the engine.
            reader.close()


def _run_all(drops: list[Callable[[], object]]) -> None:
    """The last made first: it may have been made from those before."""
    for drop in reversed(drops):
        drop()
