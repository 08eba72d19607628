"""How the values of a list are written: each as HTML, and the rows of a table as one piece of it.

A page of a list has hundreds of cells. Through the template language they took longer than everything else together;
here what is the same for a whole column is written once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.utils import formats, timezone
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from zhike_crm.ui.lists.columns import Choice, Column, Kind
from zhike_crm.ui.lists.listing import Page, RecordList

NOTHING = mark_safe('<span class="text-secondary">–</span>')
# Nobody writes a year with a comma.
_GROUPED_FROM = 10_000


def shown(column: Column, row: Any) -> SafeString:
    """The value of a row, escaped."""
    value = column.value(row)
    if value is None or value == "" or value == []:
        return NOTHING
    if column.kind is Kind.LINK and column.field is not None:
        # What is out of reach, or gone, is known by its number only.
        return conditional_escape(row.linked.get(value, f"#{value}"))
    return conditional_escape(_WRITERS[column.kind](column, value))


def labels(column: Column, value: Any) -> SafeString:
    """A code, or several, as coloured labels."""
    several = value if isinstance(value, list) else [value]
    return mark_safe(" ".join(_label(column, str(code)) for code in several))  # noqa: S308 - each escaped


def rows(records: RecordList, page: Page, *, ticks: bool) -> SafeString:
    """The rows of a table; with boxes to tick where something can be done with several."""
    if not page.rows:
        return mark_safe("")
    heads = [_head(column) for column in page.columns]
    select = conditional_escape(_("Select %(row)s"))
    written = []
    for row in page.rows:
        cells = [f"{head}{shown(column, row)}</td>" for head, column in zip(heads, page.columns, strict=True)]
        address = conditional_escape(records.address(row.pk))
        link = f'<a class="list-record" hx-boost="false" href="{address}">{shown(page.columns[0], row)}</a>'
        cells[0] = f"{heads[0]}{link}</td>"
        if ticks:
            label = select % {"row": conditional_escape(row)}
            box = f'<input class="form-check-input" type="checkbox" name="id" value="{row.pk:d}" data-tick'
            cells.insert(0, f'<td>{box} aria-label="{label}"></td>')
        written.append(f"<tr>{''.join(cells)}</tr>")
    return mark_safe("\n".join(written))  # noqa: S308 - every part is escaped


def _head(column: Column) -> str:
    looks = ' class="text-end tabular"' if column.is_numeric else ""
    return f'<td{looks} data-label="{conditional_escape(column.label)}">'


def _label(column: Column, code: str) -> SafeString:
    if code not in column.labels:
        column.labels[code] = _badge(column.by_code.get(code), code)
    return column.labels[code]


def _badge(choice: Choice | None, code: str) -> SafeString:
    if choice is None:
        return conditional_escape(code)
    if choice.address:
        badge = '<a class="badge bg-{}-lt text-decoration-none" href="{}" hx-boost="false">{}</a>'
        return format_html(badge, choice.colour, choice.address, choice.label)
    if not choice.colour:
        return conditional_escape(choice.label)
    return format_html('<span class="badge bg-{}-lt">{}</span>', choice.colour, choice.label)


def _number(column: Column, value: Any) -> str:
    return own_number(value) if column.field is not None else f"{value:,.{column.digits}f}"


def own_number(value: float) -> str:
    """The number of a custom field, which may count children, tell a year, or be measured.

    >>> own_number(2.0), own_number(1985.0), own_number(58138.0), own_number(0.125)
    ('2', '1985', '58,138', '0.12')
    """
    written = f"{value:,.2f}" if abs(value) >= _GROUPED_FROM else f"{value:.2f}"
    return written.removesuffix(".00")


def _moment(_column: Column, value: dt.datetime) -> str:
    return formats.date_format(timezone.localtime(value), "SHORT_DATETIME_FORMAT")


_WRITERS: dict[Kind, Callable[[Column, Any], str]] = {
    Kind.TEXT: lambda _c, v: v,
    Kind.NUMBER: _number,
    Kind.MONEY: _number,
    Kind.AGE: _number,
    Kind.DATE: lambda _c, v: v.isoformat(),
    Kind.MOMENT: _moment,
    Kind.CHOICE: labels,
    Kind.GROUP: labels,
    Kind.YESNO: lambda _c, v: _("Yes") if v else _("No"),
    Kind.PERSON: lambda _c, v: str(v),
    Kind.LINK: lambda _c, v: str(v),
}
