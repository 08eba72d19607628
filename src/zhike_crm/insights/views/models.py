"""The pages of the models: RFM, lifecycle, value, retention, and who moved."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from zhike.errors import ZhikeError
from zhike.settings import Settings
from zhike_crm.accounts.pages import page
from zhike_crm.customers.lists import CustomerList
from zhike_crm.insights import charts, health, lifecycle, retention, value
from zhike_crm.insights.definitions import counted, definitions, on_lifecycle
from zhike_crm.insights.flows import Sides, codes, flows, name_of
from zhike_crm.insights.forms import LifecycleForm, RfmForm, ValueForm
from zhike_crm.insights.grid import grid
from zhike_crm.insights.history import history
from zhike_crm.insights.home import why
from zhike_crm.insights.links import ANY
from zhike_crm.insights.models import RunMoves, RunSummary
from zhike_crm.insights.moves import COLUMNS, LISTED, between
from zhike_crm.insights.moves import movers as movers_between
from zhike_crm.insights.runs import Shown
from zhike_crm.insights.views.common import Told, advice, asked, context_of, stamp_of

Teller = Callable[[HttpRequest, Shown], Told]


def model_page(template: str) -> Callable[[Teller], Callable[..., HttpResponse]]:
    """The page of a model: what the function tells of the run shown, in the frame that all models share."""

    def decorate(tell: Teller) -> Callable[..., HttpResponse]:
        @page("insights.view")
        @wraps(tell)
        def view(request: HttpRequest) -> HttpResponse:
            shown = asked(request)
            told = {"page": tell(request, shown)} if shown else {}
            return render(request, f"insights/{template}.html", context_of(request, shown) | told)

        return view

    return decorate


@model_page("rfm")
def rfm(request: HttpRequest, shown: Shown) -> Told:
    """Who is in which tier, who moved, and what other weights would change."""
    past, moved = history(request.workspace), _moved(request, shown)
    wanted = request.GET.get("take") == "advice"

    def context() -> dict[str, Any]:
        base, told, words = past.in_force, shown.figures.get("advice") or {}, definitions(shown)
        taken = bool(wanted and told.get("changes"))
        if taken:
            base = Settings.from_dict(base.to_dict() | {"rfm": told["settings"]})
        return _moves_context(moved, shown, "value_tier") | {
            "grid": grid(shown.figures, shown.links),
            "tiers": charts.groups(shown.links, "value_tier", shown.figures["tiers"], _("Value tiers"), words.tier()),
            "grid_words": words.grid(),
            "grades": charts.groups(shown.links, "grade", shown.figures["grades"], _("Grades")),
            "form": RfmForm(base=base),
            "taken": taken,
            "history": past.entries,
            "advice": advice(shown.summary),
        }

    return Told((past.stamp, moved.stamp, wanted), context)


@model_page("lifecycle")
def lifecycle_page(request: HttpRequest, shown: Shown) -> Told:
    """Who is where in their life with us, who moved, and what fits each."""
    past, moved = history(request.workspace), _moved(request, shown)

    def context() -> dict[str, Any]:
        return _moves_context(moved, shown, "stage") | {
            "stages": lifecycle.stages(shown.figures, shown.links),
            "answer": lifecycle.answer(shown.figures),
            "over_time": lifecycle.over_time(shown),
            "counted": on_lifecycle(shown),
            "form": LifecycleForm(base=past.in_force),
            "history": past.entries,
        }

    return Told((past.stamp, moved.stamp), context)


@model_page("value")
def value_page(request: HttpRequest, shown: Shown) -> Told:
    """Who brings the money, how much is to come, what is left of it."""
    past = history(request.workspace)
    best = value.best(request.member) if shown.is_current else None

    def context() -> dict[str, Any]:
        figures, links = shown.figures, shown.links
        return {
            "value": figures["value"],
            "pareto": value.pareto(figures, links),
            "lifetime": value.lifetime(figures, links),
            "classes": value.classes(figures, links),
            "best": None if best is None else value.contributions(best, figures),
            "profit": value.profit(figures, links),
            "top_fifth": links.where("rank", "lte", figures["headline"]["customers"] // 5),
            "form": ValueForm(base=past.in_force),
            "history": past.entries,
        }

    return Told((past.stamp, *((one.pk, str(one), one.score.revenue) for one in best or ())), context)


@model_page("retention")
def retention_page(request: HttpRequest, shown: Shown) -> Told:
    """Do new customers come back?"""
    counts = request.GET.get("show") == "counts"

    def context() -> dict[str, Any]:
        return {
            "heat": retention.heat(shown.figures, shown.links),
            "curve": retention.curve(shown.figures),
            "sentence": retention.sentence(shown.figures),
            "trend": retention.trend(shown.figures),
            "head": shown.figures["headline"],
            "counted": counted(shown, route="churn", said=definitions(shown).returned()),
            "counts": counts,
        }

    return Told((counts,), context)


@model_page("health")
def model_health(request: HttpRequest, shown: Shown) -> Told:
    """Which scores may be relied on?"""

    def context() -> dict[str, Any]:
        return {"checks": health.checks(shown), "fits": health.fits(shown), "drifts": health.drifts(shown)}

    return Told((), context)


@page("insights.view")
def movers(request: HttpRequest) -> HttpResponse:
    """Exactly those who went from one stage or tier to another between two refreshes."""
    column = request.GET.get("column", "")
    before, after = (_run(request, request.GET.get(name, "")) for name in ("before", "after"))
    if column not in COLUMNS or before is None or after is None:
        return redirect("lifecycle", request.workspace.slug)
    origin, goal = (request.GET.get(name) or None for name in ("origin", "goal"))
    context: dict[str, Any] = {
        "before": before,
        "after": after,
        "origin": name_of(column, origin, 0),
        "goal": _("any") if goal == ANY else name_of(column, goal, 1),
        "back": "lifecycle" if column == "stage" else "rfm",
        "most": LISTED,
    }
    try:
        context["count"], context["rows"] = movers_between(request.member, (before, after), column, origin, goal)
    except ZhikeError as wrong:
        context["error"] = str(wrong)
    context["scores"] = CustomerList(request.member).columns
    return render(request, "insights/movers.html", context)


@dataclass(frozen=True)
class Moved:
    """Between which runs a page shows moves, and what is known of them; why not, where they are gone."""

    before: RunSummary | None = None
    moves: RunMoves | None = None
    error: str = ""

    @property
    def stamp(self) -> tuple[Hashable, ...]:
        return self.before and self.before.pk, stamp_of(self.moves), self.error


def _moved(request: HttpRequest, shown: Shown) -> Moved:
    """To the run shown from an earlier one: the one asked for (`?from=2`), else the day before it."""
    earlier = shown.earlier
    wanted = request.GET.get("from", "")
    before = next((run for run in earlier if str(run.run) == wanted), earlier[0] if earlier else None)
    if before is None:
        return Moved()
    try:
        return Moved(before, between(request.workspace, before, shown.summary))
    except ZhikeError as wrong:
        return Moved(before, error=str(wrong))


def _moves_context(moved: Moved, shown: Shown, column: str) -> dict[str, Any]:
    found = moved.moves
    told = {"moves": _flows(shown, found, column), "why": why(found, column)} if found else {"moves": None}
    return told | {"before": moved.before, "earlier": shown.earlier, "moves_error": moved.error}


def _flows(shown: Shown, found: RunMoves, column: str) -> Any:
    rows = getattr(found, column)
    if not codes(column, rows, 0):
        return None
    pair = (found.before.run, found.after.run)
    sides = Sides(
        found.before.as_of.isoformat(),
        found.after.as_of.isoformat(),
        lambda origin, goal: shown.links.movers(column, pair, origin, goal),
    )
    title = _("Who moved from %(before)s to %(after)s") % {"before": sides.before, "after": sides.after}
    return flows("chart-moves", title, column, rows, sides)


def _run(request: HttpRequest, number: str) -> RunSummary | None:
    if not number.isdecimal() or len(number) > 9:
        return None
    found: RunSummary | None = RunSummary.objects.of(request.workspace).filter(run=int(number)).first()
    return found
