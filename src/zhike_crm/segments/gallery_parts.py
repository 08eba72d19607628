"""What a ready rule is made of, and what there is in the data to ask about."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from zhike.schema import CUSTOMERS
from zhike_crm.customers.lists import CustomerList
from zhike_crm.customers.models import Customer, Score
from zhike_crm.fields.models import FieldValue
from zhike_crm.fields.models import Kind as FieldKind
from zhike_crm.segments.editing import vocabulary
from zhike_crm.ui.lists.columns import Choice, Column, Kind

Tree = dict[str, Any]
# So many fields of the customer file get a rule each, with the commonest of so many values.
TOLD_AT_MOST, LOOKED_AT = 4, 1000


@dataclass(frozen=True)
class Recipe:
    """A ready rule. `lacks` says what data would make it usable; empty where it is."""

    code: str
    title: str
    text: str
    tree: Tree
    lacks: str = ""


class Known:
    """What there is to ask about: filled columns of customers, words in the lake, custom fields with choices."""

    def __init__(self, records: CustomerList) -> None:
        self.columns = records.columns
        self._customers = Customer.objects.of(records.workspace).filter(deleted_at=None, merged_into=None)
        self._words = vocabulary(records.workspace)
        self.scored = Score.objects.of(records.workspace).exists()
        self.at_risk = Score.objects.of(records.workspace).filter(churn_risk="high").exists()

    def common(self, event: str, detail: str) -> str:
        """The most common word of a detail; empty where nobody has written one."""
        return (self._words.get(event, {}).get(detail) or [""])[0]

    def knows(self, event: str) -> bool:
        return event in self._words

    def has(self, **met: Any) -> bool:
        """Whether such a customer is there, if one may ask."""
        return self._customers.filter(**met).exists()

    def first(self, column: str) -> str:
        """What the first customer has there who has anything."""
        rows = self._customers.exclude(**{column: ""}).order_by("pk")
        found: str | None = rows.values_list(column, flat=True).first()
        return found or ""

    @property
    def choice(self) -> Column | None:
        """A custom field with choices, best one that no file fills: those say who people are."""
        fields = [c for c in self.columns.values() if c.field is not None and c.kind is Kind.CHOICE]
        return min(fields, key=lambda column: (bool(column.field.told_by), column.personal), default=None)

    @property
    def told(self) -> list[tuple[Column, Choice]]:
        """Custom fields with choices that the customer file fills, each with what most of some customers have."""
        columns = [c for c in self.columns.values() if c.field is not None and c.field.kind == FieldKind.CHOICE]
        asked = [c for c in columns if any(name not in CUSTOMERS for name in c.field.told_by)][:TOLD_AT_MOST]
        found = []
        for column in asked:
            values = FieldValue.objects.of(column.field.workspace_id).filter(field=column.field).order_by("pk")
            counts = Counter(values.values_list("text", flat=True)[:LOOKED_AT])
            usual = [column.by_code[code] for code, _count in counts.most_common(1) if code in column.by_code]
            found += [(column, choice) for choice in usual]
        return found


def recipe(code: str, title: str, text: str, tree: Tree, needs: str, there: bool) -> Recipe:
    return Recipe(code, title, text, tree, "" if there else needs)


def meets(name: str, test: str, value: Any = None) -> Tree:
    return {"column": name, "test": test, "value": value}


def does(name: str, test: str, value: Any = None, days: int | None = None, *where: tuple[str, str, str]) -> Tree:
    details = [{"detail": detail, "test": how, "value": word} for detail, how, word in where]
    return {"event": name, "test": test, "value": value, "within_days": days, "where": details}
