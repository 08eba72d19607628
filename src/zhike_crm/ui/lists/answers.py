"""The conditions of one question: what the file of columns says of them, and what the database says where it does not.

A condition is answered for everybody by the file; for everybody who meets it, gathered from the database; or for a few
records that are known already.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np
from django.db.models import Q

from zhike_crm.ui.lists.column_tests import Filled, Lacks, Meaning, Meets
from zhike_crm.ui.lists.columns import Column
from zhike_crm.ui.lists.conditions import Leaves, Tree, on_database, read
from zhike_crm.ui.lists.kept import Kept, Mask, Places
from zhike_crm.ui.lists.known import Known, numbers_of, sure

if TYPE_CHECKING:
    from zhike_crm.ui.lists.listing import Question, RecordList


class Answers:
    """The conditions of a question to a list that has a file."""

    def __init__(
        self, records: RecordList, kept: Kept, question: Question, today: dt.date, leaves: Leaves | None = None
    ) -> None:
        self._records, self._kept, self._question, self._today = records, kept, question, today
        self._leaves = leaves or {}
        self._told: dict[tuple[str, str], Known] = {}

    # -- of everybody --------------------------------------------------------------------------------------------------
    def by_file(self) -> Known | None:
        """What the file says; None without conditions."""
        return self._conditions(self._by_file)

    def gathered(self, most: int | None = None) -> Known | None:
        """Exactly: with everybody who meets what the file does not know. Except for what more than `most` meet."""
        return self._conditions(partial(self._gathered, most=most), self._every if most is None else None)

    def ids(self, places: Places) -> list[int]:
        return list(self._kept.ids[places].tolist())

    @cached_property
    def searched(self) -> Known:
        """Whom the search words mean."""
        mask = self._records.searched(self._kept, self._question.search)
        if mask is None:
            rows = self._records.matching(self._records.rows(), self._question.search)
            mask = self._mask(numbers_of(rows.order_by().values_list("pk"), "pk"))
        return sure(mask)

    # -- of a few ------------------------------------------------------------------------------------------------------
    def matching(self, places: Places) -> Places:
        """Those of a few places, which may match, that do; in their order."""
        ids = self.ids(places)
        known = self._conditions(
            partial(self._looked_at, places, ids),
            lambda condition: self._among(places, self._visible(condition), "pk", ids),
        )
        return places if known is None else places[known.surely]

    def _looked_at(self, places: Places, ids: list[int], column: Column, meaning: Meaning) -> Known:
        """A condition of these records alone."""
        told = self._by_file(column, meaning)
        if told.exact:
            return sure(told.surely[places])
        rows, name, turned = self._meeting(column, meaning)
        met = self._among(places, rows, name, ids)
        return ~met if turned else met

    def _among(self, places: Places, rows: Any, name: str, ids: list[int]) -> Known:
        met = numbers_of(rows.filter(**{f"{name}__in": ids}).order_by().values_list(name), name)
        return sure(np.isin(self._kept.ids[places], met))

    @cached_property
    def rows(self) -> Any:
        """The matching records as the database is asked for them one by one."""
        leaf = partial(on_database, one_by_one=True)
        question = self._question
        met = read(question.conditions, self._records.columns, today=self._today, leaf=leaf, leaves=self._leaves)
        rows = self._records.rows().filter(Q() if met is None else met)
        return self._records.matching(rows, question.search) if question.search else rows

    # -- of those who changed since the file was written ---------------------------------------------------------------
    @cached_property
    def changed(self) -> list[int]:
        """The records that changed since the file was written."""
        return list(self._records.changed(self._kept).order_by().values_list("pk", flat=True))

    @cached_property
    def new(self) -> list[int]:
        """Those of them that match."""
        changed = self._records.changed(self._kept).order_by().values("pk")
        return list(self.rows.order_by().filter(pk__in=changed).values_list("pk", flat=True)) if self.changed else []

    @cached_property
    def others(self) -> list[int]:
        """Those of them that the file does not have."""
        known = set(self.ids(self._kept.places(self.new)))
        return sorted(pk for pk in self.new if pk not in known)

    # -- one condition -------------------------------------------------------------------------------------------------
    def _conditions(self, leaf: Any, other: Callable[[Q], Known] | None = None) -> Known | None:
        """The conditions by what `leaf` knows of columns, and `other` of the rest."""

        def answered(meaning: Callable[[Tree], Q]) -> Callable[[Tree], Any]:
            return lambda tree: other(meaning(tree)) if other else self._nothing_known

        leaves = {kind: answered(meaning) for kind, meaning in self._leaves.items()}
        columns = self._records.columns
        known: Known | None = read(self._question.conditions, columns, today=self._today, leaf=leaf, leaves=leaves)
        return known

    def _by_file(self, column: Column, meaning: Meaning) -> Known:
        """One condition, which is asked for once and again."""
        asked = (column.name, repr(meaning))
        if asked not in self._told:
            mask = self._kept.mask(column, meaning) if self._kept.has(column) else None
            self._told[asked] = self._nothing_known if mask is None else sure(mask)
        return self._told[asked]

    @property
    def _nothing_known(self) -> Known:
        number = len(self._kept.ids)
        return Known(np.zeros(number, bool), np.ones(number, bool))

    def _gathered(self, column: Column, meaning: Meaning, most: int | None = None) -> Known:
        """A condition, exactly: everybody in the database who meets it. Unless there are more than `most`."""
        told = self._by_file(column, meaning)
        if told.exact:
            return told
        rows, name, turned = self._meeting(column, meaning)
        rows = rows.order_by().values_list(name)
        ids = numbers_of(rows if most is None else rows[: most + 1], name)
        if most is not None and len(ids) > most:
            return self._nothing_known
        mask = self._mask(ids)
        return sure(~mask if turned else mask)

    def _every(self, condition: Q) -> Known:
        """A condition that is not about a column."""
        return sure(self._mask(numbers_of(self._visible(condition).order_by().values_list("pk"), "pk")))

    def _visible(self, condition: Q) -> Any:
        return self._records.rows().filter(condition)

    def _meeting(self, column: Column, meaning: Meaning) -> tuple[Any, str, bool]:
        """Rows whose column of that name has the ids of those who meet a condition; or who do not, if that is True."""
        turned = isinstance(meaning, Lacks) or (isinstance(meaning, Filled) and not meaning.filled)
        pairs, met = column.pairs, Filled(True) if isinstance(meaning, Filled) else Meets(meaning.lookups)
        if pairs is None:
            return self._visible(on_database(column, met)), "pk", turned
        lookups = met.lookups if isinstance(met, Meets) else {}
        rows = pairs.rows.filter(workspace=self._records.workspace)
        rows = rows.filter(**{f"{pairs.value}__{lookup}": value for lookup, value in lookups.items()})
        return rows, pairs.record, turned

    def _mask(self, ids: Any) -> Mask:
        mask = np.zeros(len(self._kept.ids), bool)
        mask[self._kept.places(ids)] = True
        return mask
