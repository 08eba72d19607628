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
    return open_columns_by_run(member, {0: settings})[0]


def open_columns_by_run(
    member: Membership, settings: Mapping[int, Mapping[str, Any]]
) -> dict[int, tuple[str, ...] | None]:
    """The same for several runs, by their settings."""
    found: dict[int, tuple[str, ...] | None] = dict.fromkeys(settings)
    learnt_from_list = [run for run, chosen in settings.items() if (chosen.get("churn") or {}).get("flag")]
    if learnt_from_list and not can(member, "personal.view"):
        found |= dict.fromkeys(learnt_from_list, _columns(member))
    return found


def _columns(member: Membership) -> tuple[str, ...]:
    """Archived fields count too: the model goes on reading their columns."""
    known = FieldDefinition.objects.of(member.workspace_id).filter(record_type=RECORD_TYPE)
    told: dict[bool, set[str]] = {True: set(_PERSONAL), False: set(_PLAIN)}
    for personal, columns in known.values_list("personal", "told_by"):
        told[personal] |= {column.removeprefix(THEIRS) for column in columns}
    return tuple(sorted(told[False] - told[True]))


def open_reasons(kept: str | None, columns: Collection[str] | None) -> str | None:
    """Kept reasons (`zhike.churn.explained`) without those that another column tells.

    >>> open_reasons('[{"topic": "AGE_DESC", "by": "AGE_DESC"}, {"topic": "Plan", "by": "Plan"}]', ("Plan",))
    '[{"topic": "Plan", "by": "Plan"}]'
    """
    if kept is None or columns is None:
        return kept
    # By the customer's rhythm alone no feature tells it.
    told = [reason for reason in json.loads(kept) if reason.get("by", reason["topic"]) in columns]
    return json.dumps(told, ensure_ascii=False)


def is_open_rule(rule: Mapping[str, Any], columns: Collection[str] | None) -> bool:
    """Whether a kept rule about leavers is about these columns only. One kept without its columns cannot be judged.

    >>> is_open_rule({"columns": ["Plan", "Visits"]}, ("Plan", "Visits"))
    True
    >>> is_open_rule({"columns": ["Plan", "AGE_DESC"]}, ("Plan", "Visits"))
    False
    >>> is_open_rule({"conditions": {"en": "Plan is a"}}, ("Plan", "Visits"))
    False
    """
    if columns is None:
        return True
    about = rule.get("columns")
    return bool(about) and set(about) <= set(columns)
