"""The centres of groups that were found, kept: any later customer belongs to the nearest, on the scale of then.

So a group stays the same group from one refresh to the next, and what changes is who is in it. How far the customers
have moved away from the centres is told, because groups that were found once do not fit for ever.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from zhike.columns import as_numbers, is_numeric, plain
from zhike.errors import InputError
from zhike.language import _, current_language, speaking
from zhike.segments.columns import NO_YES, Vector
from zhike.segments.kmeans import Labels, Matrix, nearest
from zhike.segments.scaling import Axis
from zhike.tables import as_table, lacking

# When groups are found, so many customers are “far” from their centre: those beyond this quantile of the distances.
FAR = 0.95
# From so many far ones, or so many more or fewer in the groups, on, they had better be found anew; our own choice.
ADRIFT_FAR, ADRIFT_MOVED = 0.10, 0.10


@dataclass(frozen=True)
class Assignment:
    """Customers by the groups of before.

    `labels`: as those of a `Clustering`. `sizes`: customers per group, in the order of its numbers. `far`: the share of
    customers farther from their centre than 95 % were when the groups were found. `moved`: the share that would have to
    be in another group for the groups to have the shares of then.
    """

    labels: pa.Table
    sizes: tuple[int, ...]
    far: float
    moved: float

    @property
    def is_adrift(self) -> bool:
        return self.far >= ADRIFT_FAR or self.moved >= ADRIFT_MOVED

    def fit(self, language: str | None = None) -> str:
        """Whether the groups still fit, in a sentence or two."""
        return fit_sentence(self.far, self.moved, language)


def fit_sentence(far: float, moved: float, language: str | None = None) -> str:
    """Whether groups still fit customers of whom so many are far, and so many have moved.

    >>> fit_sentence(0.04, 0.02, "en")
    'The groups still fit: 4% of the customers are far from their group (5% when it was found).'
    """
    with speaking(language or current_language()):
        values = {"far": f"{far:.0%}", "usual": f"{1 - FAR:.0%}", "moved": f"{moved:.0%}"}
        if far < ADRIFT_FAR and moved < ADRIFT_MOVED:
            return _(
                "The groups still fit: {far} of the customers are far from their group ({usual} when it was found).",
                **values,
            )
        parts = []
        if far >= ADRIFT_FAR:
            parts.append(
                _("{far} of the customers are far from their group ({usual} when it was found).", **values),
            )
        if moved >= ADRIFT_MOVED:
            parts.append(_("The sizes have shifted by {moved} of the customers.", **values))
        parts.append(_("Find the groups anew."))
        return ("" if current_language() == "zh" else " ").join(parts)


@dataclass(frozen=True)
class Centres:
    """Where the groups lie: enough to say of any customer to which they belong.

    `numbers` of the groups, `axes` of the scale, `places` (groups × axes) on it, the `shares` of the customers that the
    groups had, and the distance that counts as `far`.
    """

    numbers: tuple[int, ...]
    axes: tuple[Axis, ...]
    places: Matrix
    shares: tuple[float, ...]
    far: float

    @property
    def features(self) -> list[str]:
        """The columns they are about."""
        return list(dict.fromkeys(axis.column for axis in self.axes))

    @property
    def originals(self) -> dict[str, Vector]:
        """The centres in original units, by “column” or “column = level”."""
        return {axis.heading: axis.original(self.places[:, place]) for place, axis in enumerate(self.axes)}

    def assign(self, table: Any, *, customer: str = "customer_id") -> Assignment:
        """To which group each customer of a table belongs, in the order of the ids.

        Who has no value in a column counts as average there, as when the groups were found; who has a level of a
        category that was not there then has none of its levels.

        Args:
            table: one row per customer, with the same columns; any other is ignored.
            customer: the column that names the customer.

        Raises:
            InputError: the table cannot be read, lacks a column, or has no customers.
        """
        given = as_table(table)
        wanted = [customer, *self.features]
        if missing := [name for name in wanted if name not in given.columns]:
            raise lacking("customers", missing, given.columns)
        rows = given.select(*wanted).order_by(customer).to_pyarrow()
        rows = rows.filter(pc.is_valid(rows[customer]))
        if not rows.num_rows:
            raise InputError("There are no customers in the table.", fix="Pass one row per customer.")
        x = self._scaled(rows)
        places = nearest(x, self.places)
        sizes = np.bincount(places, minlength=len(self.numbers))
        shares = sizes / len(places)
        return Assignment(
            labels=pa.table({"customer_id": rows[customer], "cluster": np.array(self.numbers, np.int32)[places]}),
            sizes=tuple(int(size) for size in sizes),
            far=float((distances(x, self.places, places) > self.far).mean()),
            moved=float(np.abs(shares - self.shares).sum()) / 2,
        )

    def _scaled(self, rows: Any) -> Matrix:
        lines = []
        for column in self.features:
            axes = [axis for axis in self.axes if axis.column == column]
            values = plain(rows[column].combine_chunks())
            lines += _levels(values, axes) if axes[0].level is not None else [_number(values, axes[0])]
        return np.stack(lines).T

    def to_dict(self) -> dict[str, Any]:
        """As JSON can keep it."""
        return {
            "numbers": list(self.numbers),
            "axes": [asdict(axis) for axis in self.axes],
            "places": self.places.tolist(),
            "shares": list(self.shares),
            "far": self.far,
        }

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> Centres:
        """What `to_dict` gave."""
        return cls(
            numbers=tuple(kept["numbers"]),
            axes=tuple(Axis(**axis) for axis in kept["axes"]),
            places=np.array(kept["places"], dtype=np.float64),
            shares=tuple(kept["shares"]),
            far=float(kept["far"]),
        )


def far_from(x: Matrix, places: Matrix, labels: Labels) -> float:
    """The distance that counts as far."""
    return float(np.quantile(distances(x, places, labels), FAR))


def distances(x: Matrix, places: Matrix, labels: Labels) -> Vector:
    """From each row to its centre. Column by column: the whole at once would be as much again as the table."""
    squares = np.zeros(len(x))
    for column in range(x.shape[1]):
        away = x[:, column] - places[labels, column]
        squares += away * away
    return np.sqrt(squares)


def _number(values: Any, axis: Axis) -> Vector:
    if pa.types.is_string(values.type):
        values = as_numbers(values)
    if pa.types.is_boolean(values.type):
        values = values.cast(pa.int8())
    if not is_numeric(values.type):
        return np.zeros(len(values))
    numbers = np.array(values.cast(pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)
    known = np.isfinite(numbers)
    return np.where(known, axis.scaled(np.where(known, numbers, 0.0)), 0.0)


def _levels(values: Any, axes: list[Axis]) -> list[Vector]:
    text = _text(values, [str(axis.level) for axis in axes])
    missing = np.asarray(pc.is_null(text).to_numpy(zero_copy_only=False))
    return [
        np.where(
            missing,
            axis.mean,
            pc.fill_null(pc.equal(text, str(axis.level)), False).to_numpy(zero_copy_only=False).astype(np.float64),
        )
        for axis in axes
    ]


def _text(values: Any, levels: list[str]) -> Any:
    """A category as text, written as its levels are: numbers of which there were two became a category too."""
    if pa.types.is_string(values.type):
        return values
    if pa.types.is_boolean(values.type):
        values = values.cast(pa.int8())
    if not is_numeric(values.type):
        return pa.nulls(len(values), pa.string())
    numbers = values.cast(pa.float64()).dictionary_encode()
    said = [f"{value:g}" if math.isfinite(value) else None for value in numbers.dictionary.to_pylist()]
    if set(levels) <= set(NO_YES):
        said = [{"0": NO_YES[0], "1": NO_YES[1]}.get(value or "", value) for value in said]
    return pc.take(pa.array(said, pa.string()), numbers.indices)
