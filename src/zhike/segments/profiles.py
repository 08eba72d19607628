"""Groups of customers beside everybody: what a profile card says of each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from zhike.errors import InputError
from zhike.language import _, current_language, language_of, speaking
from zhike.segments.clusters import Clustering
from zhike.segments.columns import Column, Reason, Vector, read_customers
from zhike.segments.naming import column_name, level_name
from zhike.segments.scaling import SKEWED, scaled_table, skewness
from zhike.tables import as_table, lacking

# The chance to call a difference clear that is none, in all cards together (Bonferroni).
CHANCE = 0.05
SAID = 3


@dataclass(frozen=True)
class Trait:
    """One column of one group beside everybody.

    A number (`level` is None): `mean` and `median` of the group, `everybody_mean` and `everybody_median`; a category:
    `mean` is the share (0–1) of the group that has the `level`, the medians are None. `known` customers of the group
    have a value; `difference` and `lift` (None where it means nothing) are of `measure`, "median" of skewed numbers,
    else "mean". `effect` is how many standard deviations of everybody the group lies from them (numbers that are
    skewed: of their logarithm); `is_clear` that it is not chance.
    """

    column: str
    level: str | None
    known: int
    mean: float | None
    median: float | None
    everybody_mean: float
    everybody_median: float | None
    measure: str
    effect: float
    is_clear: bool

    @property
    def value(self) -> float | None:
        return self.median if self.measure == "median" else self.mean

    @property
    def everybody(self) -> float:
        median = self.everybody_median
        return median if self.measure == "median" and median is not None else self.everybody_mean

    @property
    def difference(self) -> float | None:
        return None if self.value is None else self.value - self.everybody

    @property
    def lift(self) -> float | None:
        """How many times the figure of everybody; nothing where that is not above zero, or either is negative."""
        return None if self.value is None or self.everybody <= 0 or self.value < 0 else self.value / self.everybody

    def sentence(self, language: str | None = None) -> str:
        """The trait in words, without a full stop."""
        with speaking(language or current_language()):
            name = column_name(self.column)
            if self.value is None:
                return _("{column} unknown", column=name)
            if self.level is not None:
                return _(
                    "{column}: {level} {share} (everybody {everybody})",
                    column=name,
                    level=level_name(self.level),
                    share=f"{self.value:.0%}",
                    everybody=f"{self.everybody:.0%}",
                )
            values = {"column": name, "value": _figure(self.value), "everybody": _figure(self.everybody)}
            if self.measure == "median":
                return _("{column} typically {value} (everybody {everybody})", **values)
            return _("{column} on average {value} (everybody {everybody})", **values)


@dataclass(frozen=True)
class Card:
    """One group: its code, its `name` (that of a cluster; else the code), `customers`, their `share` of all, and the
    `traits`, the most telling first."""

    group: Any
    name: str
    customers: int
    share: float
    traits: tuple[Trait, ...]

    def sentence(self, language: str | None = None) -> str:
        """The card in a sentence: how many they are, and what is clearly different about them."""
        with speaking(language or current_language()):
            values = {"name": self.name, "customers": f"{self.customers:,}", "share": f"{self.share:.0%}"}
            clear = _most_telling(self.traits)
            if not clear:
                return _("{name}: {customers} customers ({share}); nothing sets them clearly apart.", **values)
            said = ("；" if current_language() == "zh" else "; ").join(trait.sentence() for trait in clear)
            return _("{name}: {customers} customers ({share}). {traits}.", traits=said, **values)


@dataclass(frozen=True)
class Profile:
    """A card per group, the largest first; columns that are not compared, and why; customers in no group."""

    cards: tuple[Card, ...]
    left_out: dict[str, Reason]
    ungrouped: int

    def rows(self) -> list[dict[str, Any]]:
        """One plain row per group and trait, for tables and charts."""
        derived = ("value", "everybody", "difference", "lift")
        return [
            {"group": card.group, "name": card.name, "customers": card.customers, "share": card.share}
            | vars(trait)
            | {name: getattr(trait, name) for name in derived}
            for card in self.cards
            for trait in card.traits
        ]


def profile(
    table: Any,
    groups: Any,
    *,
    features: Sequence[str] | None = None,
    customer: str = "customer_id",
    language: str | None = None,
    everybody: Any = None,
) -> Profile:
    """What each group of customers is like, beside everybody in the table.

    Args:
        table: one row per customer: an Ibis, pandas, Polars or Arrow table, or a path.
        groups: a `Clustering`; or the name of a column of `table`; or a table with `customer_id` and one more column;
            or, of groups that overlap, a mapping of names to the ids of their customers.
        features: columns to compare; all that can be when not given.
        customer: the column that names the customer.
        language: of the names of clusters.
        everybody: ids of the customers that stand for everybody, such as a sample of them; all of the table when not
            given.

    Raises:
        InputError: the table or the groups cannot be read, or nobody is in a group.

    >>> people = pa.table({"customer_id": range(40), "visits": [1, 2, 3, 4] * 5 + [50, 51, 52, 53] * 5,
    ...                    "tier": ["low"] * 20 + ["high"] * 20})
    >>> profile(people, "tier").cards[0].sentence("en")
    'high: 20 customers (50%). visits on average 51.5 (everybody 27).'
    """
    ignored = (groups,) if isinstance(groups, str) else ()
    rows = read_customers(table, features, customer=customer, ignore=ignored)
    codes, members = _groups(table, groups, rows.ids, customer)
    names = _names(groups, codes, language)
    others = np.ones(len(rows), dtype=bool) if everybody is None else _inside(rows.ids, everybody)
    if not others.any():
        raise _nobody()
    x, axes = scaled_table(rows.columns) if rows.columns else (np.zeros((len(rows), 0)), ())
    centre, spread = x[others].mean(axis=0), x[others].std(axis=0)
    spread[spread == 0] = 1.0
    certain = NormalDist().inv_cdf(1 - CHANCE / 2 / max(1, len(codes) * len(axes)))
    columns = {column.name: column for column in rows.columns}
    all_of_them = [_Everybody.of(columns[axis.column], axis.level, others) for axis in axes]
    cards = []
    for code, name, member in zip(codes, names, members, strict=True):
        size = int(member.sum())
        effects = (x[member].mean(axis=0) - centre) / spread if size else []
        traits = [
            _trait(known, member, float(effect), certain) for known, effect in zip(all_of_them, effects, strict=True)
        ]
        traits.sort(key=lambda trait: -abs(trait.effect))
        cards.append(Card(code, name, size, size / len(rows), tuple(traits)))
    cards.sort(key=lambda card: -card.customers)
    ungrouped = len(rows) - int(np.logical_or.reduce(members, axis=0).sum())
    return Profile(tuple(cards), rows.left_out, ungrouped)


def _groups(table: Any, groups: Any, ids: Any, customer: str) -> tuple[list[Any], list[Any]]:
    """The codes of the groups, and of each which customers are in it."""
    if isinstance(groups, Mapping):
        members = [_inside(ids, those) for those in groups.values()]
        if not any(member.any() for member in members):
            raise _nobody()
        return list(groups), members
    codes, found = _partition(table, groups, ids, customer)
    return codes, [found == place for place in range(len(codes))]


def _inside(ids: Any, those: Any) -> Any:
    return np.asarray(pc.is_in(ids, value_set=pa.array(those, ids.type)).to_numpy())


def _nobody() -> InputError:
    return InputError("Nobody is in a group.", fix="Pass groups of these customers.")


def _partition(table: Any, groups: Any, ids: Any, customer: str) -> tuple[list[Any], Any]:
    """The codes of the groups, and of each customer the place of theirs among these; −1 of who is in none."""
    if isinstance(groups, Clustering):
        groups, customer = groups.labels, "customer_id"
    of_whom = as_table(table if isinstance(groups, str) else groups)
    others = (name for name in of_whom.columns if name != customer)
    column = groups if isinstance(groups, str) else next(others, "group")
    if missing := [name for name in (customer, column) if name not in of_whom.columns]:
        raise lacking("groups", missing, of_whom.columns)
    pairs = of_whom.select(customer, column).to_pyarrow()
    pairs = pairs.filter(pc.and_(pc.is_valid(pairs[customer]), pc.is_valid(pairs[column]))).combine_chunks()
    codes = sorted(pc.unique(pairs[column]).to_pylist())
    row = pc.index_in(ids.cast(pa.string()), value_set=pairs[customer].cast(pa.string()).combine_chunks())
    if row.null_count == len(row):
        raise _nobody()
    place = pc.index_in(pairs[column], value_set=pa.array(codes, pairs[column].type))
    return codes, pc.fill_null(pc.take(place, row), -1).to_numpy()


def _names(groups: Any, codes: list[Any], language: str | None) -> list[str]:
    if not isinstance(groups, Clustering):
        return [str(code) for code in codes]
    called = dict(zip(groups.numbers, groups.names[language_of(language or current_language())], strict=True))
    return [called[code] for code in codes]


class _Everybody(NamedTuple):
    """One column, or one level of a category as 1 and 0, and what everybody is like in it."""

    name: str
    level: str | None
    values: Vector
    known: int
    mean: float
    median: float | None
    skewed: bool

    @classmethod
    def of(cls, column: Column, level: str | None, others: Any) -> _Everybody:
        values = column.values
        if level is not None:
            code = float(column.levels.index(level))
            values = np.where(np.isnan(values), np.nan, (values == code).astype(np.float64))
        known = values[others]
        known = known[~np.isnan(known)]
        median = None if level is not None else _median(known)
        skewed = bool(median) and abs(skewness(known)) > SKEWED
        mean = float(known.mean()) if len(known) else 0.0
        return cls(column.name, level, values, len(known), mean, median, skewed)


def _trait(everybody: _Everybody, member: Any, effect: float, certain: float) -> Trait:
    own = everybody.values[member]
    own = own[~np.isnan(own)]
    # Of a group drawn blindly, the mean would scatter by this much (in standard deviations).
    share = len(own) / everybody.known if everybody.known else 1.0
    chance = math.sqrt(max(1 - share, 0.0) / len(own)) if len(own) else math.inf
    return Trait(
        column=everybody.name,
        level=everybody.level,
        known=len(own),
        mean=float(own.mean()) if len(own) else None,
        median=None if everybody.level is not None else _median(own),
        everybody_mean=everybody.mean,
        everybody_median=everybody.median,
        measure="median" if everybody.skewed else "mean",
        effect=effect,
        is_clear=abs(effect) > certain * chance > 0,
    )


def _median(values: Vector) -> float | None:
    return float(np.median(values)) if len(values) else None


def _most_telling(traits: tuple[Trait, ...]) -> list[Trait]:
    """The clear ones, one per column: of a category what they are, rather than what they are not."""
    found: dict[str, Trait] = {}
    for trait in traits:
        if trait.is_clear and (trait.level is None or trait.effect > 0):
            found.setdefault(trait.column, trait)
    return list(found.values())[:SAID]


def _figure(value: float) -> str:
    """No more digits than tell something."""
    if abs(value) >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:,.2f}".rstrip("0").rstrip(".")
