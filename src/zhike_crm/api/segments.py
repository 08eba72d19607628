"""Segments: list, get, create, change, archive; whom a rule means; who is in one; fixed lists."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Query, Router

from zhike_crm.api import cursors, records
from zhike_crm.api.answers import answer, nothing
from zhike_crm.api.customers import current, member_of
from zhike_crm.api.idempotency import idempotent
from zhike_crm.api.problems import Problem
from zhike_crm.api.schemas import CURSOR, PROBLEMS, CustomersOut, Id, JobOut
from zhike_crm.api.security import may
from zhike_crm.api.segment_schemas import (
    CountOut,
    MembersIn,
    RuleIn,
    SegmentIn,
    SegmentOut,
    SegmentPatch,
    SegmentsOut,
    TurnsOut,
)
from zhike_crm.audit.models import Via
from zhike_crm.customers.lists import CustomerList
from zhike_crm.segments import actions, members
from zhike_crm.segments.editing import counted
from zhike_crm.segments.models import Segment, Turn
from zhike_crm.segments.privacy import open_segments
from zhike_crm.segments.rules import is_hidden

router = Router(tags=["segments"])
_NEWEST = cursors.Order(descending=True)
_SEGMENT = ("description", "kind", "dynamic", "count", "entered", "left", "counted_at", "problem", "created_at")
_TURN = ("at", "cause", "count", "entered", "left")


@router.get("/segments", auth=may("customers.view"), response={200: SegmentsOut, **PROBLEMS})
def segment_list(
    request: HttpRequest,
    archived: bool = False,
    limit: int = Query(50, ge=1, le=200),
    cursor: str = Query("", max_length=2_000, pattern=CURSOR),
) -> HttpResponse:
    """Segments, oldest first. Ask for the customers of one by its address, or in `where` of the list of customers:
    `{"column": "segment", "test": "any_of", "value": ["3"]}`."""
    rows = open_segments(Segment.objects.of(request.workspace).filter(draft=False), request.by)
    rows = rows.exclude(archived_at=None) if archived else rows.filter(archived_at=None)
    shown, following = cursors.page(rows, cursors.Order(), cursor, limit)
    return answer({"items": _all_told(shown, request.by), "next": following})


@router.post("/segments", auth=may("segments.edit"), response={201: SegmentOut, **PROBLEMS})
@idempotent
def create_segment(request: HttpRequest, body: SegmentIn) -> HttpResponse:
    """A segment with a rule, whose customers are found in the background (`counted_at` is null until then), or an
    empty fixed list."""
    values = body.model_dump()
    values["tree"] = values.pop("rule")
    made = actions.create_segment(request.by, via=Via.API, **values)
    return answer(_told(made, request), 201)


@router.post("/segments/count", auth=may("segments.edit"), response={200: CountOut, **PROBLEMS})
def count_rule(request: HttpRequest, body: RuleIn) -> HttpResponse:
    """How many of the customers within reach a rule means, exactly; nothing is stored."""
    return answer({"customers": counted(body.rule, CustomerList(request.by))})


@router.get("/segments/{pk}", auth=may("customers.view"), response={200: SegmentOut, **PROBLEMS})
def get_segment(request: HttpRequest, pk: Id) -> HttpResponse:
    """One segment."""
    return answer(_told(found_segment(request, pk), request))


@router.patch("/segments/{pk}", auth=may("segments.edit"), response={200: SegmentOut, **PROBLEMS})
def change_segment(request: HttpRequest, pk: Id, body: SegmentPatch) -> HttpResponse:
    """Change what is sent. After another rule its customers are found anew in the background."""
    values = body.model_dump(exclude_unset=True)
    if "rule" in values:
        values["tree"] = values.pop("rule")
    if values.get("owner"):
        values["owner"] = member_of(request.by, values["owner"])
    changed = actions.change_segment(found_segment(request, pk), request.by, via=Via.API, **values)
    return answer(_told(changed, request))


@router.delete("/segments/{pk}", auth=may("segments.edit"), response={204: None, **PROBLEMS})
def archive_segment(request: HttpRequest, pk: Id) -> HttpResponse:
    """Into the archive, from which it can be restored."""
    found = found_segment(request, pk)
    if found.archived_at is None:
        actions.archive_segment(found, request.by, via=Via.API)
    return nothing()


@router.post("/segments/{pk}/restore", auth=may("segments.edit"), response={200: SegmentOut, **PROBLEMS})
@idempotent
def restore_segment(request: HttpRequest, pk: Id) -> HttpResponse:
    """Back from the archive."""
    found = found_segment(request, pk)
    if found.archived_at is not None:
        actions.restore_segment(found, request.by, via=Via.API)
    return answer(_told(found, request))


@router.post("/segments/{pk}/refresh", auth=may("segments.edit"), response={202: JobOut, **PROBLEMS})
@idempotent
def refresh_segment(request: HttpRequest, pk: Id) -> HttpResponse:
    """Have the rule say anew who is in it."""
    return answer(records.job(actions.compute_again(found_segment(request, pk), request.by)), 202)


@router.get("/segments/{pk}/customers", auth=may("customers.view"), response={200: CustomersOut, **PROBLEMS})
def customers_of_segment(
    request: HttpRequest,
    pk: Id,
    limit: int = Query(50, ge=1, le=200),
    cursor: str = Query("", max_length=2_000, pattern=CURSOR),
) -> HttpResponse:
    """The customers in it now, of those within reach."""
    found = found_segment(request, pk)
    in_it = Q(memberships__segment=found, memberships__left_at=None)
    rows = current(request.by).filter(in_it).values_list(*records.COLUMNS)
    shown, following = cursors.page(rows, cursors.Order(), cursor, limit, lambda row, _path: row[0])
    return answer({"items": records.customers(shown, request.by), "next": following})


@router.post("/segments/{pk}/customers", auth=may("segments.edit"), response={200: SegmentOut, **PROBLEMS})
@idempotent
def change_customers_of_segment(request: HttpRequest, pk: Id, body: MembersIn) -> HttpResponse:
    """Put customers on a fixed list, or take them off, by their ids."""
    found = found_segment(request, pk)
    if not found.is_list or found.archived_at is not None:
        raise Problem(422, _("Only a fixed list that is in use can be changed by hand."))
    asked = {*body.add, *body.remove}
    known = set(current(request.by).filter(pk__in=asked).values_list("pk", flat=True))
    if missing := sorted(asked - known):
        raise Problem(422, _("There is no customer with the id %(id)s.") % {"id": missing[0]})
    with transaction.atomic():
        if body.add:
            members.add(found, current(request.by).filter(pk__in=body.add), request.by, via=Via.API)
        if body.remove:
            members.remove(found, current(request.by).filter(pk__in=body.remove), request.by, via=Via.API)
    return answer(_told(found, request))


@router.get("/segments/{pk}/history", auth=may("customers.view"), response={200: TurnsOut, **PROBLEMS})
def segment_history(
    request: HttpRequest,
    pk: Id,
    limit: int = Query(50, ge=1, le=200),
    cursor: str = Query("", max_length=2_000, pattern=CURSOR),
) -> HttpResponse:
    """How its size went, the newest first: each time it was computed or changed by hand."""
    rows = Turn.objects.of(request.workspace).filter(segment=found_segment(request, pk))
    shown, following = cursors.page(rows, _NEWEST, cursor, limit)
    return answer(
        {"items": [{"id": row.pk, **{n: getattr(row, n) for n in _TURN}} for row in shown], "next": following}
    )


def found_segment(request: Any, pk: int) -> Segment:
    rows = open_segments(Segment.objects.of(request.workspace).filter(draft=False), request.by)
    row = rows.select_related("workspace").filter(pk=pk).first()
    if row is None:
        raise Http404
    return row


def _told(row: Segment, request: Any) -> dict[str, Any]:
    return _all_told([row], request.by)[0]


def _all_told(rows: list[Segment], by: Any) -> list[dict[str, Any]]:
    seen = CustomerList(by)
    return [
        {
            "id": row.pk,
            "name": row.title,
            "owner": row.owner_id,
            "clustering": row.clustering_id,
            "number": row.number,
            # What a rule says about hidden data is hidden too.
            "rule": None if is_hidden(row.tree, seen) else row.tree,
            "archived": row.archived_at is not None,
            **{name: getattr(row, name) for name in _SEGMENT},
        }
        for row in rows
    ]
