"""The churn page: who may leave, what is at stake, and what the settings would change."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _

from zhike.errors import ZhikeError
from zhike.settings import Settings
from zhike_crm.accounts.pages import page
from zhike_crm.customers.lists import CustomerList
from zhike_crm.customers.personal import open_columns
from zhike_crm.insights import churn
from zhike_crm.insights.churn_forms import ChurnForm
from zhike_crm.insights.churn_preview import preview
from zhike_crm.insights.history import history
from zhike_crm.insights.models import RunSummary
from zhike_crm.insights.runs import Shown
from zhike_crm.insights.views.common import Told
from zhike_crm.insights.views.models import model_page
from zhike_crm.insights.views.settings import publish_form


@model_page("churn")
def churn_page(request: HttpRequest, shown: Shown) -> Told:
    """Who may leave, why, and whom to save first?"""
    past = history(request.workspace)
    known = churn.first_known(request.member, shown) if shown.is_current else {}
    told = open_columns(request.member, shown.summary.settings)
    wanted = request.GET.get("take") == "flag"

    def context() -> dict[str, Any]:
        columns, base = CustomerList(request.member).columns, past.in_force
        found = "" if base.churn.flag else churn.found_flag(shown)
        if wanted and found:
            base = replace(base, churn=replace(base.churn, flag=found))
        return churn.page(shown, known, told) | {
            "risk_column": columns["churn_risk"],
            "tier_column": columns["value_tier"],
            "form": ChurnForm(base=base),
            "found_flag": found,
            "taken": wanted,
            "history": past.entries,
        }

    # Which figures a customer stands for is part of it: after merging these can be those of another identity.
    first = ((identity, one.pk, str(one)) for identity, one in known.items())
    return Told((past.stamp, told, wanted, *first), context)


@page("insights.publish", methods=("POST",))
def preview_churn(request: HttpRequest) -> HttpResponse:
    """How many would count as gone, be at risk and be warned of under the settings of the form; nothing is changed."""
    summary = get_object_or_404(RunSummary.objects.of(request.workspace), current=True)
    form = ChurnForm(request.POST, base=Settings.from_dict(summary.settings))
    context: dict[str, Any] = {}
    if "churn" not in summary.proofs:
        context["error"] = _("These figures are from before churn was computed. Refresh them first.")
    elif form.is_valid():
        try:
            context["preview"] = preview(request.workspace, summary, form.settings().churn)
        except ZhikeError as wrong:
            context["error"] = str(wrong)
    else:
        context["error"] = form.mistakes
    return render(request, "insights/_churn_preview.html", context)


@page("insights.publish", methods=("POST",))
def publish_churn(request: HttpRequest) -> HttpResponse:
    return publish_form(request, ChurnForm, "churn")
