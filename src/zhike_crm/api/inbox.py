"""From the inbox to the lake: what programs sent, as batches like those of files, exactly once.

    waiting events → marked with the name of a drain → one file per table and source → imported → landed

The mark is stored first and names the files, and the lake's own ledger knows the names of the files it took in. So a
drain that was killed at any moment is found again by its mark: what the lake already has is not brought again, the
rest is. Rows have the ids of their messages, so that even a file read twice would change nothing.
"""

from __future__ import annotations

import datetime as dt
import logging
import uuid
from collections import defaultdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
from django.db import transaction
from django.utils import timezone

from zhike.errors import InputError
from zhike.importing.importer import Choices, import_file
from zhike.lake.batches import State, batches
from zhike.lake.lake import Lake
from zhike_crm.api.facts_of_events import Row, row_of, table_of
from zhike_crm.api.idempotency import forget_old
from zhike_crm.api.models import InboxEvent
from zhike_crm.api.profiles import profiles
from zhike_crm.workspaces.models import Workspace

AT_ONCE = 20_000
# For so long a message that is sent again is recognised.
KEPT = dt.timedelta(days=30)
log = logging.getLogger("zhike.inbox")


def drain(workspace: Workspace, lake: Lake) -> int:
    """Bring everything that waits to the lake; the number of events that landed. For the one job that has the lake."""
    landed = 0
    begun = set(_waiting(workspace).exclude(drain=None).values_list("drain", flat=True))
    for name in sorted(begun):
        landed += _land(workspace, lake, name)
    while name := _mark(workspace):
        landed += _land(workspace, lake, name)
    _forget(workspace)
    return landed


def waiting(workspace: Workspace) -> int:
    """How many events are not in the lake yet."""
    return int(_waiting(workspace).count())


def _waiting(workspace: Workspace) -> Any:
    return InboxEvent.objects.of(workspace).filter(landed_at=None)


def _mark(workspace: Workspace) -> uuid.UUID | None:
    """Give the oldest waiting events the name of a new drain."""
    with transaction.atomic():
        free = _waiting(workspace).filter(drain=None)
        oldest = list(free.order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
        if not oldest:
            return None
        name = uuid.uuid4()
        free.filter(pk__lte=oldest[-1]).update(drain=name)
    return name


def _land(workspace: Workspace, lake: Lake, name: uuid.UUID) -> int:
    """One drain. A file that the lake refuses keeps its events waiting, and the way of the others free."""
    known = {batch.file for batch in batches(lake) if batch.state is not State.INTERRUPTED}
    landed = 0
    for (table, source), events in _groups(_waiting(workspace).filter(drain=name)).items():
        file = f"inbox-{name.hex}-{table}-{source}.parquet"
        if file in known or _import(lake, file, table, source, events):
            landed += _note_landed(workspace, events)
    return landed


def _groups(rows: Any) -> dict[tuple[str, str], list[InboxEvent]]:
    """(table, source) → events, in the order in which they happened. Customers first, whose facts the others are."""
    found: dict[tuple[str, str], list[InboxEvent]] = defaultdict(list)
    for event in rows.order_by("kind", "occurred_at", "pk"):
        found[table_of(event), event.source].append(event)
    return found


def _import(lake: Lake, name: str, table: str, source: str, events: list[InboxEvent]) -> bool:
    rows = profiles(lake, source, events) if table == "customers" else [row_of(event) for event in events]
    with lake.staging() as folder:
        file = Path(folder, name)
        pa.parquet.write_table(_filled(rows), file)
        try:
            import_file(lake, file, Choices(table=table, source=source))
        except InputError:
            log.exception("%s with %s events was refused; they go on waiting", name, len(events))
            return False
    return True


def _filled(rows: list[Row]) -> pa.Table:
    """The rows without the columns that nobody said anything about: of those the lake keeps what it has."""
    columns = {name: _column([row[name] for row in rows]) for name in rows[0]}
    return pa.table({name: column for name, column in columns.items() if column.null_count < len(rows)})


def _column(values: list[Any]) -> pa.Array:
    some = next((value for value in values if value is not None), "")
    if isinstance(some, dt.datetime):
        utc = [value.astimezone(dt.UTC).replace(tzinfo=None) for value in values]
        return pa.array(utc, pa.timestamp("us"))
    return pa.array(values, pa.float64() if isinstance(some, float) else pa.string())


def _note_landed(workspace: Workspace, events: list[InboxEvent]) -> int:
    landed = 0
    for start in range(0, len(events), 500):
        ids = [event.pk for event in events[start : start + 500]]
        landed += InboxEvent.objects.of(workspace).filter(pk__in=ids).update(landed_at=timezone.now())
    return landed


def _forget(workspace: Workspace) -> None:
    """What landed long ago is in the lake; here it is not needed any more."""
    InboxEvent.objects.of(workspace).filter(landed_at__lt=timezone.now() - KEPT)._raw_delete(InboxEvent.objects.db)
    forget_old()
