"""What a churn model learnt from the customers' list itself may tell to those who may not see personal data.

Such a model reads every column of the list, and a reason names the value: "AGE_DESC: 45-54". Nobody knows what is in a
column that was never made a field, so only columns are told that somebody, or the contract, says are not personal.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from zhike.schema import CUSTOMERS
from zhike_crm.accounts.access import can
from zhike_crm.accounts.models import Membership
from zhike_crm.customers.actions import RECORD_TYPE
from zhike_crm.customers.told_fields import THEIRS
from zhike_crm.fields.models import FieldDefinition

_PERSONAL = frozenset(column.name for column in CUSTOMERS if column.personal)
# Of the contract; the last two are personal unless a field made of them is not.
PERSONAL_COLUMNS = _PERSONAL | {"income", "marital_status"}
_PLAIN = frozenset(CUSTOMERS.names) - PERSONAL_COLUMNS


def open_columns(member: Membership, settings: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The columns that a member may read about in the reasons of a run with these settings; None: no limit."""
    learnt_from_list = (settings.get("churn") or {}).get("flag")
    return None if not learnt_from_list or can(member, "personal.view") else _columns(member)


def open_topics(member: Membership) -> tuple[str, ...] | None:
    """What a member may read about in the reasons of any run, however its model learnt; None: no limit."""
    if can(member, "personal.view"):
        return None
    # SciPy takes a moment to load.
    from zhike.churn.wording import TOLD_WITH

    return (*_columns(member), *TOLD_WITH)


def _columns(member: Membership) -> tuple[str, ...]:
    """Archived fields count too: the model goes on reading their columns."""
    known = FieldDefinition.objects.of(member.workspace_id).filter(record_type=RECORD_TYPE)
    told: dict[bool, set[str]] = {True: set(_PERSONAL), False: set(_PLAIN)}
    for personal, columns in known.values_list("personal", "told_by"):
        told[personal] |= {column.removeprefix(THEIRS) for column in columns}
    return tuple(sorted(told[False] - told[True]))


def open_reasons(kept: str | None, columns: Collection[str] | None) -> str | None:
    """Kept reasons (`zhike.churn.explained`) without those about other columns.

    >>> open_reasons('[{"topic": "AGE_DESC", "effect": 1}, {"topic": "Plan", "effect": 2}]', ("Plan",))
    '[{"topic": "Plan", "effect": 2}]'
    """
    if kept is None or columns is None:
        return kept
    return json.dumps([reason for reason in json.loads(kept) if reason["topic"] in columns], ensure_ascii=False)


def is_open_rule(conditions: str, columns: Collection[str] | None) -> bool:
    """Whether a rule about leavers, its conditions in English, is about these columns only.

    Rules are kept as sentences. What cannot be read back for certain, as a value with an "and" in it, is not open.

    >>> is_open_rule("Plan is a and Visits is at most 3", ("Plan", "Visits"))
    True
    >>> is_open_rule("Plan is a and AGE_DESC is 45-54", ("Plan", "Visits"))
    False
    """
    heads = () if columns is None else tuple(f"{column} is " for column in columns)
    return columns is None or all(said.startswith(heads) for said in conditions.split(" and "))
