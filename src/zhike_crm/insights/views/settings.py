"""Settings of the models: who would move, publishing, and going back to earlier ones."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from zhike.errors import ZhikeError
from zhike.settings import Settings
from zhike_crm.accounts.pages import page
from zhike_crm.customers.lists import CustomerList
from zhike_crm.insights.actions import go_back, publish, published
from zhike_crm.insights.flows import Sides, flows
from zhike_crm.insights.forms import LifecycleForm, RfmForm, SettingsForm, ValueForm
from zhike_crm.insights.models import PublishedSettings, RunSummary
from zhike_crm.insights.moves import preview


@page("insights.publish", methods=("POST",))
def preview_rfm(request: HttpRequest) -> HttpResponse:
    """Who would change tier under the settings of the form; nothing is changed."""
    return _preview(request, RfmForm, "value_tier")


@page("insights.publish", methods=("POST",))
def preview_lifecycle(request: HttpRequest) -> HttpResponse:
    """Who would change stage under the settings of the form; nothing is changed."""
    return _preview(request, LifecycleForm, "stage")


@page("insights.publish", methods=("POST",))
def publish_rfm(request: HttpRequest) -> HttpResponse:
    return publish_form(request, RfmForm, "rfm")


@page("insights.publish", methods=("POST",))
def publish_lifecycle(request: HttpRequest) -> HttpResponse:
    return publish_form(request, LifecycleForm, "lifecycle")


@page("insights.publish", methods=("POST",))
def publish_value(request: HttpRequest) -> HttpResponse:
    return publish_form(request, ValueForm, "value")


@page("insights.publish", methods=("POST",))
def restore_settings(request: HttpRequest) -> HttpResponse:
    """Publish earlier settings once more."""
    asked = request.POST.get("settings", "")
    pk = int(asked) if asked.isdecimal() and len(asked) < 19 else 0
    earlier = get_object_or_404(PublishedSettings.objects.of(request.workspace), pk=pk)
    note = _("As of %(day)s") % {"day": earlier.at.date().isoformat()}
    try:
        go_back(earlier, note, by=request.member)
    except ZhikeError as wrong:
        messages.error(request, str(wrong))
    else:
        messages.success(request, _("Published. A refresh with these settings has begun."))
    back = request.POST.get("back")
    return redirect(back if back in ("rfm", "lifecycle", "value", "churn") else "rfm", request.workspace.slug)


def _preview(request: HttpRequest, kind: type[SettingsForm], column: str) -> HttpResponse:
    summary = get_object_or_404(RunSummary.objects.of(request.workspace), current=True)
    form = kind(request.POST, base=Settings.from_dict(summary.settings))
    context: dict[str, Any] = {"codes": CustomerList(request.member).columns[column]}
    if form.is_valid():
        try:
            found = preview(request.member, summary, form.settings(), column)
        except ZhikeError as wrong:
            context["error"] = str(wrong)
        else:
            sides = Sides(_("now"), _("then"))
            context["preview"] = found
            context["chart"] = flows("chart-preview", _("From now to then"), column, found["flows"], sides)
    else:
        context["error"] = form.mistakes
    return render(request, "insights/_preview.html", context)


def publish_form(request: HttpRequest, kind: type[SettingsForm], route: str) -> HttpResponse:
    """Put the settings of the form in force and refresh with them, or say what is wrong with it."""
    form = kind(request.POST, base=published(request.workspace))
    if form.is_valid():
        publish(form.settings(), form.cleaned_data["note"], by=request.member)
        messages.success(request, _("Published. A refresh with these settings has begun."))
    else:
        messages.error(request, form.mistakes)
    return redirect(route, request.workspace.slug)
