"""The work of imports in the background.

Every job can be killed at any moment and runs again from its beginning. What it reads, it reads again; what it writes,
it writes in one transaction that names the state it began from; and what it put into the lake it finds there by the
file's hash.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, TypeVar

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.utils import timezone

from zhike.errors import InputError, ZhikeError
from zhike.importing.check import check_file
from zhike.importing.importer import Choices, import_file, inspect_file
from zhike.intake.read import ReadOptions
from zhike.lake.batches import Batch, batches
from zhike.lake.batches import State as Landed
from zhike.lake.batches import undo as take_out
from zhike.lake.lake import Lake
from zhike_crm.accounts.models import Membership
from zhike_crm.imports import uploads
from zhike_crm.imports.ledger import adopt, landed
from zhike_crm.imports.made_fields import withdraw
from zhike_crm.imports.models import OPEN, Import, State
from zhike_crm.jobs.models import Job
from zhike_crm.jobs.queue import handles
from zhike_crm.workspaces.lakes import lake_of

KEPT_DAYS = 7
# A file that somebody uploaded and never imported.
FORGOTTEN_DAYS = 30
Say = Callable[[str], None]
Result = TypeVar("Result")
_COUNTS = ("rows", "accepted", "flagged", "rejected", "added", "updated", "duplicates")


@handles("import_look")
def look(job: Job, say: Say) -> dict[str, Any]:
    """What the file is and how its columns would be mapped."""
    imported = _waiting(job, State.LOOKING)
    if imported is None:
        return {}
    say("reading")
    with lake_of(job.workspace) as lake:
        found = _named(imported, lambda: inspect_file(lake, imported.file, choices_of(imported), name=imported.name))
    table = found.mapping["table"]
    _settle(imported, State.FOUND, inspection=asdict(found), table=table, check_result={})
    return {}


@handles("import_check")
def check(job: Job, say: Say) -> dict[str, Any]:
    """The dry run."""
    imported = _waiting(job, State.CHECKING)
    if imported is None:
        return {}
    with lake_of(job.workspace) as lake:
        found = _named(
            imported,
            lambda: check_file(lake, imported.file, choices_of(imported), name=imported.name, on_progress=say),
        )
    _settle(imported, State.CHECKED, check_result=asdict(found), **_counts(found))
    return {}


@handles("import", lane="lake")
def run(job: Job, say: Say) -> dict[str, Any]:
    """Into the lake, as one batch."""
    imported = _waiting(job, State.IMPORTING)
    if imported is None:
        return {}
    imported.sha256 = uploads.sha256(imported.file)
    with lake_of(job.workspace) as lake:
        # Killed after the commit, it is there already.
        batch = landed(lake, imported) if job.attempts > 1 else None
        try:
            values = _of_batch(batch) if batch else _import(lake, imported, say)
        except ZhikeError:
            # Nothing will fill them; trying again makes them again.
            _withdraw_fields(imported, job)
            raise
        values |= {"sha256": imported.sha256, "imported_at": timezone.now(), "check_result": {}, "inspection": {}}
        _settle(imported, State.IMPORTED, **values)
        adopt(job.workspace, lake)
    return {"batch": values["batch"]}


def _withdraw_fields(imported: Import, job: Job) -> None:
    by = Membership.objects.of(job.workspace).filter(user=job.created_by).select_related("user").first()
    if by is not None:
        withdraw(imported, by)


def _import(lake: Lake, imported: Import, say: Say) -> dict[str, Any]:
    choices = choices_of(imported)
    done = _named(imported, lambda: import_file(lake, imported.file, choices, name=imported.name, on_progress=say))
    if done.batch is None and (batch := landed(lake, imported)):
        # An earlier try put it there and could not say so.
        return _of_batch(batch)
    return {**_counts(done), "batch": done.batch, "table": done.table, "mapping": done.mapping, "report": done.report}


def _of_batch(batch: Batch) -> dict[str, Any]:
    details = batch.details
    return {
        **_counts(batch),
        "batch": batch.batch,
        "table": batch.table,
        "mapping": details["mapping"],
        "report": details["report"],
    }


@handles("import_undo", lane="lake")
def undo(job: Job, say: Say) -> dict[str, Any]:
    """Out of the lake again; what its rows had replaced stands again."""
    imported = _waiting(job, State.UNDOING)
    if imported is None:
        return {}
    say("undoing")
    with lake_of(job.workspace) as lake:
        known = batches(lake)
        batch = next((b for b in known if b.batch == imported.batch), None)
        if batch is not None and batch.state is Landed.COMMITTED:
            take_out(lake, batch.batch)
    later = [b for b in known if batch and b.batch > batch.batch and (b.table, b.source) == (batch.table, batch.source)]
    again = [b.file for b in later if b.duplicates and b.state is Landed.COMMITTED]
    _settle(imported, State.UNDONE, undone_at=timezone.now(), import_again=again)
    return {"batch": imported.batch}


@handles("import_cleanup")
def clean_up(job: Job, say: Say) -> dict[str, Any]:
    """Remove files that are no longer needed: a week after they were imported, or forgotten for a month."""
    rows = Import.objects.of(job.workspace).filter(has_file=True).select_related("workspace", "job")
    over = rows.filter(imported_at__lt=timezone.now() - dt.timedelta(days=KEPT_DAYS))
    forgotten = rows.filter(state__in=OPEN, created_at__lt=timezone.now() - dt.timedelta(days=FORGOTTEN_DAYS))
    gone = [imported for imported in (*over, *forgotten) if not imported.is_working]
    for imported in gone:
        uploads.remove(imported)
        Import.objects.of(job.workspace).filter(pk=imported.pk).update(has_file=False, inspection={}, check_result={})
    return {"removed": len(gone) + uploads.remove_strays(job.workspace)}


def choices_of(imported: Import) -> Choices:
    """What the library is told of a person's decisions."""
    chosen = imported.choices
    return Choices(
        table=imported.table or None,
        source=imported.source,
        corrections=chosen.get("corrections", {}),
        options=ReadOptions(**chosen.get("options", {})),
    )


def _waiting(job: Job, state: str) -> Import | None:
    """The import of a job, if it still waits for it: a job that runs again may find its work done."""
    rows = Import.objects.of(job.workspace).filter(pk=job.arguments["import"], state=state, job=job)
    return rows.select_related("workspace").first()


@transaction.atomic
def _settle(imported: Import, state: str, **values: Any) -> None:
    rows = Import.objects.of(imported.workspace).filter(pk=imported.pk, state=imported.state, job=imported.job_id)
    rows.update(state=state, **{name: _storable(v) if isinstance(v, dict) else v for name, v in values.items()})


def _storable(found: dict[str, Any]) -> dict[str, Any]:
    """What came out of a file, without the one character that PostgreSQL keeps in no text."""
    return json.loads(json.dumps(found, cls=DjangoJSONEncoder).replace("\\u0000", "\\ufffd"))


def _named(imported: Import, work: Callable[[], Result]) -> Result:
    """Errors name the file as people do, not as it is stored."""
    try:
        return work()
    except InputError as error:
        if str(error.values.get("file", "")).rsplit("/", 1)[-1] == imported.file.name:
            error.values["file"] = imported.name
        raise


def _counts(found: Any) -> dict[str, int]:
    return {name: getattr(found, name) for name in _COUNTS if hasattr(found, name)}
