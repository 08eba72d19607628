"""Pages of one segment: what it is, who is in it, how it went, and what is done to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from zhike_crm.accounts.access import Reach, can, reach, visible
from zhike_crm.accounts.pages import page
from zhike_crm.customers.addresses import customers_meeting
from zhike_crm.customers.lists import CustomerList
from zhike_crm.customers.models import Customer
from zhike_crm.segments import actions, charts
from zhike_crm.segments.columns import COLUMN
from zhike_crm.segments.export import members_file
from zhike_crm.segments.models import Member, Segment
from zhike_crm.segments.privacy import open_segments
from zhike_crm.segments.profile import profile
from zhike_crm.segments.wording import rule_in_words
from zhike_crm.ui.lists.conditions import BadCondition

TURNS = 60
LISTED = 100


@page("customers.view")
def segment(request: HttpRequest, pk: int) -> HttpResponse:
    """Who is in it, what sets them apart, and how its size went."""
    found = segment_of(request, pk)
    columns = CustomerList(request.member).columns
    turns = list(found.turns.select_related("by").order_by("-at", "-pk")[:TURNS])
    known = profile(found)
    context = {
        "section": "segments",
        "segment": found,
        "job": actions.job_of(found),
        "rule": rule_in_words(found.tree, columns) if found.is_rule else "",
        "turns": turns[:LISTED],
        "customers": customers_meeting(found.workspace, (COLUMN, "any_of", [str(found.pk)])),
        "profile": known,
        "charts": charts.of_segment(found, known, turns) if known else {},
        "history": [(one, rule_in_words(one.changes["tree"][1], columns)) for one in actions.earlier_rules(found)],
        "sees_part": reach(request.member) != Reach.ALL,
        "may_edit": can(request.member, "segments.edit"),
        "may_export": can(request.member, "customers.export"),
    }
    return render(request, "segments/segment.html", context)


@page("customers.view", "customers.export")
def export_segment(request: HttpRequest, pk: int) -> HttpResponse:
    """Its members as a file."""
    found = segment_of(request, pk)
    if found.archived_at:
        raise Http404
    return members_file(found, request.GET.dict(), request.member)


@page("customers.view")
def segment_state(request: HttpRequest, pk: int) -> HttpResponse:
    """Whether it is still being computed: asked every second. At the end the page is loaded anew."""
    found = segment_of(request, pk)
    job = actions.job_of(found)
    answer = render(request, "segments/_state.html", {"segment": found, "job": job})
    if job is None or job.is_over:
        answer["HX-Refresh"] = "true"
    return answer


@page("customers.view")
def segment_turn(request: HttpRequest, pk: int, turn: int) -> HttpResponse:
    """Who entered and who left at one time, as far as one may see them."""
    found = segment_of(request, pk)
    which = get_object_or_404(found.turns, pk=turn)
    rows = Member.objects.of(request.workspace).filter(segment=found)
    context = {
        "section": "segments",
        "segment": found,
        "turn": which,
        "most": LISTED,
        "columns": CustomerList(request.member).columns,
        "lists": [
            (_("Entered"), which.entered, _customers(request, rows.filter(entered_at=which.at))),
            (_("Left"), which.left, _customers(request, rows.filter(left_at=which.at))),
        ],
    }
    return render(request, "segments/turn.html", context)


@page("segments.edit", methods=("POST",))
def compute_segment(request: HttpRequest, pk: int) -> HttpResponse:
    return _do(request, pk, lambda found: actions.compute_again(found, request.member))


@page("segments.edit", methods=("POST",))
def archive_segment(request: HttpRequest, pk: int) -> HttpResponse:
    said = _("It is in the archive. Its members and its history stay.")
    return _do(request, pk, lambda found: actions.archive_segment(found, request.member), said)


@page("segments.edit", methods=("POST",))
def restore_segment(request: HttpRequest, pk: int) -> HttpResponse:
    return _do(request, pk, lambda found: actions.restore_segment(found, request.member), _("It is back."))


@page("segments.edit", methods=("POST",))
def restore_rule(request: HttpRequest, pk: int) -> HttpResponse:
    """Make an earlier rule the rule again."""

    def back(found: Segment) -> None:
        wanted = request.POST.get("rule", "")
        written = next((one for one in actions.earlier_rules(found) if str(one.pk) == wanted), None)
        if written is None:
            raise ValidationError(_("There is no such earlier rule."))
        actions.go_back(found, written, request.member)

    return _do(request, pk, back, _("This rule is in force again."))


def segment_of(request: Any, pk: int) -> Segment:
    rows = open_segments(Segment.objects.of(request.workspace).filter(draft=False), request.member)
    rows = rows.select_related("workspace", "owner__user", "clustering")
    return get_object_or_404(rows, pk=pk)


def _do(request: Any, pk: int, what: Callable[[Segment], Any], said: str = "") -> HttpResponse:
    found = segment_of(request, pk)
    try:
        what(found)
    except ValidationError as wrong:
        messages.error(request, " ".join(wrong.messages))
    except BadCondition as wrong:
        messages.error(request, str(wrong))
    else:
        if said:
            messages.success(request, said)
    return redirect("segment", request.workspace.slug, pk)


def _customers(request: Any, rows: Any) -> list[Customer]:
    """The first of them that the member may see."""
    mine = visible(request.member, Customer.objects).filter(deleted_at=None)
    return list(mine.filter(pk__in=rows.values("customer")).select_related("score").order_by("pk")[:LISTED])
