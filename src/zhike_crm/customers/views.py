"""Pages of customers."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from zhike_crm.accounts.access import can, visible
from zhike_crm.accounts.models import Membership
from zhike_crm.accounts.pages import page
from zhike_crm.customers import actions, charts
from zhike_crm.customers.forms import CustomerForm, TaskForm
from zhike_crm.customers.lists import CustomerList
from zhike_crm.customers.models import Customer, Task
from zhike_crm.customers.portrait import read_portrait
from zhike_crm.customers.queries import kinds_of, profile
from zhike_crm.customers.timeline import timeline

_BADGES = ("value_tier", "grade", "stage", "abc")


@page("customers.view")
def customer(request: HttpRequest, pk: int) -> HttpResponse:
    """The portrait. A merged customer keeps its address and says whom it became."""
    rows = visible(request.member, Customer.objects).select_related("score", "owner__user", "company", "merged_into")
    found = get_object_or_404(rows, pk=pk, deleted_at=None)
    portrait = read_portrait(request.workspace, found)
    events = timeline(found, portrait.events)
    columns = CustomerList(request.member).columns
    score = getattr(found, "score", None)
    context = {
        "customer": found,
        "portrait": portrait,
        "codes": [(columns[name], getattr(score, name, None)) for name in _BADGES],
        "charts": charts.of_portrait(portrait),
        "events": events,
        "kinds": kinds_of(events),
        "profile": profile(found, request.member),
        "identities": found.identities.all(),
        "contacts": found.contacts.filter(deleted_at=None, merged_into=None).order_by("name")[:50],
        "open_tasks": found.tasks.filter(deleted_at=None, done_at=None)
        .select_related("owner__user")
        .order_by("due_on"),
        "may_edit": can(request.member, "customers.edit"),
        "merged_into": found.merged_into,
        "task_form": TaskForm(member=request.member),
        "members_json": _mentionable(request.member),
    }
    return render(request, "customers/portrait.html", context)


@page("customers.edit", methods=("GET", "HEAD", "POST"))
def new_customer(request: HttpRequest) -> HttpResponse:
    form = CustomerForm(request.POST or None, member=request.member)
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.create_customer(request.member, custom=form.custom(), **form.values())
        except ValidationError as wrong:
            form.add_error(None, wrong)
        else:
            return redirect("customer", request.workspace.slug, made.pk)
    return render(request, "customers/form.html", {"form": form, "heading": _("New customer")})


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
    return render(request, "customers/form.html", {"form": form, "heading": found.name, "customer": found})


@page("customers.edit", methods=("POST",))
def new_note(request: HttpRequest, pk: int) -> HttpResponse:
    found = _current(request, pk)
    try:
        actions.write_note(found, request.POST.get("text", ""), request.member)
    except ValidationError as wrong:
        messages.error(request, " ".join(wrong.messages))
    return redirect("customer", request.workspace.slug, pk)


@page("customers.edit", methods=("POST",))
def new_task(request: HttpRequest, pk: int) -> HttpResponse:
    found = _current(request, pk)
    form = TaskForm(request.POST, member=request.member)
    if form.is_valid():
        actions.create_task(request.member, customer=found, **form.cleaned_data)
    else:
        messages.error(request, " ".join(text for errors in form.errors.values() for text in errors))
    return redirect("customer", request.workspace.slug, pk)


@page("customers.edit", methods=("POST",))
def task_done(request: HttpRequest, pk: int) -> HttpResponse:
    task = get_object_or_404(visible(request.member, Task.objects).filter(deleted_at=None), pk=pk)
    actions.set_done(task, request.member, done=request.POST.get("done") == "1")
    if task.customer_id:
        return redirect("customer", request.workspace.slug, task.customer_id)
    return redirect("task_list", request.workspace.slug)


def _current(request: Any, pk: int) -> Customer:
    rows = visible(request.member, Customer.objects).filter(deleted_at=None, merged_into=None)
    return get_object_or_404(rows, pk=pk)


def _mentionable(member: Membership) -> str:
    members = Membership.objects.of(member.workspace_id).filter(is_active=True).select_related("user")
    return json.dumps([[one.pk, str(one)] for one in members], ensure_ascii=False)
