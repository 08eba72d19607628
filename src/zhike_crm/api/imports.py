"""Imports of files: upload → looked into → columns settled and checked → imported → undone, each a job of its own."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import File, Form, Query, Router
from ninja.files import UploadedFile

from zhike_crm.accounts.access import PERMISSIONS, can
from zhike_crm.api import cursors
from zhike_crm.api.answers import answer
from zhike_crm.api.idempotency import idempotent
from zhike_crm.api.import_schemas import ColumnsIn, ImportOut, ImportsOut, OwnFieldIn
from zhike_crm.api.problems import Problem
from zhike_crm.api.schemas import CURSOR, PROBLEMS, Id
from zhike_crm.api.security import AccessToken, may, not_larger_than
from zhike_crm.audit.models import Via
from zhike_crm.imports import actions, own_fields
from zhike_crm.imports.models import Import
from zhike_crm.imports.privacy import hidden_columns, proposed_mapping

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
    columns = body.columns or proposed_mapping(row)["columns"]
    actions.choose_columns(row, columns, by=request.by, fields=_own_fields(row, body.fields, columns, request.by))
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
    told["inspection"] |= {"fields": _offered(row, by)} if looked else {}
    told["check"] = {name: checked[name] for name in ("finding", "mapping") if name in checked}
    if not hidden_columns(row, by):
        told["report"] = row.report or checked.get("report", {})
    return told


def _own_fields(row: Import, asked: dict[str, OwnFieldIn], columns: dict[str, str], by: Any) -> list[dict[str, Any]]:
    """The fields that columns become, as the action takes them.

    Raises:
        Problem: there is no such column or field, or customers have a place for what is in it.
        PermissionDenied: the token may not define fields.
    """
    choices = {theirs: (_choice(one, by), one.label) for theirs, one in asked.items()}
    found = own_fields.chosen_fields(row, choices, columns, by)
    if left := sorted(set(asked) - {one["theirs"] for one in found}):
        said = _("%(column)s cannot become a field: the file has no such column, or customers have a place for it.")
        raise Problem(422, said % {"column": left[0][:80]})
    return found


def _choice(asked: OwnFieldIn, by: Any) -> str:
    if asked.kind is not None:
        if not can(by, "fields.edit"):
            raise PermissionDenied(str(PERMISSIONS["fields.edit"]))
        return asked.kind
    for field in own_fields.fields_of(by):
        if field.name == asked.field and field.archived_at is None:
            return f"{own_fields.EXISTING}{field.pk}"
    raise Problem(422, _("There is no custom field %(name)s.") % {"name": asked.field})


def _offered(row: Import, by: Any) -> dict[str, dict[str, Any]]:
    """Theirs → what it fills already or could become, as `fields` of a check takes it; where it is proposed."""
    feeds = {theirs: ours for ours, theirs in proposed_mapping(row)["columns"].items()}
    names = {f"{own_fields.EXISTING}{field.pk}": field.name for field in own_fields.fields_of(by)}
    found = {}
    for theirs, offer in own_fields.offers(row, by, feeds, None).items():
        if feeds.get(theirs, "") not in own_fields.HAVE_A_PLACE and (offer.choice or offer.fills):
            field = offer.fills.name if offer.fills else names.get(offer.choice)
            kind = None if field else offer.choice
            found[theirs] = {"kind": kind, "field": field, "label": offer.label, "personal": offer.personal}
    return found
