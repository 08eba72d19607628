"""The run ledger and the scores: what each refresh read, how it was set, what it gave. Never changed afterwards."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from zhike.errors import LakeError
from zhike.lake.lake import Lake
from zhike.lake.ledger import Ledger
from zhike.lake.writing import CUSTOMER_ROW_GROUP

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
            ("proofs", pa.string()),
        ]
    ),
    json=("inputs", "settings", "seconds", "proofs"),
)


@dataclass(frozen=True)
class Run:
    """One refresh.

    Args:
        inputs: table → Delta version it read; with them, `as_of` and `settings` the run can be repeated exactly.
        seconds: step → seconds it took.
        proofs: subject → how its model did on held-out data, as `zhike.proof.Proof.from_dict` reads it.
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
    proofs: dict[str, Any] = field(default_factory=dict)

    @property
    def answers(self) -> tuple[Any, ...]:
        """What decides the scores: two runs that agree here have the same scores."""
        return (self.as_of, self.version, json.dumps([self.inputs, self.settings], sort_keys=True))


def runs(lake: Lake) -> list[Run]:
    """The refreshes whose scores are in the lake, oldest first. One that was killed before its commit is not."""
    scores = lake.delta(SCORES)
    return [Run(**entry) for entry in _LEDGER.entries(lake) if _LEDGER.landed(scores, entry["run"])]


def numbered(lake: Lake, number: int) -> Run:
    """The refresh of that number.

    Raises:
        LakeError: its scores are not in the lake.
    """
    found = next((run for run in runs(lake) if run.run == number), None)
    if found is None:
        raise LakeError("These scores are no longer in the lake.", fix="Refresh, then try again.")
    return found


def latest(lake: Lake) -> Run:
    """The run that answers what was asked last, whichever day that was about.

    Raises:
        LakeError: nothing has been computed yet.
    """
    found = last_asked(lake)
    if found is None:
        raise LakeError("Nothing has been computed in this lake yet.", fix="Run: zhike refresh.")
    return found


def last_asked(lake: Lake) -> Run | None:
    """As `latest`; None when nothing has been computed yet."""
    known, scores = runs(lake), lake.delta(SCORES)
    if not known or scores is None:
        return None
    again = scores.transaction_version(_asked_after(known[-1]))
    return next((run for run in known if run.run == again), known[-1])


def ask_again(lake: Lake, run: Run) -> Run:
    """Make an earlier run the `latest`: the same was asked once more. Its scores stay what they are.

    Kept in the log of the scores, as is whether a run counts at all (docs/decisions/002): which run was asked again
    after the newest one. Only under `lake.writing()`.
    """
    scores = lake.delta(SCORES)
    if scores is not None and last_asked(lake) != run:
        schema = pa.schema(scores.schema().to_arrow())
        lake.append(SCORES, schema.empty_table(), schema=schema, transaction=(_asked_after(runs(lake)[-1]), run.run))
    return run


def _asked_after(newest: Run) -> str:
    return f"asked-after-{newest.run}"


def next_number(lake: Lake) -> int:
    return 1 + max((entry["run"] for entry in _LEDGER.entries(lake)), default=0)


def record(lake: Lake, run: Run, scores: Any, schema: pa.Schema) -> None:
    """Keep a run: first its entry, then its scores, whose commit makes it count.

    Args:
        scores: a stream of rows in the order of customers, so that those of one are found without reading all.
    """
    _LEDGER.write(lake, run)
    lake.append(SCORES, scores, schema=schema, transaction=_LEDGER.transaction(run.run), row_group=CUSTOMER_ROW_GROUP)


def scores_of(lake: Lake, run: Run) -> Any:
    """The scores of one run, one row per customer, on the lake's engine."""
    scores = lake.scan(SCORES)
    if scores is None:
        raise LakeError("Nothing has been computed in this lake yet.", fix="Run: zhike refresh.")
    return scores.filter(scores.run == run.run)


def score_files(lake: Lake, numbers: Iterable[int]) -> list[str]:
    """The files of the current scores table in which rows of these runs may be, from the statistics of the log."""
    table, wanted = lake.delta(SCORES), set(numbers)
    if table is None:
        return []
    actions = pa.table(table.get_add_actions(flatten=True))
    ends = zip(*(actions[name].to_pylist() for name in ("min.run", "max.run")), strict=True)
    files = zip(lake.files(SCORES, table), ends, strict=True)
    return [file for file, (low, high) in files if any(low <= number <= high for number in wanted)]
