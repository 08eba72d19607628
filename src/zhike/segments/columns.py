"""A table as clusters and profiles read it: one row per customer, which columns are numbers, which are categories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from zhike.columns import as_numbers, is_numeric, known, numbers_rows, plain, reads_as_numbers
from zhike.errors import InputError
from zhike.language import _
from zhike.tables import as_table, lacking

Vector = NDArray[np.float64]
Reason = Literal["id", "constant", "missing", "date", "many", "other"]

# More different values than this are names or places, not kinds of customers.
MOST_LEVELS = 12
# A column that fewer customers have a value in says more about the file than about them.
LEAST_KNOWN = 0.5
# What 0 and 1 mean where there is nothing else.
NO_YES = ("no", "yes")


@dataclass(frozen=True)
class Column:
    """One column: its `values`, NaN where missing; of a category the number of its level. `gaps` are missing."""

    name: str
    values: Vector
    levels: tuple[str, ...] = ()

    @property
    def gaps(self) -> int:
        return int(np.isnan(self.values).sum())


@dataclass(frozen=True)
class Customers:
    """What was read, in the order of the ids. `left_out` says which columns are not used and why; `nameless` counts
    rows without a customer, which are left out as well."""

    ids: Any
    columns: tuple[Column, ...]
    left_out: dict[str, Reason]
    nameless: int

    def __len__(self) -> int:
        return len(self.ids)


def read_customers(
    source: Any, features: Sequence[str] | None, *, customer: str = "customer_id", ignore: Sequence[str] = ()
) -> Customers:
    """Any source (as `zhike.tables.as_table` takes them), one row per customer.

    Args:
        features: the columns to read; all but the customer when not given.
        customer: the column that names the customer.
        ignore: columns that are not read, such as the one that names the group.

    Raises:
        InputError: a column is missing, a customer has two rows, or there are none.
    """
    table = as_table(source)
    wanted = list(dict.fromkeys(features if features is not None else table.columns))
    wanted = [name for name in wanted if name != customer and name not in ignore]
    missing = [name for name in (customer, *wanted) if name not in table.columns]
    if missing:
        raise lacking("customers", missing, table.columns)
    # Sorted, so that the same customers give the same sample and the same groups, however an engine returns them.
    rows = table.select(customer, *wanted).order_by(customer).to_pyarrow()
    named = rows.filter(pc.is_valid(rows[customer]))
    _check_ids(named[customer], customer)
    columns: list[Column] = []
    left_out: dict[str, Reason] = {}
    for name in wanted:
        found = _column(name, named[name], asked=features is not None)
        if isinstance(found, Column):
            columns.append(found)
        else:
            left_out[name] = found
    return Customers(named[customer], tuple(columns), left_out, rows.num_rows - named.num_rows)


def _check_ids(ids: Any, customer: str) -> None:
    if not len(ids):
        raise InputError("There are no customers in the table.", fix="Pass one row per customer.")
    # They are sorted, so that equal ones lie side by side.
    again = pc.index(pc.equal(ids.slice(1), ids.slice(0, len(ids) - 1)), True).as_py()
    if again >= 0:
        raise InputError(
            "{column} {value} is in more than one row.",
            fix="Pass one row per customer.",
            column=customer,
            value=f"“{ids[again].as_py()}”",
        )


def _column(name: str, given: Any, *, asked: bool) -> Column | Reason:
    """The column, or why it cannot be used. One that was asked for by name is no id by its looks."""
    values = plain(given)
    if pa.types.is_temporal(values.type):
        return "date"
    if pa.types.is_boolean(values.type):
        values = values.cast(pa.int8())
    if pa.types.is_string(values.type):
        values = as_numbers(values) if reads_as_numbers(values) else values
    elif not is_numeric(values.type):
        return "other" if known(values) else "missing"
    if not asked and numbers_rows(name, values):
        return "id"
    return _categories(name, values) if pa.types.is_string(values.type) else _numbers(name, values)


def _numbers(name: str, given: Any) -> Column | Reason:
    """Numbers; of two different values they are a category."""
    values = np.array(given.cast(pa.float64()).to_numpy(), dtype=np.float64)
    values[~np.isfinite(values)] = np.nan
    there = values[~np.isnan(values)]
    if len(there) < LEAST_KNOWN * len(values):
        return "missing"
    lowest, highest = there.min(), there.max()
    if lowest == highest:
        return "constant"
    if ((there == lowest) | (there == highest)).all():
        codes = np.where(np.isnan(values), np.nan, (values == highest).astype(np.float64))
        return Column(name, codes, NO_YES if (lowest, highest) == (0, 1) else (f"{lowest:g}", f"{highest:g}"))
    return Column(name, values)


def _categories(name: str, text: Any) -> Column | Reason:
    if known(text) < LEAST_KNOWN * len(text):
        return "missing"
    levels = sorted(value for value in pc.unique(text).to_pylist() if value is not None)
    if len(levels) > MOST_LEVELS:
        return "many"
    if len(levels) == 1:
        return "constant"
    codes = pc.index_in(text, value_set=pa.array(levels, pa.string())).cast(pa.float64())
    return Column(name, np.asarray(codes.to_numpy(), dtype=np.float64), tuple(levels))


def left_out_sentence(name: str, reason: Reason) -> str:
    """Why a column is not used, in the current language."""
    said = {
        "id": _("{column} is not used: it names the row and never repeats.", column=name),
        "constant": _("{column} is not used: it is the same for everybody.", column=name),
        "missing": _("{column} is not used: most customers have no value in it.", column=name),
        "date": _("{column} is not used: it is a date; turn it into days or years.", column=name),
        "many": _("{column} is not used: it has more than {most} different values.", column=name, most=MOST_LEVELS),
        "other": _("{column} is not used: it is neither a number nor a category.", column=name),
    }
    return said[reason]
