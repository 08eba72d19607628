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

from zhike.errors import InputError
from zhike.language import _

Matrix = NDArray[np.float64]
Kind = Literal["number", "category"]
Reason = Literal["id", "constant", "empty", "date", "text", "many"]

# Of the values that are not blank, so many must be numbers for a text column to be one of numbers.
MOSTLY = 0.95
# More different values than this are names or notes, not categories.
MOST_LEVELS = 100
# From so many rows a whole number that never repeats is taken for an id even if its name does not say so.
SURELY_IDS = 1000
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_ID_NAME = re.compile(
    r"(^|[^a-z])(id|uuid|guid|no|number|num|code|key|index|rownumber)$|编号|序号|号码|手机|电话|phone", re.I
)
_ID_END = re.compile(r"[a-z](ID|Id|Number|No)$")
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
        columns = [_codes(_plain(table[f.name]), f) for f in self.features]
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
        found = _feature(name, _plain(table[name]))
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


def _plain(column: Any) -> Any:
    """Dictionaries decoded; text trimmed, and blank text missing."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_large_string(column.type) or pa.types.is_string_view(column.type):
        column = column.cast(pa.string())
    if pa.types.is_string(column.type):
        column = pc.utf8_trim_whitespace(column)
        column = pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)
    return column


def _feature(name: str, column: Any) -> Feature | Reason:
    kind = column.type
    if pa.types.is_temporal(kind):
        return "date"
    known = len(column) - column.null_count
    if not known:
        return "empty"
    distinct = pc.count_distinct(column).as_py()
    if pa.types.is_string(kind):
        if not _is_number(column, known):
            return _category(name, column, distinct, known)
        column = _as_numbers(column)
        kind = pa.int64() if _whole(column) else pa.float64()
    elif not (_numeric(kind) or pa.types.is_boolean(kind)):
        return "text"
    if pa.types.is_integer(kind) and distinct == known > 1 and _named_id(name, known):
        return "id"
    return "constant" if distinct == 1 and known == len(column) else Feature(name, "number")


def _category(name: str, column: Any, distinct: int, known: int) -> Feature | Reason:
    if distinct == known > 1 and (known > MOST_LEVELS or _named_id(name, known)):
        return "id"
    if distinct > MOST_LEVELS:
        return "many"
    if distinct == 1 and known == len(column):
        return "constant"
    return Feature(name, "category", tuple(sorted(v for v in pc.unique(column).to_pylist() if v is not None)))


def _named_id(name: str, known: int) -> bool:
    return known >= SURELY_IDS or bool(_ID_NAME.search(name) or _ID_END.search(name))


def _numeric(kind: Any) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _is_number(column: Any, known: int) -> bool:
    matching = pc.sum(pc.match_substring_regex(column, _NUMBER)).as_py() or 0
    return bool(matching >= MOSTLY * known)


def _as_numbers(column: Any) -> Any:
    """Text as numbers; what is none is missing."""
    fits = pc.match_substring_regex(column, _NUMBER)
    return pc.cast(pc.if_else(fits, column, pa.scalar(None, pa.string())), pa.float64())


def _whole(column: Any) -> bool:
    return bool(pc.all(pc.equal(column, pc.floor(column))).as_py())


def _codes(column: Any, feature: Feature) -> Matrix:
    if feature.kind == "category":
        column = column.cast(pa.string())
        found = pc.index_in(column, value_set=pa.array(feature.levels, pa.string())).cast(pa.float64())
        return np.asarray(found.to_numpy(), dtype=np.float64)
    if pa.types.is_string(column.type):
        column = _as_numbers(column)
    elif not (_numeric(column.type) or pa.types.is_boolean(column.type) or pa.types.is_null(column.type)):
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
