"""What is done with models: refreshing them, publishing their settings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from django.db import transaction

from zhike.pipeline import refresh
from zhike.settings import Settings
from zhike_crm.accounts.models import Membership
from zhike_crm.audit.log import Actor, record
from zhike_crm.customers.sync import copy_run
from zhike_crm.insights.models import PublishedSettings, RunSummary
from zhike_crm.insights.summary import make_current, summarise
from zhike_crm.jobs.models import Job
from zhike_crm.jobs.queue import enqueue
from zhike_crm.workspaces.lakes import lake_of
from zhike_crm.workspaces.models import Workspace


def published(workspace: Workspace) -> Settings:
    """The settings in force: the newest published, else the defaults."""
    newest = PublishedSettings.objects.of(workspace).first()
    return Settings.from_dict(newest.values) if newest else Settings()


@transaction.atomic
def publish(settings: Settings, note: str, *, by: Membership) -> PublishedSettings:
    """Put settings in force and refresh with them."""
    before = published(by.workspace)
    made = PublishedSettings.objects.create(
        workspace_id=by.workspace_id, values=asdict(settings), note=note[:200], by=by.user
    )
    record(made, "settings.published", Actor(by.user), {"settings": [asdict(before), asdict(settings)]})
    request_refresh(by.workspace, by=by)
    return made


def request_refresh(workspace: Workspace, *, by: Membership | None = None) -> Job:
    """Have everything computed again; one refresh waits or runs at a time."""
    return enqueue(workspace, "refresh", by=by.user if by else None, key="refresh")


def refresh_now(
    workspace: Workspace, as_of: dt.date | None = None, say: Callable[[str], None] = lambda _: None
) -> RunSummary:
    """Facts → scores → the database and the pages. Run twice it does the same again."""
    with lake_of(workspace) as lake:
        run = refresh(lake, as_of, published(workspace), on_progress=say)
        say("pages")
        summary = summarise(workspace, lake, run)
        say("copying")
        with transaction.atomic():
            copy_run(workspace, lake, run)
            make_current(summary)
    return summary


def remember_past(workspace: Workspace, as_of: dt.date) -> RunSummary:
    """Compute an earlier day, for trends and moves; what lists show stays as it is."""
    with lake_of(workspace) as lake:
        return summarise(workspace, lake, refresh(lake, as_of, published(workspace)))


def result_of(summary: RunSummary) -> dict[str, Any]:
    return {"run": summary.run, "as_of": summary.as_of.isoformat(), "customers": summary.customers}
