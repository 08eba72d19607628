"""Pages that say how the customer base is doing."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from zhike_crm.accounts.access import can, visible
from zhike_crm.accounts.pages import page
from zhike_crm.customers.models import Note, Task
from zhike_crm.insights import charts
from zhike_crm.insights.actions import request_refresh
from zhike_crm.insights.home import changes, tiles
from zhike_crm.insights.summary import current
from zhike_crm.jobs.models import Job


@page("insights.view")
def home_page(request: HttpRequest) -> HttpResponse:
    """How is the customer base doing, what changed, what do I do today?"""
    request.session["workspace"] = request.workspace.slug
    summary = current(request.workspace)
    tasks = visible(request.member, Task.objects).filter(owner=request.member, done_at=None, deleted_at=None)
    context = {
        "summary": summary,
        "tasks": tasks.select_related("customer").order_by("due_on", "pk")[:8],
        "mentions": _mentions(request.member),
        "today": timezone.localdate(),
        "may_refresh": can(request.member, "insights.publish"),
        "job": Job.objects.of(request.workspace).filter(kind="refresh").order_by("-created_at").first(),
    }
    if summary is not None:
        context |= {
            "tiles": tiles(summary, request.workspace),
            "changes": changes(summary),
            "charts": charts.of_home(summary, request.workspace),
            "advice": _advice(summary),
        }
    return render(request, "insights/home.html", context)


@page("insights.publish", methods=("POST",))
def start_refresh(request: HttpRequest) -> HttpResponse:
    request_refresh(request.workspace, by=request.member)
    messages.info(request, _("The refresh has begun; the page shows the new figures when it is done."))
    return redirect("home_page", request.workspace.slug)


def _mentions(member: object) -> object:
    rows = Note.objects.of(member.workspace_id).filter(mentioned=member, deleted_at=None)
    return rows.select_related("customer", "by").order_by("-created_at")[:5]


def _advice(summary: object) -> str:
    advice = summary.figures.get("advice") or {}
    language = "zh" if translation.get_language().startswith("zh") else "en"
    return advice["reasons"][language] if advice.get("changes") else ""
