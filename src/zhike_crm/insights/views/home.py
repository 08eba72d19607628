"""The home page, the refresh and its progress."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from zhike_crm.accounts.access import can, visible
from zhike_crm.accounts.models import Membership
from zhike_crm.accounts.pages import LAST_WORKSPACE, page
from zhike_crm.customers.models import Note, Task
from zhike_crm.insights import charts
from zhike_crm.insights.actions import request_refresh, schedule_refresh, scheduled
from zhike_crm.insights.definitions import definitions
from zhike_crm.insights.home import changes, tiles
from zhike_crm.insights.models import RunMoves
from zhike_crm.insights.runs import Shown
from zhike_crm.insights.schedule import ScheduleForm, in_words
from zhike_crm.insights.views.common import advice, asked, context_of, known_moves, latest_job, stamp_of
from zhike_crm.jobs.models import State


@page("insights.view")
def home_page(request: HttpRequest) -> HttpResponse:
    """How is the customer base doing, what changed, what do I do today?"""
    # Writing is for a change: it takes the database for itself.
    if request.session.get(LAST_WORKSPACE) != request.workspace.slug:
        request.session[LAST_WORKSPACE] = request.workspace.slug
    shown = asked(request)
    tasks = visible(request.member, Task.objects).filter(owner=request.member, done_at=None, deleted_at=None)
    context = context_of(request, shown) | {
        "tasks": tasks.select_related("customer").order_by("due_on", "pk")[:8],
        "mentions": _mentions(request.member),
        "today": timezone.localdate(),
        "may_import": can(request.member, "imports.run"),
    }
    if shown is not None:
        moves = known_moves(shown)
        context |= {"moves": stamp_of(moves), "figures": cache(partial(_figures, shown, moves))}
    return render(request, "insights/home.html", context)


def _figures(shown: Shown, moves: RunMoves | None) -> dict[str, Any]:
    """What the page says of the run, for those to whom nobody has said it yet."""
    return {
        "tiles": tiles(shown, shown.summary.workspace.currency),
        "changes": changes(shown, moves),
        "charts": charts.of_home(shown.figures, shown.links, definitions(shown)),
        "advice": advice(shown.summary),
    }


@page("insights.publish", methods=("POST",))
def start_refresh(request: HttpRequest) -> HttpResponse:
    request_refresh(request.workspace, by=request.member)
    messages.info(request, _("The refresh has begun; the page shows the new figures when it is done."))
    return redirect("home_page", request.workspace.slug)


@page("insights.view")
def refresh_state(request: HttpRequest) -> HttpResponse:
    """How far the refresh is: asked every two seconds while one runs. At its end the page is loaded anew."""
    job = latest_job(request)
    answer = render(request, "insights/_progress.html", {"job": job})
    if job is not None and job.state == State.DONE:
        answer["HX-Refresh"] = "true"
    return answer


@page("insights.view", methods=("GET", "HEAD", "POST"), post="insights.publish")
def refresh_schedule(request: HttpRequest) -> HttpResponse:
    """When figures are computed again, by itself or by hand."""
    kept = scheduled(request.workspace)
    cron = kept.cron if kept and kept.enabled else ""
    form = ScheduleForm(request.POST or None, cron=cron)
    if request.method == "POST" and form.is_valid() and _schedule(request, form):
        return redirect("refresh_schedule", request.workspace.slug)
    context: dict[str, Any] = {
        "form": form,
        "words": in_words(cron),
        "schedule": kept if cron else None,
        "job": latest_job(request),
        "may_publish": can(request.member, "insights.publish"),
    }
    return render(request, "insights/schedule.html", context)


def _schedule(request: HttpRequest, form: ScheduleForm) -> bool:
    try:
        schedule_refresh(form.cron(), by=request.member)
    except ValidationError as wrong:
        form.add_error(None, wrong)
        return False
    messages.success(request, _("Figures are refreshed %(when)s.") % {"when": in_words(form.cron())})
    return True


def _mentions(member: Membership) -> Any:
    rows = Note.objects.of(member.workspace_id).filter(mentioned=member, deleted_at=None)
    return rows.select_related("customer", "by").order_by("-created_at")[:5]
