"""What the rows of a list do not have themselves: values of custom fields, and of tables with several for a record."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from zhike_crm.fields.values import values_of
from zhike_crm.ui.lists.columns import Column, Pairs


def attach(rows: Sequence[Any], columns: Sequence[Column]) -> None:
    """Give each row `custom` (field name → value) and `several` (column name → values); a query for each kind."""
    ids = [row.pk for row in rows]
    custom = values_of([column.field for column in columns if column.field is not None], ids)
    through = {column.name: _values(column.through, ids) for column in columns if column.through is not None}
    for row in rows:
        row.custom = custom.get(row.pk, {})
        row.several = {name: values.get(row.pk, []) for name, values in through.items()}


def _values(pairs: Pairs, ids: Sequence[int]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    rows = pairs.rows.filter(**{f"{pairs.record}__in": ids}).order_by(pairs.value)
    for record, value in rows.values_list(pairs.record, pairs.value):
        found[record].append(value)
    return found
