"""What a mapping may not do: ask a number of ranges, or open what its author may not see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from zhike.language import current_language
from zhike.schema import CONTRACTS, CUSTOMERS
from zhike_crm.accounts.access import can
from zhike_crm.accounts.models import Membership
from zhike_crm.customers.queries import RECOGNISED
from zhike_crm.imports.models import Import
from zhike_crm.imports.own_fields import OF_CONTRACT, fields_of, is_personal, meant
from zhike_crm.imports.privacy import hidden_columns, proposed_mapping, sees_values

Fields = Sequence[Mapping[str, Any]]
# Personal, and yet everybody reads the one and the ends of the others.
SHOWN_IN_PART = ("name", *RECOGNISED)


def refuse_opening(imported: Import, columns: Mapping[str, str], fields: Fields, by: Membership) -> None:
    """Who may not see personal data cannot bring a column that may hold some to where everybody reads it.

    What was proposed, and what somebody settled before who saw it, stays possible.

    Raises:
        ValidationError: one of ours that is for everybody, or a field that is, would be fed by such a column.
    """
    if can(by, "personal.view"):
        return
    opened = next(iter([*_opened_columns(imported, columns, by), *_opened_fields(imported, fields, by)]), None)
    if opened is not None:
        said = _(
            "“%(column)s” may hold personal data, which your role does not see. Leave it where it was proposed, or out,"
            " or ask somebody who sees such data."
        )
        raise ValidationError(said % {"column": opened})


def refuse_reading_anew(imported: Import, by: Membership) -> None:
    """How a file is read is for those who may read it: another row of headings would show the values of that row.

    Raises:
        ValidationError: somebody else brought the file, and the member may not see personal data.
    """
    if not sees_values(imported, by):
        raise ValidationError(
            _("How this file is read is chosen by whoever brought it, or by somebody who sees personal data.")
        )


def _opened_columns(imported: Import, columns: Mapping[str, str], by: Membership) -> Iterator[str]:
    proposed = proposed_mapping(imported)
    hidden = hidden_columns(imported, by, proposed)
    settled = {*proposed["columns"].items(), *imported.choices.get("corrections", {}).items()}
    is_open = {column.name: not column.personal for column in CONTRACTS[imported.table]}
    for ours, theirs in columns.items():
        # In other tables a name is that of a product as often as of a person.
        guessed = imported.table == CUSTOMERS.name and is_personal(theirs) and is_open.get(ours)
        shown = is_open.get(ours) or ours in SHOWN_IN_PART
        if shown and (ours, theirs) not in settled and (guessed or theirs in hidden):
            yield theirs


def _opened_fields(imported: Import, fields: Fields, by: Membership) -> Iterator[str]:
    known = fields_of(by)
    settled = [(one["theirs"], one["choice"]) for one in imported.choices.get("fields", ())]
    for one in fields:
        field = meant(known, one)
        is_open = field is not None and not field.personal
        if one["personal"] and is_open and (one["theirs"], one["choice"]) not in settled:
            yield one["theirs"]


def refuse_ranges(imported: Import, columns: Mapping[str, str]) -> None:
    """No year or age follows from "45-54": who feeds one of ours with such a column is told so before rows are lost.

    Raises:
        ValidationError: a number or date of ours is fed by ranges.
    """
    known = {column.name for column in CUSTOMERS}
    for ours, theirs in columns.items():
        # Whether there is such a column of ours is for the mapping to say.
        stored = imported.inspection.get("held", {}).get(theirs) if ours in known else None
        if stored and CUSTOMERS[ours].kind in OF_CONTRACT and stored["ranges"] > stored["filled"] / 2:
            said = {"theirs": theirs, "ours": CUSTOMERS[ours].label(current_language())}
            raise ValidationError(
                _(
                    "“%(theirs)s” holds ranges such as 45-54, and no %(ours)s follows from a range. "
                    "Choose “not one of these” and keep it as a field with one choice."
                )
                % said
            )
