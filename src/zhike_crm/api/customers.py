"""Customers: list, get, create, change, delete and bring back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Query, Router

from zhike_crm.accounts.access import PERMISSIONS, Reach, can, reach, visible
from zhike_crm.accounts.models import Membership
from zhike_crm.api import cursors, records
from zhike_crm.api.answers import answer, nothing
from zhike_crm.api.idempotency import idempotent
from zhike_crm.api.prepared import fetch
from zhike_crm.api.problems import Problem
from zhike_crm.api.schemas import CURSOR, PROBLEMS, CustomerIn, CustomerOut, CustomerPatch, CustomersOut, Id
from zhike_crm.api.security import may
from zhike_crm.audit.models import Via
from zhike_crm.customers import actions
from zhike_crm.customers.lists import CustomerList
from zhike_crm.customers.models import Customer
from zhike_crm.fields import turns
from zhike_crm.fields.values import definitions
from zhike_crm.ui.lists.listing import Question
from zhike_crm.ui.lists.paging import beyond

router = Router(tags=["customers"])
# Up to so many matches are found first and then sorted; more of them soon fill a page along the index.
FEW = 2_000


@router.get("/customers", auth=may("customers.view"), response={200: CustomersOut, **PROBLEMS})
def customer_list(
    request: HttpRequest,
    where: str = Query("", max_length=8_000, description="Conditions as JSON, as in the address of a list."),
    q: str = Query("", max_length=100, description="Name, number, e-mail or phone."),
    sort: str = Query("id", max_length=60, description="A column such as revenue; -revenue for descending."),
    limit: int = Query(50, ge=1, le=200),
    cursor: str = Query("", max_length=2_000, pattern=CURSOR),
) -> HttpResponse:
    """Customers that meet the conditions. `where` is what lists use:
    `{"all": [{"column": "value_tier", "test": "any_of", "value": ["high"]}]}`."""
    order = cursors.Order() if sort == "id" else _order(CustomerList(request.by), sort)
    question = Question.from_query({"where": where, "q": q})
    page = None
    if not question.narrows and reach(request.by) == Reach.ALL:
        page = _everybody(request.by, order, cursor, limit)
    if page is None:
        page = _asked(CustomerList(request.by), question, order, cursor, limit)
    shown, following = page
    return answer({"items": records.customers(shown, request.by), "next": following})


@router.post("/customers", auth=may("customers.edit"), response={201: CustomerOut, **PROBLEMS})
@idempotent
def create_customer(request: HttpRequest, body: CustomerIn) -> HttpResponse:
    """A customer made by hand. Events reach them with `source` zhike and their id as `userId`."""
    values, custom = _values(request.by, body)
    made = actions.create_customer(request.by, custom=custom, via=Via.API, **values)
    return _one(made.pk, request.by, 201)


@router.get("/customers/{pk}", auth=may("customers.view"), response={200: CustomerOut, **PROBLEMS})
def get_customer(request: HttpRequest, pk: Id) -> HttpResponse:
    """One customer. The ETag is the version that a change can name in If-Match."""
    if reach(request.by) != Reach.ALL:
        found(request.by, pk)
    return _one(pk, request.by)


@router.patch("/customers/{pk}", auth=may("customers.edit"), response={200: CustomerOut, **PROBLEMS})
def change_customer(request: HttpRequest, pk: Id, body: CustomerPatch) -> HttpResponse:
    """Change what is sent. With If-Match it happens only if nobody changed the customer since that version."""
    wanted = request.headers.get("If-Match", "").strip()
    with transaction.atomic():
        if body.fields:
            turns.typing(request.by.workspace_id, definitions(request.by.workspace_id, actions.RECORD_TYPE))
        stored = found(request.by, pk, lock=True)
        if wanted and wanted != "*" and wanted.strip('"') != _told(pk, request.by)["version"]:
            raise Problem(412, _("Read the customer again, and send your change with its new version."))
        values, custom = _values(request.by, body)
        if values.get("company") and values["company"].pk == pk:
            raise Problem(422, _("A customer cannot be their own company."))
        actions.change_customer(stored, request.by, custom=custom, via=Via.API, **values)
        return _one(pk, request.by)


@router.delete("/customers/{pk}", auth=may("customers.delete"), response={204: None, **PROBLEMS})
def delete_customer(request: HttpRequest, pk: Id) -> HttpResponse:
    """Into the recycle bin, from which it can be restored."""
    actions.delete_customer(found(request.by, pk), request.by, via=Via.API)
    return nothing()


@router.post("/customers/{pk}/restore", auth=may("customers.delete"), response={200: CustomerOut, **PROBLEMS})
@idempotent
def restore_customer(request: HttpRequest, pk: Id) -> HttpResponse:
    """Back from the recycle bin."""
    binned = visible(request.by, Customer.objects).filter(merged_into=None).exclude(deleted_at=None).filter(pk=pk)
    row = binned.first()
    if row is None:
        raise Http404
    actions.restore_customer(row, request.by, via=Via.API)
    return _one(pk, request.by)


def current(by: Any) -> Any:
    """The customers the token reaches: neither deleted nor merged into another."""
    return visible(by, Customer.objects).filter(deleted_at=None, merged_into=None)


def found(by: Any, pk: int, *, lock: bool = False) -> Customer:
    """One of them.

    Raises:
        Http404: there is none for this token.
    """
    rows = current(by).filter(pk=pk)
    row = (rows.select_for_update() if lock else rows).first()
    if row is None:
        raise Http404
    return row


def _one(pk: int, by: Any, status: int = 200) -> HttpResponse:
    """A customer who was just changed, whoever owns them now."""
    told = _told(pk, by)
    return answer(told, status, etag=told["version"])


def _told(pk: int, by: Any) -> dict[str, Any]:
    def build(workspace: int, pk: int) -> Any:
        return _there(workspace).filter(pk=pk).values_list(*records.COLUMNS)

    for told in records.customers(fetch("customer", build, workspace=by.workspace_id, pk=pk), by):
        return told
    raise Http404


def _everybody(by: Any, order: cursors.Order, cursor: str, limit: int) -> tuple[list[Any], str | None] | None:
    """What programs ask for most: all customers page by page, or the first ones by a column.

    None when it takes more than one query to tell.
    """

    def by_id(workspace: int, after: int) -> Any:
        rows = _there(workspace).filter(pk__gt=after).order_by("pk")
        return rows.values_list(*records.COLUMNS)[: limit + 1]

    def by_column(workspace: int) -> Any:
        marked = replace(order, workspace=workspace)
        return cursors.with_value(_there(workspace), marked).values_list(*records.COLUMNS)[: limit + 1]

    if order == cursors.Order():
        after = cursors.read(cursor, order).pk if cursor else 0
        rows = fetch(("customers", limit), by_id, workspace=by.workspace_id, after=after)
        return cursors.cut(rows, order, limit, _value)
    if order.is_id or cursor or order.column.name not in _INDEXED:
        return None
    rows = fetch(("customers by", order.name, limit), by_column, workspace=by.workspace_id)
    return cursors.cut(rows, order, limit, _value) if len(rows) > limit else None


# By what the first customers are read off an index (`Customer`, `Score`).
_INDEXED = {"revenue", "name", "email", "phone", "country", "city", "created_at"}


def _asked(
    asked: CustomerList, question: Question, order: cursors.Order, cursor: str, limit: int
) -> tuple[list[Any], str | None]:
    """A page of the rows that the conditions mean: the same columns and tests as on the page."""
    place = cursors.read(cursor, order) if cursor else None
    column = None if order.is_id else order.column
    after = (place.value, place.pk) if place else None
    ids = beyond(asked, question, timezone.localdate(), column, after, limit + 1, descending=order.descending)
    rows = current(asked.member)
    if ids is not None:
        found = {row[0]: row for row in rows.filter(pk__in=ids).values_list(*records.COLUMNS)}
        # Where one went at this very moment, a short page would look like the last one.
        if len(found) == len(ids):
            return cursors.cut([found[pk] for pk in ids], order, limit, _value)
    if question.narrows:
        rows = asked.filtered(question, timezone.localdate())
        few = list(rows.order_by().values_list("pk", flat=True)[: FEW + 1])
        rows = current(asked.member).filter(pk__in=few) if len(few) <= FEW else rows
    return cursors.page(rows.values_list(*records.COLUMNS), order, cursor, limit, _value)


def _there(workspace: int) -> Any:
    return Customer.objects.of(workspace).filter(deleted_at=None, merged_into=None)


_PLACES = {"pk": 0} | {name: place for place, name in enumerate(records.COLUMNS)}


def _value(row: Any, path: str) -> Any:
    return row[_PLACES[path]]


def _order(asked: CustomerList, sort: str) -> cursors.Order:
    name, descending = sort.removeprefix("-"), sort.startswith("-")
    if name == "id":
        return cursors.Order(descending=descending)
    sortable = {c.name: c for c in asked.columns.values() if c.sortable and c.path and c.kind in cursors.READERS}
    if name not in sortable:
        names = ", ".join(["id", *sortable])
        raise Problem(422, _("The list cannot be sorted by that. It can by: %(names)s.") % {"names": names})
    return cursors.Order(sortable[name], descending, asked.member.workspace_id)


def _values(by: Any, body: CustomerIn) -> tuple[dict[str, Any], dict[str, Any]]:
    """What was sent, as the action takes it: ids become rows of this workspace within reach."""
    values = body.model_dump(exclude_unset=True)
    custom = values.pop("fields", {})
    fields = definitions(by.workspace_id, actions.RECORD_TYPE) if custom else []
    hidden = set(values) & set(records.PERSONAL) or set(custom) & {f.name for f in fields if f.personal}
    if hidden and not can(by, "personal.view"):
        raise PermissionDenied(str(PERMISSIONS["personal.view"]))
    if unknown := sorted(set(custom) - {f.name for f in fields}):
        raise Problem(422, _("There is no custom field %(name)s.") % {"name": unknown[0][:80]})
    if values.get("company"):
        values["company"] = _company(by, values["company"])
    if values.get("owner"):
        values["owner"] = member_of(by, values["owner"])
    return values, custom


def _company(by: Any, pk: int) -> Customer:
    company = current(by).filter(pk=pk, kind=Customer.Kind.COMPANY).first()
    if company is None:
        raise Problem(422, _("There is no company with the id %(id)s.") % {"id": pk})
    return company


def member_of(by: Any, pk: int) -> Membership:
    """An active member of the workspace.

    Raises:
        Problem: there is none with this id.
    """
    member = Membership.objects.of(by.workspace_id).filter(pk=pk, is_active=True).select_related("user").first()
    if member is None:
        raise Problem(422, _("There is no member with the id %(id)s.") % {"id": pk})
    return member
