"""The rule of a segment in words; what events and their details are called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from zhike.language import current_language
from zhike.schema import contract
from zhike.segments.event_conditions import EVENTS, Condition, Where
from zhike_crm.segments.answers import read_event
from zhike_crm.ui.lists.columns import Column, Kind
from zhike_crm.ui.lists.conditions import BadCondition, Tree
from zhike_crm.ui.lists.wording import sentence, tests_in_words

EVENT_LABELS = {
    "purchase": gettext_lazy("Purchases"),
    "ticket": gettext_lazy("Tickets"),
    "feedback": gettext_lazy("Feedback"),
    "interaction": gettext_lazy("Interactions"),
    "touch": gettext_lazy("Campaign touches"),
    "profile": gettext_lazy("Told in the customer file"),
}


def rule_in_words(tree: Tree, columns: Mapping[str, Column]) -> str:
    """The rule as people read it. What it asks about hidden columns is not told."""
    return sentence(tree, columns, {"event": _event})


def detail_label(event: str, detail: str) -> str:
    """What a detail is called: what its column is called in files."""
    known = EVENTS[event]
    column = known.all_details[detail][0]
    tables = ("order_lines", "orders") if known.line_details else (known.table,)
    found = next(contract(name)[column] for name in tables if column in contract(name))
    return found.label(current_language())


def event_tests(event: str) -> list[tuple[str, str]]:
    """(test, what the reader sees), in the order a person looks for them."""
    words = {
        "at_least": _("is so") if event == "profile" else _("at least"),
        "at_most": _("at most"),
        "none": _("is not so") if event == "profile" else _("never"),
        "amount_at_least": _("for at least"),
    }
    asked = ("at_least", "none") if event == "profile" else EVENTS[event].tests
    return [(test, words[test]) for test in asked]


def _event(tree: Tree) -> str:
    try:
        condition = read_event(tree)
    except BadCondition:
        # Stored by a version that knew more.
        return _("a condition that is not known here")
    parts = [_how_often(condition)]
    if condition.within_days is not None:
        days = condition.within_days
        parts.append(
            ngettext("in the last %(number)s day", "in the last %(number)s days", days) % {"number": f"{days:,}"}
        )
    said = " ".join(parts)
    details = [_detail(condition.event, where) for where in condition.where]
    return f"{said} [{', '.join(details)}]" if details else said


def _how_often(condition: Condition) -> str:
    said: dict[str, Any] = {"event": EVENT_LABELS[condition.event], "number": f"{condition.value:,.10g}"}
    if condition.event == "profile":
        return (_("%(event)s: not") if condition.is_about_absence else "%(event)s:") % said
    if condition.test == "none":
        return _("no %(event)s") % said
    if condition.test == "amount_at_least":
        return _("%(event)s for at least %(number)s") % said
    if condition.test == "at_most":
        return _("%(event)s at most %(number)s times") % said
    return _("%(event)s at least %(number)s times") % said


def _detail(event: str, where: Where) -> str:
    return f"{detail_label(event, where.detail)} {dict(tests_in_words(Kind.TEXT))[where.test]} {where.value}"
