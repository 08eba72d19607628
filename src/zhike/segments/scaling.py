"""Columns on one scale, so that each counts the same in a distance, and back.

A number: skewed to the right → logarithm; less its median, over its spread (interquartile range / 1.349, the standard
deviation where half of all are alike); beyond ±4 counts as 4; and no wider than a spread of 1. A category: one column
per level, 1 or 0, so that two customers of different levels are √2 apart, as two average customers are in a number.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zhike.segments.columns import Column

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]

SKEWED = 1.0
FARTHEST = 4.0
NORMAL_IQR = 1.349  # interquartile range of the standard normal distribution


@dataclass(frozen=True)
class Axis:
    """One column of the scaled table: of a number, or of one `level` of a category.

    `unit` is the median of the absolute values a logarithm is taken of (0: none is taken), so that yuan and thousands
    of yuan give the same. `mean` and `spread` are those of everybody, scaled. `filled` customers have no value.
    """

    column: str
    level: str | None
    unit: float
    centre: float
    scale: float
    mean: float
    spread: float
    filled: int

    @property
    def is_log(self) -> bool:
        return self.unit > 0

    @property
    def heading(self) -> str:
        """The column, or “column = level”."""
        return self.column if self.level is None else f"{self.column} = {self.level}"

    def scaled(self, values: Vector) -> Vector:
        """Original → scaled; missing stays missing."""
        levelled = _logarithm(values, self.unit) if self.is_log else values
        return np.asarray(np.clip((levelled - self.centre) / self.scale, -FARTHEST, FARTHEST))

    def original(self, scaled: Vector) -> Vector:
        """Scaled → original units (a share, of a level)."""
        levelled = scaled * self.scale + self.centre
        return np.asarray(np.sign(levelled) * np.expm1(np.abs(levelled)) * self.unit if self.is_log else levelled)


def scaled_table(columns: tuple[Column, ...]) -> tuple[Matrix, tuple[Axis, ...]]:
    """Customers × axes without gaps, and what each axis is.

    Who has no value counts as the median customer, or, of a category, as an average one.
    """
    axes: list[Axis] = []
    lines: list[Vector] = []
    for column in columns:
        for axis, values in _levels(column) if column.levels else [_number(column)]:
            axes.append(axis)
            lines.append(values)
    return np.stack(lines).T, tuple(axes)


def skewness(values: Vector) -> float:
    """The third standardised moment; 0 of what does not vary.

    >>> skewness(np.array([1.0, 2.0, 3.0])), round(skewness(np.array([0.0, 0.0, 0.0, 4.0])), 2)
    (0.0, 1.15)
    """
    away = values - values.mean()
    squares = away * away
    variance = float(squares.mean())
    return float((squares * away).mean()) / variance**1.5 if variance > 0 else 0.0


def _logarithm(values: Vector, unit: float) -> Vector:
    return np.asarray(np.sign(values) * np.log1p(np.abs(values) / unit))


def _unit(known: Vector) -> float:
    """What a skewed number is counted in; 0 where a logarithm would not make it less skewed."""
    before = skewness(known)
    if before <= SKEWED:
        return 0.0
    unit = float(np.median(np.abs(known[known != 0])))
    return unit if abs(skewness(_logarithm(known, unit))) < before else 0.0


def _number(column: Column) -> tuple[Axis, Vector]:
    missing = np.isnan(column.values)
    known = column.values[~missing]
    unit = _unit(known)
    levelled = _logarithm(known, unit) if unit else known
    low, centre, high = np.quantile(levelled, (0.25, 0.5, 0.75))
    scale = float(high - low) / NORMAL_IQR or float(levelled.std())
    # What is left beyond the middle half may still be wide, and would outweigh the other columns.
    scale *= max(1.0, float(np.clip((levelled - centre) / scale, -FARTHEST, FARTHEST).std()))
    axis = Axis(column.name, None, unit, float(centre), scale, 0.0, 1.0, int(missing.sum()))
    return _measured(axis, np.where(missing, 0.0, axis.scaled(column.values)))


def _levels(column: Column) -> list[tuple[Axis, Vector]]:
    missing = np.isnan(column.values)
    found = []
    for code, level in enumerate(column.levels):
        has = (column.values == code).astype(np.float64)
        has[missing] = has[~missing].mean()
        found.append(_measured(Axis(column.name, level, 0.0, 0.0, 1.0, 0.0, 1.0, int(missing.sum())), has))
    return found


def _measured(axis: Axis, values: Vector) -> tuple[Axis, Vector]:
    fields = {**vars(axis), "mean": float(values.mean()), "spread": float(values.std()) or 1.0}
    return Axis(**fields), values
