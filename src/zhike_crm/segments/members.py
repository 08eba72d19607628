"""Who is in a segment: customers enter and leave as sets, a million of them in seconds, in one transaction.

    wanted − current → enter            current − wanted → leave

Rows of those who left stay: they are the history.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import ngettext

from zhike_crm import bulk
from zhike_crm.accounts.access import require
from zhike_crm.accounts.models import Membership
from zhike_crm.audit.log import Actor, entry
from zhike_crm.audit.models import AuditEntry, Via
from zhike_crm.customers.models import Customer
from zhike_crm.segments.models import Member, Segment, Turn
from zhike_crm.segments.scratch import fill, put, scratch
from zhike_crm.ui.lists.bulk import Done

_TABLE = Member._meta.db_table
# After so many have entered at once, what the planner knows of the table is no longer true.
_MANY = 50_000
JOINED, LEFT, UNDONE = "segment.joined", "segment.left", "undone"


class RuleChanged(Exception):
    """Somebody gave the segment another rule while this one was being answered."""


def replace(segment: Segment, wanted: QuerySet, cause: str, **about: Any) -> Turn:
    """Make the customers whom the rule means the members, and no others.

    Raises:
        RuleChanged: they are those of an earlier rule; nothing was changed.
    """
    with transaction.atomic():
        if _lock(segment).tree != segment.tree:
            raise RuleChanged(str(segment))
        with scratch() as those, scratch() as entering:
            fill(those, wanted)
            entered = _strangers(entering, segment, f"SELECT customer_id FROM {those}")
            moment = timezone.now()
            left = _leave(
                segment,
                moment,
                f"NOT EXISTS (SELECT 1 FROM {those} WHERE {those}.customer_id = {_TABLE}.customer_id)",
            )
            _enter(segment, moment, entering, entered)
        return _turn(segment, moment, cause, entered, left, **about)


def add(segment: Segment, customers: QuerySet, by: Membership, *, via: str = Via.PAGE) -> Done:
    """Put customers on a fixed list."""
    with transaction.atomic(), scratch() as those, scratch() as entering:
        _lock(segment)
        fill(those, customers)
        entered = _strangers(entering, segment, f"SELECT customer_id FROM {those}")
        moment = timezone.now()
        _enter(segment, moment, entering, entered)
        group = _by_hand(JOINED, segment, moment, entered, 0, by, via)
    said = ngettext("%(number)s customer added to %(name)s.", "%(number)s customers added to %(name)s.", entered)
    return Done(said % {"number": f"{entered:,}", "name": segment.name}, group, entered)


def remove(segment: Segment, customers: QuerySet, by: Membership, *, via: str = Via.PAGE) -> Done:
    """Take customers off a fixed list."""
    with transaction.atomic(), scratch() as those:
        _lock(segment)
        fill(those, customers)
        moment = timezone.now()
        left = _leave(segment, moment, f"customer_id IN (SELECT customer_id FROM {those})")
        group = _by_hand(LEFT, segment, moment, 0, left, by, via)
    said = ngettext("%(number)s customer taken out of %(name)s.", "%(number)s customers taken out of %(name)s.", left)
    return Done(said % {"number": f"{left:,}", "name": segment.name}, group, left)


def take_back(written: AuditEntry, by: Membership) -> int:
    """Undo what was done by hand to a fixed list: who entered then leaves; who left then has never left."""
    require(by, "segments.edit")
    segment = Segment.objects.of(written.workspace_id).filter(pk=written.record_id).first()
    turn = Turn.objects.of(written.workspace_id).filter(group=written.group, segment=segment).first()
    if segment is None or turn is None:
        return 0
    with transaction.atomic():
        _lock(segment)
        moment, at = timezone.now(), _stored(turn.at)
        back = _come_back(segment, at)
        left = _leave(segment, moment, "entered_at = %s", [at])
        _by_hand(UNDONE, segment, moment, back, left, by, Via.PAGE)
    return back + left


def follow_merges(segment: Segment) -> Turn | None:
    """Bring a fixed list up to date with merged and deleted customers; None when that changes nothing.

    Whom a customer on the list was merged into is on it from now on. The merged one stays on it too, hidden as it
    is: when the merge is taken apart, both are there.
    """
    names = {"members": _TABLE, "customers": Customer._meta.db_table}
    kept = """
        SELECT DISTINCT merged.merged_into_id AS customer_id
        FROM {members} one JOIN {customers} merged ON merged.id = one.customer_id
        WHERE one.segment_id = %s AND one.left_at IS NULL AND merged.merged_into_id IS NOT NULL""".format(**names)
    with transaction.atomic(), scratch() as entering:
        _lock(segment)
        entered = _strangers(entering, segment, kept, [segment.pk])
        if not entered and segment.count == _shown(segment):
            return None
        moment = timezone.now()
        _enter(segment, moment, entering, entered)
        return _turn(segment, moment, Turn.Cause.MERGE, entered, 0)


# -- sets --------------------------------------------------------------------------------------------------------------
def _lock(segment: Segment) -> Segment:
    """One change of the members at a time; the segment as it is stored."""
    stored: Segment = Segment.objects.of(segment.workspace_id).select_for_update().get(pk=segment.pk)
    return stored


def _strangers(table: str, segment: Segment, query: str, values: Any = ()) -> int:
    """Fill the table with those of the customers who are not members now."""
    there = (
        f"SELECT 1 FROM {_TABLE} there WHERE there.segment_id = %s AND there.left_at IS NULL"
        f" AND there.customer_id = asked.customer_id"
    )
    found = f"SELECT asked.customer_id FROM ({query}) asked WHERE NOT EXISTS ({there})"
    return put(table, found, [*values, segment.pk])


def _enter(segment: Segment, moment: dt.datetime, entering: str, number: int) -> None:
    # The largest index by far is the one of who is in; writing it anew in order is quicker than a million look-ups.
    with bulk.rebuilding(Member, number), connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {_TABLE} (workspace_id, segment_id, customer_id, entered_at)"
            f" SELECT %s, %s, customer_id, {_MOMENTS[connection.vendor]} FROM {entering} ORDER BY customer_id",
            [segment.workspace_id, segment.pk, _stored(moment)],
        )
    if number >= _MANY:
        bulk.analyse(Member)


# PostgreSQL has to be told what a value among the columns is.
_MOMENTS = {"sqlite": "%s", "postgresql": "%s::timestamptz"}


def _leave(segment: Segment, moment: dt.datetime, which: str, values: Any = ()) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {_TABLE} SET left_at = %s WHERE segment_id = %s AND left_at IS NULL AND {which}",
            [_stored(moment), segment.pk, *values],
        )
        return int(cursor.rowcount)


def _come_back(segment: Segment, at: Any) -> int:
    """Those who left at that moment, and have not entered again since."""
    again = (
        f"SELECT 1 FROM {_TABLE} again WHERE again.segment_id = {_TABLE}.segment_id"
        f" AND again.customer_id = {_TABLE}.customer_id AND again.left_at IS NULL"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {_TABLE} SET left_at = NULL WHERE segment_id = %s AND left_at = %s AND NOT EXISTS ({again})",
            [segment.pk, at],
        )
        return int(cursor.rowcount)


def _stored(moment: dt.datetime) -> Any:
    """A moment as the database keeps it."""
    return connection.ops.adapt_datetimefield_value(moment)


def _shown(segment: Segment) -> int:
    """The members whom lists show: neither deleted nor merged into another."""
    on_it = Member.objects.of(segment.workspace_id).filter(segment=segment, left_at=None)
    return int(on_it.filter(customer__deleted_at=None, customer__merged_into=None).count())


# -- what is remembered of it ------------------------------------------------------------------------------------------
def _by_hand(
    verb: str, segment: Segment, moment: dt.datetime, entered: int, left: int, by: Membership, via: str
) -> uuid.UUID:
    """Note what people did, if they did anything; by what it is taken back."""
    group = uuid.uuid4()
    if entered or left:
        _turn(segment, moment, Turn.Cause.PEOPLE, entered, left, by=by.user, group=group)
        changes = {"entered": [0, entered], "left": [0, left]}
        entry(segment, verb, Actor(by.user, Via(via)), changes, group).save()
    return group


def _turn(segment: Segment, moment: dt.datetime, cause: str, entered: int, left: int, **about: Any) -> Turn:
    """Note the size from now on."""
    before = Segment.objects.of(segment.workspace_id).values_list("count", flat=True).get(pk=segment.pk)
    # Whoever meets a rule is there; of those on a list somebody may have been deleted meanwhile.
    count = _shown(segment) if segment.is_list else (before or 0) + entered - left
    Segment.objects.of(segment.workspace_id).filter(pk=segment.pk).update(
        count=count, entered=entered, left=left, counted_at=moment, problem=""
    )
    segment.refresh_from_db(fields=["count", "entered", "left", "counted_at", "problem"])
    return Turn.objects.create(
        workspace_id=segment.workspace_id,
        segment=segment,
        at=moment,
        cause=cause,
        count=count,
        entered=entered,
        left=left,
        **about,
    )
