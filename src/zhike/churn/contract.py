"""Churn where a contract ends: the customers' list itself says who has left, and who is alike is at risk.

Such a list knows no time, so a column that was filled in because somebody left looks like the best of reasons. What
looks like one (`zhike.churn.leaks`) is left out and named.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from zhike.churn.leaks import Leak, leaks
from zhike.churn.model import PROBABILITY, ChurnModel
from zhike.churn.tabular import labelled
from zhike.errors import InputError
from zhike.schema import ATTRIBUTES, contract
from zhike.sql import literal, quoted

# A column of ours that names a person tells nothing that holds for another; age and gender may.
USED = tuple(c.name for c in contract("customers").columns if not c.personal or c.name in ("age", "gender"))
MOST_COLUMNS = 200
# The signs of a leak that leave no doubt; the others are named and stay.
SURE = ("decides", "filled", "one_value")


@dataclass(frozen=True)
class Flagged:
    """`scores`: `customer_id, churn_probability, churn_reasons` of those still there; `gone`: the ids of the others;
    `table`: what was learnt from; `left_out`: the columns among the `leaks` that were not."""

    model: ChurnModel
    table: pa.Table
    scores: pa.Table
    gone: pa.Array
    leaks: tuple[Leak, ...]
    left_out: tuple[str, ...]


def learn_flagged(customers: pa.Table, flag: str) -> Flagged:
    """A churn model of the customers' list, and its answer for everybody who has not left.

    Args:
        customers: the columns of the contract and `attributes` (`customer_rows` of the lake's facts).
        flag: the column that says who has left: a column of the list as it was imported, or of ours.

    Raises:
        InputError: no such column, values that are no yes and no, or everybody left, or nobody did.
    """
    table = customer_rows(customers)
    if flag not in table.column_names:
        raise InputError(
            "The table has no column {column}; it has {found}.",
            fix="Name a column it has.",
            column=flag,
            found=", ".join(name for name in table.column_names if name != "customer_id"),
        )
    found = tuple(leak for leak in leaks(table, flag))
    sure = tuple(leak.column for leak in found if leak.sign in SURE and leak.column not in (flag, "customer_id"))
    table = table.drop_columns(list(sure))
    model = ChurnModel.fit(table, flag, customer="customer_id")
    rows = labelled(table, flag)
    here = rows.table.filter(pa.array(~rows.left))
    scores = pa.table(
        {
            "customer_id": here["customer_id"],
            PROBABILITY: _probabilities(model, here),
            "churn_reasons": model.kept_reasons(here),
        }
    )
    return Flagged(model, rows.table, scores, rows.table["customer_id"].filter(pa.array(rows.left)), found, sure)


def _probabilities(model: ChurnModel, here: pa.Table) -> Any:
    """Who was among the examples gets the answer of a model that had not seen them: theirs would flatter."""
    asked = pa.array(model.probabilities(here))
    if model.tested is None:
        return asked
    at = pc.index_in(here["customer_id"], value_set=model.tested["customer_id"])
    return pc.coalesce(model.tested[PROBABILITY].combine_chunks().take(at), asked)


def customer_rows(customers: pa.Table) -> pa.Table:
    """The list with its own columns beside ours: what was imported beyond the contract lies in `attributes` as JSON."""
    with duckdb.connect() as con:
        con.execute("SET enable_progress_bar = false")
        con.register("customers", customers)
        known = con.execute(
            f"SELECT DISTINCT unnest(json_keys({ATTRIBUTES})) AS name FROM customers "
            f"WHERE {ATTRIBUTES} IS NOT NULL ORDER BY name LIMIT {MOST_COLUMNS}"
        ).fetchall()
        own = [name for (name,) in known if name not in USED]
        columns = [quoted(name) for name in USED if name in customers.column_names]
        columns += [f"{ATTRIBUTES} ->> {literal(_path(name))} AS {quoted(name)}" for name in own]
        return con.sql(f"SELECT {', '.join(columns)} FROM customers ORDER BY customer_id").to_arrow_table()


def _path(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'$."{escaped}"'
