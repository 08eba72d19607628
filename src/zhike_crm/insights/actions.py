"""What is done with models: refreshing them, publishing their settings, deciding when they refresh."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from django.db import transaction

from zhike.history import keep_histories
from zhike.lake.facts_view import Facts
from zhike.lake.lake import Lake
from zhike.pipeline import refresh
from zhike.settings import Settings
from zhike_crm.accounts.models import Membership
from zhike_crm.audit.log import Actor, record
from zhike_crm.customers.links import push_links
from zhike_crm.customers.sync import copy_run
from zhike_crm.insights.models import NOTE, PublishedSettings, RunSummary
from zhike_crm.insights.moves import explain
from zhike_crm.insights.summary import make_current, summarise
from zhike_crm.jobs.models import Job, Schedule
from zhike_crm.jobs.queue import enqueue
from zhike_crm.jobs.schedules import set_schedule
from zhike_crm.segments.computing import after_refresh
from zhike_crm.workspaces.lakes import lake_of
from zhike_crm.workspaces.models import Workspace

KIND = "refresh"

# What brings facts into the lake before a refresh (the inbox of the API); filled by the apps when they start.
FEEDS: list[Callable[[Workspace, Lake], int]] = []


def published(workspace: Workspace) -> Settings:
    """The settings in force: the newest published, else the defaults."""
    newest = PublishedSettings.objects.of(workspace).first()
    return Settings.from_dict(newest.values) if newest else Settings()


@transaction.atomic
def publish(settings: Settings, note: str, *, by: Membership) -> PublishedSettings:
    """Put settings in force and refresh with them."""
    made = put_in_force(settings, note, by=by)
    request_refresh(by.workspace, by=by)
    return made


@transaction.atomic
def put_in_force(settings: Settings, note: str, *, by: Membership) -> PublishedSettings:
    """Whatever is computed from now on is computed with these settings."""
    before = published(by.workspace)
    made = PublishedSettings.objects.create(
        workspace_id=by.workspace_id, values=asdict(settings), note=note[:NOTE], by=by.user
    )
    record(made, "settings.published", Actor(by.user), {"settings": [asdict(before), asdict(settings)]})
    return made


def go_back(earlier: PublishedSettings, note: str, *, by: Membership) -> PublishedSettings:
    """Publish earlier settings once more; what was published since stays in the history.

    Raises:
        SettingsError: this version no longer knows a setting of theirs, or allows its value.
    """
    return publish(Settings.from_dict(earlier.values), note, by=by)


def request_refresh(workspace: Workspace, *, by: Membership | None = None) -> Job:
    """Have everything computed again; one refresh waits or runs at a time."""
    return enqueue(workspace, KIND, by=by.user if by else None, key=KIND)


@transaction.atomic
def schedule_refresh(cron: str, *, by: Membership) -> Schedule | None:
    """Refresh at the times of a cron line from now on, or no longer by itself when it is empty.

    Raises:
        ValidationError: it is no cron line.
    """
    before = scheduled(by.workspace)
    was = before.cron if before and before.enabled else ""
    if was == cron:
        return before
    kept = set_schedule(by.workspace, KIND, cron or before.cron, enabled=bool(cron))
    record(kept, "workspace.changed", Actor(by.user), {"refresh": [was, cron]})
    return kept


def scheduled(workspace: Workspace) -> Schedule | None:
    """When the workspace refreshes by itself, if it does or ever did."""
    found: Schedule | None = Schedule.objects.of(workspace).filter(kind=KIND).first()
    return found


def refresh_now(
    workspace: Workspace, as_of: dt.date | None = None, say: Callable[[str], None] = lambda _: None
) -> RunSummary:
    """Facts → scores → the database and the pages. Run twice it does the same again."""
    with lake_of(workspace) as lake:
        say("gathering")
        for feed in FEEDS:
            feed(workspace, lake)
        push_links(workspace, lake)
        run = refresh(lake, as_of, published(workspace), on_progress=say)
        say("pages")
        keep_histories(Facts.of(lake, run))
        summary = summarise(workspace, lake, run)
        explain(workspace, lake, summary)
        say("copying")
        with transaction.atomic():
            copy_run(workspace, lake, run)
            make_current(summary)
        say("segments")
        after_refresh(workspace, Facts.of(lake, run))
    return summary


def remember_past(workspace: Workspace, as_of: dt.date) -> RunSummary:
    """Compute an earlier day, for trends and moves; what lists show stays as it is."""
    with lake_of(workspace) as lake:
        return summarise(workspace, lake, refresh(lake, as_of, published(workspace)))


def result_of(summary: RunSummary) -> dict[str, Any]:
    return {"run": summary.run, "as_of": summary.as_of.isoformat(), "customers": summary.customers}
