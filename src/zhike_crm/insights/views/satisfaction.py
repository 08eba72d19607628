"""The satisfaction page, and the answers behind its figures."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from zhike.errors import ZhikeError
from zhike.satisfaction.text.topics import topic_name
from zhike_crm.accounts.access import Reach, can, reach
from zhike_crm.accounts.models import Membership
from zhike_crm.accounts.pages import page
from zhike_crm.insights.feedback import KINDS, METRICS, SPLITS, Asked, answers
from zhike_crm.insights.moves import customers_known_as, run_of
from zhike_crm.insights.runs import Shown
from zhike_crm.insights.satisfaction import Page, group_name, kind_name, metric_name
from zhike_crm.insights.views.common import Told
from zhike_crm.insights.views.common import asked as run_asked
from zhike_crm.insights.views.models import model_page
from zhike_crm.workspaces.lakes import lake_of

LISTED = 100


@model_page("satisfaction")
def satisfaction_page(request: HttpRequest, shown: Shown) -> Told:
    """Are customers satisfied, where are they not, and what is it that costs points?"""
    wanted = request.GET.get("show", "")
    wanted = wanted if wanted in METRICS else ""
    return Told((wanted,), partial(_told, request.member, shown, wanted))


def _told(member: Membership, shown: Shown, wanted: str) -> dict[str, Any]:
    told = Page(shown, wanted)
    context: dict[str, Any] = {
        "told": told.told,
        "metric": told.metric,
        "may_import": can(member, "imports.run"),
        "figures": told.figures(),
        "texts": told.texts(),
        "aspects": (told.told or {}).get("csi"),
    }
    if not told.found:
        return context
    return context | {
        "metrics": [(name, metric_name(name)) for name in told.known],
        "name": metric_name(told.metric),
        "sentence": told.sentence(),
        "kinds": told.kinds(),
        "trend": told.trend(),
        "splits": told.splits(),
        "short_board": told.short_board(),
        "topics": told.topics(quoted=reach(member) == Reach.ALL),
    }


@page("insights.view")
def satisfaction_answers(request: HttpRequest) -> HttpResponse:
    """Exactly the answers that a figure of the page counts, the newest of them with who gave them."""
    shown, wanted = run_asked(request), _asked(request)
    if shown is None or wanted is None:
        return redirect("satisfaction", request.workspace.slug)
    context: dict[str, Any] = {
        "summary": shown.summary,
        "title": _title(wanted),
        "most": LISTED,
        "metric": wanted.metric,
    }
    try:
        with lake_of(request.workspace) as lake:
            context["count"], rows = answers(lake, run_of(lake, shown.summary), wanted, LISTED)
    except ZhikeError as wrong:
        return render(request, "insights/satisfaction_answers.html", context | {"error": str(wrong)})
    known = customers_known_as(request.member, [row["customer_id"] for row in rows if row["customer_id"]])
    everybody = reach(request.member) == Reach.ALL
    context["rows"] = [
        row | {"customer": known.get(row["customer_id"]), "answer": _answer(row)}
        for row in rows
        if everybody or row["customer_id"] in known
    ]
    return render(request, "insights/satisfaction_answers.html", context)


def _asked(request: HttpRequest) -> Asked | None:
    """What the address asks for; None where that means nothing."""
    given = {name: request.GET.get(name, "")[:200] for name in ("kind", "split", "code", "month", "topic", "tone")}
    metric = request.GET.get("metric", "")
    if metric not in METRICS or given["kind"] not in ("", *KINDS[metric]) or given["split"] not in ("", *SPLITS):
        return None
    return Asked(metric, **given)


def _title(wanted: Asked) -> str:
    parts = [metric_name(wanted.metric)]
    if wanted.kind:
        parts.append(kind_name(wanted.kind))
    if wanted.split:
        parts.append(group_name(wanted.split, wanted.code))
    if wanted.topic:
        parts.append(topic_name(wanted.topic))
    return " · ".join([*parts, *([wanted.month] if wanted.month else [])])


def _answer(row: dict[str, Any]) -> str:
    said = [f"{metric_name(name)} {row[name]:g}" for name in ("nps", "csat") if row[name] is not None]
    if row["positive"] is not None:
        said.append(_("Good review") if row["positive"] else _("Bad review"))
    return " · ".join(said)
