"""The columns of a list: what they are called, how they are shown, whether one may filter and sort by them."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

from django.db.models import Case, F, IntegerField, OuterRef, QuerySet, Subquery, Value, When
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
    # Groups that a record is in, any number of them, by their ids.
    GROUP = "group"
    # Of somebody whose date of birth is stored.
    AGE = "age"


NUMERIC = (Kind.NUMBER, Kind.MONEY, Kind.AGE)


@dataclass(frozen=True)
class Choice:
    """A code with its label; `address` is where it leads, if it has a page of its own."""

    code: str
    label: Any
    colour: str = ""
    address: str = ""


def no_choices() -> list[Choice]:
    return []


@dataclass(frozen=True)
class Pairs:
    """A table of which record has which values. `record` and `value` are columns of it.

    `common` says of values, or of having any (None), whether so many records have them that it is quicker to look at
    one record after the other than to gather those that have them.
    """

    rows: QuerySet
    record: str
    value: str
    common: Callable[[Any], bool] = lambda _values: False


@dataclass(frozen=True)
class Column:
    """One column.

    Args:
        name: in addresses, saved views and the API.
        path: where the ORM finds the value, such as `score__clv`; None where `field` or `through` says it.
        field: the custom field.
        through: another table with any number of values for each record.
        choices: the codes a choice can hold, with their labels; called in the language of the reader.
        personal: only for those who may see phone numbers and addresses, in filters and sorting too.
        shown: among the columns a new view begins with.
        digits: decimals of a number.
        scope: where the ORM finds the workspace of the other table that `path` goes through; empty when it goes
            through none, or one without workspaces. The list fills it in.
        subject: which model the value comes from, for a mark where that model failed its test.
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
    through: Pairs | None = None
    scope: str = ""
    subject: str = ""

    @property
    def is_numeric(self) -> bool:
        return self.kind in NUMERIC

    @cached_property
    def by_code(self) -> dict[str, Choice]:
        """The choices by their code, made once: a list asks for every cell. Columns live as long as one answer."""
        return {choice.code: choice for choice in self.choices()}

    @cached_property
    def ranks(self) -> dict[str, int]:
        """Code → its place among the choices, by which people expect a choice to be sorted; empty for other kinds."""
        return {code: place for place, code in enumerate(self.by_code)} if self.kind is Kind.CHOICE else {}

    def rank(self, code: str) -> int:
        """Where a code comes; what is no choice (any more) comes last."""
        return self.ranks.get(code, len(self.ranks))

    @cached_property
    def labels(self) -> dict[str, Any]:
        """The codes as they are written (`cells.labels`), kept for the next cell."""
        return {}

    @property
    def pairs(self) -> Pairs | None:
        """The other table with the values; None where the record, or the one row that belongs to it, has the value."""
        if self.field is None:
            return self.through
        return Pairs(FieldValue.objects.filter(field=self.field), "record_id", self.field.column)

    def key(self) -> Any:
        """What to sort by."""
        if self.field is None:
            return self._in_order(str(self.path))
        values = FieldValue.objects.filter(field=self.field, record_id=OuterRef("pk"))
        return Subquery(values.values_list(self._in_order(self.field.column))[:1])

    def _in_order(self, path: str) -> Any:
        if not self.ranks:
            return F(path)
        places = [When(**{path: code}, then=Value(place)) for code, place in self.ranks.items()]
        none = When(**{f"{path}__isnull": True}, then=Value(None))
        return Case(none, *places, default=Value(len(self.ranks)), output_field=IntegerField())

    @property
    def table(self) -> str:
        """The relation that `path` goes through, with "__" behind it; empty for the record's own columns."""
        before, found, _name = (self.path or "").rpartition("__")
        return before + found

    def value(self, row: Any) -> Any:
        """The value of a row: of the record itself, or what `attaching.attach` has brought to it."""
        if self.field is not None:
            return row.custom.get(self.field.name)
        if self.through is not None:
            return row.several.get(self.name)
        value = row
        for step in self.path.split("__"):
            value = getattr(value, step, None)
            if value is None:
                return None
        return age(value, dt.date.today()) if self.kind is Kind.AGE else value


def age(born: dt.date, today: dt.date) -> int:
    """In whole years.

    >>> age(dt.date(2000, 2, 29), dt.date(2001, 2, 28))
    0
    """
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def latest_birth(years: int, today: dt.date) -> dt.date:
    """The latest date of birth of somebody of this age.

    >>> latest_birth(1, dt.date(2028, 2, 29)), latest_birth(4, dt.date(2028, 2, 29))
    (datetime.date(2027, 2, 28), datetime.date(2024, 2, 29))
    """
    year = today.year - years
    no_leap_day = (today.month, today.day) == (2, 29) and not calendar.isleap(year)
    return today.replace(year=year, day=28 if no_leap_day else today.day)


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
        personal=field.personal,
        field=field,
    )


YES_NO = [Choice("yes", _("Yes")), Choice("no", _("No"))]
