"""What groups that were found are called: what sets each apart, in both languages, and nothing personal."""

from __future__ import annotations

from django.utils.translation import gettext as _

from zhike.segments import Clustering as Found
from zhike.segments.naming import Difference, group_names
from zhike_crm.languages import in_language
from zhike_crm.segments.rules import everybody as everybody_listed
from zhike_crm.segments.traits import Names, traits_of
from zhike_crm.workspaces.models import Workspace

LANGUAGES = {"en": "en", "zh": "zh-hans"}
NAME_LENGTH = 80


def names_of(found: Found, language: str, workspace: Workspace) -> list[str]:
    """A name for each group, with the words of a language.

    A name is read by many, so it tells nothing personal of those in the group: one that only such traits set apart is
    called by its number.
    """
    with in_language(LANGUAGES[language]):
        # Anew: columns and traits remember their labels.
        known = traits_of(everybody_listed(workspace))
        called = Names(known)

        def within(name: str, level: str | None) -> str:
            """Labels are written large, for headings; names of groups have them in the middle."""
            said = called(name, level)
            return said[:1].lower() + said[1:] if level is None and said[1:2].islower() else said

        def is_told(one: Difference) -> bool:
            return one.column not in known or not known[one.column].is_personal

        told = [list(filter(is_told, group)) for group in found.differences]
        (average,) = group_names([[]], within)
        # Even that it is near the average in something personal would be told.
        silent = [
            len(said) < len(group) and group_names([said], within) == (average,)
            for said, group in zip(told, found.differences, strict=True)
        ]
        named = iter(group_names([said for said, alone in zip(told, silent, strict=True) if not alone], within))
        return [
            _("Group %(number)s") % {"number": number} if alone else _short(next(named))
            for number, alone in zip(found.numbers, silent, strict=True)
        ]


def _short(name: str) -> str:
    name = name[:1].upper() + name[1:]
    return name if len(name) <= NAME_LENGTH else name[: NAME_LENGTH - 1] + "…"
