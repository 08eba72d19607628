"""Which of very many records a question means, from the file of their columns as far as it goes (`kept`).

    conditions the file can tell   at once, for all records
    other conditions               asked of the database: of the records the file leaves, where those are few; or who
                                   meets them at all, where those are few; else of a sample, which says whether a page
                                   is soon full by looking at one record after the other; else who meets them, however
                                   many that are
    records changed since          asked of the database, all of them: `changed`

Every condition is two sets: who meets it for sure, and who may. They are the same where the file can tell.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from zhike_crm.ui.lists import kept as files
from zhike_crm.ui.lists.answers import Answers
from zhike_crm.ui.lists.columns import Column
from zhike_crm.ui.lists.conditions import Leaves
from zhike_crm.ui.lists.kept import Kept, Mask, Places
from zhike_crm.ui.lists.known import Known, sure

if TYPE_CHECKING:
    from zhike_crm.ui.lists.listing import Question, RecordList

# So many records are looked at one by one in the database, so many are gathered by a condition without second thought.
CHECKED = 4_000
GATHERED = 20_000
SAMPLE = 1_000
# How many records are looked at on the way to a page, and in which steps.
LOOKS, STEP = 20_000, 2_000


@dataclass(frozen=True, eq=False)
class Found:
    """Those that match or, where not `exact`, may: by their places in the file; the ids of `others` that match."""

    known: Known
    others: Sequence[int]

    @property
    def exact(self) -> bool:
        return self.known.exact

    @cached_property
    def places(self) -> Places:
        return np.flatnonzero(self.known.maybe)

    @property
    def total(self) -> int:
        return len(self.places) + len(self.others)


class Finder:
    """One question to a list, asked of its file."""

    def __init__(
        self, records: RecordList, kept: Kept, question: Question, today: dt.date, leaves: Leaves | None = None
    ) -> None:
        self._records, self._kept, self._question = records, kept, question
        self._answers = Answers(records, kept, question, today, leaves)

    def can_sort(self, column: Column) -> bool:
        return self._kept.can_sort(column)

    def found(self, wanted: int, enough: int) -> Found:
        """Who matches.

        Args:
            wanted: so many rows in order will be asked for.
            enough: from so many on it does not matter how many there are.
        """
        known = self._narrowed(self._answers.by_file())
        if not known.exact:
            known = self._settled(known, wanted, enough)
        return self._found(known)

    def exactly(self) -> Found:
        """Who matches, every one of them."""
        known = self._narrowed(self._answers.by_file())
        known = known if known.exact else self._looked_up(known)
        return self._found(known if known.exact else self._narrowed(self._answers.gathered()))

    def _found(self, known: Known) -> Found:
        return Found(known, self._answers.others)

    def everybody(self, found: Found) -> list[int]:
        return [*self._answers.ids(found.places), *found.others]

    # -- in order ------------------------------------------------------------------------------------------------------
    def in_order(self, found: Found, column: Column, start: int, count: int, *, descending: bool) -> list[int] | None:
        """The ids of a page in the order of a column of the file, those without a value last.

        None where too many would have to be looked at one by one.
        """
        keys = self._kept.keys(column)
        if found.exact:
            ranked = files.first(keys, found.places, start + count, descending=descending)
        else:
            ranked = self._walked(found, files.first(keys, found.places, LOOKS, descending=descending), start + count)
            if len(ranked) < start + count:
                return None
        shown = self._answers.ids(ranked[start : start + count])
        if len(shown) < count:
            valued = int(np.count_nonzero(~np.isnan(keys[found.places])))
            without = self._answers.ids(found.places[np.isnan(keys[found.places])])
            missing = sorted([*without, *found.others]) if found.others else without
            begin = max(0, start - valued)
            shown += missing[begin : begin + count - len(shown)]
        return shown

    def beyond(
        self, column: Column | None, after: tuple[Any, int] | None, count: int, *, descending: bool
    ) -> list[int]:
        """The ids of those who match in the order of a column of the file, or of their ids, from after a place on.

        The place is a value, None among the rows without one, and an id.
        """
        found = self.exactly()
        if column is None:
            ids = sorted(self.everybody(found), reverse=descending)
            return [pk for pk in ids if after is None or (pk < after[1] if descending else pk > after[1])][:count]
        keys = self._kept.keys(column)
        places, others, shown = found.places, found.others, list[int]()
        if after is None or after[0] is not None:
            here = places if after is None else places[self._after(column, keys, places, after, descending)]
            shown = self._answers.ids(files.first(keys, here, count, descending=descending))
        if len(shown) < count:
            missing = sorted([*self._answers.ids(places[np.isnan(keys[places])]), *others])
            begun = after is not None and after[0] is None
            shown += [pk for pk in missing if not begun or pk > after[1]][: count - len(shown)]  # type: ignore[index]
        return shown

    def _after(self, column: Column, keys: Any, places: Places, after: tuple[Any, int], descending: bool) -> Mask:
        key, ids, asked = self._kept.key(column, after[0]), self._kept.ids[places], keys[places]
        if descending:
            return np.asarray((asked < key) | ((asked == key) & (ids < after[1])), bool)
        return np.asarray((asked > key) | ((asked == key) & (ids > after[1])), bool)

    def _walked(self, found: Found, ranked: Places, count: int) -> Places:
        """The first so many of those that match, asked of the database step by step."""
        kept: list[Places] = []
        for start in range(0, len(ranked), STEP):
            step = ranked[start : start + STEP]
            surely = found.known.surely[step]
            kept.append(step[surely | np.isin(step, self._answers.matching(step[~surely]))])
            if sum(map(len, kept)) >= count:
                break
        return np.concatenate(kept) if kept else ranked[:0]

    def along(self, found: Found, order: Any, key: str, count: int) -> list[int]:
        """The first so many along an index of the database, which tells the order.

        `order` are rows in order, of which `key` is the id.
        """
        others, kept, looks = set(found.others), list[int](), 0
        for ids in _steps(order.values_list(key, flat=True), self._share(found), count):
            places = self._kept.places(ids)
            surely = found.known.surely[places]
            open_ = places[found.known.maybe[places] & ~surely]
            looks += len(open_)
            if looks > LOOKS:
                return self.along(self.exactly(), order, key, count)
            match = np.concatenate([places[surely], self._answers.matching(open_)]) if len(open_) else places[surely]
            good = {*self._answers.ids(match), *others}
            kept += [pk for pk in ids if pk in good]
            if len(kept) >= count:
                break
        return kept[:count]

    def _share(self, found: Found) -> float:
        return max(found.total, 1) / max(len(self._kept.ids), 1)

    # -- what the file knows -------------------------------------------------------------------------------------------
    def _narrowed(self, known: Known | None) -> Known:
        """With what the list shows at all, the search, and the changes since."""
        whole = sure(self._records.standing(self._kept))
        if known is not None:
            whole = whole & known
        if self._question.search:
            whole = whole & self._answers.searched
        if not self._answers.changed:
            return whole
        match = self._kept.places(self._answers.new)
        for mask in {id(one): one for one in (whole.surely, whole.maybe)}.values():
            mask[self._kept.places(self._answers.changed)] = False
            mask[match] = True
        return whole

    # -- what the file does not know -----------------------------------------------------------------------------------
    def _settled(self, known: Known, wanted: int, enough: int) -> Known:
        """The same, exact; or still open where so many match that a page is soon full."""
        looked = self._looked_up(known)
        if not looked.exact:
            known = self._narrowed(self._answers.gathered(GATHERED))
            looked = known if known.exact else self._looked_up(known)
        if looked.exact:
            return looked
        open_ = np.flatnonzero(known.maybe & ~known.surely)
        if self._many(open_, wanted, enough - int(np.count_nonzero(known.surely))):
            return known
        return self._narrowed(self._answers.gathered())

    def _looked_up(self, known: Known) -> Known:
        """The same, exact if few are open."""
        open_ = np.flatnonzero(known.maybe & ~known.surely)
        if len(open_) > CHECKED:
            return known
        surely = known.surely.copy()
        surely[self._answers.matching(open_)] = True
        return sure(surely)

    def _many(self, open_: Places, wanted: int, enough: int) -> bool:
        """Whether more than enough of these match, and enough of each step to come to a page soon; by a sample.

        Five standard deviations below what the sample says: wrong once in three million questions.
        """
        drawn = np.unique(np.random.default_rng(0).integers(0, len(open_), SAMPLE))
        hits = len(self._answers.matching(open_[drawn]))
        least = max(0.0, hits - 5 * hits**0.5) / len(drawn)
        return least * len(open_) > enough and wanted <= least * LOOKS


def _steps(ids: Any, share: float, wanted: int) -> Iterator[list[int]]:
    """Ids in order, as many at first as a page will take by what share matches, then ever more."""
    start, size = 0, int(1.2 * wanted / share) + STEP
    while True:
        step = list(ids[start : start + size])
        yield step
        if len(step) < size:
            return
        start, size = start + size, 4 * size
