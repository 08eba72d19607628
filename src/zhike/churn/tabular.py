"""Tables somebody already has, one row per customer with a column that says who left: they train directly."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from zhike.churn.layout import Layout, find_layout
from zhike.errors import InputError
from zhike.intake.read import read
from zhike.sql import quoted
from zhike.tables import as_table

Labels = NDArray[np.bool_]

_LABEL_NAMES = {"churn", "churned", "exited", "attrition", "attrited", "left", "churn flag", "is churn", "churn label",
                "is churned", "has churned", "has left", "attrition flag"}  # fmt: skip
_LABEL_ZH = re.compile("流失")
_GAP = re.compile(r"[\W_]+|(?<=[a-z])(?=[A-Z])")
_YES = {"yes", "y", "true", "true.", "t", "1", "1.0", "left", "churn", "churned", "exited", "attrited customer",
        "是", "流失", "已流失"}  # fmt: skip
_NO = {"no", "n", "false", "false.", "f", "0", "0.0", "stayed", "retained", "active", "existing customer",
       "否", "未流失", "留存", "在网"}  # fmt: skip


@dataclass(frozen=True)
class Labelled:
    """Rows whose label is known: the table, who left, and which column said so (with the value that means left)."""

    table: pa.Table
    left: Labels
    label: str
    positive: str


def labelled(source: Any, label: str | None = None, *, positive: Any = None) -> Labelled:
    """A table with its label read; rows whose label is blank are left out.

    Args:
        source: an Ibis, pandas, Polars or Arrow table, or the path of a file in any format Zhike reads.
        label: the column that says who left; found by its name (churn, exited, 流失 …) when not given.
        positive: the value that means "left", where it is not plain (yes, 1, true, 是 …).

    Raises:
        InputError: no such column, no column that looks like a label, or values that cannot be read as yes and no.

    >>> found = labelled(pa.table({"age": [30, 40, 50], "Churn": ["Yes", "No", None]}))
    >>> found.left.tolist(), found.label
    ([True, False], 'Churn')
    """
    table = raw_table(source)
    name = _label_name(table.column_names, label)
    values = _text(table[name])
    known = pc.is_valid(values)
    table, values = table.filter(known), pc.filter(values, known)
    left, meaning = _left(values, name, positive)
    return Labelled(table, left, name, meaning)


def raw_table(source: Any) -> pa.Table:
    """Any source as an Arrow table with its own columns: nothing is mapped to ours, nothing is cleaned.

    Raises:
        InputError: it cannot be read.
    """
    if isinstance(source, pa.Table):
        return source
    if not isinstance(source, str | Path):
        return as_table(source).to_pyarrow()
    if not Path(source).is_file():
        raise InputError("There is no file {file}.", fix="Check the path.", file=str(source))
    with tempfile.TemporaryDirectory() as scratch, duckdb.connect() as con:
        con.execute("SET enable_progress_bar = false")
        raw = read(con, Path(source), scratch=Path(scratch))
        columns = ", ".join(quoted(column.name) for column in raw.columns)
        return con.sql(f"SELECT {columns} FROM {raw.relation}").to_arrow_table()


def find(source: Any, label: str | None = None, *, positive: Any = None) -> tuple[Labelled, Layout]:
    """`labelled`, and what each of its other columns is.

    Raises:
        InputError: as `labelled`.
    """
    rows = labelled(source, label, positive=positive)
    return rows, find_layout(rows.table, ignore={rows.label})


def _label_name(names: list[str], label: str | None) -> str:
    if label is not None:
        if label not in names:
            raise InputError(
                "The table has no column {column}; it has {found}.",
                fix="Name the column that says who left.",
                column=label,
                found=", ".join(names),
            )
        return label
    found = [name for name in names if is_called_label(name)]
    if len(found) != 1:
        raise InputError(
            "Which column says who left cannot be told from {found}.",
            fix="Name the column that says who left.",
            found=", ".join(names),
        )
    return found[0]


def is_called_label(name: str) -> bool:
    """Whether a column is called as one that says who left.

    >>> [name for name in ("Churn", "Attrition_Flag", "isChurned", "是否流失", "Left wing") if is_called_label(name)]
    ['Churn', 'Attrition_Flag', 'isChurned', '是否流失']
    """
    words = _GAP.sub(" ", name).strip().casefold()
    return words in _LABEL_NAMES or bool(_LABEL_ZH.search(name))


def says_yes_or_no(column: Any) -> bool:
    """Whether it is plain which values of a column mean that somebody left."""
    values = pc.unique(_text(column)).drop_null().to_pylist()
    return bool(values) and {value.casefold() for value in values} <= _YES | _NO


def _text(column: Any) -> Any:
    """Trimmed text, blank as missing."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_boolean(column.type):
        column = pc.if_else(column, "true", "false")
    text = pc.utf8_trim_whitespace(column.cast(pa.string()))
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)


def _left(values: Any, name: str, positive: Any) -> tuple[Labels, str]:
    found = [str(v) for v in pc.unique(values).to_pylist()]
    if not found:
        raise InputError("The column {column} is empty.", fix="Name the column that says who left.", column=name)
    if positive is not None:
        meaning = [v for v in found if v.casefold() == _spelt(positive)] or [str(positive)]
    else:
        meaning = [v for v in found if v.casefold() in _YES]
        unclear = [v for v in found if v.casefold() not in _YES | _NO]
        if unclear:
            raise InputError(
                "{column} holds {values}; which of them means that a customer left is not plain.",
                fix="Give that value as positive=….",
                column=name,
                values=", ".join(sorted(found)[:6]),
            )
    left = pc.is_in(values, value_set=pa.array(meaning, pa.string()))
    return np.asarray(left.to_numpy(zero_copy_only=False), dtype=bool), meaning[0] if meaning else "yes"


def _spelt(value: Any) -> str:
    return str(value).strip().casefold()
