"""How much memory a DuckDB may use, and one of its own for a piece of work on files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from zhike.errors import EngineError

# Of the machine's memory, what a DuckDB may use before it spills to disk, where ZHIKE_MEMORY says nothing else (a
# share such as 20%, or a size such as 1GB). It takes whatever it may: with 60 % a refresh of 10 million orders took
# 6.4 GB of 24 and was no quicker than in 3.3 (docs/measured.md).
MEMORY_SHARE = 0.15
# Of a large lake more: so many bytes for each on disk (what is joined to all customers at once cannot be spilled), but
# no more than this share.
MEMORY_PER_BYTE = 5
MOST_MEMORY = 0.6


@contextmanager
def working(folder: Path, memory: str | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB of its own for a piece of work on files: rows in their order, times in UTC, nothing on the screen.

    Args:
        folder: where it spills what does not fit in memory.
        memory: how much it may use; default: `memory_limit`.

    Raises:
        EngineError: ZHIKE_MEMORY is no amount of memory.

    >>> with working(Path("/tmp"), "300MB") as con:
    ...     con.sql("SELECT current_setting('memory_limit')").fetchall()
    [('286.1 MiB',)]
    """
    with memory_named():
        con = duckdb.connect(config={"memory_limit": memory or memory_limit(), "temp_directory": str(folder)})
    with con:
        # Standard output may be a line to another process; ours says which step it is anyway.
        con.execute("SET enable_progress_bar = false")
        con.execute("SET TimeZone = 'UTC'")
        yield con


def memory_limit(data: int = 0) -> str:
    """What ZHIKE_MEMORY says, else a share of the machine's memory, as DuckDB understands it.

    Args:
        data: bytes on disk of what is read.

    >>> memory_limit()
    '15%'
    """
    there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    share = min(MOST_MEMORY, max(MEMORY_SHARE, MEMORY_PER_BYTE * data / there))
    return os.environ.get("ZHIKE_MEMORY") or f"{share:.0%}"


@contextmanager
def memory_named() -> Iterator[None]:
    """DuckDB's complaint about an amount of memory says nothing of our setting.

    Raises:
        EngineError: ZHIKE_MEMORY is no amount of memory.
    """
    try:
        yield
    except duckdb.ParserException as wrong:
        raise EngineError(
            "ZHIKE_MEMORY cannot be {memory}.",
            fix="Write a share such as 20%, or a size such as 1GB.",
            memory=os.environ.get("ZHIKE_MEMORY", ""),
        ) from wrong
