"""Pages of groups that are found in the data: looking for them, what they are like, keeping them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from zhike_crm.accounts.access import Reach, can, reach
from zhike_crm.accounts.pages import page
from zhike_crm.customers.lists import CustomerList
from zhike_crm.segments import clustering_actions as actions
from zhike_crm.segments import clustering_charts as charts
from zhike_crm.segments.cards import portrayals, work_out_later
from zhike_crm.segments.clustering import Result
from zhike_crm.segments.clustering_forms import GroupsForm
from zhike_crm.segments.comparing import Comparison
from zhike_crm.segments.models import Clustering
from zhike_crm.segments.overlaps import overlaps
from zhike_crm.segments.privacy import open_clusterings
from zhike_crm.segments.profile import profile
from zhike_crm.segments.reading import known_shares
from zhike_crm.segments.traits import SETS, Names, listed, traits_of, usual

LISTED = 20


@page("segments.edit", methods=("GET", "HEAD", "POST"))
def find_groups(request: HttpRequest) -> HttpResponse:
    """What to tell customers apart by; `?set=…` ticks a usual choice, `?follows=…` that of groups to be found anew."""
    known = {name: trait for name, trait in traits_of(CustomerList(request.member)).items() if trait.theme != "models"}
    shares = known_shares(request.workspace)
    usable = [name for name in known if shares.get(name, 0.0) >= 0.5]
    sets = usual(usable)
    follows = _followed(request)
    start = follows.traits if follows else sets.get(request.GET.get("set", ""), next(iter(sets.values()), []))
    form = GroupsForm(
        request.POST if request.method == "POST" else None,
        known=known,
        shares=shares,
        follows=follows,
        initial={"traits": start, "name": follows.name if follows and not follows.names else ""},
    )
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.look_for_groups(request.member, follows=follows, **form.cleaned_data)
        except ValidationError as wrong:
            form.add_error(None, wrong)
        else:
            return redirect("clustering", request.workspace.slug, made.pk)
    context = {
        "section": "segments",
        "form": form,
        "follows": follows,
        "sets": [(code, SETS[code]) for code in sets],
        "chosen": request.GET.get("set", "") if request.GET.get("set", "") in sets else next(iter(sets), ""),
        "earlier": _earlier(request),
    }
    return render(request, "segments/find_groups.html", context)


@page("customers.view")
def clustering(request: HttpRequest, pk: int) -> HttpResponse:
    """How many groups there are and why, and what each is like."""
    found = clustering_of(request, pk)
    groups = list(found.groups.filter(archived_at=None).select_related("workspace").order_by("number"))
    context: dict[str, Any] = {
        "section": "segments",
        "clustering": found,
        "groups": groups,
        "job": actions.job_of(found),
        "may_edit": can(request.member, "segments.edit"),
        "sees_part": reach(request.member) != Reach.ALL,
    }
    if found.result:
        known = traits_of(CustomerList(request.member))
        result = Result(found.result)
        context |= {
            "result": result,
            "remarks": result.remarks(Names(known)),
            "told_apart_by": listed(known[name].label for name in found.traits if name in known),
            "quality": charts.quality(result),
            "adrift": bool(found.fit.get("drift")),
            "fit": charts.fit(found),
        }
        if groups:
            context |= compared(request, groups, found.traits)
            context["money"] = charts.money(context["comparison"].columns)
    return render(request, "segments/clustering.html", context)


def compared(request: Any, segments: list[Any], first: Any = ()) -> dict[str, Any]:
    """What the tables of segments side by side show; without what sets them apart while a job works that out."""
    told, shared = portrayals(request.workspace, segments), overlaps(segments)
    profiles = {one.pk: profile(one) for one in segments}
    known = traits_of(CustomerList(request.member))
    missing = told is None or shared is None
    working = missing and work_out_later(request.workspace, segments)
    return {
        "comparison": Comparison(segments, profiles, told, known, first),
        "overlaps": shared,
        "working": working,
        "not_worked": missing and not working,
        "here": request.get_full_path(),
    }


@page("customers.view")
def clustering_state(request: HttpRequest, pk: int) -> HttpResponse:
    """How far the looking is: asked every second. At the end the page is loaded anew."""
    found = clustering_of(request, pk)
    job = actions.job_of(found)
    answer = render(request, "segments/_looking.html", {"clustering": found, "job": job})
    if found.state != Clustering.State.LOOKING or job is None or job.is_over:
        answer["HX-Refresh"] = "true"
    return answer


@page("segments.edit", methods=("POST",))
def keep_groups(request: HttpRequest, pk: int) -> HttpResponse:
    said = _("They are segments now: after every refresh it is computed anew who is in them.")
    return _do(request, pk, lambda found: actions.keep_groups(found, request.member), said)


@page("segments.edit", methods=("POST",))
def rename_groups(request: HttpRequest, pk: int) -> HttpResponse:
    """Names come as `name-<number>-<language>`."""

    def rename(found: Clustering) -> None:
        names = {
            group.number: {
                code: request.POST[f"name-{group.number}-{code}"]
                for code in ("en", "zh")
                if f"name-{group.number}-{code}" in request.POST
            }
            for group in found.groups.all()
        }
        actions.rename_groups(found, names, request.member)

    return _do(request, pk, rename, _("Their names are changed."))


@page("segments.edit", methods=("POST",))
def discard_groups(request: HttpRequest, pk: int) -> HttpResponse:
    found = clustering_of(request, pk)
    try:
        actions.discard_groups(found, request.member)
    except ValidationError as wrong:
        messages.error(request, " ".join(wrong.messages))
        return redirect("clustering", request.workspace.slug, pk)
    return redirect("find_groups", request.workspace.slug)


def clustering_of(request: Any, pk: int) -> Clustering:
    rows = open_clusterings(Clustering.objects.of(request.workspace), request.member)
    rows = rows.select_related("workspace", "follows", "by__user")
    return get_object_or_404(rows, pk=pk)


def _followed(request: Any) -> Clustering | None:
    wanted = request.POST.get("follows") or request.GET.get("follows", "")
    if not (wanted.isdecimal() and len(wanted) < 19):
        return None
    rows = open_clusterings(Clustering.objects.of(request.workspace), request.member)
    return rows.filter(pk=int(wanted), state=Clustering.State.KEPT).first()


def _earlier(request: Any) -> list[Clustering]:
    rows = open_clusterings(Clustering.objects.of(request.workspace), request.member)
    rows = rows.exclude(state=Clustering.State.PAST)
    return list(rows.select_related("by__user").order_by("-created_at", "-pk")[:LISTED])


def _do(request: Any, pk: int, what: Callable[[Clustering], Any], said: str) -> HttpResponse:
    found = clustering_of(request, pk)
    try:
        what(found)
    except ValidationError as wrong:
        messages.error(request, " ".join(wrong.messages))
    else:
        messages.success(request, said)
    return redirect("clustering", request.workspace.slug, pk)
