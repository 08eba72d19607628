"""A ledger: one entry per piece of work, written before what it speaks of.

Whether the work landed is not written in the entry. The last commit of the work carries a Delta transaction with the
entry's number, in the table that the work changed; so the state is read from that table's own log, and a crash
between the two leaves an entry without it (docs/decisions/002).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from deltalake import DeltaTable

from zhike.lake.lake import Lake


@dataclass(frozen=True)
class Ledger:
    """Where the entries lie and what is in them.

    Args:
        table: the Delta table of the entries.
        work: what the transactions are called, before the number.
        schema: of an entry; its first column is the number.
        json: the columns that hold a dictionary as JSON text.
    """

    table: str
    work: str
    schema: pa.Schema
    json: tuple[str, ...]

    def transaction(self, number: int, version: int = 1) -> tuple[str, int]:
        """What the commit carries that makes work number `number` count, or (with a later version) ends it."""
        return f"{self.work}-{number}", version

    def landed(self, log: DeltaTable | None, number: int) -> int | None:
        """The version of that transaction in the log of the table that was changed; None when it never landed."""
        return None if log is None else log.transaction_version(self.transaction(number)[0])

    def write(self, lake: Lake, entry: object) -> None:
        """Add an entry: an object with an attribute for every column."""
        row = {name: getattr(entry, name) for name in self.schema.names}
        row |= {name: json.dumps(row[name], ensure_ascii=False, default=str) for name in self.json}
        lake.append(self.table, pa.Table.from_pylist([row], schema=self.schema), schema=self.schema)

    def entries(self, lake: Lake) -> list[dict[str, Any]]:
        """All entries, oldest first."""
        rows = lake.read(self.table).to_pylist()
        return sorted((self._read(row) for row in rows), key=lambda row: int(row[self.schema.names[0]]))

    def _read(self, row: dict[str, Any]) -> dict[str, Any]:
        # A column that an older Zhike did not write is empty.
        return row | {name: json.loads(row.get(name) or "{}") for name in self.json}
