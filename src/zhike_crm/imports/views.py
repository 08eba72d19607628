"""Pages of imports. One page shows an import at every step of its way; what it shows follows from its state."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from zhike.errors import ZhikeError
from zhike.importing.remarks import write_remarks
from zhike_crm.accounts.access import can
from zhike_crm.accounts.pages import page
from zhike_crm.audit.log import of_record
from zhike_crm.imports import actions, own_fields, screens
from zhike_crm.imports.forms import LookForm, QueryForm, asked_fields, chosen_columns
from zhike_crm.imports.models import Import, State
from zhike_crm.imports.overview import overview
from zhike_crm.imports.privacy import hidden_columns, sees_values
from zhike_crm.imports.progress import steps_of
from zhike_crm.imports.querying import Query
from zhike_crm.imports.uploads import too_large
from zhike_crm.jobs.models import Job
from zhike_crm.workspaces.lakes import lake_of


@page("imports.run", methods=("GET", "HEAD", "POST"))
def new_import(request: HttpRequest) -> HttpResponse:
    """Choose a file. A script sends it with a progress bar and is answered in JSON; without one the form does."""
    again = _again(request)
    if request.method == "POST":
        wants_json = "application/json" in request.headers.get("Accept", "")
        try:
            if "file" not in request.FILES:
                raise ValidationError(_("Choose a file first."))
            source = request.POST.get("source", "main")
            made = actions.upload(request.FILES["file"], by=request.member, source=source, again=again)
        except ValidationError as wrong:
            said = " ".join(wrong.messages)
            if wants_json:
                return JsonResponse({"error": said}, status=400)
            messages.error(request, said)
        else:
            address = _address(made)
            return JsonResponse({"address": address}) if wants_json else redirect(address)
    known = Import.objects.of(request.workspace).order_by().values_list("source", flat=True).distinct()
    context = {"again": again, "limit": settings.ZHIKE_UPLOAD_BYTES, "too_large": too_large(), "sources": known[:50]}
    return render(request, "imports/new.html", context)


@page("imports.run", methods=("GET", "HEAD", "POST"))
@sensitive_post_parameters("password")
def new_query(request: HttpRequest) -> HttpResponse:
    """Ask a database. What it answers is then treated as a file would be."""
    form = QueryForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.query(Query(**form.cleaned_data), by=request.member)
        except ValidationError as wrong:
            form.add_error(None, wrong)
        else:
            return redirect(_address(made))
    hosts = settings.ZHIKE_QUERY_HOSTS
    return render(request, "imports/query.html", {"form": form, "hosts": hosts, "section": "imports"})


@page("imports.view")
def show_import(request: HttpRequest, pk: int) -> HttpResponse:
    """Where an import is, and what the member can do next."""
    imported = _import(request, pk)
    context = _context(request, imported)
    return render(request, "imports/import.html", context)


@page("imports.view")
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The part of the page that changes while a job runs; when it is over the whole page does."""
    imported = _import(request, pk)
    if not imported.is_working:
        answer = HttpResponse()
        answer["HX-Refresh"] = "true"
        return answer
    return render(request, "imports/_working.html", {"imported": imported, "steps": steps_of(imported)})


@page("imports.run", methods=("POST",))
def look_again(request: HttpRequest, pk: int) -> HttpResponse:
    imported = _import(request, pk)
    form = LookForm(request.POST, imported=imported)
    if not form.is_valid():
        messages.error(request, " ".join(text for errors in form.errors.values() for text in errors))
        return redirect(_address(imported))
    values = form.cleaned_data
    return _done(
        request,
        imported,
        lambda: actions.look_again(
            imported, by=request.member, table=values["table"], source=values["source"], options=form.options()
        ),
    )


@page("imports.run", methods=("POST",))
def choose_columns(request: HttpRequest, pk: int) -> HttpResponse:
    imported = _import(request, pk)
    if not imported.inspection:
        return redirect(_address(imported))
    try:
        columns = chosen_columns(imported, request.POST)
        fields = own_fields.chosen_fields(imported, asked_fields(imported, request.POST), columns, request.member)
        actions.choose_columns(imported, columns, by=request.member, fields=fields)
    except ValidationError as wrong:
        # What was chosen stays on the page.
        context = _context(request, imported, chosen=request.POST.dict()) | {"problem": " ".join(wrong.messages)}
        return render(request, "imports/import.html", context, status=422)
    return redirect(_address(imported))


@page("imports.run", methods=("POST",))
def back_to_columns(request: HttpRequest, pk: int) -> HttpResponse:
    imported = _import(request, pk)
    return _done(request, imported, lambda: actions.back_to_columns(imported, by=request.member))


@page("imports.run", methods=("POST",))
def run_import(request: HttpRequest, pk: int) -> HttpResponse:
    imported = _import(request, pk)
    return _done(request, imported, lambda: actions.run(imported, by=request.member))


@page("imports.run", methods=("POST",))
def undo_import(request: HttpRequest, pk: int) -> HttpResponse:
    imported = _import(request, pk)
    return _done(request, imported, lambda: actions.undo(imported, by=request.member))


@page("imports.run", methods=("POST",))
def delete_import(request: HttpRequest, pk: int) -> HttpResponse:
    imported = _import(request, pk)
    try:
        actions.delete(imported, by=request.member)
    except ValidationError as wrong:
        messages.error(request, " ".join(wrong.messages))
        return redirect(_address(imported))
    messages.success(request, _("The import of %(name)s is gone.") % {"name": imported.name})
    return redirect("imports", request.workspace.slug)


@page("imports.run", "insights.publish", methods=("POST",))
def refresh_after(request: HttpRequest, pk: int) -> HttpResponse:
    """Bring the scores up to date with what was imported or undone."""
    imported = _import(request, pk)
    actions.request_refresh(request.workspace, by=request.member)
    return redirect(_address(imported))


@page("imports.view")
def remarks(request: HttpRequest, pk: int) -> HttpResponse:
    """The flagged and rejected rows of an import with row, column, value and reason, as CSV."""
    imported = _import(request, pk)
    if not sees_values(imported, request.member):
        messages.error(request, _("These rows can hold phone numbers and addresses, which your role does not see."))
        return redirect(_address(imported))
    only_rejected = request.GET.get("only") == "rejected"
    with tempfile.TemporaryDirectory() as folder, lake_of(request.workspace) as lake:
        file = Path(folder, "remarks.csv")
        try:
            write_remarks(lake, imported.batch or 0, file, only_rejected=only_rejected)
        except ZhikeError as wrong:
            messages.error(request, str(wrong))
            return redirect(_address(imported))
        # The open file outlives its folder.
        opened = file.open("rb")
    name = "rejected" if only_rejected else "remarks"
    return FileResponse(
        opened, as_attachment=True, filename=f"{name}-{imported.pk}.csv", content_type="text/csv; charset=utf-8"
    )


@page("imports.view")
def data_quality(request: HttpRequest) -> HttpResponse:
    """How far the figures can be trusted, over all imports."""
    found = overview(request.workspace)
    context = {
        "found": found,
        "unusual": screens.unusual(found.unusual, request.member) if found.unusual else [],
        "may_see_customers": can(request.member, "customers.view"),
    }
    return render(request, "imports/data_quality.html", context)


def _import(request: Any, pk: int) -> Import:
    rows = Import.objects.of(request.workspace).select_related("workspace", "job", "created_by")
    return get_object_or_404(rows, pk=pk)


def _again(request: Any) -> Import | None:
    """The import whose choices a new file takes over."""
    asked = request.POST.get("again") or request.GET.get("again") or ""
    return Import.objects.of(request.workspace).filter(pk=asked).first() if asked.isdecimal() else None


def _address(imported: Import) -> str:
    return reverse("import", args=[imported.workspace.slug, imported.pk])


def _done(request: HttpRequest, imported: Import, action: Callable[[], None]) -> HttpResponse:
    """Do it and show the import again."""
    try:
        action()
    except ValidationError as wrong:
        messages.warning(request, " ".join(wrong.messages))
    return redirect(_address(imported))


def _context(request: Any, imported: Import, chosen: dict[str, str] | None = None) -> dict[str, Any]:
    context = {
        "imported": imported,
        "may_run": can(request.member, "imports.run"),
        "sees_values": sees_values(imported, request.member),
        "steps": steps_of(imported),
        "history": of_record(imported)[:20],
        "section": "imports",
    }
    before = imported.job.error if imported.has_failed and imported.job else ""
    context["error"] = before
    if imported.may_change and imported.inspection and imported.state != State.CHECKED:
        context |= _for_columns(request, imported, chosen)
    elif imported.may_change and imported.state != State.CHECKED:
        context["look"] = LookForm(imported=imported)
    if imported.state == State.CHECKED or (imported.state == State.IMPORTING and imported.has_failed):
        context |= _for_check(request, imported)
    if imported.state in (State.IMPORTED, State.UNDOING, State.UNDONE):
        context |= _for_report(request, imported)
    return context


def _for_columns(request: Any, imported: Import, chosen: dict[str, str] | None) -> dict[str, Any]:
    hidden = hidden_columns(imported, request.member, imported.inspection["mapping"])
    names = imported.inspection["columns"]
    feeds = {names[n]: chosen.get(f"column-{n}", "") for n in range(len(names))} if chosen is not None else None
    if feeds is None and imported.choices.get("corrections"):
        feeds = _as_before(imported)
    feeding = screens.feeds(imported) if feeds is None else feeds
    offered = own_fields.offers(imported, request.member, feeding, chosen)
    rows = screens.columns(imported, hidden, feeds, offered)
    kinds, fields = own_fields.kinds_and_fields(request.member)
    return {
        "look": LookForm(imported=imported),
        "finding": imported.inspection["finding"],
        "warnings": screens.warnings(imported.inspection["finding"]),
        "columns": rows,
        "more_columns": len(names) - len(rows),
        "ours": screens.ours(imported.table),
        "missing": screens.missing(imported),
        "table_label": screens.table_label(imported.table),
        "kinds": kinds,
        "fields": fields,
        "offers": bool(offered),
        "placed": own_fields.HAVE_A_PLACE,
    }


def _as_before(imported: Import) -> dict[str, str]:
    """What was chosen for the check that did not please or did not work."""
    return {theirs: ours for ours, theirs in imported.choices["corrections"].items() if theirs}


def _for_check(request: Any, imported: Import) -> dict[str, Any]:
    check = imported.check_result
    hidden = hidden_columns(imported, request.member, check.get("mapping"))
    headings, rows = screens.preview(check, imported.table, hidden)
    return {
        "quality": screens.quality(check.get("report", {}), hidden),
        "remarks": screens.remarks(check, hidden),
        "headings": headings,
        "preview": rows,
        "table_label": screens.table_label(imported.table),
        "kept": (imported.accepted or 0) + (imported.flagged or 0),
    }


def _for_report(request: Any, imported: Import) -> dict[str, Any]:
    refresh = Job.objects.of(request.workspace).filter(kind="refresh").order_by("-created_at").first()
    changed = imported.undone_at or imported.imported_at
    is_newer = refresh is not None and changed is not None and refresh.created_at > changed
    return {
        "quality": screens.quality(imported.report, hidden_columns(imported, request.member)),
        "table_label": screens.table_label(imported.table),
        "refresh": refresh if is_newer else None,
        "may_refresh": can(request.member, "insights.publish"),
    }
