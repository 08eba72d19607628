"""What the editor of rules shows: what there is to choose from, and whom a rule means as it stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.utils.translation import gettext as _

from zhike.errors import ZhikeError
from zhike.segments.event_conditions import EVENTS
from zhike.segments.events import usual
from zhike_crm.customers.lists import CustomerList
from zhike_crm.customers.models import Customer
from zhike_crm.segments.answers import answering, current_facts, current_run, roomy
from zhike_crm.segments.models import Segment
from zhike_crm.segments.rules import check, today
from zhike_crm.segments.wording import EVENT_LABELS, detail_label, event_tests
from zhike_crm.ui.lists.building import for_builder
from zhike_crm.ui.lists.columns import Kind
from zhike_crm.ui.lists.conditions import BadCondition, Tree, query
from zhike_crm.ui.lists.listing import Question
from zhike_crm.ui.lists.wording import tests_in_words
from zhike_crm.workspaces.lakes import lake_of
from zhike_crm.workspaces.models import Workspace

SHOWN = 10
_KEPT_SECONDS = 7 * 24 * 3600


@dataclass(frozen=True)
class Preview:
    """Whom a rule means: how many (exactly up to `COUNTED`, `more` beyond) and some of them, the best first.

    `wrong` is what has to be changed first, and `place` the number of the condition it is about.
    """

    total: int = 0
    more: bool = False
    some: tuple[Customer, ...] = ()
    wrong: str = ""
    place: int | None = None


def preview(tree: Tree, records: CustomerList, segment: Segment | None = None) -> Preview:
    """Of the customers that one sees, those whom a rule means."""
    try:
        check(tree, records, segment)
        with roomy(), answering(records.workspace) as leaves:
            found = records.page(Question(tree, sort="-revenue"), today(records.workspace), leaves)
    except BadCondition as wrong:
        return Preview(wrong=str(wrong), place=wrong.place)
    except ZhikeError as wrong:
        return Preview(wrong=str(wrong))
    return Preview(found.total, found.more, tuple(found.rows[:SHOWN]))


def counted(tree: Tree, records: CustomerList) -> int:
    """How many of the customers that one sees a rule means.

    Raises:
        BadCondition: it is no rule.
    """
    check(tree, records)
    with roomy(), answering(records.workspace) as leaves:
        met = query(tree, records.columns, today=today(records.workspace), leaves=leaves)
        return records.rows().filter(met).order_by().count()


def builder(records: CustomerList, tree: Tree) -> dict[str, Any]:
    """What `ui/conditions.js` needs to edit a rule: columns as in lists, and events."""
    known = vocabulary(records.workspace)
    events = [
        {
            "name": name,
            "label": str(EVENT_LABELS[name]),
            "tests": event_tests(name),
            "dated": bool(event.moment),
            "details": [[detail, detail_label(name, detail)] for detail in event.all_details],
            "usual": known.get(name, {}),
        }
        for name, event in EVENTS.items()
    ]
    made = for_builder(records.columns.values()) | {"tree": dict(tree)}
    made["events"] = events
    made["detail_tests"] = [one for one in tests_in_words(Kind.TEXT) if one[0] in ("contains", "lacks", "is", "is_not")]
    made["words"] |= {
        "columns": _("What they are"),
        "events": _("What they did"),
        "detail": _("Add a detail"),
        "which": _("Detail"),
        "times": _("times"),
        "money": records.workspace.currency,
        "ever": _("ever"),
        "within": _("in the last"),
        "period": _("Period"),
        "empty": _("Fill this in, or remove the condition."),
    }
    return made


def vocabulary(workspace: Workspace) -> dict[str, dict[str, list[str]]]:
    """Event → detail → what is commonly written in it, as of the run that lists show; read from the lake once."""
    run = current_run(workspace)
    if run is None:
        return {}
    key = f"segments-vocabulary-{workspace.key.hex}-{run}"
    found: dict[str, dict[str, list[str]]] | None = cache.get(key)
    if found is None:
        found = _read_vocabulary(workspace)
        cache.set(key, found, _KEPT_SECONDS)
    return found


def _read_vocabulary(workspace: Workspace) -> dict[str, dict[str, list[str]]]:
    with lake_of(workspace) as lake:
        facts = current_facts(workspace, lake)
        if facts is None:
            return {}
        found = {}
        for name, event in EVENTS.items():
            tables = ("orders", "order_lines") if event.line_details else (event.table,)
            there = {table: facts.table(table) for table in tables if table in facts.versions}
            if there:
                found[name] = usual(name, there, run=lake.engine.to_pyarrow)
        return found
