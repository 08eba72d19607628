"""What programs said about customers, as whole rows of the lake's table of customers.

A file says everything about the columns it has, a message only what it names. So the rows of a drain are what the lake
knows of these customers, with what the messages say laid over it, the newest last.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from zhike.lake.identities import qualified
from zhike.lake.lake import Lake
from zhike.lake.snapshot import snapshot
from zhike.schema import ATTRIBUTES, CUSTOMERS
from zhike_crm.api.facts_of_events import Row, text
from zhike_crm.api.models import InboxEvent

TRAITS = "traits"
# As Segment calls them.
_OTHER_NAMES = {
    "createdAt": "joined_at",
    "created_at": "joined_at",
    "birthday": "birth_date",
    "title": "occupation",
    "state": "region",
    "postalCode": "postcode",
    "street": "address",
}
_OURS = {name for name in CUSTOMERS.names if name != "customer_id"}
_ADDRESS = ("street", "city", "state", "region", "country", "postalCode", "postcode")


def profiles(lake: Lake, source: str, events: Iterable[InboxEvent]) -> list[Row]:
    """A row per customer of these identify events, which come in the order in which they happened."""
    said: dict[str, Row] = {}
    for event in events:
        row = said.setdefault(event.customer_id, {TRAITS: {}})
        told = read_traits(event.payload["traits"])
        row[TRAITS] |= told.pop(TRAITS)
        row.update(told)
    known = _known(lake, {qualified(source, name): name for name in said})
    return [_whole(name, row, known.get(name, {})) for name, row in said.items()]


def read_traits(traits: Row) -> Row:
    """Traits by our names; what has none in `traits`. A trait that is null or empty says nothing."""
    flat = {name: value for name, value in traits.items() if not isinstance(value, dict)}
    address, company = traits.get("address"), traits.get("company")
    if isinstance(address, dict):
        flat |= {name: address[name] for name in _ADDRESS if name in address}
    if isinstance(company, dict):
        flat["company"] = company.get("name")
    names = [text(traits.get(part)) for part in ("firstName", "lastName")]
    if any(names) and not traits.get("name"):
        flat["name"] = " ".join(name for name in names if name)
    told: Row = {TRAITS: {}}
    for name, value in flat.items():
        ours = _OTHER_NAMES.get(name, name)
        if ours in _OURS:
            said = ", ".join(map(str, value)) if isinstance(value, list) else text(value)
            told |= {ours: said} if said else {}
        elif value is not None:
            told[TRAITS][name] = value
    return told


def _known(lake: Lake, identities: dict[str, str]) -> dict[str, Row]:
    """userId → the row the lake has, as it arrived, whoever it is linked to."""
    if lake.version("facts/customers") is None:
        return {}
    with lake.temporary():
        stored = snapshot(lake, "customers", known_links={})
        asked = lake.small(pa.table({"asked": pa.array(list(identities), pa.string())}))
        found = lake.engine.to_pyarrow(stored.semi_join(asked, stored.customer_id == asked.asked)).to_pylist()
    return {identities[row["customer_id"]]: row for row in found}


def _whole(name: str, said: Row, known: Row) -> Row:
    before = json.loads(known.get(ATTRIBUTES) or "{}").get(TRAITS) or {}
    before = json.loads(before) if isinstance(before, str) else before
    traits = before | said[TRAITS]
    return {
        "customer_id": name,
        **{column: said.get(column) or _text(known.get(column)) for column in sorted(_OURS)},
        TRAITS: json.dumps(traits, ensure_ascii=False, sort_keys=True) if traits else None,
    }


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
