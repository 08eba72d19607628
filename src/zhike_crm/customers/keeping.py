"""The file of columns that the list of customers looks into (`ui.lists.kept`): written with every copy of scores.

It is named in the database by the transaction that copies, so whoever reads finds the file of the scores that are
there, or, where it is gone, asks the database. Which customers changed since it was written, `updated_at` tells.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path

import duckdb
import pyarrow as pa
from django.db import connection, transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from zhike_crm import bulk
from zhike_crm.customers.models import Customer, Score, ScoredRun
from zhike_crm.jobs.queue import enqueue
from zhike_crm.ui.lists import kept as files
from zhike_crm.ui.lists.kept import Kept
from zhike_crm.workspaces.models import Workspace

log = logging.getLogger("zhike.lists")
# Fewer customers the database sorts as quickly.
MANY = 10_000
HIDDEN = "hidden"
# In the folder of a workspace; not part of a backup.
FOLDER = "lists"
_OWN = ("kind", "name", "email", "phone", "gender", "birth_date", "country", "region", "city", "created_at")
_FEW = ("kind", "gender", "country", "region", "city")
_ABOUT = ("workspace", "customer", "run", "as_of")
SCORES = tuple(field.name for field in Score._meta.concrete_fields if field.name not in _ABOUT)
# So many customers changed at one moment by one doing; so many such moments a file remembers.
TOGETHER, MOMENTS = 1_000, 8
# A change is dated a little before it begins to wait for whoever writes, and by the clock of another machine.
_MARGIN = dt.timedelta(seconds=60)
# The job that writes the file again, and how it waits until that is worth while.
KEEP = "keep_columns"
_PAUSE, _PAUSES, _ROUNDS = 5.0, 24, 3


@dataclass(frozen=True)
class Columns:
    """What the file will have, and since when changes may have come that are not in it, but for the moments `seen`."""

    workspace: Workspace
    table: pa.Table
    since: dt.datetime
    seen: tuple[dt.datetime, ...]


def columns_of(con: duckdb.DuckDBPyConnection, workspace: Workspace) -> Columns | None:
    """The columns as the database has them, in the transaction that copies the scores; None for few customers.

    Args:
        con: has a table `current`: the scores of each customer, as the database has them or is about to.
    """
    since = _unfinished_since()
    # Before the columns: what is there now is in them.
    seen = _changed_together(workspace, since)
    people = bulk.read(Customer, ["id", *_OWN, "owner_id", "deleted_at", "merged_into_id"], workspace.pk)
    if len(people) < MANY:
        return None
    con.register("people", people)
    own = ", ".join(f"p.{name}" for name in _OWN)
    scores = ", ".join(f's.{name} AS "score__{name}"' for name in SCORES)
    table = con.sql(
        f"SELECT p.id, {own}, p.owner_id AS owner, {scores},"
        f" (p.deleted_at IS NOT NULL OR p.merged_into_id IS NOT NULL) AS {HIDDEN}"
        " FROM people p LEFT JOIN current s ON s.customer_id = p.id ORDER BY p.id"
    ).to_arrow_table()
    con.unregister("people")
    return Columns(workspace, table, since, seen)


def write_columns(columns: Columns | None) -> str:
    """Write the file and return its name; asks nothing of the database.

    The name is empty when there is no need of a file, and when it cannot be written: lists then ask the database, which
    is slow, but no reason to fail.
    """
    if columns is None:
        return ""
    name = uuid.uuid4().hex
    try:
        files.write(_path(columns.workspace, name), _few_as_codes(columns.table), columns.since, columns.seen)
    except OSError as wrong:
        place = columns.workspace.pk
        log.warning("workspace %s: lists are slow, the file of their columns cannot be written: %s", place, wrong)
        return ""
    return name


@contextmanager
def written_beside(columns: Columns | None) -> Iterator[Callable[[], str]]:
    """`write_columns` in a thread while the database writes; gives what returns its name. A failure leaves no file."""
    with ThreadPoolExecutor(1) as beside:
        writing = beside.submit(write_columns, columns)
        try:
            yield writing.result
        except BaseException:
            if columns is not None and (name := writing.result()):
                with suppress(OSError):
                    _path(columns.workspace, name).unlink()
            raise


def keep_again(workspace: Workspace) -> None:
    """Write the file from what the database has: after it was restored from elsewhere, for instance."""
    with duckdb.connect() as con, transaction.atomic():
        # Locked, so that no other run's scores come in between.
        run = ScoredRun.objects.of(workspace).select_for_update().first()
        if run is None:
            return
        con.register("current", bulk.read(Score, ["customer_id", *SCORES], workspace.pk))
        name = write_columns(columns_of(con, workspace))
        if name:
            # If it cannot be written, the one that is there goes on being right.
            ScoredRun.objects.of(workspace).filter(pk=run.pk).update(columns=name)
        transaction.on_commit(partial(tidy, workspace))


def keep_later(workspace: Workspace) -> None:
    """Have the file written again, once, if too many customers have changed since."""
    if _is_outdated(workspace):
        enqueue(workspace, KEEP, key=KEEP)


def keep_up(workspace: Workspace) -> None:
    """Write the file again after very many changes; also those that come meanwhile."""
    for _ in range(_ROUNDS):
        _wait_for_calm(workspace)
        keep_again(workspace)
        if not _is_outdated(workspace):
            return


def _wait_for_calm(workspace: Workspace) -> None:
    """Until the changes are so old that a new file is believed about them; two minutes at most."""
    for _ in range(_PAUSES):
        if not _many(Customer.objects.of(workspace).filter(updated_at__gte=timezone.now() - _MARGIN)):
            return
        time.sleep(_PAUSE)


def _is_outdated(workspace: Workspace) -> bool:
    if not has_files(workspace):
        return False
    named = ScoredRun.objects.of(workspace).values_list("columns", flat=True).first()
    kept = kept_columns(workspace, named or "")
    return kept is not None and _many(changed_since(kept, workspace))


def _many(customers: QuerySet) -> bool:
    return customers.order_by().values("pk")[: files.OUTDATED + 1].count() > files.OUTDATED


def kept_columns(workspace: Workspace, name: str) -> Kept | None:
    """The file of that name, if it is there."""
    try:
        return files.open_file(_path(workspace, name)) if name else None
    except (OSError, pa.ArrowException):
        return None


def has_files(workspace: Workspace) -> bool:
    """Whether there is any, so that small workspaces need not ask the database for the name of one."""
    return _folder(workspace).is_dir()


def changed_since(kept: Kept, workspace: Workspace) -> QuerySet:
    """The customers who may be otherwise than in the file."""
    rows = Customer.objects.of(workspace)
    if not kept.seen:
        return rows.filter(updated_at__gte=kept.since)
    # In spans, each of which the index of the moments knows.
    spans = Q(updated_at__gte=kept.since, updated_at__lt=kept.seen[0]) | Q(updated_at__gt=kept.seen[-1])
    for after, before in pairwise(kept.seen):
        spans |= Q(updated_at__gt=after, updated_at__lt=before)
    return rows.filter(spans)


def tidy(workspace: Workspace) -> None:
    """Remove the files of earlier copies, and of those that failed. Who reads one at this moment goes on."""
    named = ScoredRun.objects.of(workspace).values_list("columns", flat=True).first()
    for file in _folder(workspace).glob("*.*"):
        if file.stem != named:
            # What cannot be removed now is tried again after the next copy.
            with suppress(OSError):
                file.unlink()


def _folder(workspace: Workspace) -> Path:
    return workspace.folder / FOLDER


def _path(workspace: Workspace, name: str) -> Path:
    return _folder(workspace) / f"{name}.arrow"


def _changed_together(workspace: Workspace, since: dt.datetime) -> tuple[dt.datetime, ...]:
    """The moments at which many changed, such as a copy a little earlier: one transaction each, so seen whole."""
    moments = Customer.objects.of(workspace).filter(updated_at__gte=since).values_list("updated_at")
    many = moments.annotate(changed=Count("pk")).filter(changed__gte=TOGETHER).order_by("-changed")[:MOMENTS]
    return tuple(sorted(moment for moment, _changed in many))


def _few_as_codes(table: pa.Table) -> pa.Table:
    """Texts of which there are few different ones are looked at once each."""
    for place, field in enumerate(table.schema):
        if field.name in _FEW or (field.name.startswith("score__") and pa.types.is_string(field.type)):
            table = table.set_column(place, field.name, table[field.name].combine_chunks().dictionary_encode())
    return table


def _unfinished_since() -> dt.datetime:
    """Since when changes may be under way that this transaction does not see."""
    if connection.vendor == "sqlite":
        # One writes at a time, and that is us.
        return timezone.now() - _MARGIN
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT least(now(), min(xact_start)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        begun: dt.datetime = cursor.fetchone()[0]
    return begun.astimezone(dt.UTC) - _MARGIN
