"""From a figure of a segment to the customers behind it."""

from __future__ import annotations

from urllib.parse import urlencode

from zhike_crm.customers.addresses import Condition, customers_meeting
from zhike_crm.segments.columns import COLUMN, DRAFT_COLUMN
from zhike_crm.segments.models import Segment
from zhike_crm.segments.traits import Trait
from zhike_crm.ui.lists.columns import Kind


def address(segment: Segment, *more: Condition) -> str:
    """The customers in it who meet more conditions."""
    return customers_meeting(segment.workspace, inside(segment), *more)


def inside(segment: Segment) -> Condition:
    """That a customer is in it."""
    return (DRAFT_COLUMN if segment.draft else COLUMN, "any_of", [str(segment.pk)])


def behind(segment: Segment, trait: Trait, level: str | None) -> str:
    """The customers behind a figure: those of a level, or all of them by this column."""
    column = trait.column
    if column is None:
        return address(segment)
    if level is not None or trait.option:
        return address(segment, _meets(trait, level))
    shown = {"columns": f"name,{column.name},value_tier,revenue"}
    if column.sortable:
        shown["sort"] = f"-{column.name}"
    return f"{address(segment)}&{urlencode(shown)}"


def _meets(trait: Trait, level: str | None) -> Condition:
    column = trait.column
    if trait.option:
        return (column.name, "any_of" if level == "yes" else "none_of", [trait.option])
    if column.kind is Kind.YESNO:
        return (column.name, "yes" if level == "yes" else "no", None)
    if column.kind is Kind.CHOICE:
        return (column.name, "any_of", [level])
    if column.is_numeric:
        return (
            column.name,
            "eq" if column.kind is not Kind.AGE else "gte",
            {"no": 0, "yes": 1}.get(level or "", level),
        )
    return (column.name, "is", level)
