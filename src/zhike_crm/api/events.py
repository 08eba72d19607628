"""The addresses to which programs send what happened. Accepted means stored; the next refresh brings it to the lake."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from ninja import Router

from zhike_crm.api.answers import answer
from zhike_crm.api.idempotency import idempotent
from zhike_crm.api.messages import Batch, Identify, Read, Track, check, content_of, moment_of, read
from zhike_crm.api.models import InboxEvent
from zhike_crm.api.problems import Problem
from zhike_crm.api.schemas import PROBLEMS, BatchOut, ReceivedOut
from zhike_crm.api.security import reaching_all

router = Router(tags=["events"])
_ONE = {202: ReceivedOut, **PROBLEMS}


@router.post("/identify", auth=reaching_all("customers.edit"), response=_ONE)
@idempotent
def identify(request: HttpRequest, body: Identify) -> HttpResponse:
    """Who somebody is. Traits named as columns of customers fill them; others are kept beside them."""
    return _one(request, check("identify", body))


@router.post("/track", auth=reaching_all("customers.edit"), response=_ONE)
@idempotent
def track(request: HttpRequest, body: Track) -> HttpResponse:
    """What somebody did. "Order Completed" and "Order Refunded" become orders, all others interactions."""
    return _one(request, check("track", body))


@router.post("/batch", auth=reaching_all("customers.edit"), response={202: BatchOut, **PROBLEMS})
@idempotent
def batch(request: HttpRequest, body: Batch) -> HttpResponse:
    """Many messages. Each is answered by itself: one that cannot be kept does not keep the others out."""
    items = store(request.workspace, [read(given) for given in body.batch])
    counts = {
        name: sum(item["status"] == status for item in items)
        for name, status in (("accepted", "accepted"), ("duplicates", "duplicate"), ("rejected", "rejected"))
    }
    return answer(counts | {"items": items}, 202)


def store(workspace: Any, messages: list[Read]) -> list[dict[str, Any]]:
    """Put messages into the inbox; what became of each, in their order."""
    rows = [_row(workspace, item) if item.message else None for item in messages]
    known = _known(workspace, [row.message_id for row in rows if row])
    new: dict[str, InboxEvent] = {}
    items: list[dict[str, Any]] = []
    for index, (item, row) in enumerate(zip(messages, rows, strict=True)):
        if row is None:
            items.append({"index": index, "message_id": None, "status": "rejected", "detail": item.wrong})
            continue
        is_new = row.message_id not in known and row.message_id not in new
        if is_new:
            new[row.message_id] = row
        items.append(
            {
                "index": index,
                "message_id": row.message_id,
                "status": "accepted" if is_new else "duplicate",
                "detail": None,
            }
        )
    # Somebody else may store the same message at this moment: then theirs is the one that stays.
    InboxEvent.objects.bulk_create(new.values(), batch_size=500, ignore_conflicts=True)
    return items


def _known(workspace: Any, ids: list[str]) -> set[str]:
    stored = InboxEvent.objects.of(workspace).filter(message_id__in=ids)
    return set(stored.values_list("message_id", flat=True))


def _one(request: Any, message: Read) -> HttpResponse:
    if message.wrong:
        raise Problem(422, message.wrong)
    row = _row(request.workspace, message)
    told = {"index": 0, "message_id": row.message_id, "status": "accepted", "detail": None}
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        if not _known(request.workspace, [row.message_id]):
            raise
        told["status"] = "duplicate"
    return answer(told, 202)


def _row(workspace: Any, item: Read) -> InboxEvent:
    message = item.message
    return InboxEvent(
        workspace=workspace,
        message_id=message.messageId or uuid.uuid4().hex,
        kind=item.kind,
        source=message.source,
        customer_id=message.userId,
        occurred_at=moment_of(message),
        payload=content_of(message),
    )
