"""Many rows in the order of a choice: as the choices are defined, which no index of their codes knows.

Each choice is a piece of the index, and the pieces are read one after the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import Min, QuerySet

from zhike_crm.fields.models import FieldDefinition
from zhike_crm.ui.lists.columns import Column


def along(values: QuerySet, column: Column, sign: str) -> Any:
    """The values of a custom field in the order of its column, to be sliced: `values_list(name, flat=True)[a:b]`."""
    field: FieldDefinition = column.field  # type: ignore[assignment]
    order = f"{sign}record_id"
    if not column.ranks:
        return values.order_by(f"{sign}{field.column}", order)
    pieces = [values.filter(**{field.column: code}) for code in column.ranks]
    if strange := [code for code in _codes(values, field.column) if code not in column.ranks]:
        # What is no choice (any more) comes last, as if it were one.
        pieces.append(values.filter(**{f"{field.column}__in": strange}))
    return OneAfterTheOther([piece.order_by(order) for piece in (reversed(pieces) if sign else pieces)])


def _codes(values: QuerySet, name: str) -> Iterator[str]:
    """The different codes, each looked up behind the one before: to ask for what is none of so many reads them all."""
    behind = values
    while (code := behind.aggregate(least=Min(name))["least"]) is not None:
        yield code
        behind = values.filter(**{f"{name}__gt": code})


class OneAfterTheOther:
    """Query sets as if they were one, for who reads it in slices from its beginning."""

    def __init__(self, pieces: Sequence[QuerySet]) -> None:
        self._pieces = pieces
        # How many there are in those that were read to their end.
        self._lengths: dict[int, int] = {}

    def values_list(self, name: str, *, flat: bool) -> OneAfterTheOther:
        return OneAfterTheOther([piece.values_list(name, flat=flat) for piece in self._pieces])

    def __getitem__(self, asked: slice) -> list[Any]:
        start, missing = asked.start or 0, asked.stop - (asked.start or 0)
        found: list[Any] = []
        for place, piece in enumerate(self._pieces):
            if place in self._lengths and start >= self._lengths[place]:
                start -= self._lengths[place]
                continue
            read = list(piece[start : start + missing])
            found, missing = found + read, missing - len(read)
            if missing <= 0:
                break
            self._lengths[place] = start + len(read) if read or not start else piece.count()
            start = max(0, start - self._lengths[place])
        return found
