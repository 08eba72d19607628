"""The pages every list has: the list itself, its saved views, its export, its bulk actions.

An app writes `path("customers/", include(list_urls(CustomerList)))` and has them all.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from zhike_crm.accounts.access import can, require
from zhike_crm.accounts.pages import page
from zhike_crm.ui.lists import export, views
from zhike_crm.ui.lists.building import for_builder
from zhike_crm.ui.lists.bulk import apply
from zhike_crm.ui.lists.columns import Kind
from zhike_crm.ui.lists.conditions import BadCondition
from zhike_crm.ui.lists.listing import Question, RecordList
from zhike_crm.ui.lists.wording import sentence
from zhike_crm.ui.models import SavedView


def list_urls(kind: type[RecordList]) -> list[URLPattern]:
    """The addresses of a list, named `<name>_list`, `<name>_list_export`, …"""
    name = f"{kind.route}"

    @page(kind.permission)
    def show(request: HttpRequest) -> HttpResponse:
        return _show(request, kind(request.member))

    @page(kind.permission, kind.export_permission)
    def download(request: HttpRequest) -> HttpResponse:
        return _download(request, kind(request.member))

    @page(kind.permission)
    def conditions(request: HttpRequest) -> HttpResponse:
        """What the builder of conditions has to know: long, and for those only who open it."""
        return JsonResponse(for_builder(kind(request.member).columns.values()))

    @page(kind.permission, methods=("POST",))
    def bulk(request: HttpRequest) -> HttpResponse:
        return _bulk(request, kind(request.member))

    @page(kind.permission, methods=("POST",))
    def save_view(request: HttpRequest) -> HttpResponse:
        return _save_view(request, kind(request.member))

    @page(kind.permission, methods=("POST",))
    def delete_view(request: HttpRequest, pk: int) -> HttpResponse:
        return _delete_view(request, kind(request.member), pk)

    return [
        path("", show, name=name),
        path("export", download, name=f"{name}_export"),
        path("conditions", conditions, name=f"{name}_conditions"),
        path("bulk", bulk, name=f"{name}_bulk"),
        path("views", save_view, name=f"{name}_save_view"),
        path("views/<int:pk>/delete", delete_view, name=f"{name}_delete_view"),
    ]


class Screen:
    """Everything the list template shows, and the addresses that lead from it."""

    def __init__(self, request: HttpRequest, records: RecordList) -> None:
        self.records = records
        self.member = records.member
        self.base = reverse(records.route, args=[records.workspace.slug])
        self.views = list(views.available(records))
        self.view = next((v for v in self.views if str(v.pk) == request.GET.get("view")), None)
        self.error = ""
        try:
            self.question = _question(request, self.view)
            self.page = records.page(self.question, timezone.localdate())
        except BadCondition as wrong:
            self.error = str(wrong)
            self.question = Question()
            self.page = records.page(self.question, timezone.localdate())

    def address(self, **changes: Any) -> str:
        """This list with something changed; the page number begins again unless it is what changes."""
        values = {**self.state, "page": "", **changes}
        kept = {name: value for name, value in values.items() if value not in ("", "{}", None)}
        return f"?{urlencode(kept)}" if kept else self.base

    @property
    def state(self) -> dict[str, str]:
        """The question as an address has it."""
        q = self.question
        return {
            "where": json.dumps(q.conditions, ensure_ascii=False) if q.conditions else "",
            "q": q.search,
            "sort": q.sort,
            "columns": ",".join(q.columns),
            "view": str(self.view.pk) if self.view else "",
        }

    @property
    def headings(self) -> list[dict[str, Any]]:
        """The columns shown, each with the address that sorts by it."""
        sort = self.question.sort or self.records.default_sort
        found = []
        for column in self.page.columns:
            up, down = sort == column.name, sort == f"-{column.name}"
            # Numbers and dates are asked for from the largest, words from A.
            first = f"-{column.name}" if column.is_numeric or column.kind in (Kind.DATE, Kind.MOMENT) else column.name
            then = {first: first.lstrip("-") if first[0] == "-" else f"-{first}"}.get(sort, first)
            order = "ascending" if up else "descending" if down else "none"
            found.append({"column": column, "order": order, "address": self.address(sort=then)})
        return found

    @property
    def menu(self) -> tuple[tuple[str, str, bool], ...]:
        """Every column there is, by its name and as it is called, and whether it is shown."""
        shown = {column.name for column in self.page.columns}
        return tuple((one.name, str(one.label), one.name in shown) for one in self.records.columns.values())

    @property
    def is_changed(self) -> bool:
        """Whether what is shown differs from the saved view it began with."""
        q, view = self.question, self.view
        if view is None:
            return bool(q.conditions or q.columns or q.sort)
        return (q.conditions, list(q.columns), q.sort) != (view.conditions, view.columns, view.sort)

    @property
    def query(self) -> str:
        """The question as the end of an address that begins with "?"."""
        return f"?{urlencode({name: value for name, value in self.state.items() if value and name != 'view'})}"

    @property
    def sentence(self) -> str:
        """The conditions in words."""
        return sentence(self.question.conditions, self.records.columns)

    @property
    def unfiltered(self) -> str:
        return self.address(where="{}" if self.view else "")

    @property
    def next_page(self) -> str:
        return self.address(page=self.question.page + 1)

    @property
    def previous_page(self) -> str:
        return self.address(page=self.question.page - 1)

    @property
    def may_export(self) -> bool:
        return can(self.member, self.records.export_permission)

    @property
    def may_share(self) -> bool:
        return can(self.member, "views.share")

    @property
    def actions(self) -> list[Any]:
        return [action for action in self.records.actions if can(self.member, action.permission)]


def _show(request: HttpRequest, records: RecordList) -> HttpResponse:
    screen = Screen(request, records)
    return render(request, records.template, {"screen": screen, "records": records})


def _question(request: HttpRequest, view: SavedView | None) -> Question:
    """What the address asks for; where it is silent, what the saved view says."""
    values = request.GET.dict()
    if view is not None:
        values.setdefault("where", json.dumps(view.conditions))
        values.setdefault("sort", view.sort)
        values.setdefault("columns", ",".join(view.columns))
    return Question.from_query(values)


def _download(request: HttpRequest, records: RecordList) -> HttpResponse:
    try:
        question = Question.from_query(request.GET.dict())
        rows = records.filtered(question, timezone.localdate())
    except BadCondition as wrong:
        messages.error(request, str(wrong))
        return redirect(records.route, records.workspace.slug)
    return export.response(records, rows, question, request.GET.get("format", "csv"))


def _bulk(request: HttpRequest, records: RecordList) -> HttpResponse:
    action = next((a for a in records.actions if a.name == request.POST.get("action")), None)
    if action is None:
        return HttpResponse(status=404)
    require(records.member, action.permission)
    try:
        if request.POST.get("all") == "1":
            rows = records.filtered(Question.from_query(request.POST.dict()), timezone.localdate())
        else:
            rows = records.rows().filter(pk__in=[int(pk) for pk in request.POST.getlist("id")[:10_000]])
        done = apply(action, rows, request.POST, records.member)
    except (BadCondition, ValueError) as wrong:
        return JsonResponse({"error": str(wrong)}, status=400)
    return JsonResponse({"said": done.said, "undo": done.undo(records.workspace), "undo_label": _("Undo")})


def _save_view(request: HttpRequest, records: RecordList) -> HttpResponse:
    try:
        question = Question.from_query(request.POST.dict())
        view = views.save(records, request.POST.get("name", ""), question, shared=request.POST.get("shared") == "1")
    except (BadCondition, ValueError) as wrong:
        messages.error(request, str(wrong))
        return redirect(records.route, records.workspace.slug)
    messages.success(request, _("The view “%(name)s” is saved.") % {"name": view.name})
    return redirect(f"{reverse(records.route, args=[records.workspace.slug])}?view={view.pk}")


def _delete_view(request: HttpRequest, records: RecordList, pk: int) -> HttpResponse:
    view = get_object_or_404(views.own(records), pk=pk)
    view.delete()
    messages.success(request, _("The view “%(name)s” is gone.") % {"name": view.name})
    return redirect(records.route, records.workspace.slug)
