"""Summaries in, answers out: the distinct purchase histories with how many customers share each, and the way back.

A model sees each distinct (frequency, recency, T) once, so that a fit costs the same for a million customers as for a
hundred million, and a prediction is computed once per history and joined back.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from zhike.errors import InputError
from zhike.tables import as_table, require

Vector = NDArray[np.float64]
Places = NDArray[np.int64]
KEYS = ("frequency", "recency", "T")
# More distinct histories than this, and the first guess comes from a coarser picture of them: times in so many classes,
# purchases above so many in one.
MANY = 20_000
CELLS = 16
OFTEN = 31


@dataclass(frozen=True)
class Histories:
    """Distinct histories: repeat purchases, when the last was, how long ago the first was; customers who have it."""

    frequency: Vector
    recency: Vector
    age: Vector
    customers: Vector

    def __len__(self) -> int:
        return len(self.frequency)

    @cached_property
    def ages(self) -> tuple[Vector, Places]:
        """The different ages, and which of them each history has."""
        return _different(self.age)

    @cached_property
    def standings(self) -> tuple[Vector, Vector, Places]:
        """The different pairs of repeat purchases and age, and which of them each history has."""
        (often, bought), (ages, since) = _different(self.frequency), self.ages
        pairs, which = _different(since * len(often) + bought)
        return often[pairs % len(often)], ages[pairs // len(often)], which

    def scaled(self, unit: float) -> Histories:
        """The same with time counted in `unit`s."""
        return Histories(self.frequency, self.recency / unit, self.age / unit, self.customers)

    def part(self, rows: Any) -> Histories:
        return Histories(self.frequency[rows], self.recency[rows], self.age[rows], self.customers[rows])

    def blocks(self, size: int) -> list[Histories]:
        """The same in parts of at most `size`; at least one."""
        return [self.part(slice(at, at + size)) for at in range(0, max(len(self), 1), size)]

    def condensed(self) -> Histories:
        """A few thousand that stand for all: the means of those with the same purchases and nearly the same times."""
        often = np.minimum(self.frequency, OFTEN)
        since = np.floor(self.age / max(self.age.max(), 1e-300) * (CELLS - 1))
        active = np.floor(self.recency / np.maximum(self.age, 1e-300) * (CELLS - 1))
        cell = ((often * CELLS + since) * CELLS + active).astype(np.int64)
        customers: Vector = np.bincount(cell, weights=self.customers).astype(np.float64)
        full = customers > 0
        sums = (np.bincount(cell, weights=self.customers * v)[full] for v in (self.frequency, self.recency, self.age))
        frequency, recency, age = (s / customers[full] for s in sums)
        return Histories(np.round(frequency), np.minimum(recency, age), age, customers[full])


def _different(values: Any) -> tuple[Any, Places]:
    """The different values, and which of them stands where: several times as fast as `np.unique`, which sorts."""
    found = pa.array(values).dictionary_encode()
    return found.dictionary.to_numpy(), found.indices.to_numpy().astype(np.int64)


def distinct(summary: Any) -> tuple[pa.Table, Histories]:
    """The distinct histories of a summary: the keys as the engine has them (to join back by), and as numbers.

    Raises:
        InputError: columns are missing, or hold what no history can be.
    """
    table = as_table(summary)
    require(table, KEYS, "repeat_summary")
    table = table.select(*KEYS)
    found = table.group_by(*KEYS).aggregate(customers=table.count()).to_pyarrow()
    columns = [_numbers(found, name) for name in (*KEYS, "customers")]
    histories = Histories(*columns)
    _check(histories)
    return found.select(list(KEYS)), histories


def settled(summary: Any) -> Any:
    """A summary computed once, where several fits and the scores read it."""
    if summary.get_backend().name == "duckdb":
        return ibis.memtable(summary.to_pyarrow())
    return summary.cache()


def _numbers(table: pa.Table, name: str) -> Vector:
    column = table[name]
    numeric = pa.types.is_integer(column.type) or pa.types.is_floating(column.type) or pa.types.is_decimal(column.type)
    if not table.num_rows:
        return np.zeros(0)
    if not numeric or column.null_count:
        raise _unusable(name, "NULL" if numeric or pa.types.is_null(column.type) else str(column.type))
    return np.asarray(column.cast(pa.float64()).to_numpy(), dtype=np.float64)


def _check(histories: Histories) -> None:
    x, recency, age = histories.frequency, histories.recency, histories.age
    for name, values in zip(KEYS, (x, recency, age), strict=True):
        bad = ~(np.isfinite(values) & (values >= 0))
        if name == "frequency":
            bad |= values != np.floor(values)
        if bad.any():
            raise _unusable(name, f"{values[bad][0]:g}")
    late = recency > age * (1 + 1e-9)
    if late.any():
        raise InputError(
            "A customer's last purchase ({recency} after the first) lies after the end of the observation ({T}).",
            fix="Make the summary with zhike.repeat_summary.",
            recency=f"{recency[late][0]:g}",
            T=f"{age[late][0]:g}",
        )
    odd = (x == 0) & (recency > 0)
    if odd.any():
        raise InputError(
            "A customer without a repeat purchase has a recency of {recency}; it must be 0.",
            fix="Recency is the time from the first purchase to the last; make the summary with zhike.repeat_summary.",
            recency=f"{recency[odd][0]:g}",
        )


def _unusable(column: str, value: str) -> InputError:
    return InputError(
        "{column} holds {value}, which no summary of repeat purchases can.",
        fix="Make the summary with zhike.repeat_summary.",
        column=column,
        value=value,
    )


def joined_back(summary: Any, keys: pa.Table, values: dict[str, Vector], *, keep: tuple[str, ...] = ()) -> Any:
    """One row per customer of the summary: `customer_id`, the columns to `keep` that it has, and the values of the
    customer's history."""
    table = as_table(summary)
    require(table, ("customer_id", *KEYS), "repeat_summary")
    answers = keys
    for name, column in values.items():
        answers = answers.append_column(name, pa.array(column, pa.float64()))
    kept = [name for name in keep if name in table.columns]
    needed = dict.fromkeys(("customer_id", *KEYS, *kept))
    joined = table.select(*needed).inner_join(ibis.memtable(answers), list(KEYS))
    return joined.select("customer_id", *kept, *values)
