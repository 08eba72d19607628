"""One timeline of everything about a customer: facts of the lake, notes, tasks and changes of the database."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import ibis
from django.utils.translation import gettext as _

from zhike.lake.facts_view import Facts
from zhike_crm.audit.log import of_record
from zhike_crm.audit.verbs import VERBS
from zhike_crm.customers.models import Customer

# Of each kind, the newest.
LATEST = 50


@dataclass(frozen=True)
class Event:
    """One line of the timeline. `kind` is order, ticket, feedback, interaction, touch, note, task or change."""

    kind: str
    at: dt.datetime
    title: str
    text: str = ""
    amount: float | None = None
    record: Any = None
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def icon(self) -> str:
        return ICONS[self.kind]


ICONS = {
    "order": "shopping-bag",
    "ticket": "lifebuoy",
    "feedback": "message-star",
    "interaction": "activity",
    "touch": "send",
    "note": "note",
    "task": "checkbox",
    "change": "history",
}


def timeline(customer: Customer, from_lake: list[Event]) -> list[Event]:
    """Everything, newest first."""
    events = [*from_lake, *_notes(customer), *_tasks(customer), *_changes(customer)]
    return sorted(events, key=lambda event: event.at, reverse=True)


def facts_of(facts: Facts, orders: Any, ids: list[str]) -> list[Event]:
    """The customer's newest facts as events."""
    found = [_order(row) for row in _newest(facts, orders, ids, "ordered_at")]
    for name, moment, read in (
        ("tickets", "opened_at", _ticket),
        ("feedback", "given_at", _feedback),
        ("interactions", "occurred_at", _interaction),
        ("touches", "touched_at", _touch),
    ):
        if name in facts.versions:
            found += [read(row) for row in _newest(facts, facts.table(name), ids, moment)]
    return found


def _newest(facts: Facts, table: Any, ids: list[str], moment: str) -> list[dict[str, Any]]:
    mine = table.filter(table.customer_id.isin(ids) & table[moment].notnull())
    rows = facts.lake.engine.to_pyarrow(mine.order_by(ibis.desc(moment)).limit(LATEST)).to_pylist()
    return [row | {"at": row[moment].replace(tzinfo=dt.UTC)} for row in rows]


def _order(row: dict[str, Any]) -> Event:
    return Event("order", row["at"], _("Order %(number)s") % {"number": row["order_id"]}, amount=row["amount"])


def _ticket(row: dict[str, Any]) -> Event:
    title = row.get("subject") or row.get("category") or _("Ticket %(number)s") % {"number": row["ticket_id"]}
    return Event("ticket", row["at"], title, " · ".join(str(row[n]) for n in ("status", "priority") if row.get(n)))


def _feedback(row: dict[str, Any]) -> Event:
    said = [f"{name} {row[code]:g}" for code, name in (("nps", "NPS"), ("csat", "CSAT")) if row.get(code) is not None]
    title = " · ".join([_("Feedback"), *said])
    return Event("feedback", row["at"], title, str(row.get("text") or ""))


def _interaction(row: dict[str, Any]) -> Event:
    return Event("interaction", row["at"], str(row.get("kind") or _("Interaction")), str(row.get("subject") or ""))


def _touch(row: dict[str, Any]) -> Event:
    return Event("touch", row["at"], str(row.get("campaign") or _("Message")), str(row.get("channel") or ""))


def _notes(customer: Customer) -> list[Event]:
    rows = customer.notes.filter(deleted_at=None).select_related("by").order_by("-created_at")[:LATEST]
    return [Event("note", note.created_at, str(note.by or ""), note.text, record=note) for note in rows]


def _tasks(customer: Customer) -> list[Event]:
    rows = customer.tasks.filter(deleted_at=None).select_related("owner__user").order_by("-created_at")[:LATEST]
    return [
        Event("task", task.done_at or task.created_at, task.title, str(task.owner or ""), record=task) for task in rows
    ]


def _changes(customer: Customer) -> list[Event]:
    rows = of_record(customer)[:LATEST]
    return [
        Event("change", row.at, f"{row.by or 'Zhike'}: {VERBS.get(row.verb, row.verb)}", details=row.changes)
        for row in rows
    ]
