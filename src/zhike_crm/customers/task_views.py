"""Pages of tasks: the board, one task, ticking off."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from zhike_crm.accounts.access import can
from zhike_crm.accounts.pages import page
from zhike_crm.customers import actions
from zhike_crm.customers.finding import current
from zhike_crm.customers.forms import TaskForm
from zhike_crm.customers.models import Task
from zhike_crm.customers.task_list import board, due_day, tasks_of


@page("customers.view")
def task_board(request: HttpRequest) -> HttpResponse:
    """Open tasks by when they are due; one's own unless all are asked for."""
    everybody = request.GET.get("all") == "1"
    lanes = board(request.member, mine=not everybody)
    may_edit = can(request.member, "customers.edit")
    return render(request, "customers/board.html", {"lanes": lanes, "everybody": everybody, "may_edit": may_edit})


@page("customers.edit", methods=("POST",))
def move_task(request: HttpRequest, pk: int) -> HttpResponse:
    """A card was put into another column of the board."""
    task = _task(request, pk)
    try:
        values = due_day({"value": request.POST.get("lane", "")}, request.member)
    except ValueError as wrong:
        return JsonResponse({"error": str(wrong)}, status=400)
    actions.change_task(task, request.member, **values)
    return JsonResponse({"said": _("Saved.")})


@page("customers.edit", methods=("GET", "HEAD", "POST"))
def new_task_of_nobody(request: HttpRequest) -> HttpResponse:
    """A task that is about no customer."""
    form = TaskForm(request.POST or None, member=request.member)
    if request.method == "POST" and form.is_valid():
        actions.create_task(request.member, **form.cleaned_data)
        return redirect("task_list", request.workspace.slug)
    return render(request, "customers/task_form.html", {"form": form, "heading": _("New task")})


@page("customers.edit", methods=("POST",))
def new_task(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(current(request.member), pk=pk)
    form = TaskForm(request.POST, member=request.member)
    if form.is_valid():
        actions.create_task(request.member, customer=found, **form.cleaned_data)
    else:
        messages.error(request, " ".join(text for errors in form.errors.values() for text in errors))
    return redirect("customer", request.workspace.slug, pk)


@page("customers.view", methods=("GET", "HEAD", "POST"), post="customers.edit")
def edit_task(request: HttpRequest, pk: int) -> HttpResponse:
    task = _task(request, pk)
    form = TaskForm(request.POST or None, instance=task, member=request.member)
    if request.method == "POST" and form.is_valid():
        actions.change_task(task, request.member, **form.cleaned_data)
        return redirect("task_list", request.workspace.slug)
    may_edit = can(request.member, "customers.edit")
    context = {"form": form, "heading": task.title, "task": task, "may_edit": may_edit}
    return render(request, "customers/task_form.html", context)


@page("customers.edit", methods=("POST",))
def delete_task(request: HttpRequest, pk: int) -> HttpResponse:
    task = _task(request, pk)
    actions.delete_task(task, request.member)
    messages.success(request, _("The task “%(title)s” is gone.") % {"title": task.title})
    return redirect("task_list", request.workspace.slug)


@page("customers.edit", methods=("POST",))
def task_done(request: HttpRequest, pk: int) -> HttpResponse:
    task = _task(request, pk)
    actions.set_done(task, request.member, done=request.POST.get("done") == "1")
    if request.POST.get("back") == "board":
        return redirect("task_board", request.workspace.slug)
    if task.customer_id and request.POST.get("back") != "list":
        return redirect("customer", request.workspace.slug, task.customer_id)
    return redirect("task_list", request.workspace.slug)


def _task(request: Any, pk: int) -> Task:
    return get_object_or_404(tasks_of(request.member).select_related("customer", "owner__user"), pk=pk)
