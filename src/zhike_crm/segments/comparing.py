"""Segments side by side: size, money, and what sets each apart.

Every figure leads to the customers behind it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from zhike.segments import Trait as Told
from zhike_crm.segments.addresses import address, behind
from zhike_crm.segments.cards import Portrayal
from zhike_crm.segments.models import Segment
from zhike_crm.segments.profile import Profile
from zhike_crm.segments.traits import Trait
from zhike_crm.ui.templatetags.zhike import money, number, percent, short_money

# From so many standard deviations on a difference is shown as one, as a plain one, as a strong one.
STEPS = (0.2, 0.5, 1.0)
CHIPS, FURTHER = 3, 8
_CENTS_BELOW = 100


class Cell(NamedTuple):
    """A figure; `tone` is "up-1" to "up-3" or "down-1" to "down-3" where it clearly differs from everybody's."""

    text: str
    address: str = ""
    tone: str = ""
    note: str = ""


@dataclass(frozen=True)
class Row:
    """Figures of one kind; `measure` is what they are where the label does not say it: medians, means, totals."""

    label: str
    everybody: str
    cells: list[Cell]
    measure: str = ""


@dataclass(frozen=True)
class Section:
    title: str
    rows: list[Row]
    note: str = ""


@dataclass(frozen=True)
class Column:
    """One of the segments; `chips` are what sets it apart most, `customers` and `page` where they lead."""

    segment: Segment
    profile: Profile | None
    portrayal: Portrayal | None
    customers: str
    chips: list[Cell] = field(default_factory=list)

    @property
    def share(self) -> float | None:
        return self.profile.share_of_customers if self.profile else None


class Comparison:
    """What is shown of several segments.

    Args:
        traits: those that the reader may see.
        first: traits that come first, such as those that groups were found with.
    """

    def __init__(
        self,
        segments: list[Segment],
        profiles: Mapping[int, Profile | None],
        portrayals: Mapping[int, Portrayal] | None,
        traits: Mapping[str, Trait],
        first: Iterable[str] = (),
    ) -> None:
        self._traits, self._first = traits, [name for name in first if name in traits]
        self._told = {pk: _by_place(one) for pk, one in (portrayals or {}).items()}
        self.columns = [
            Column(one, profiles[one.pk], (portrayals or {}).get(one.pk), address(one), self._chips(one))
            for one in segments
        ]

    @property
    def sampled(self) -> bool:
        return any(one.portrayal and one.portrayal.sampled for one in self.columns)

    @property
    def sections(self) -> list[Section]:
        found = [Section(_("Size and money"), self._money())]
        if self._first:
            found.append(Section(_("What they were told apart by"), self._rows(self._first, every=True)))
        found += [
            Section(self._traits[name].label, self._rows([name], every=True))
            for name in ("value_tier", "stage", "churn_risk")
            if name in self._traits
        ]
        shown = {*self._first, "value_tier", "stage", "churn_risk", "grade"}
        others = [name for name in self._traits if name not in shown]
        apart = [row for row in self._rows(others) if any(cell.text != row.everybody for cell in row.cells)]
        found.append(Section(_("What else sets them apart"), apart[:FURTHER]))
        found.append(Section(_("Satisfaction"), self._opinions(), _("With the interval in which 95 of 100 would lie.")))
        found += [
            Section(_("Most of them are in"), self._most("countries")),
            Section(_("What they spend most on"), self._most("products")),
        ]
        return [section for section in found if section.rows]

    # -- rows ----------------------------------------------------------------------------------------------------------
    def _money(self) -> list[Row]:
        everybody = next((one.profile.everybody for one in self.columns if one.profile), None)
        if everybody is None:
            return [self._counts()]

        def row(label: str, figure: Any, write: Any, measure: str = "") -> Row:
            cells = [
                Cell(write(figure(one.profile.members)) if one.profile else "–", one.customers) for one in self.columns
            ]
            return Row(label, write(figure(everybody)), cells, measure)

        def shares(label: str, share: Any) -> Row:
            return Row(
                label,
                "",
                [Cell(percent(share(p), 1) if (p := one.profile) else "–", one.customers) for one in self.columns],
            )

        rows = [
            self._counts(number(everybody.customers)),
            shares(_("Share of customers"), lambda p: p.share_of_customers),
            row(_("Revenue"), lambda figures: figures.revenue, _total, _("in all")),
            shares(_("Share of revenue"), lambda p: p.share_of_revenue),
            row(_("Revenue per customer"), lambda figures: figures.per_customer, _amount),
            row(_("Average order"), lambda figures: figures.average_order, _amount),
        ]
        if everybody.to_come:
            rows.append(row(_("Value to come"), lambda figures: figures.to_come, _total, _("in all")))
        return rows

    def _counts(self, everybody: str = "") -> Row:
        return Row(
            _("Customers"), everybody, [Cell(number(one.segment.count or 0), one.customers) for one in self.columns]
        )

    def _rows(self, names: list[str], *, every: bool = False) -> list[Row]:
        """The traits in their order with all levels if `every`; else what clearly sets one apart, the most so first."""
        places: dict[tuple[str, str | None], float] = {}
        for told in self._told.values():
            for place, one in told.items():
                if place[0] in names and (every or (one.is_clear and abs(one.effect) >= STEPS[0])):
                    places[place] = max(places.get(place, 0.0), abs(one.effect))
        wanted = [place for place in places if not _says_the_opposite(place, places)]
        if every:
            wanted.sort(key=lambda place: (names.index(place[0]), self._place_of_level(*place)))
        else:
            wanted.sort(key=lambda place: -places[place])
        return [self._row(*place) for place in wanted]

    def _row(self, name: str, level: str | None) -> Row:
        trait = self._traits[name]
        found = [self._told.get(one.segment.pk, {}).get((name, level)) for one in self.columns]
        label = trait.label if level is None else f"{trait.label}: {trait.level(level)}"
        if level is not None and name in ("value_tier", "stage", "churn_risk"):
            label = trait.level(level)
        known = next(one for one in found if one is not None)
        cells = [self._cell(trait, told, column.segment) for told, column in zip(found, self.columns, strict=True)]
        return Row(label, _written(trait, known, known.everybody), cells, _measure(known))

    def _cell(self, trait: Trait, told: Told | None, segment: Segment) -> Cell:
        if told is None or told.value is None:
            return Cell("–")
        return Cell(_written(trait, told, told.value), behind(segment, trait, told.level), _tone(told))

    def _place_of_level(self, name: str, level: str | None) -> int:
        column = self._traits[name].column
        codes = list(column.by_code) if column is not None else []
        return codes.index(level) if level in codes else len(codes)

    def _opinions(self) -> list[Row]:
        rows = []
        for name, label, unit in (("nps", "NPS", ""), ("csat", "CSAT", "%")):
            found = [one.portrayal.opinions.get(name) if one.portrayal else None for one in self.columns]
            if any(found):
                cells = [
                    Cell(f"{o.value:.0f}{unit}", c.customers, "", f"{o.low:.0f} … {o.high:.0f} · n = {o.answers:,}")
                    if o
                    else Cell("–")
                    for o, c in zip(found, self.columns, strict=True)
                ]
                rows.append(Row(label, "", cells))
        return rows

    def _most(self, what: str) -> list[Row]:
        found = [getattr(one.portrayal, what) if one.portrayal else [] for one in self.columns]
        rows = []
        for place in range(max(map(len, found), default=0)):
            cells = []
            for column, listed in zip(self.columns, found, strict=True):
                name, share = listed[place] if place < len(listed) else ("–", None)
                where = address(column.segment, ("country", "is", name)) if what == "countries" and share else ""
                cells.append(Cell(name, where, "", percent(share, 0) if share else ""))
            rows.append(Row(f"{place + 1}.", "", cells))
        return rows

    def _chips(self, segment: Segment) -> list[Cell]:
        """What sets a segment apart most, one trait once; of a category what they are, not what they are not.

        What the groups were found with comes first: of what goes together with it, it says the same.
        """
        chips: dict[str, Cell] = {}
        telling = sorted(
            self._told.get(segment.pk, {}).values(), key=lambda one: (one.column not in self._first, -abs(one.effect))
        )
        for one in telling:
            trait = self._traits.get(one.column)
            if trait is None or not one.is_clear or abs(one.effect) < STEPS[0] or one.column in chips:
                continue
            if trait.theme == "models" or (one.level is not None and one.effect < 0) or one.value is None:
                continue
            label = trait.label if one.level is None else f"{trait.label}: {trait.level(one.level)}"
            here, there = _written(trait, one, one.value), _written(trait, one, one.everybody)
            if here == there:
                continue
            chips[one.column] = Cell(label, behind(segment, trait, one.level), _tone(one), f"{here} ({there})")
        return list(chips.values())[:CHIPS]


# -- figures -----------------------------------------------------------------------------------------------------------
def _by_place(one: Portrayal) -> dict[tuple[str, str | None], Told]:
    return {(told.column, told.level): told for told in one.card.traits} if one.card else {}


def _says_the_opposite(place: tuple[str, str | None], places: Mapping[tuple[str, str | None], float]) -> bool:
    """Of yes and no, one says it."""
    return place[1] == "no" and (place[0], "yes") in places


def _written(trait: Trait, told: Told, value: float) -> str:
    if told.level is not None:
        return percent(value, 0)
    return _amount(value) if trait.is_money else number(value, trait.digits or (0 if abs(value) >= 10 else 1))


def _measure(told: Told) -> str:
    """Shares are written as such."""
    if told.level is not None:
        return ""
    return _("median") if told.measure == "median" else _("mean")


def _amount(value: float | None) -> str:
    """With cents where they matter."""
    return money(value, 2 if value and abs(value) < _CENTS_BELOW else 0)


def _total(value: float | None) -> str:
    return short_money(value) if value and abs(value) >= _CENTS_BELOW else _amount(value)


def _tone(told: Told) -> str:
    step = sum(abs(told.effect) >= least for least in STEPS)
    return f"{'up' if told.effect > 0 else 'down'}-{step}" if told.is_clear and step else ""
