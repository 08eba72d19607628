"""Results that are asked for again, kept on the lake's disk under the question they answer, in the order of customers.

Netting refunds reads all orders, and a report, a portrait and the next run ask for it alike; finding the facts of one
customer among millions takes milliseconds only where they lie together. Nothing depends on a kept result being there:
its name says from which versions of the facts, links, day and Zhike it was made, so it is never out of date, and
deleting it costs the time of computing it again.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from zhike.errors import LakeError
from zhike.lake.facts_view import Facts
from zhike.lake.failures import computing
from zhike.lake.writing import CUSTOMER_ROW_GROUP
from zhike.version import __version__

# Raised when something that is kept is computed otherwise than before within a version.
_FORM = 2
# Of each kind: those of the current run, the one before, and a few days that somebody is looking at.
_NEWEST = 4
# A file that is not among them may still be read by who found it less than this ago.
_GRACE_SECONDS = 3600


def kept(facts: Facts, name: str, tables: tuple[str, ...], compute: Callable[[], Any]) -> Any:
    """The table that `compute` gives, from the disk where it was computed before.

    Args:
        facts: what it is made from.
        name: of the result.
        tables: the fact tables it reads.
        compute: gives an Ibis table with a `customer_id`.

    A lake on an object store, or read by Spark, keeps nothing: there it is computed once for the work at hand.
    """
    lake = facts.lake
    file = kept_file(facts, name, tables)
    if file is None or lake.engine.name != "duckdb":
        return lake.materialised(compute(), name)
    if not found(file):
        try:
            with lake.temporary():
                _write(facts, compute(), file)
        except LakeError:
            # No room, or a lake that may only be read. What is wrong with the facts themselves comes up again here.
            return lake.materialised(compute(), name)
    with computing(lake.url):
        return lake.engine.read_parquet(str(file), table_name=f"{name}_{file.stem[-16:]}")


def kept_file(facts: Facts, name: str, tables: tuple[str, ...]) -> Path | None:
    """Where the result of this name for these facts is kept, there or not; None on a lake that keeps nothing."""
    if not facts.lake.is_local:
        return None
    question = {
        "tables": {table: facts.versions.get(table) for table in tables},
        "links": facts.links_version,
        "as_of": str(facts.as_of),
        "zhike": [__version__, _FORM],
    }
    digest = hashlib.sha256(json.dumps(question, sort_keys=True).encode()).hexdigest()[:32]
    return Path(facts.lake.url, "_scratch", "kept", f"{name}-{digest}.parquet")


def found(file: Path) -> bool:
    """Whether a kept file is there; then it stays for a while, so that who found it can read it."""
    try:
        os.utime(file)
    except FileNotFoundError:
        return False
    except OSError:
        # A lake that may only be read: nobody deletes there either.
        return file.exists()
    return True


def _write(facts: Facts, table: Any, file: Path) -> None:
    """Written aside and then named, so that a file of that name is always whole."""
    lake = facts.lake
    with lake.staging() as aside, computing(lake.url):
        unfinished = aside / file.name
        how = f"FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE {CUSTOMER_ROW_GROUP}"
        lake.engine.written(table.order_by("customer_id"), unfinished, how)
        file.parent.mkdir(exist_ok=True)
        _forget(file.parent, file.name.rsplit("-", 1)[0])
        os.replace(unfinished, file)


def _forget(folder: Path, name: str) -> None:
    """Delete the oldest of a kind: they can be computed again."""
    with suppress(FileNotFoundError):
        files = sorted(folder.glob(f"{name}-*.parquet"), key=lambda file: file.stat().st_mtime, reverse=True)
        old = time.time() - _GRACE_SECONDS
        for file in files[_NEWEST - 1 :]:
            if file.stat().st_mtime < old:
                file.unlink()
