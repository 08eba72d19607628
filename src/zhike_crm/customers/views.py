"""Pages of customers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from zhike_crm.accounts.access import can, visible
from zhike_crm.accounts.models import Membership
from zhike_crm.accounts.pages import page
from zhike_crm.customers import actions, charts, duplicates
from zhike_crm.customers.families import family, now_known_as
from zhike_crm.customers.finding import current, find, same_as
from zhike_crm.customers.forms import CustomerForm, TaskForm
from zhike_crm.customers.lists import CustomerList
from zhike_crm.customers.models import Customer, Merge, Note
from zhike_crm.customers.portrait import read_events, read_portrait
from zhike_crm.customers.queries import completeness, profile
from zhike_crm.customers.timeline import PAGES, kinds_of, reach, stamp, timeline
from zhike_crm.ui.lists.attaching import attach
from zhike_crm.ui.lists.columns import Column, Kind
from zhike_crm.ui.lists.paging import Unindexed

_BADGES = ("value_tier", "grade", "stage", "abc", "churn_risk")
CONTACTS = 50


@page("customers.view")
def customer(request: HttpRequest, pk: int) -> HttpResponse:
    """The portrait. A merged customer keeps its address and says whom it became."""
    found = _there(request, pk)
    portrait = read_portrait(request.member, found)
    events, more = timeline(found, request.member, portrait.events)
    columns = CustomerList(request.member).columns
    score = getattr(found, "score", None)
    share, missing = completeness(found)
    context = {
        "customer": found,
        "portrait": portrait,
        "codes": [(columns[name], getattr(score, name, None)) for name in _BADGES] + _groups(found, columns),
        "charts": charts.of_portrait(portrait),
        "events": events,
        "events_stamp": stamp(events),
        "next_page": 2 if more else None,
        "kinds": kinds_of(events),
        "profile": profile(found, request.member),
        "complete": share,
        "missing": missing,
        "identities": sorted(found.identities.all(), key=lambda identity: identity.pk)[:CONTACTS],
        "open_tasks": found.tasks.filter(deleted_at=None, done_at=None)
        .select_related("owner__user")
        .order_by("due_on")[:CONTACTS],
        # Asked for only where the form is drawn.
        "task_form": partial(TaskForm, member=request.member),
        "members_json": _mentionable(request.member),
        **_related(request, found),
        **{f"may_{verb}": can(request.member, f"customers.{verb}") for verb in ("edit", "merge", "delete")},
    }
    return render(request, "customers/portrait.html", context)


@page("customers.view")
def older_events(request: HttpRequest, pk: int) -> HttpResponse:
    """The next page of the timeline."""
    try:
        number = min(max(int(request.GET.get("page", 1)), 1), PAGES)
    except ValueError as wrong:
        raise Http404 from wrong
    found = _there(request, pk)
    events, more = timeline(found, request.member, read_events(request.workspace, found, reach(number)), number)
    context = {
        "customer": found,
        "events": events,
        "next_page": number + 1 if more else None,
        "may_edit": can(request.member, "customers.edit"),
    }
    return render(request, "customers/_events.html", context)


@page("customers.edit", methods=("GET", "HEAD", "POST"))
def new_customer(request: HttpRequest) -> HttpResponse:
    """The form; when it looks like somebody who is known already, it says so once before it creates a double."""
    start = {"kind": Customer.Kind.PERSON, "company": request.GET.get("company"), "name": request.GET.get("name")}
    form = CustomerForm(request.POST or None, member=request.member, initial=start)
    doubles: list[Customer] = []
    if request.method == "POST" and form.is_valid():
        doubles = [] if request.POST.get("anyway") == "1" else same_as(request.member, form.cleaned_data)
        if not doubles:
            try:
                made = actions.create_customer(request.member, custom=form.custom(), **form.values())
            except ValidationError as wrong:
                form.add_error(None, wrong)
            else:
                return redirect("customer", request.workspace.slug, made.pk)
    context = {"form": form, "heading": _("New customer"), "doubles": doubles}
    return render(request, "customers/form.html", context)


@page("customers.edit", methods=("GET", "HEAD", "POST"))
def edit_customer(request: HttpRequest, pk: int) -> HttpResponse:
    found = _current(request, pk)
    form = CustomerForm(request.POST or None, instance=found, member=request.member)
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_customer(found, request.member, custom=form.custom(), **form.values())
        except ValidationError as wrong:
            form.add_error(None, wrong)
        else:
            return redirect("customer", request.workspace.slug, pk)
    return render(request, "customers/form.html", {"form": form, "heading": str(found), "customer": found})


@page("customers.delete", methods=("POST",))
def delete_customer(request: HttpRequest, pk: int) -> HttpResponse:
    found = _current(request, pk)
    actions.delete_customer(found, request.member)
    messages.success(request, _("%(name)s is in the recycle bin.") % {"name": found.name})
    return redirect("customer_list", request.workspace.slug)


@page("customers.delete", methods=("POST",))
def restore_customer(request: HttpRequest, pk: int) -> HttpResponse:
    rows = visible(request.member, Customer.objects).filter(deleted_at__isnull=False)
    found = get_object_or_404(rows, pk=pk)
    actions.restore_customer(found, request.member)
    return redirect("customer", request.workspace.slug, pk)


@page("customers.view")
def pick_customer(request: HttpRequest) -> HttpResponse:
    """A few customers for a field in which one is picked: [[id, name, what tells it apart], …]."""
    only = {"kind": Customer.Kind.COMPANY} if request.GET.get("kind") == "company" else {}
    found = find(request.member, request.GET.get("q", ""), **only)
    lines = [[one.pk, one.name, " · ".join(part for part in (one.city, one.country) if part)] for one in found]
    return JsonResponse({"found": lines, "nothing": _("Nobody of this name.")})


@page("customers.edit", methods=("POST",))
def new_note(request: HttpRequest, pk: int) -> HttpResponse:
    found = _current(request, pk)
    try:
        actions.write_note(found, request.POST.get("text", ""), request.member)
    except ValidationError as wrong:
        messages.error(request, " ".join(wrong.messages))
    return redirect("customer", request.workspace.slug, pk)


@page("customers.edit", methods=("POST",))
def edit_note(request: HttpRequest, pk: int) -> HttpResponse:
    note = _own_note(request, pk)
    try:
        actions.change_note(note, request.POST.get("text", ""), request.member)
    except ValidationError as wrong:
        messages.error(request, " ".join(wrong.messages))
    return redirect("customer", request.workspace.slug, note.customer_id)


@page("customers.edit", methods=("POST",))
def delete_note(request: HttpRequest, pk: int) -> HttpResponse:
    note = _own_note(request, pk)
    actions.delete_note(note, request.member)
    messages.success(request, _("The note is gone."))
    return redirect("customer", request.workspace.slug, note.customer_id)


def _there(request: Any, pk: int) -> Customer:
    """A customer within reach, merged or not, but not deleted."""
    rows = visible(request.member, Customer.objects).select_related("score", "owner__user", "company", "merged_into")
    return get_object_or_404(rows.prefetch_related("identities"), pk=pk, deleted_at=None)


def _current(request: Any, pk: int) -> Customer:
    return get_object_or_404(current(request.member), pk=pk)


def _own_note(request: Any, pk: int) -> Note:
    """A note of one's own on a customer within reach; others' look as if they were not there."""
    mine = Note.objects.of(request.workspace).filter(by=request.user, deleted_at=None)
    return get_object_or_404(mine.filter(customer__in=current(request.member).values("pk")), pk=pk)


def _groups(found: Customer, columns: Mapping[str, Column]) -> list[tuple[Column, Any]]:
    """The segments a customer is in, and whatever else groups customers."""
    groups = [column for column in columns.values() if column.kind is Kind.GROUP]
    attach([found], groups)
    return [(column, column.value(found)) for column in groups]


def _related(request: Any, found: Customer) -> dict[str, Any]:
    """Other records that belong to this one: contacts, what was merged, possible doubles."""
    standing = Merge.objects.of(request.workspace).filter(undone_at=None)
    merges = list(standing.filter(kept=found).select_related("merged").order_by("-pk")[:CONTACTS])
    ids = family(found) if merges else [found.pk]
    contacts = current(request.member).filter(company__in=ids).alias(by_name=Unindexed(F("name")))
    may_merge = can(request.member, "customers.merge") and found.is_current
    return {
        "merged_into": now_known_as(found) if found.merged_into_id else None,
        "own_merge": standing.filter(merged=found).first() if found.merged_into_id else None,
        "merges": merges,
        "contacts": contacts.select_related("score").order_by("by_name", "pk")[:CONTACTS],
        "doubles": [
            pair.second if pair.first_id == found.pk else pair.first
            for pair in duplicates.of_customer(request.member, found).select_related("first", "second")[:3]
        ]
        if may_merge
        else [],
    }


def _mentionable(member: Membership) -> str:
    members = Membership.objects.of(member.workspace_id).filter(is_active=True).select_related("user")
    return json.dumps([[one.pk, str(one)] for one in members], ensure_ascii=False)
