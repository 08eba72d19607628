"""Notes and tasks, custom fields, merging: what people and programs do around a customer."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from ninja import Query, Router

from zhike_crm.accounts.access import Reach, reach, visible
from zhike_crm.api import cursors, records
from zhike_crm.api.answers import answer, nothing
from zhike_crm.api.customers import current, found, member_of
from zhike_crm.api.idempotency import idempotent
from zhike_crm.api.schemas import (
    CURSOR,
    PROBLEMS,
    FieldOut,
    Id,
    MergeIn,
    MergeOut,
    NoteIn,
    NoteOut,
    NotesOut,
    TaskIn,
    TaskOut,
    TaskPatch,
    TasksOut,
)
from zhike_crm.api.security import may
from zhike_crm.audit.models import Via
from zhike_crm.customers import actions, merging
from zhike_crm.customers.models import Customer, Merge, Note, Task
from zhike_crm.fields.values import open_definitions

router = Router()
_NEWEST = cursors.Order(descending=True)


# -- notes -------------------------------------------------------------------------------------------------------------
@router.get(
    "/customers/{pk}/notes", auth=may("customers.view"), response={200: NotesOut, **PROBLEMS}, tags=["notes and tasks"]
)
def note_list(
    request: HttpRequest,
    pk: Id,
    limit: int = Query(50, ge=1, le=200),
    cursor: str = Query("", max_length=2_000, pattern=CURSOR),
) -> HttpResponse:
    """The notes on a customer, newest first."""
    rows = found(request.by, pk).notes.filter(deleted_at=None).select_related("by")
    shown, following = cursors.page(rows, _NEWEST, cursor, limit)
    return answer({"items": [records.note(row) for row in shown], "next": following})


@router.post(
    "/customers/{pk}/notes", auth=may("customers.edit"), response={201: NoteOut, **PROBLEMS}, tags=["notes and tasks"]
)
@idempotent
def write_note(request: HttpRequest, pk: Id, body: NoteIn) -> HttpResponse:
    """Write a note. `@[name](member id)` mentions a colleague."""
    return answer(records.note(actions.write_note(found(request.by, pk), body.text, request.by, via=Via.API)), 201)


@router.delete("/notes/{pk}", auth=may("customers.edit"), response={204: None, **PROBLEMS}, tags=["notes and tasks"])
def delete_note(request: HttpRequest, pk: Id) -> HttpResponse:
    """Delete a note of the token's own person."""
    rows = Note.objects.of(request.workspace).filter(pk=pk, deleted_at=None, customer__in=current(request.by))
    note = rows.filter(by=request.by.user).first()
    if note is None:
        raise Http404
    actions.delete_note(note, request.by, via=Via.API)
    return nothing()


# -- tasks -------------------------------------------------------------------------------------------------------------
@router.get("/tasks", auth=may("customers.view"), response={200: TasksOut, **PROBLEMS}, tags=["notes and tasks"])
def task_list(
    request: HttpRequest,
    customer: Id | None = None,
    owner: Id | None = None,
    done: bool | None = None,
    limit: int = Query(50, ge=1, le=200),
    cursor: str = Query("", max_length=2_000, pattern=CURSOR),
) -> HttpResponse:
    """Tasks, newest first."""
    rows = _tasks(request.by)
    if customer is not None:
        rows = rows.filter(customer=customer)
    if owner is not None:
        rows = rows.filter(owner=owner)
    if done is not None:
        rows = rows.filter(done_at__isnull=not done)
    shown, following = cursors.page(rows, _NEWEST, cursor, limit)
    return answer({"items": [records.task(row) for row in shown], "next": following})


@router.post("/tasks", auth=may("customers.edit"), response={201: TaskOut, **PROBLEMS}, tags=["notes and tasks"])
@idempotent
def create_task(request: HttpRequest, body: TaskIn) -> HttpResponse:
    """Something to do."""
    customer = found(request.by, body.customer) if body.customer else None
    own = request.by if request.by.pk else None
    owner = member_of(request.by, body.owner) if body.owner else own
    values = {"title": body.title, "customer": customer, "owner": owner, "due_on": body.due_on}
    return answer(records.task(actions.create_task(request.by, via=Via.API, **values)), 201)


@router.patch("/tasks/{pk}", auth=may("customers.edit"), response={200: TaskOut, **PROBLEMS}, tags=["notes and tasks"])
def change_task(request: HttpRequest, pk: Id, body: TaskPatch) -> HttpResponse:
    """Tick a task off, or open it again."""
    task = _tasks(request.by).filter(pk=pk).first()
    if task is None:
        raise Http404
    return answer(records.task(actions.set_done(task, request.by, done=body.done, via=Via.API)))


def _tasks(by: Any) -> Any:
    """Tasks within reach whose customer, if any, is within reach too and not in the recycle bin."""
    rows = visible(by, Task.objects).filter(deleted_at=None)
    if reach(by) == Reach.ALL:
        return rows.filter(Q(customer=None) | Q(customer__deleted_at=None))
    return rows.filter(Q(customer=None) | Q(customer__in=current(by)))


# -- merging -----------------------------------------------------------------------------------------------------------
@router.post(
    "/customers/{pk}/merge", auth=may("customers.merge"), response={201: MergeOut, **PROBLEMS}, tags=["customers"]
)
@idempotent
def merge(request: HttpRequest, pk: Id, body: MergeIn) -> HttpResponse:
    """Make another customer part of this one. What this one does not have is taken from the other."""
    kept, merged = found(request.by, pk), found(request.by, body.merged)
    return answer(_merge(merging.merge(kept, merged, request.by, via=Via.API)), 201)


@router.post("/merges/{pk}/undo", auth=may("customers.merge"), response={200: MergeOut, **PROBLEMS}, tags=["customers"])
@idempotent
def unmerge(request: HttpRequest, pk: Id) -> HttpResponse:
    """Take a merge apart, with nothing lost."""
    rows = Merge.objects.of(request.workspace).filter(pk=pk, kept__in=visible(request.by, Customer.objects))
    done = rows.first()
    if done is None:
        raise Http404
    merging.unmerge(done, request.by, via=Via.API)
    done.refresh_from_db()
    return answer(_merge(done))


def _merge(row: Merge) -> dict[str, Any]:
    known = {"id": row.pk, "kept": row.kept_id, "merged": row.merged_id, "at": row.at}
    return known | {"undone": row.undone_at is not None}


# -- custom fields -----------------------------------------------------------------------------------------------------
@router.get("/fields", auth=may("customers.view"), response={200: list[FieldOut], **PROBLEMS}, tags=["custom fields"])
def field_list(request: HttpRequest) -> HttpResponse:
    """The custom fields of customers, by the names under which `fields` and `where` (as `field.name`) know them."""
    return answer([records.field(row) for row in open_definitions(request.by, actions.RECORD_TYPE)])
