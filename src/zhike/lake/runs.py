"""The run ledger and the scores: what each refresh read, how it was set, what it gave. Never changed afterwards."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from zhike.errors import LakeError
from zhike.lake.lake import Lake
from zhike.lake.ledger import Ledger

SCORES = "scores"
_LEDGER = Ledger(
    table="ledger/runs",
    work="run",
    schema=pa.schema(
        [
            ("run", pa.int64()),
            ("as_of", pa.date32()),
            ("started_at", pa.timestamp("us")),
            ("customers", pa.int64()),
            ("engine", pa.string()),
            ("version", pa.string()),
            ("inputs", pa.string()),
            ("settings", pa.string()),
            ("seconds", pa.string()),
        ]
    ),
    json=("inputs", "settings", "seconds"),
)


@dataclass(frozen=True)
class Run:
    """One refresh.

    Args:
        inputs: table → Delta version it read; with them, `as_of` and `settings` the run can be repeated exactly.
        seconds: step → seconds it took.
    """

    run: int
    as_of: dt.date
    started_at: dt.datetime
    customers: int
    engine: str
    version: str
    inputs: dict[str, Any]
    settings: dict[str, Any]
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def answers(self) -> tuple[Any, ...]:
        """What decides the scores: two runs that agree here have the same scores."""
        return (self.as_of, self.version, json.dumps([self.inputs, self.settings], sort_keys=True))


def runs(lake: Lake) -> list[Run]:
    """The refreshes whose scores are in the lake, oldest first. One that was killed before its commit is not."""
    scores = lake.delta(SCORES)
    return [Run(**entry) for entry in _LEDGER.entries(lake) if _LEDGER.landed(scores, entry["run"])]


def latest(lake: Lake) -> Run:
    """The last refresh, whichever day it was for.

    Raises:
        LakeError: nothing has been computed yet.
    """
    known = runs(lake)
    if not known:
        raise LakeError("Nothing has been computed in this lake yet.", fix="Run: zhike refresh.")
    return known[-1]


def next_number(lake: Lake) -> int:
    return 1 + max((entry["run"] for entry in _LEDGER.entries(lake)), default=0)


def record(lake: Lake, run: Run, scores: Any, schema: pa.Schema) -> None:
    """Keep a run: first its entry, then its scores, whose commit makes it count."""
    _LEDGER.write(lake, run)
    lake.append(SCORES, scores, schema=schema, transaction=_LEDGER.transaction(run.run))


def scores_of(lake: Lake, run: Run) -> Any:
    """The scores of one run, one row per customer, on the lake's engine."""
    scores = lake.scan(SCORES)
    if scores is None:
        raise LakeError("Nothing has been computed in this lake yet.", fix="Run: zhike refresh.")
    return scores.filter(scores.run == run.run)
