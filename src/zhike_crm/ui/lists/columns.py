"""The columns of a list: what they are called, how they are shown, whether one may filter and sort by them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

from django.db.models import F, OuterRef, Subquery
from django.utils.translation import gettext_lazy as _

from zhike_crm.fields.models import FieldDefinition, FieldValue
from zhike_crm.fields.models import Kind as FieldKind


class Kind(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    MONEY = "money"
    DATE = "date"
    MOMENT = "moment"
    CHOICE = "choice"
    YESNO = "yesno"
    PERSON = "person"
    LINK = "link"


NUMERIC = (Kind.NUMBER, Kind.MONEY)


@dataclass(frozen=True)
class Choice:
    code: str
    label: Any
    colour: str = ""


def no_choices() -> list[Choice]:
    return []


@dataclass(frozen=True)
class Column:
    """One column.

    Args:
        name: in addresses, saved views and the API.
        path: where the ORM finds the value, such as `score__clv`; for a custom field None, and `field` is set.
        choices: the codes a choice can hold, with their labels; called in the language of the reader.
        personal: only for those who may see phone numbers and addresses, in filters and sorting too.
        shown: among the columns a new view begins with.
        digits: decimals of a number.
        scope: where the ORM finds the workspace of the other table that `path` goes through; empty when it goes
            through none, or one without workspaces. The list fills it in.
    """

    name: str
    label: Any
    kind: Kind = Kind.TEXT
    path: str | None = None
    choices: Callable[[], list[Choice]] = no_choices
    personal: bool = False
    shown: bool = False
    sortable: bool = True
    digits: int = 0
    help_text: Any = ""
    field: FieldDefinition | None = None
    scope: str = ""

    @property
    def is_numeric(self) -> bool:
        return self.kind in NUMERIC

    @cached_property
    def by_code(self) -> dict[str, Choice]:
        """The choices by their code, made once: a list asks for every cell. Columns live as long as one answer."""
        return {choice.code: choice for choice in self.choices()}

    def key(self) -> Any:
        """What to sort by."""
        if self.field is None:
            return F(self.path)
        values = FieldValue.objects.filter(field=self.field, record_id=OuterRef("pk"))
        return Subquery(values.values(self.field.column)[:1])

    @property
    def table(self) -> str:
        """The relation that `path` goes through, with "__" behind it; empty for the record's own columns."""
        before, found, _name = (self.path or "").rpartition("__")
        return before + found

    def value(self, row: Any) -> Any:
        """The value of a row: of the record itself, or among its custom fields (`row.custom`)."""
        if self.field is not None:
            return row.custom.get(self.field.name)
        value = row
        for step in self.path.split("__"):
            value = getattr(value, step, None)
            if value is None:
                return None
        return value


_KINDS = {
    FieldKind.TEXT: Kind.TEXT,
    FieldKind.NUMBER: Kind.NUMBER,
    FieldKind.DATE: Kind.DATE,
    FieldKind.CHOICE: Kind.CHOICE,
    FieldKind.CHOICES: Kind.CHOICE,
    FieldKind.YESNO: Kind.YESNO,
    FieldKind.LINK: Kind.LINK,
}


def custom_column(field: FieldDefinition) -> Column:
    """A custom field as a column."""
    return Column(
        name=f"field.{field.name}",
        label=field.label,
        kind=_KINDS[FieldKind(field.kind)],
        choices=lambda: [Choice(option["code"], option["label"]) for option in field.options],
        sortable=field.kind not in (FieldKind.CHOICES, FieldKind.LINK),
        digits=2,
        help_text=field.help_text,
        field=field,
    )


YES_NO = [Choice("yes", _("Yes")), Choice("no", _("No"))]
