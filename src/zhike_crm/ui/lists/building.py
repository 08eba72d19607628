"""What the builder of conditions in the browser has to know: columns, their tests, its words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from zhike_crm.ui.lists.column_tests import TESTS
from zhike_crm.ui.lists.columns import Column, Kind
from zhike_crm.ui.lists.wording import tests_in_words


def for_builder(columns: Iterable[Column]) -> dict[str, Any]:
    """As JSON; `ui/conditions.js` reads it, with the tree it begins with beside it."""
    found = [
        {
            "name": column.name,
            "label": str(column.label),
            "kind": column.kind.value,
            "choices": [[choice.code, str(choice.label)] for choice in column.by_code.values()],
        }
        for column in columns
        # Where there are no groups yet nobody can be in one.
        if column.kind is not Kind.GROUP or column.by_code
    ]
    tests = {
        kind.value: [[test, text] for test, text in tests_in_words(kind) if test in known]
        for kind, known in TESTS.items()
    }
    return {"columns": found, "tests": tests, "words": _words()}


def _words() -> dict[str, str]:
    return {
        "all": _("all of these"),
        "any": _("any of these"),
        "none": _("none of these"),
        "condition": _("Add a condition"),
        "group": _("Add a group"),
        "remove": _("Remove"),
        "and": _("and"),
        "days": _("days"),
        "column": _("Column"),
        "test": _("Test"),
        "value": _("Value"),
        "match": _("Must meet"),
    }
