"""One timeline of everything about a customer: facts of the lake, notes, tasks and changes of the database."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from zhike.history import KINDS as KINDS_OF_FACTS
from zhike.history import History
from zhike_crm.accounts.access import visible
from zhike_crm.accounts.models import Membership
from zhike_crm.audit.log import of_record
from zhike_crm.audit.verbs import VERBS
from zhike_crm.customers.models import Customer
from zhike_crm.customers.queries import field_labels, hidden_changes, hidden_value

Row = dict[str, Any]

# Of a page of the timeline.
PAGE = 50
# Who reads further back than this wants the list of orders.
PAGES = 200


@dataclass(frozen=True)
class Event:
    """One line of the timeline. `kind` is order, ticket, feedback, interaction, touch, note, task or change."""

    kind: str
    at: dt.datetime
    title: str
    text: str = ""
    amount: float | None = None
    record: Any = None
    details: dict[str, list[str]] = field(default_factory=dict)
    mine: bool = False

    @property
    def icon(self) -> str:
        return KINDS[self.kind].icon


@dataclass(frozen=True)
class Look:
    """How a kind of event is called and drawn."""

    name: Any
    icon: str


KINDS = {
    "order": Look(pgettext_lazy("events", "Orders"), icon="shopping-bag"),
    "note": Look(gettext_lazy("Notes"), icon="note"),
    "task": Look(gettext_lazy("Tasks"), icon="checkbox"),
    "ticket": Look(gettext_lazy("Tickets"), icon="lifebuoy"),
    "feedback": Look(gettext_lazy("Feedback"), icon="message-star"),
    "interaction": Look(gettext_lazy("Interactions"), icon="activity"),
    "touch": Look(gettext_lazy("Messages"), icon="send"),
    "change": Look(gettext_lazy("Changes"), icon="history"),
}


def kinds_of(events: list[Event]) -> list[tuple[str, Any]]:
    """The kinds of event there are, with their names, for choosing among them."""
    present = {event.kind for event in events}
    return [(kind, look.name) for kind, look in KINDS.items() if kind in present]


def timeline(customer: Customer, member: Membership, from_lake: list[Event], page: int = 1) -> tuple[list[Event], bool]:
    """One page of everything, newest first, and whether there is more. `from_lake` has the newest `reach(page)`."""
    limit = reach(page)
    own = [*_notes(customer, member, limit), *_tasks(customer, limit), *_changes(customer, member, limit)]
    events = sorted([*from_lake, *own], key=lambda event: event.at, reverse=True)
    return events[limit - PAGE - 1 : limit - 1], len(events) >= limit and page < PAGES


def stamp(events: list[Event]) -> str:
    """Another one whenever the events look otherwise."""
    seen = [(e.kind, e.at, e.title, e.text, e.amount, e.details, e.mine, _state(e.record)) for e in events]
    return hashlib.sha256(repr(seen).encode(errors="replace")).hexdigest()


def _state(record: Any) -> tuple[Any, Any] | None:
    return record and (record.pk, getattr(record, "edited_at", None))


def reach(page: int) -> int:
    """How many events of each kind a page needs: one more than it shows, to know whether there is another."""
    return page * PAGE + 1


def facts_of(history: History, ids: list[str], limit: int) -> dict[str, list[Row]]:
    """The customer's newest facts, so many of each kind."""
    return {kind: history.newest(kind, ids, limit) for kind in _READERS}


def as_events(facts: Mapping[str, list[Row]]) -> list[Event]:
    """Facts by their kind, as the timeline has them."""
    return [
        _READERS[kind](row | {"at": row[KINDS_OF_FACTS[kind][0]].replace(tzinfo=dt.UTC)})
        for kind, rows in facts.items()
        for row in rows
    ]


def _order(row: Row) -> Event:
    return Event("order", row["at"], _("Order %(number)s") % {"number": row["order_id"]}, amount=row["amount"])


def _ticket(row: Row) -> Event:
    title = row.get("subject") or row.get("category") or _("Ticket %(number)s") % {"number": row["ticket_id"]}
    return Event("ticket", row["at"], title, " · ".join(str(row[n]) for n in ("status", "priority") if row.get(n)))


def _feedback(row: Row) -> Event:
    said = [f"{name} {row[code]:g}" for code, name in (("nps", "NPS"), ("csat", "CSAT")) if row.get(code) is not None]
    title = " · ".join([_("Feedback"), *said])
    return Event("feedback", row["at"], title, str(row.get("text") or ""))


def _interaction(row: Row) -> Event:
    return Event("interaction", row["at"], str(row.get("kind") or _("Interaction")), str(row.get("subject") or ""))


def _touch(row: Row) -> Event:
    return Event("touch", row["at"], str(row.get("campaign") or _("Message")), str(row.get("channel") or ""))


_READERS: dict[str, Callable[[Row], Event]] = {
    "purchases": _order,
    "tickets": _ticket,
    "feedback": _feedback,
    "interactions": _interaction,
    "touches": _touch,
}


def _notes(customer: Customer, member: Membership, limit: int) -> list[Event]:
    rows = customer.notes.filter(deleted_at=None).select_related("by").order_by("-created_at")[:limit]
    return [
        Event("note", note.created_at, str(note.by or ""), note.text, record=note, mine=note.by_id == member.user_id)
        for note in rows
    ]


def _tasks(customer: Customer, limit: int) -> list[Event]:
    rows = customer.tasks.filter(deleted_at=None).select_related("owner__user").order_by("-created_at")[:limit]
    return [
        Event("task", task.done_at or task.created_at, task.title, str(task.owner or ""), record=task) for task in rows
    ]


def _changes(customer: Customer, member: Membership, limit: int) -> list[Event]:
    """What people did to the record, with values that the reader may not see masked here as everywhere."""
    rows = list(of_record(customer)[:limit])
    if not rows:
        return []
    labels = field_labels(customer.workspace_id)
    hidden = hidden_changes(member)
    names = _names(member, rows)
    return [
        Event(
            "change",
            row.at,
            f"{row.by or 'Zhike'}: {VERBS.get(row.verb, row.verb)}",
            details={
                labels.get(n, n): [_shown(n, names.get((n, v), v) if _plain(v) else v, n in hidden) for v in change]
                for n, change in row.changes.items()
            },
        )
        for row in rows
    ]


def _names(member: Membership, rows: list[Any]) -> dict[tuple[str, Any], str]:
    """(field, id) → the name of the colleague or company that the log knows by number."""
    # A custom field may be called like ours, and older entries do not tell them apart.
    ids = {
        name: {v for row in rows for v in row.changes.get(name, ()) if v and isinstance(v, int)}
        for name in ("owner", "company")
    }
    found: dict[tuple[str, Any], str] = {}
    if ids["owner"]:
        people = Membership.objects.of(member.workspace_id).filter(pk__in=ids["owner"]).select_related("user")
        found |= {("owner", one.pk): str(one) for one in people}
    if ids["company"]:
        firms = visible(member, Customer.objects).filter(pk__in=ids["company"])
        found |= {("company", one.pk): one.name for one in firms}
    return found


def _plain(value: Any) -> bool:
    return isinstance(value, (str, int, float))


def _shown(name: str, value: Any, hidden: bool) -> str:
    if value in (None, "", []):
        return "–"
    text = ", ".join(str(one) for one in value) if isinstance(value, list) else str(value)
    return hidden_value(name, text) if hidden else text
