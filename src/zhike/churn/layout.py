"""A table as a model reads it: which columns are numbers, which are categories, and which say nothing.

Found once, where the model is learnt, and kept with it, so that later tables are read the same way.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from zhike.columns import as_numbers, is_called_id, is_numeric, known, numbers_rows, plain, reads_as_numbers
from zhike.errors import InputError
from zhike.language import _

Matrix = NDArray[np.float64]
Kind = Literal["number", "category"]
Reason = Literal["id", "constant", "empty", "date", "text", "many"]

# More different values than this are names or notes, not categories.
MOST_LEVELS = 100
_CUSTOMER_NAME = re.compile(r"customer|client|user|member|account|客户|会员|用户", re.I)


@dataclass(frozen=True)
class Feature:
    """One column a model reads; `levels` are the values of a category, in the order of their codes."""

    name: str
    kind: Kind
    levels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Layout:
    """The columns of a model. `dropped` are those it does not read, each with why; `customer` names the customer."""

    features: tuple[Feature, ...]
    dropped: Mapping[str, Reason] = field(default_factory=dict)
    customer: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(feature.name for feature in self.features)

    def said(self) -> list[str]:
        """Which columns are not used, and why, a sentence each in the current language."""
        return [_dropped(name, reason) for name, reason in self.dropped.items()]

    def matrix(self, table: pa.Table) -> Matrix:
        """The rows as numbers, n × features: categories as codes, what is missing or was never seen as NaN.

        Raises:
            InputError: a column is missing.
        """
        missing = [name for name in self.names if name not in table.column_names]
        if missing:
            raise InputError(
                "The table lacks the columns {missing} that the churn model reads.",
                fix="Make it as the one the model was fitted to was made.",
                missing=", ".join(missing),
            )
        columns = [_codes(plain(table[f.name]), f) for f in self.features]
        return np.column_stack(columns) if columns else np.zeros((table.num_rows, 0))


def find_layout(table: pa.Table, *, ignore: Collection[str] = (), customer: str | None = None) -> Layout:
    """What each column is. `ignore` names those that are no features (the label, the time); `customer` the id.

    >>> table = pa.table({"ID": [1, 2, 3], "spent": ["9.5", " ", "20"], "plan": ["a", "b", "a"], "same": [1, 1, 1]})
    >>> layout = find_layout(table)
    >>> [(f.name, f.kind, f.levels) for f in layout.features], dict(layout.dropped), layout.customer
    ([('spent', 'number', ()), ('plan', 'category', ('a', 'b'))], {'same': 'constant'}, 'ID')
    """
    features: list[Feature] = []
    dropped: dict[str, Reason] = {}
    for name in table.column_names:
        if name in ignore or name == customer:
            continue
        found = _feature(name, plain(table[name]))
        if isinstance(found, Feature):
            features.append(found)
        else:
            dropped[name] = found
    if customer is None:
        customer = _customer(table, dropped)
    return Layout(tuple(features), {n: why for n, why in dropped.items() if n != customer}, customer)


def _customer(table: pa.Table, dropped: Mapping[str, Reason]) -> str | None:
    """The id column that names a customer, where there is one."""
    ids = [name for name, reason in dropped.items() if reason == "id"]
    unique = [name for name in ids if pc.count_distinct(table[name]).as_py() == table.num_rows]
    named = [name for name in unique if _CUSTOMER_NAME.search(name)]
    return next(iter(named or unique), None)


def _feature(name: str, column: Any) -> Feature | Reason:
    if pa.types.is_temporal(column.type):
        return "date"
    if not known(column):
        return "empty"
    if pa.types.is_string(column.type):
        if not reads_as_numbers(column):
            return _category(name, column)
        column = as_numbers(column)
    elif not (is_numeric(column.type) or pa.types.is_boolean(column.type)):
        return "text"
    if numbers_rows(name, column):
        return "id"
    return "constant" if _is_constant(column) else Feature(name, "number")


def _category(name: str, column: Any) -> Feature | Reason:
    distinct, there = pc.count_distinct(column).as_py(), known(column)
    if distinct == there > 1 and (there > MOST_LEVELS or is_called_id(name, there)):
        return "id"
    if distinct > MOST_LEVELS:
        return "many"
    if _is_constant(column):
        return "constant"
    return Feature(name, "category", tuple(sorted(v for v in pc.unique(column).to_pylist() if v is not None)))


def _is_constant(column: Any) -> bool:
    """The same in every row; one value where there is one says something."""
    return known(column) == len(column) and pc.count_distinct(column).as_py() == 1


def _codes(column: Any, feature: Feature) -> Matrix:
    if feature.kind == "category":
        column = column.cast(pa.string())
        found = pc.index_in(column, value_set=pa.array(feature.levels, pa.string())).cast(pa.float64())
        return np.asarray(found.to_numpy(), dtype=np.float64)
    if pa.types.is_string(column.type):
        column = as_numbers(column)
    elif not (is_numeric(column.type) or pa.types.is_boolean(column.type) or pa.types.is_null(column.type)):
        raise InputError(
            "{column} holds {value}, which cannot be used as {column}.",
            fix="Make it as the one the model was fitted to was made.",
            column=feature.name,
            value=str(column.type),
        )
    values = np.asarray(column.cast(pa.float64()).to_numpy(), dtype=np.float64)
    return np.where(np.isfinite(values), values, np.nan)


def _dropped(name: str, reason: Reason) -> str:
    said = {
        "id": _("{column} is not used: it names the row and never repeats.", column=name),
        "constant": _("{column} is not used: it is the same for everybody.", column=name),
        "empty": _("{column} is not used: it is empty.", column=name),
        "date": _("{column} is not used: it is a date; turn it into days before the day of the forecast.", column=name),
        "text": _("{column} is not used: it is neither a number nor a category.", column=name),
        "many": _("{column} is not used: it has more than {most} different values.", column=name, most=MOST_LEVELS),
    }
    return said[reason]
