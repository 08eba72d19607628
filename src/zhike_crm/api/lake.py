"""What the lake knows, as of the last refresh: orders, interactions, and how scores moved over time."""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import ibis
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Query, Router

from zhike.lake.facts_view import Facts
from zhike.lake.lake import Lake
from zhike.lake.runs import SCORES, Run, runs
from zhike.pipeline import orders_as_of
from zhike_crm.accounts.access import Reach, reach
from zhike_crm.api.answers import answer
from zhike_crm.api.customers import found
from zhike_crm.api.problems import Problem
from zhike_crm.api.records import of_lake
from zhike_crm.api.schemas import CURSOR, PROBLEMS, Day, HistoryOut, Id, InteractionsOut, OrdersOut
from zhike_crm.api.security import may
from zhike_crm.customers.models import Customer, Identity, Score
from zhike_crm.workspaces.lakes import lake_of

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
    after = _place(cursor)

    def read(lake: Lake, run: Run) -> list[Row]:
        facts = Facts.of(lake, run)
        rows = _within(_of(orders_as_of(facts), facts, who), "ordered_at", since, until)
        return _newest(lake, rows, "ordered_at", "order_id", _ORDER, after, limit + 1)

    rows = _read(request.workspace, read)
    owners = _customers(request.workspace, {row["customer_id"] for row in rows})
    items = [of_lake(row) | {"customer": owners.get(row["customer_id"])} for row in rows[:limit]]
    return answer({"items": items, "next": _next(rows, limit, "ordered_at", "order_id")})


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
    who, after = found(request.by, pk), _place(cursor)

    def read(lake: Lake, run: Run) -> list[Row]:
        facts = Facts.of(lake, run)
        rows = _within(_of(facts.table("interactions"), facts, who), "occurred_at", since, until)
        return _newest(lake, rows, "occurred_at", "interaction_id", _INTERACTION, after, limit + 1)

    rows = _read(request.workspace, read)
    items = [of_lake(row) for row in rows[:limit]]
    return answer({"items": items, "next": _next(rows, limit, "occurred_at", "interaction_id")})


@router.get("/customers/{pk}/scores", auth=may("customers.view"), response={200: list[HistoryOut], **PROBLEMS})
def score_history(request: HttpRequest, pk: Id) -> HttpResponse:
    """The customer's scores of every day that was computed, oldest first; the last are the current ones."""
    who = found(request.by, pk)

    def read(lake: Lake, run: Run) -> list[Row]:
        ids, stored = _ids(Facts.of(lake, run), who), lake.scan(SCORES)
        rows = lake.engine.to_pyarrow(stored.filter(stored.customer_id.isin(ids))).to_pylist()
        # Of a day that was computed several times, the last one counts.
        of_day = {other.as_of: other.run for other in runs(lake) if other.as_of <= run.as_of}
        return sorted((r for r in rows if of_day.get(r["as_of"]) == r["run"]), key=lambda r: r["as_of"])

    return answer([of_lake(row) for row in _read(request.workspace, read)])


def _read(workspace: Any, read: Callable[[Lake, Run], list[Row]]) -> list[Row]:
    """What the lake says as of the run that lists and portraits show; nothing before the first refresh."""
    current = Score.objects.of(workspace).values_list("run", flat=True).first()
    if current is None:
        return []
    with lake_of(workspace) as lake, lake.temporary():
        run = next((known for known in runs(lake) if known.run == current), None)
        return read(lake, run) if run else []


def _ids(facts: Facts, who: Customer) -> list[str]:
    mine = [identity.identity for identity in who.identities.all()]
    return sorted({facts.customer(identity) for identity in mine} | set(mine))


def _of(table: Any, facts: Facts, who: Customer | None) -> Any:
    return table if who is None else table.filter(table.customer_id.isin(_ids(facts, who)))


def _within(table: Any, moment: str, since: dt.date | None, until: dt.date | None) -> Any:
    if since:
        table = table.filter(table[moment] >= ibis.timestamp(dt.datetime.combine(since, dt.time())))
    if until and until < dt.date.max:
        following = until + dt.timedelta(days=1)
        table = table.filter(table[moment] < ibis.timestamp(dt.datetime.combine(following, dt.time())))
    return table


def _newest(
    lake: Lake,
    table: Any,
    moment: str,
    key: str,
    names: tuple[str, ...],
    after: tuple[dt.datetime, str] | None,
    count: int,
) -> list[Row]:
    """The newest rows beyond a place: by moment, then by id, so that none comes twice or is left out."""
    if after:
        at = ibis.timestamp(after[0])
        table = table.filter((table[moment] < at) | ((table[moment] == at) & (table[key] < after[1])))
    table = table.filter(table[moment].notnull() & table[key].notnull())
    newest = table.order_by(ibis.desc(moment), ibis.desc(key)).limit(count)
    return list(lake.engine.to_pyarrow(newest.select(*names)).to_pylist())


def _next(rows: list[Row], limit: int, moment: str, key: str) -> str | None:
    if len(rows) <= limit:
        return None
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
