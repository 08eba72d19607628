"""The column of a company's list of customers that says who has left."""

from __future__ import annotations

import json
from typing import Any

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
    >>> told = ibis.memtable({ATTRIBUTES: ['{"Churn": "Yes", "Contract": "monthly"}', None]})
    >>> check_flag(told, "Churn")
    >>> check_flag(told, "churned")
    Traceback (most recent call last):
    zhike.errors.SettingsError: Your list of customers has no column churned. It has: Churn, Contract.
    """
    if flag in contract("customers"):
        return
    known: dict[str, None] = {}
    for attributes in customers.select(ATTRIBUTES).limit(SAMPLED).to_pyarrow()[ATTRIBUTES].to_pylist():
        known |= dict.fromkeys(json.loads(attributes or "{}"))
    if flag not in known:
        raise SettingsError(
            "Your list of customers has no column {column}.",
            fix="It has: {columns}.",
            column=flag,
            columns=", ".join(list(known)[:LISTED]) or "–",
        )
