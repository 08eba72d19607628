"""Imports of files: upload → looked into → columns settled and checked → imported → undone, each a job of its own."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import File, Form, Query, Router
from ninja.files import UploadedFile

from zhike_crm.api import cursors
from zhike_crm.api.answers import answer
from zhike_crm.api.idempotency import idempotent
from zhike_crm.api.problems import Problem
from zhike_crm.api.schemas import CURSOR, PROBLEMS, ColumnsIn, Id, ImportOut, ImportsOut
from zhike_crm.api.security import AccessToken, may, not_larger_than
from zhike_crm.audit.models import Via
from zhike_crm.imports import actions
from zhike_crm.imports.models import Import
from zhike_crm.imports.privacy import hidden_columns

router = Router(tags=["imports"])
# Room for what is around the file in the body.
_AROUND = 1024 * 1024
_LARGE = ("inspection", "check_result", "report", "mapping", "choices", "query")


class FileToken(AccessToken):
    """The door for files: they may be large, and are written to disk as they come."""

    def look_at_size(self, request: HttpRequest) -> None:
        not_larger_than(request, settings.ZHIKE_UPLOAD_BYTES + _AROUND)
        # The handler of the pages refuses who is not signed in; here the token has been looked at already.
        request.upload_handlers = [TemporaryFileUploadHandler(request)]


@router.get("/imports", auth=may("imports.view"), response={200: ImportsOut, **PROBLEMS})
def import_list(
    request: HttpRequest,
    limit: int = Query(50, ge=1, le=200),
    cursor: str = Query("", max_length=2_000, pattern=CURSOR),
) -> HttpResponse:
    """Imports, newest first, without what only the address of one gives."""
    rows = Import.objects.of(request.workspace).select_related("job").defer(*_LARGE)
    shown, following = cursors.page(rows, cursors.Order(descending=True), cursor, limit)
    return answer({"items": [_short(row) for row in shown], "next": following})


@router.post("/imports", auth=FileToken("imports.run"), response={202: ImportOut, **PROBLEMS})
def upload(request: HttpRequest, file: File[UploadedFile], source: Form[str] = "main") -> HttpResponse:
    """Upload a file (CSV, TSV, XLSX, XLS, JSON, JSONL, Parquet). It is looked into; nothing is imported yet."""
    return answer(_whole(actions.upload(file, by=request.by, source=source, via=Via.API), request.by), 202)


@router.get("/imports/{pk}", auth=may("imports.view"), response={200: ImportOut, **PROBLEMS})
def get_import(request: HttpRequest, pk: Id) -> HttpResponse:
    """One import: how far it is, what was found, what became of it."""
    return answer(_whole(_found(request, pk), request.by))


@router.post("/imports/{pk}/check", auth=may("imports.run"), response={202: ImportOut, **PROBLEMS})
@idempotent
def check(request: HttpRequest, pk: Id, body: ColumnsIn) -> HttpResponse:
    """Settle the columns, as proposed or as sent, and have every row checked. Nothing is imported yet."""
    row = _found(request, pk)
    if not row.inspection:
        raise Problem(409, _("The file is still being looked into. Ask again in a moment."))
    proposed = row.inspection.get("mapping", {}).get("columns", {})
    actions.choose_columns(row, body.columns or proposed, by=request.by)
    return answer(_whole(row, request.by), 202)


@router.post("/imports/{pk}/run", auth=may("imports.run"), response={202: ImportOut, **PROBLEMS})
@idempotent
def run(request: HttpRequest, pk: Id) -> HttpResponse:
    """Import what was checked, in the background."""
    row = _found(request, pk)
    actions.run(row, by=request.by, via=Via.API)
    return answer(_whole(row, request.by), 202)


@router.post("/imports/{pk}/undo", auth=may("imports.run"), response={202: ImportOut, **PROBLEMS})
@idempotent
def undo(request: HttpRequest, pk: Id) -> HttpResponse:
    """Take its rows out again, in the background. What they had replaced stands again."""
    row = _found(request, pk)
    actions.undo(row, by=request.by, via=Via.API)
    return answer(_whole(row, request.by), 202)


def _found(request: Any, pk: int) -> Import:
    row = Import.objects.of(request.workspace).select_related("job", "workspace").filter(pk=pk).first()
    if row is None:
        raise Http404
    return row


def _short(row: Import) -> dict[str, Any]:
    names = ("name", "state", "table", "source", "size", "created_at", "imported_at", "undone_at")
    empty: dict[str, Any] = {"inspection": {}, "check": {}, "report": {}}
    told = {"id": row.pk, **{name: getattr(row, name) for name in names}, "problem": row.error}
    return told | empty | {"counts": {name: getattr(row, name) for name in (*row.counts, "added", "updated")}}


def _whole(row: Import, by: Any) -> dict[str, Any]:
    """Without the file's values: those are for people who may see them, on the page of the import."""
    looked, checked = row.inspection, row.check_result
    told = _short(row)
    told["inspection"] = {name: looked[name] for name in ("finding", "mapping", "columns") if name in looked}
    told["check"] = {name: checked[name] for name in ("finding", "mapping") if name in checked}
    if not hidden_columns(row, by):
        told["report"] = row.report or checked.get("report", {})
    return told
