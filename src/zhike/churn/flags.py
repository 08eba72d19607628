"""The column of a company's list of customers that says who has left."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa

from zhike.churn.tabular import is_called_label, says_yes_or_no
from zhike.errors import SettingsError
from zhike.schema import ATTRIBUTES, contract

# Customers whose columns are looked at to say which there are, and how many of these are named.
SAMPLED, LISTED = 1_000, 20


def check_flag(customers: Any, flag: str) -> None:
    """That the list has such a column.

    Args:
        customers: the fact table, an Ibis table.

    Raises:
        SettingsError: it has not; the message names those it has.

    >>> import ibis
    >>> told = ibis.memtable({"customer_id": ["a", "b"], ATTRIBUTES: ['{"Churn": "Yes", "Contract": "monthly"}', None]})
    >>> check_flag(told, "Churn")
    >>> check_flag(told, "churned")
    Traceback (most recent call last):
    zhike.errors.SettingsError: Your list of customers has no column churned. It has: Churn, Contract.
    """
    if flag in contract("customers"):
        return
    known = _own_columns(customers)
    if flag not in known:
        raise SettingsError(
            "Your list of customers has no column {column}.",
            fix="It has: {columns}.",
            column=flag,
            columns=", ".join(list(known)[:LISTED]) or "–",
        )


def found_flag(customers: Any) -> str:
    """The column that by its name and its values says who has left; empty where there is none.

    Args:
        customers: the fact table, an Ibis table.

    >>> import ibis
    >>> told = ['{"Contract": "monthly", "Churn": "Yes", "Churn Reason": "price"}', '{"Churn": "No"}', None]
    >>> found_flag(ibis.memtable({"customer_id": ["a", "b", "c"], ATTRIBUTES: told}))
    'Churn'
    """
    for name, values in _own_columns(customers).items():
        if is_called_label(name) and says_yes_or_no(pa.array(values, pa.string())):
            return name
    return ""


def _own_columns(customers: Any) -> dict[str, list[str]]:
    """The columns beyond our own, with what some of the customers have in them; always the same customers."""
    some = customers.filter(customers[ATTRIBUTES].notnull()).order_by("customer_id").limit(SAMPLED)
    found: dict[str, list[str]] = {}
    for attributes in some.select(ATTRIBUTES).to_pyarrow()[ATTRIBUTES].to_pylist():
        for name, value in json.loads(attributes).items():
            found.setdefault(name, []).extend([] if value is None else [str(value)])
    return found
