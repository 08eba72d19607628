"""What the lake knows, as of the last refresh: orders, interactions, and how scores moved over time."""

from __future__ import annotations

import base64
import datetime as dt
import json
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Query, Router

from zhike.history import KINDS, History
from zhike_crm.accounts.access import Reach, reach
from zhike_crm.api.answers import answer
from zhike_crm.api.customers import found
from zhike_crm.api.problems import Problem
from zhike_crm.api.records import of_lake
from zhike_crm.api.schemas import CURSOR, PROBLEMS, Day, HistoryOut, Id, InteractionsOut, OrdersOut
from zhike_crm.api.security import may
from zhike_crm.customers.models import Customer, Identity, Score
from zhike_crm.customers.personal import open_columns_by_run, open_reasons
from zhike_crm.workspaces.lakes import history_of

router = Router(tags=["facts and scores"])
_ORDER = ("order_id", "customer_id", "ordered_at", "amount", "gross_amount", "discount", "cost")
_INTERACTION = ("interaction_id", "customer_id", "occurred_at", "kind", "channel", "subject", "value", "session_id")
Row = dict[str, Any]


@router.get("/orders", auth=may("customers.view"), response={200: OrdersOut, **PROBLEMS})
def order_list(
    request: HttpRequest,
    customer: Id | None = None,
    since: Day | None = None,
    until: Day | None = None,
    limit: int = Query(50, ge=1, le=200),
    cursor: str = Query("", max_length=2_000, pattern=CURSOR),
) -> HttpResponse:
    """Orders, newest first: of a customer, between two days (both included), or of everybody."""
    if customer is None and reach(request.by) != Reach.ALL:
        raise PermissionDenied(_("All records"))
    who = found(request.by, customer) if customer is not None else None
    history = _history(request.workspace)
    rows = _newest(history, "purchases", who, limit + 1, since=since, until=until, after=_place(cursor))
    owners = _customers(request.workspace, {row["customer_id"] for row in rows})
    items = [_chosen(row, _ORDER) | {"customer": owners.get(row["customer_id"])} for row in rows[:limit]]
    return answer({"items": items, "next": _next(rows, limit, "purchases")})


@router.get("/customers/{pk}/interactions", auth=may("customers.view"), response={200: InteractionsOut, **PROBLEMS})
def interaction_list(
    request: HttpRequest,
    pk: Id,
    since: Day | None = None,
    until: Day | None = None,
    limit: int = Query(50, ge=1, le=200),
    cursor: str = Query("", max_length=2_000, pattern=CURSOR),
) -> HttpResponse:
    """What a customer did, newest first."""
    who, history = found(request.by, pk), _history(request.workspace)
    rows = _newest(history, "interactions", who, limit + 1, since=since, until=until, after=_place(cursor))
    items = [_chosen(row, _INTERACTION) for row in rows[:limit]]
    return answer({"items": items, "next": _next(rows, limit, "interactions")})


@router.get("/customers/{pk}/scores", auth=may("customers.view"), response={200: list[HistoryOut], **PROBLEMS})
def score_history(request: HttpRequest, pk: Id) -> HttpResponse:
    """The customer's scores of every day that was computed, oldest first; the last are the current ones."""
    who, history = found(request.by, pk), _history(request.workspace)
    if history is None:
        return answer([])
    rows = history.scores(_ids(history, who), history.days.values())
    columns = open_columns_by_run(request.by, {row["run"]: history.runs[row["run"]].settings for row in rows})
    return answer([_scores(row, columns[row["run"]]) for row in sorted(rows, key=lambda row: row["as_of"])])


def _scores(row: Row, columns: tuple[str, ...] | None) -> Row:
    """A row of scores, without reasons that its reader may not see."""
    told: Row = of_lake(row)
    if "churn_reasons" in told:
        told["churn_reasons"] = open_reasons(told["churn_reasons"], columns)
    return told


def _history(workspace: Any) -> History | None:
    """What the lake says as of the run that lists and portraits show; nothing before the first refresh."""
    current = Score.objects.of(workspace).values_list("run", flat=True).first()
    return None if current is None else history_of(workspace, current)


def _ids(history: History, who: Customer) -> list[str]:
    return history.ids(identity.identity for identity in who.identities.all())


def _newest(history: History | None, kind: str, who: Customer | None, limit: int, **within: Any) -> list[Row]:
    if history is None:
        return []
    return history.newest(kind, None if who is None else _ids(history, who), limit, **within)


def _chosen(row: Row, names: tuple[str, ...]) -> Row:
    return of_lake({name: row[name] for name in names})


def _next(rows: list[Row], limit: int, kind: str) -> str | None:
    if len(rows) <= limit:
        return None
    moment, key = KINDS[kind]
    last = rows[limit - 1]
    written = json.dumps([last[moment].isoformat(), last[key]])
    return base64.urlsafe_b64encode(written.encode()).decode().rstrip("=")


def _place(cursor: str) -> tuple[dt.datetime, str] | None:
    if not cursor:
        return None
    try:
        at, key = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        key.encode()
        return dt.datetime.fromisoformat(at).replace(tzinfo=None), key
    except (ValueError, TypeError, AttributeError, RecursionError) as wrong:
        raise Problem(422, _("This cursor is not of this list in this order. Begin again without a cursor.")) from wrong


def _customers(workspace: Any, identities: set[str]) -> dict[str, int]:
    known = Identity.objects.of(workspace).filter(identity__in=identities)
    return dict(known.values_list("identity", "customer_id"))
