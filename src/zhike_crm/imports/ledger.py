"""The lake's own list of imports and ours: which batch an import became, and batches that came in by another door."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction

from zhike.lake.batches import Batch, State, batches
from zhike.lake.lake import Lake
from zhike_crm.imports import models
from zhike_crm.imports.models import Import
from zhike_crm.workspaces.models import Workspace


def landed(lake: Lake, imported: Import) -> Batch | None:
    """The batch of this very file in the lake that no other import of the workspace is."""
    taken = set(Import.objects.of(imported.workspace_id).exclude(batch=None).values_list("batch", flat=True))
    same = (imported.sha256, imported.source, imported.table)
    for batch in reversed(batches(lake)):
        mine = (batch.sha256, batch.source, batch.table) == same and batch.batch not in taken
        if mine and batch.state is State.COMMITTED:
            return batch
    return None


def adopt(workspace: Workspace, lake: Lake) -> int:
    """List batches that were imported from the command line or by another program; how many were new to us.

    Two workers may do it at once: the table lets a batch in once.
    """
    known = set(Import.objects.of(workspace).exclude(batch=None).values_list("batch", flat=True))
    strangers = [b for b in batches(lake) if b.batch not in known and b.state is not State.INTERRUPTED]
    with transaction.atomic():
        made = Import.objects.bulk_create([_adopted(workspace, b) for b in strangers], ignore_conflicts=True)
        for row, batch in zip(made, strangers, strict=True):
            # The time of beginning is the database's own otherwise.
            Import.objects.of(workspace).filter(key=row.key).update(created_at=_moment(batch))
    return len(strangers)


def _adopted(workspace: Workspace, batch: Batch) -> Import:
    undone = batch.state is State.UNDONE
    values: dict[str, Any] = {
        name: getattr(batch, name)
        for name in ("rows", "accepted", "flagged", "rejected", "added", "updated", "duplicates", "table", "sha256")
    }
    return Import(
        workspace=workspace,
        name=batch.file[:200],
        has_file=False,
        state=models.State.UNDONE if undone else models.State.IMPORTED,
        source=batch.source[:40],
        batch=batch.batch,
        mapping=batch.details.get("mapping", {}),
        report=batch.details.get("report", {}),
        imported_at=_moment(batch),
        **values,
    )


def _moment(batch: Batch) -> dt.datetime:
    return batch.imported_at.replace(tzinfo=dt.UTC)
