"""Which customer an identity belongs to.

Facts carry the identity under which they arrived: the id a source gave the customer. Two identities that are one
person are linked here; unlinking points them back. Facts are never rewritten, so nothing can be lost by a merge.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from zhike.errors import InputError
from zhike.lake.lake import Lake
from zhike.sql import literal

# Ids of the source "main" stand as they are, unless they hold a colon: "shop:1" would be customer 1 of the source
# "shop". Those get a name in front too, as the ids of all other sources do.
MAIN_SOURCE = "main"
_MARK = ":"

TABLE = "identities"
_SCHEMA = pa.schema(
    [
        ("identity", pa.string()),
        ("customer_id", pa.string()),
        ("step", pa.int64()),
        ("linked_by", pa.string()),
        ("linked_at", pa.timestamp("us")),
    ]
)


def qualified(source: str, external_id: str) -> str:
    """The identity of an id within a source. No two ids of any two sources have the same one.

    >>> qualified("main", "17850"), qualified("shop", "17850"), qualified("main", "shop:17850")
    ('17850', 'shop:17850', 'main:shop:17850')
    """
    bare = source == MAIN_SOURCE and _MARK not in external_id
    return external_id if bare else f"{source}{_MARK}{external_id}"


def qualified_sql(source: str, column: str) -> str:
    """`qualified` as DuckDB SQL over a column of ids; NULL stays NULL."""
    named = f"{literal(source + _MARK)} || {column}"
    return f"CASE WHEN contains({column}, '{_MARK}') THEN {named} ELSE {column} END" if source == MAIN_SOURCE else named


def links(lake: Lake, version: int | None = None) -> dict[str, str]:
    """identity → customer_id, for the identities that are linked to another customer, however many steps away.

    Args:
        version: of the `TABLE` of links; default the newest.
    """
    direct = _direct(lake, version)
    return {identity: _end(direct, identity) for identity in direct}


def _direct(lake: Lake, version: int | None) -> dict[str, str]:
    """identity → what it was linked to itself, as of its newest step."""
    newest: dict[str, tuple[int, str]] = {}
    for row in lake.read(TABLE, version).to_pylist():
        if row["identity"] not in newest or row["step"] > newest[row["identity"]][0]:
            newest[row["identity"]] = (row["step"], row["customer_id"])
    return {identity: customer for identity, (_, customer) in newest.items() if customer != identity}


def _end(direct: dict[str, str], identity: str) -> str:
    """Where the links from an identity lead."""
    passed: list[str] = []
    while identity in direct:
        if identity in passed:
            # `link` makes no circles, but two writers of an object store, which has no lock, can.
            return min(passed[passed.index(identity) :])
        passed.append(identity)
        identity = direct[identity]
    return identity


def link(lake: Lake, identities: list[str], customer_id: str, *, by: str = "") -> None:
    """From now on these identities are this customer, and so is whoever is linked to one of them.

    Only these links are stored, so that unlinking one of them brings back what was linked before.

    Raises:
        InputError: the customer is itself linked to another one.
    """
    with lake.writing():
        known = links(lake)
        if known.get(customer_id) in identities:
            raise InputError(
                "{customer} already belongs to {target}, so {target} cannot belong to {customer}.",
                fix="Unlink {customer} first, or leave the link as it is.",
                customer=customer_id,
                target=known[customer_id],
            )
        if customer_id in known:
            raise InputError(
                "{customer} is itself linked to {target}.",
                fix="Link to {target} instead.",
                customer=customer_id,
                target=known[customer_id],
            )
        _write(lake, [(identity, customer_id) for identity in identities], by)


def unlink(lake: Lake, identities: list[str], *, by: str = "") -> None:
    """These identities are customers of their own again, with those that were linked to them."""
    with lake.writing():
        _write(lake, [(identity, identity) for identity in identities], by)


def resolved(lake: Lake, facts: Any, known: Mapping[str, str]) -> Any:
    """The facts with `customer_id` read through these `links`."""
    if not known:
        return facts
    small = lake.small(pa.table({"identity": list(known), "linked_customer": list(known.values())}))
    joined = facts.left_join(small, facts.customer_id == small.identity)
    return joined.mutate(customer_id=joined.linked_customer.coalesce(joined.customer_id)).select(*facts.columns)


def _write(lake: Lake, pairs: list[tuple[str, str]], by: str) -> None:
    history = lake.read(TABLE)
    step = max(history["step"].to_pylist(), default=0) + 1 if history.num_rows else 1
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    rows = [
        {"identity": identity, "customer_id": customer, "step": step, "linked_by": by, "linked_at": now}
        for identity, customer in pairs
    ]
    lake.append(TABLE, pa.Table.from_pylist(rows, schema=_SCHEMA), schema=_SCHEMA)
