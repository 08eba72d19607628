"""The facts as they stand: newest version of each row, each under the customer it belongs to, up to a date.

Facts are only ever appended. A row that a later import corrected is written again with `replaces` set; the newest
batch wins when the table is read. Undoing an import removes its rows, and what they replaced stands again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import ibis
import pyarrow as pa
from deltalake import DeltaTable

from zhike.lake.identities import links, resolved
from zhike.lake.lake import Lake
from zhike.schema import ATTRIBUTES, CONTRACTS, IBIS_TYPES, Contract, contract

_ARROW = {
    "id": pa.string(),
    "text": pa.string(),
    "number": pa.float64(),
    "integer": pa.int64(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "boolean": pa.bool_(),
}


def facts_table(name: str) -> str:
    """Where the facts of a contract lie in the lake."""
    return f"facts/{name}"


def facts_schema(table: Contract) -> pa.Schema:
    """The stored columns: the contract's, what the file had beside them, and where the row came from.

    >>> facts_schema(contract("touches")).names[-4:]
    ['attributes', 'source', 'batch', 'replaces']
    """
    return pa.schema(
        [
            *((column.name, _ARROW[column.kind]) for column in table),
            (ATTRIBUTES, pa.string()),
            ("source", pa.string()),
            ("batch", pa.int64()),
            ("replaces", pa.bool_()),
        ]
    )


def snapshot(
    lake: Lake,
    name: str,
    *,
    as_of: dt.date | None = None,
    version: int | None = None,
    known_links: Mapping[str, str] | None = None,
) -> Any:
    """The rows of one table as an Ibis table on the lake's engine.

    Args:
        name: a contract's name.
        as_of: leave out what happened after the end of this day. Rows without a date stay.
        version: the Delta version to read (a past run's); default the newest.
        known_links: identity → customer (a past run's); default those of now.

    A table that was never imported is empty, not an error. Whoever reads several tables, or one several times,
    takes `facts_view.Facts`, which stay what they are while others write.
    """
    table = contract(name)
    delta = lake.delta(facts_table(name), version)
    if delta is None:
        return empty(lake, name)
    stored: Any = lake.scan(facts_table(name), int(delta.version()))
    # A column that a newer Zhike added to the contract is empty in facts imported before.
    younger = [column for column in table if column.name not in stored.columns]
    stored = stored.mutate(**{c.name: ibis.null(IBIS_TYPES[c.kind]) for c in younger}) if younger else stored
    # Engines differ in how they describe a timestamp (with or without its precision); tables that meet must agree.
    times = {c.name: "timestamp" for c in table if c.kind == "timestamp"}
    stored = stored.cast(times) if times else stored
    rows = newest(stored, table.key) if has_replacements(delta) else stored
    if "customer_id" in table:
        rows = resolved(lake, rows, links(lake) if known_links is None else known_links)
    if as_of is not None and table.time:
        # A customer known from a list without a joining date is known; an order dated after the day is not yet.
        dated = rows[table.time]
        rows = rows.filter(dated.isnull() | (dated < ibis.timestamp(as_of + dt.timedelta(days=1))))
    return rows


def empty(lake: Lake, name: str) -> Any:
    """The table of a contract without rows."""
    table = contract(name)
    times = {c.name: "timestamp" for c in table if c.kind == "timestamp"}
    rows = lake.small(facts_schema(table).empty_table())
    return rows.cast(times) if times else rows


def newest(stored: Any, key: tuple[str, ...]) -> Any:
    """For each key the row of the newest batch. Costs a join with the corrected keys only, which are few."""
    corrections = stored.filter(stored.replaces).group_by(*key).agg(newest_batch=ibis._.batch.max())
    joined = stored.left_join(corrections, list(key), rname="corrected_{name}")
    current = joined.filter(joined.newest_batch.isnull() | (joined.batch >= joined.newest_batch))
    return current.select(*stored.columns)


def versions(lake: Lake) -> dict[str, int]:
    """The Delta version of every fact table there is: what a run read."""
    found = {name: lake.version(facts_table(name)) for name in CONTRACTS}
    return {name: version for name, version in found.items() if version is not None}


def has_replacements(table: DeltaTable) -> bool:
    """Whether any stored file holds a corrected row, from the statistics in the Delta log: no file is opened."""
    actions = pa.table(table.get_add_actions(flatten=True))
    if not actions.num_rows:
        return False
    # A file without statistics may hold anything.
    return "max.replaces" not in actions.column_names or any(
        flag is not False for flag in actions["max.replaces"].to_pylist()
    )
