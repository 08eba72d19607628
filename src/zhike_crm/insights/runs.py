"""Which run a page shows, and which others there are."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

from zhike_crm.insights.links import Links
from zhike_crm.insights.models import RunSummary
from zhike_crm.workspaces.models import Workspace

MOST = 60
# What takes a millisecond to read: only where it is asked for.
LONG = ("figures", "proofs")


@dataclass(frozen=True)
class Shown:
    """The run a page shows, and those it can show: the newest of each day, the newest day first, without figures."""

    summary: RunSummary
    known: list[RunSummary]
    links: Links

    @property
    def is_current(self) -> bool:
        return bool(self.summary.current)

    @property
    def stamp(self) -> tuple[Hashable, ...]:
        """Another one when anything is that could be read of these runs."""
        return self.summary.pk, tuple((run.pk, run.made_at, run.current) for run in self.known)

    @property
    def figures(self) -> dict[str, Any]:
        figures: dict[str, Any] = self.summary.figures
        return figures

    @property
    def earlier(self) -> list[RunSummary]:
        return [run for run in self.known if run.as_of < self.summary.as_of]


def shown(workspace: Workspace, wanted: str | None = None) -> Shown | None:
    """The run of that number, else the current one; None when nothing has been computed."""
    rows = RunSummary.objects.of(workspace).defer(*LONG)
    summary = rows.filter(run=int(wanted)).first() if wanted and wanted.isdecimal() and len(wanted) < 10 else None
    summary = summary or rows.filter(current=True).first()
    if summary is None:
        return None
    return Shown(summary, known(workspace, summary), Links(workspace, live=summary.current))


def known(workspace: Workspace, *always: RunSummary) -> list[RunSummary]:
    """The newest run of each day (the current one of its day), newest day first; those asked for are among them."""
    rows = RunSummary.objects.of(workspace).defer("settings", *LONG).order_by("-as_of", "-run")[: MOST * 5]
    by_day: dict[Any, RunSummary] = {}
    for row in rows:
        if row.as_of not in by_day or row.current:
            by_day[row.as_of] = row
    for row in always:
        by_day[row.as_of] = row
    return sorted(by_day.values(), key=lambda row: row.as_of, reverse=True)[:MOST]


def previous(summary: RunSummary) -> RunSummary | None:
    """The newest run of an earlier day."""
    rows = RunSummary.objects.of(summary.workspace_id).filter(as_of__lt=summary.as_of).defer(*LONG)
    found: RunSummary | None = rows.order_by("-as_of", "-run").first()
    return found
