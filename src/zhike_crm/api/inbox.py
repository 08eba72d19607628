"""From the inbox to the lake: what programs sent, as batches like those of files, exactly once.

    waiting events → marked with the name of a drain → one file per table and source → imported → landed

The mark is stored first and names the files, and the lake's own ledger knows the names of the files it took in. So a
drain that was killed at any moment is found again by its mark: what the lake already has is not brought again, the
rest is. Rows have the ids of their messages, so that even a file read twice would change nothing. A message has landed
when all files with something of it have; what it says of customers who are known already is then on their records too.
"""

from __future__ import annotations

import datetime as dt
import logging
import uuid
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
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
from zhike_crm.api.facts_of_events import CUSTOMERS, Row, facts_of
from zhike_crm.api.idempotency import forget_old
from zhike_crm.api.known_people import update_known
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
    events = list(_waiting(workspace).filter(drain=name).order_by("kind", "occurred_at", "pk"))
    refused: set[int] = set()
    for (table, source), group in _files(lake, events).items():
        file = f"inbox-{name.hex}-{table}-{source}.parquet"
        if file not in known and not _import(lake, file, table, source, group.rows()):
            refused |= group.events
    return _note_landed(workspace, [event for event in events if event.pk not in refused])


@dataclass
class _Group:
    """What goes into one file: the rows, made when their turn comes, and whose they are."""

    rows: Callable[[], list[Row]]
    events: set[int]


def _files(lake: Lake, events: list[InboxEvent]) -> dict[tuple[str, str], _Group]:
    """(table, source) → what goes there, in the order in which it happened. Customers first, whose the facts are."""
    people: dict[str, list[InboxEvent]] = defaultdict(list)
    facts: dict[tuple[str, str], list[Row]] = defaultdict(list)
    whose: dict[tuple[str, str], set[int]] = defaultdict(set)
    for event in events:
        if event.kind == "identify":
            people[event.source].append(event)
            continue
        for table, row in facts_of(event):
            facts[table, event.source].append(row)
            whose[table, event.source].add(event.pk)
    found = {
        (CUSTOMERS, source): _Group(partial(profiles, lake, source, said), {event.pk for event in said})
        for source, said in people.items()
    }
    return found | {key: _Group(partial(list, rows), whose[key]) for key, rows in facts.items()}


def _import(lake: Lake, name: str, table: str, source: str, rows: list[Row]) -> bool:
    with lake.staging() as folder:
        file = Path(folder, name)
        pa.parquet.write_table(_filled(rows), file)
        try:
            import_file(lake, file, Choices(table=table, source=source))
        except InputError:
            log.exception("%s with %s rows was refused; their messages go on waiting", name, len(rows))
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
    with transaction.atomic():
        update_known(workspace, [event for event in events if event.kind == "identify"])
        for start in range(0, len(events), 500):
            ids = [event.pk for event in events[start : start + 500]]
            landed += InboxEvent.objects.of(workspace).filter(pk__in=ids).update(landed_at=timezone.now())
    return landed


def _forget(workspace: Workspace) -> None:
    """What landed long ago is in the lake; here it is not needed any more."""
    InboxEvent.objects.of(workspace).filter(landed_at__lt=timezone.now() - KEPT)._raw_delete(InboxEvent.objects.db)
    forget_old()
