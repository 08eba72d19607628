"""Imported tables: what each column is, and who left."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from zhike.churn import find_layout, labelled
from zhike.churn.layout import Feature, Layout
from zhike.churn.tabular import find
from zhike.errors import InputError
from zhike.language import speaking

N = 120


def table(**more: list[object]) -> pa.Table:
    columns: dict[str, list[object]] = {
        "CustomerID": [f"C{i}" for i in range(N)],
        "charges": [" " if i % 40 == 0 else f"{i}.5" for i in range(N)],
        "plan": ["月付" if i % 3 else "年付" for i in range(N)],
        "spent": [float(i) for i in range(N)],
        "note": [f"called about {i}" for i in range(N - 3)] + ["", "again", "again"],
        "currency": ["CNY"] * N,
        "nothing": [None] * N,
        "since": ["2025-01-01"] * N,
        "churn": ["Yes" if i % 4 == 0 else "No" for i in range(N)],
    }
    made = pa.table(columns | more)
    return made.set_column(made.column_names.index("since"), "since", made["since"].cast(pa.date32()))


def test_columns_are_found_out() -> None:
    rows, layout = find(table())
    assert rows.label == "churn"
    assert rows.left.sum() == N / 4
    assert layout.customer == "CustomerID"
    assert {f.name: f.kind for f in layout.features} == {"charges": "number", "plan": "category", "spent": "number"}
    # Money that happens never to repeat is no id; text that hardly repeats is none of the categories.
    assert layout.dropped == {"note": "many", "currency": "constant", "nothing": "empty", "since": "date"}
    with speaking("en"):
        assert any("since is not used: it is a date" in said for said in layout.said())


def test_blank_and_unseen_values_are_missing() -> None:
    layout = Layout((Feature("charges", "number"), Feature("plan", "category", ("年付", "月付"))))
    later = pa.table({"plan": ["月付 ", "季付", "", None], "charges": ["3", " ", "n/a", "inf"], "new": [1, 2, 3, 4]})
    x = layout.matrix(later)
    assert np.array_equal(x, [[3, 1], [np.nan, np.nan], [np.nan, np.nan], [np.nan, np.nan]], equal_nan=True)
    with pytest.raises(InputError, match="lacks the columns plan"):
        layout.matrix(later.drop(["plan"]))


@pytest.mark.parametrize(
    ("values", "left"),
    [
        (["Yes", "no", "", None], [True, False]),
        ([1, 0, None, 1], [True, False, True]),
        (["1.0", "0.0"], [True, False]),
        ([True, False], [True, False]),
        (["True.", "False."], [True, False]),
        (["流失", "未流失"], [True, False]),
    ],
)
def test_labels(values: list[object], left: list[bool]) -> None:
    assert labelled(pa.table({"流失": values})).left.tolist() == left


def test_labels_that_are_not_plain() -> None:
    odd = pa.table({"state": ["gone", "here", "gone"]})
    with pytest.raises(InputError, match="which of them means"):
        labelled(odd, "state")
    assert labelled(odd, "state", positive="gone").left.tolist() == [True, False, True]
    with pytest.raises(InputError, match="no column left"):
        labelled(odd, "left")
    with pytest.raises(InputError, match="cannot be told"):
        labelled(odd)
    with pytest.raises(InputError, match="is empty"):
        labelled(pa.table({"churn": pa.nulls(3)}))


def test_small_whole_numbers_are_no_ids() -> None:
    layout = find_layout(pa.table({"age": list(range(20, 70)), "row_id": list(range(50))}))
    assert layout.names == ("age",)
    assert layout.dropped == {}
    assert layout.customer == "row_id"


def test_real_tables(test_data: Path) -> None:
    rows, layout = find(test_data / "telco_churn" / "Telco-Customer-Churn.csv")
    assert (len(rows.left), rows.left.sum(), layout.customer) == (7043, 1869, "customerID")
    assert next(f for f in layout.features if f.name == "TotalCharges").kind == "number"
    assert int(np.isnan(layout.matrix(rows.table)[:, layout.names.index("TotalCharges")]).sum()) == 11
    rows, layout = find(test_data / "bank_churn" / "Churn_Modelling.csv")
    assert (rows.left.sum(), layout.customer, len(layout.features)) == (2037, "CustomerId", 10)
    assert layout.dropped == {"RowNumber": "id", "Surname": "many"}
    rows, layout = find(test_data / "cell2cell" / "Cell2Cell.csv")
    assert (rows.left.sum(), layout.customer, rows.label) == (483, "phonenumber", "churn")
