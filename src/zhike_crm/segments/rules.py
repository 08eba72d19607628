"""The rule of a segment: the conditions that lists know, on customers and what they did, and on other segments.

{"all": [{"column": "value_tier", "test": "any_of", "value": ["high"]},
         {"column": "segment", "test": "none_of", "value": ["12"]},
         {"event": "purchase", "test": "at_least", "value": 2, "within_days": 90}]}
"""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from zhike_crm.accounts.access import PERMISSIONS
from zhike_crm.accounts.tokens import Program
from zhike_crm.customers.lists import CustomerList
from zhike_crm.fields.uses import mentions
from zhike_crm.segments.answers import only_read
from zhike_crm.segments.columns import COLUMN, DRAFT_COLUMN, SegmentColumn
from zhike_crm.segments.models import Clustering, Segment, in_use
from zhike_crm.segments.privacy import open_segments
from zhike_crm.ui.lists.conditions import BadCondition, Tree, query
from zhike_crm.workspaces.models import Workspace


def everybody(workspace: Workspace) -> CustomerList:
    """The list of customers as nobody in particular sees it: all of them, with all columns."""
    return CustomerList(Program(workspace, frozenset(PERMISSIONS)))


def today(workspace: Workspace) -> dt.date:
    """The day it is where the company is."""
    return timezone.now().astimezone(zoneinfo.ZoneInfo(workspace.time_zone)).date()


def leaves(tree: Any) -> Iterator[Tree]:
    """The single conditions of a tree, in the order in which they are read and numbered."""
    if not isinstance(tree, Mapping):
        return
    if "column" in tree or "event" in tree:
        yield tree
    elif "not" in tree:
        yield from leaves(tree["not"])
    else:
        for member in tree.get("all", tree.get("any")) or ():
            yield from leaves(member)


def used(tree: Any, column: str = COLUMN) -> set[int]:
    """The segments that a rule asks about; of another column the drafts."""
    asked = [leaf.get("value") for leaf in leaves(tree) if leaf.get("column") == column]
    several = [value if isinstance(value, list) else [value] for value in asked]
    found = set()
    for value in (value for values in several for value in values):
        # As `conditions` reads them; what is no number it has refused.
        with suppress(ValueError):
            found.add(int(str(value).strip()))
    return found


def is_hidden(tree: Tree, records: CustomerList) -> bool:
    """Whether the rule asks about columns, or about groups, that are not for who sees this list."""
    if any("column" in leaf and leaf["column"] not in records.columns for leaf in leaves(tree)):
        return True
    asked = used(tree)
    return bool(asked) and bool(asked & _hidden(records))


def check(tree: Tree, records: CustomerList, segment: Segment | None = None) -> None:
    """Whether the tree can be the rule of a segment, written by somebody who sees this list.

    Args:
        segment: whose rule it will be; None for one that is about to be made.

    Raises:
        BadCondition: it cannot; `place` says which of its conditions is meant.
    """
    if not any(leaves(tree)):
        raise BadCondition(_("Add a condition: a rule without one would mean everybody."))
    query(tree, records.columns, today=today(records.workspace), leaves={"event": only_read})
    known = _others(records)
    for place, leaf in enumerate(leaves(tree)):
        # Rules are computed for nobody in particular, who sees everything: what is hidden has to be refused here.
        drafts = used(leaf, DRAFT_COLUMN)
        unknown = (used(leaf) - set(known)) | (drafts & _hidden(records) if drafts else set())
        if unknown:
            raise BadCondition(_("There is no segment with the number %(number)s.") % {"number": min(unknown)}, place)
        for pk in used(leaf):
            if segment is not None and (circle := _way(pk, segment.pk, known)):
                names = " → ".join([segment.title, *(known[one].title for one in circle)])
                raise BadCondition(_("The segment would depend on itself: %(way)s.") % {"way": names}, place)


def in_order(segments: Iterable[Segment]) -> list[Segment]:
    """Those that others ask about first."""
    known = {segment.pk: segment for segment in segments}
    placed: dict[int, Segment] = {}

    def place(segment: Segment, above: frozenset[int]) -> None:
        for pk in sorted(used(segment.tree)):
            if pk in known and pk not in placed and pk not in above:
                place(known[pk], above | {pk})
        placed.setdefault(segment.pk, segment)

    for segment in known.values():
        place(segment, frozenset({segment.pk}))
    return list(placed.values())


def dependents(pk: int, segments: Iterable[Segment]) -> list[Segment]:
    """The segments that ask about this one, directly or through others."""
    found: dict[int, Segment] = {}
    for segment in in_order(segments):
        if used(segment.tree) & {pk, *found}:
            found[segment.pk] = segment
    return list(found.values())


def ask_about(workspace: Any, column: str) -> bool:
    """Whether a rule has a condition on a column of the list of customers, or groups were found with it."""
    rules, found = Segment.objects.of(workspace), Clustering.objects.of(workspace)
    return mentions(rules, "tree", column) or mentions(found, "traits", column)


def _others(records: CustomerList) -> dict[int, Segment]:
    rows = open_segments(in_use(records.workspace), records.member)
    return {row.pk: row for row in rows.only("name", "names", "kind", "tree", "workspace")}


def _hidden(records: CustomerList) -> frozenset[int]:
    """The segments that who sees the list may not know of."""
    column = records.columns[COLUMN]
    return column.hidden() if isinstance(column, SegmentColumn) else frozenset()


def _way(start: int, goal: int, known: Mapping[int, Segment]) -> list[int]:
    """The segments from one to another along what their rules ask about; none when there is no way."""
    ways = {start: [start]}
    layer = [start]
    while layer and goal not in ways:
        steps = [(pk, further) for pk in layer for further in sorted(used(known[pk].tree)) if further in known]
        new = {further: [*ways[pk], further] for pk, further in reversed(steps) if further not in ways}
        ways |= new
        layer = list(new)
    return ways.get(goal, [])
