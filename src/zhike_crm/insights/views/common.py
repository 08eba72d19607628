"""What every page of the insights says first: of which day, from which others to choose, whose customers."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from zhike.language import current_language
from zhike.settings import Settings
from zhike_crm.accounts.access import Reach, can, reach
from zhike_crm.insights.actions import published
from zhike_crm.insights.models import RunMoves, RunSummary
from zhike_crm.insights.moves import known
from zhike_crm.insights.runs import Shown, previous, shown
from zhike_crm.jobs.models import Job


@dataclass(frozen=True)
class Told:
    """What a page tells of a run.

    `made_of`: what it depends on besides the runs, the reader and the language. `context`: what its template reads,
    asked for only when it is drawn (`{% fragment %}`).
    """

    made_of: tuple[Hashable, ...]
    context: Callable[[], dict[str, Any]]


def stamp_of(moves: RunMoves | None) -> tuple[Hashable, ...]:
    """Moves are counted once; what made them, once more."""
    return (moves.pk, moves.causes is None) if moves else ()


def asked(request: HttpRequest) -> Shown | None:
    """The run that the address names (`?run=4`), else the current one."""
    return shown(request.workspace, request.GET.get("run"))


def context_of(request: HttpRequest, run: Shown | None) -> dict[str, Any]:
    """What `_head.html` reads."""
    return {
        "shown": run,
        "summary": run and run.summary,
        "job": latest_job(request),
        "may_publish": can(request.member, "insights.publish"),
        "sees_part": reach(request.member) != Reach.ALL,
        "awaited": run is not None and run.is_current and published(request.workspace).to_dict() != _settings(run),
    }


def latest_job(request: HttpRequest) -> Job | None:
    found: Job | None = Job.objects.of(request.workspace).filter(kind="refresh").order_by("-created_at").first()
    return found


def known_moves(run: Shown) -> RunMoves | None:
    """The moves since the run before, if they have been counted: the home page does not wait for the lake."""
    before = previous(run.summary)
    return known(run.summary.workspace, before, run.summary) if before else None


def advice(summary: RunSummary) -> str:
    """What the library says about the way of scoring, in the reader's language; "" when it would change nothing."""
    told = summary.figures.get("advice") or {}
    return str(told["reasons"][current_language()]) if told.get("changes") else ""


def _settings(run: Shown) -> dict[str, Any]:
    """The settings of a run with lists where JSON had them, for comparing with those in force."""
    return Settings.from_dict(run.summary.settings).to_dict()
