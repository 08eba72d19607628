"""Small files put together: every import, and every handful of events the API brings, is a file of its own at first."""

from __future__ import annotations

from contextlib import suppress

import pyarrow as pa

from zhike.errors import LakeError
from zhike.lake.batches import LEDGER
from zhike.lake.lake import Lake
from zhike.lake.snapshot import facts_table, versions
from zhike.lake.writing import FILE_BYTES

# From so many small files on, opening them costs more than writing them once more.
MANY = 50
_SMALL = FILE_BYTES // 8


def tidy(lake: Lake) -> int:
    """Compact the tables that have become many small files; how many tables that were.

    Earlier versions stay readable (docs/decisions/001). While somebody else is writing nothing is done: there will be
    another time.
    """
    done = 0
    for name in (*map(facts_table, versions(lake)), LEDGER.table):
        if _small_files(lake, name) >= MANY:
            with suppress(LakeError):
                lake.compact(name, wait=0)
                done += 1
    return done


def _small_files(lake: Lake, name: str) -> int:
    table = lake.delta(name)
    if table is None:
        return 0
    sizes = pa.table(table.get_add_actions(flatten=True))["size_bytes"].to_pylist()
    return sum(size < _SMALL for size in sizes)
