"""Pages that say how the customer base is doing."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from zhike.errors import ZhikeError
from zhike.settings import Settings
from zhike_crm.accounts.access import can, visible
from zhike_crm.accounts.pages import page
from zhike_crm.customers.lists import CustomerList
from zhike_crm.customers.models import Note, Task
from zhike_crm.insights import charts
from zhike_crm.insights.actions import publish, published, request_refresh
from zhike_crm.insights.forms import RfmForm
from zhike_crm.insights.grid import grid
from zhike_crm.insights.home import changes, tiles
from zhike_crm.insights.models import PublishedSettings, RunSummary
from zhike_crm.insights.moves import between, preview
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


@page("insights.view")
def rfm(request: HttpRequest) -> HttpResponse:
    """Who is in which tier, who moved, and what other weights would change."""
    summary = current(request.workspace)
    context: dict[str, Any] = {"summary": summary, "may_publish": can(request.member, "insights.publish")}
    if summary is not None:
        before = RunSummary.objects.of(request.workspace).filter(as_of__lt=summary.as_of).last()
        flows = between(request.workspace, before, summary) if before else []
        context |= {
            "before": before,
            "grid": grid(summary, request.workspace),
            "charts": {
                "tiers": charts.groups(request.workspace, "value_tier", summary.figures["tiers"]),
                "moves": charts.flows(flows, before.as_of, summary.as_of) if flows else None,
            },
            "form": RfmForm(base=published(request.workspace)),
            "history": PublishedSettings.objects.of(request.workspace).select_related("by")[:10],
            "advice": _advice(summary),
        }
    return render(request, "insights/rfm.html", context)


@page("insights.publish", methods=("POST",))
def preview_rfm(request: HttpRequest) -> HttpResponse:
    """Who would move under the settings of the form; nothing is changed."""
    summary = get_object_or_404(RunSummary.objects.of(request.workspace), current=True)
    form = RfmForm(request.POST, base=Settings.from_dict(summary.settings))
    context: dict[str, Any] = {"tiers": CustomerList(request.member).columns["value_tier"]}
    if form.is_valid():
        try:
            found = preview(request.workspace, summary, form.settings())
        except ZhikeError as wrong:
            context["error"] = str(wrong)
        else:
            context |= {"preview": found, "chart": charts.flows(found["flows"], _("now"), _("then"))}
    else:
        context["error"] = " ".join(text for errors in form.errors.values() for text in errors)
    return render(request, "insights/_preview.html", context)


@page("insights.publish", methods=("POST",))
def publish_rfm(request: HttpRequest) -> HttpResponse:
    form = RfmForm(request.POST, base=published(request.workspace))
    if form.is_valid():
        publish(form.settings(), form.cleaned_data["note"], by=request.member)
        messages.success(request, _("Published. A refresh with these settings has begun."))
    else:
        messages.error(request, " ".join(text for errors in form.errors.values() for text in errors))
    return redirect("rfm", request.workspace.slug)


def _mentions(member: object) -> object:
    rows = Note.objects.of(member.workspace_id).filter(mentioned=member, deleted_at=None)
    return rows.select_related("customer", "by").order_by("-created_at")[:5]


def _advice(summary: object) -> str:
    advice = summary.figures.get("advice") or {}
    language = "zh" if translation.get_language().startswith("zh") else "en"
    return advice["reasons"][language] if advice.get("changes") else ""
