"""Imports as batches: what came in when, from which file, with which remarks; list and undo.

Whether a batch is in the lake is not written down anywhere it could be wrong: its entry in the ledger is written
first, and the commit that adds its facts carries the batch's transaction. So the state is read from the facts' own
Delta log, and a crash between the two leaves an entry that says "interrupted".
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import pyarrow as pa
from deltalake import DeltaTable

from zhike.errors import InputError
from zhike.lake.lake import Lake
from zhike.lake.ledger import Ledger
from zhike.lake.snapshot import facts_schema, facts_table
from zhike.schema import CONTRACTS, contract

_REMARKS = "ledger/remarks"
LEDGER = Ledger(
    table="ledger/imports",
    work="import",
    schema=pa.schema(
        [
            ("batch", pa.int64()),
            ("table", pa.string()),
            ("source", pa.string()),
            ("file", pa.string()),
            ("sha256", pa.string()),
            ("imported_at", pa.timestamp("us")),
            ("rows", pa.int64()),
            ("accepted", pa.int64()),
            ("flagged", pa.int64()),
            ("rejected", pa.int64()),
            ("duplicates", pa.int64()),
            ("added", pa.int64()),
            ("updated", pa.int64()),
            ("details", pa.string()),
        ]
    ),
    json=("details",),
)
REMARKS_SCHEMA = pa.schema(
    [
        ("batch", pa.int64()),
        ("row_number", pa.int64()),
        ("outcome", pa.string()),
        ("rule", pa.string()),
        ("column_name", pa.string()),
        ("value", pa.string()),
    ]
)


class State(StrEnum):
    COMMITTED = "committed"
    UNDONE = "undone"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, kw_only=True)
class Counts:
    """The rows of a file and what became of them.

    `rows` = accepted + flagged + rejected. `added` + `updated` were written to the lake; `duplicates` were there
    already, or came again later in the file.
    """

    rows: int = 0
    accepted: int = 0
    flagged: int = 0
    rejected: int = 0
    duplicates: int = 0
    added: int = 0
    updated: int = 0


@dataclass(frozen=True, kw_only=True)
class Batch(Counts):
    """One import. `details` are the finding, the mapping and the quality report of its file."""

    batch: int
    table: str
    source: str
    file: str
    sha256: str
    imported_at: dt.datetime
    details: dict[str, Any] = field(default_factory=dict)
    state: State = State.COMMITTED


def batches(lake: Lake) -> list[Batch]:
    """All imports, oldest first."""
    return _listed(lake, lambda table: lake.delta(facts_table(table)))


def batches_at(lake: Lake, versions: Mapping[str, int]) -> list[Batch]:
    """The imports that had landed in these versions of the fact tables (a run's), with the state they had there."""

    def log(table: str) -> DeltaTable | None:
        return lake.delta(facts_table(table), versions[table]) if table in versions else None

    return [batch for batch in _listed(lake, log) if batch.state is not State.INTERRUPTED]


def _listed(lake: Lake, log: Callable[[str], DeltaTable | None]) -> list[Batch]:
    entries = LEDGER.entries(lake)
    logs = {table: log(table) for table in {entry["table"] for entry in entries}}
    return [Batch(**entry, state=_state(logs[entry["table"]], entry["batch"])) for entry in entries]


def committed(lake: Lake, *columns: str) -> pa.Table:
    """The ledger of the imports that are in the lake, oldest first: batch, table and these columns of it."""
    wanted = list(dict.fromkeys(("batch", "table", *columns)))
    rows = lake.read(LEDGER.table, columns=wanted)
    if not rows.num_columns:
        return LEDGER.schema.empty_table().select(wanted)
    rows = rows.sort_by("batch")
    pairs = list(zip(rows["table"].to_pylist(), rows["batch"].to_pylist(), strict=True))
    logs = {table: lake.delta(facts_table(table)) for table in {table for table, _ in pairs}}
    inside = [_state(logs[table], number) is State.COMMITTED for table, number in pairs]
    return rows.filter(pa.array(inside, pa.bool_()))


def next_number(lake: Lake) -> int:
    """The number of the next batch. Only under `lake.writing()` is it still the next one when it is used.

    Looked up wherever a batch leaves its number, not in the ledger alone: an entry can be missing after a crash of
    the machine, and no two imports may ever share a number.
    """
    tables = (LEDGER.table, _REMARKS, *(facts_table(name) for name in CONTRACTS))
    return 1 + max(_highest(lake, table) for table in tables)


def _highest(lake: Lake, table: str) -> int:
    """The highest batch number in a table, from the statistics of its Delta log."""
    log = lake.delta(table)
    if log is None:
        return 0
    actions = pa.table(log.get_add_actions(flatten=True))
    if "max.batch" not in actions.column_names:
        return 0
    return max((number for number in actions["max.batch"].to_pylist() if number is not None), default=0)


def commit(lake: Lake, batch: Batch, facts: Any, remarks: Any) -> None:
    """Put a batch into the lake. The last of the three writes is the one that makes it count.

    Args:
        facts, remarks: see `Lake.append`.
    """
    lake.append(_REMARKS, remarks, schema=REMARKS_SCHEMA)
    LEDGER.write(lake, batch)
    schema = facts_schema(contract(batch.table))
    lake.append(facts_table(batch.table), facts, schema=schema, transaction=LEDGER.transaction(batch.batch))


def undo(lake: Lake, number: int) -> Batch:
    """Take a batch out again. What its rows had replaced stands again; its entry stays in the ledger as undone.

    Raises:
        InputError: there is no such batch, or it is not in the lake (any more).
    """
    with lake.writing():
        batch = _find(lake, number)
        if batch.state is not State.COMMITTED:
            raise InputError(
                "Import {number} is not in the lake: it was {state}.",
                fix="List the imports with: zhike imports.",
                number=number,
                state=batch.state.value,
            )
        lake.delete(facts_table(batch.table), f"batch = {number}", transaction=LEDGER.transaction(number, 2))
    return batch


def remarks(lake: Lake, number: int) -> pa.Table:
    """Every flagged or rejected row of a batch, in the order of the file.

    Columns: batch, row_number, outcome (flagged or rejected), rule, column_name, value.
    """
    _find(lake, number)
    found = lake.read(_REMARKS, filters=[("batch", "=", number)])
    return found.sort_by("row_number") if found.num_columns else REMARKS_SCHEMA.empty_table()


def _find(lake: Lake, number: int) -> Batch:
    for batch in batches(lake):
        if batch.batch == number:
            return batch
    raise InputError(
        "There is no import {number} in this lake.",
        fix="List the imports with: zhike imports.",
        number=number,
    )


def _state(log: DeltaTable | None, number: int) -> State:
    return {1: State.COMMITTED, 2: State.UNDONE}.get(LEDGER.landed(log, number) or 0, State.INTERRUPTED)
