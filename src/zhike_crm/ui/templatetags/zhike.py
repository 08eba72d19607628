"""The tags of the templates: icons, and how values of a list are written."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils import formats, timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from zhike_crm.audit.verbs import VERBS
from zhike_crm.ui.lists.columns import Column, Kind
from zhike_crm.ui.lists.listing import RecordList

register = template.Library()

_MENTION = re.compile(r"@\[([^\]]*)\]\(\d+\)")

NOTHING = mark_safe('<span class="text-secondary">–</span>')
# What a language says for large numbers, the largest first.
_SHORT = {"zh": ((1e8, "亿"), (1e4, "万")), "en": ((1e9, " B"), (1e6, " M"), (1e3, " k"))}


@register.simple_tag
def icon(name: str, extra: str = "") -> SafeString:
    """An icon of the sprite; decoration, so hidden from screen readers: the text beside it says the same."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true" focusable="false" fill="none" stroke="currentColor"'
        ' stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round"><use href="{}#{}"/></svg>',
        extra,
        static("vendor/icons.svg"),
        name,
    )


@register.filter
def money(value: Any, digits: int = 0) -> str:
    """An amount without its currency, which the page says once."""
    return "–" if value is None else f"{value:,.{digits}f}"


@register.filter
def number(value: Any, digits: int = 0) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"


@register.filter
def percent(value: Any, digits: int = 0) -> str:
    """A share of 1 as per cent."""
    return "–" if value is None else f"{value:,.{digits}%}"


@register.filter
def short_money(value: Any) -> str:
    """1.2 M, 34 k; 120.0万: for tiles, where digits are noise."""
    if value is None:
        return "–"
    for size, letter in _SHORT["zh" if (get_language() or "").startswith("zh") else "en"]:
        if abs(value) >= size:
            return f"{value / size:,.1f}{letter}"
    return f"{value:,.0f}"


@register.simple_tag
def cell(column: Column, row: Any) -> Any:
    """A value as a list shows it."""
    value = column.value(row)
    if value is None or value == "" or value == []:
        return NOTHING
    if column.kind is Kind.LINK and column.field is not None:
        # What is out of reach, or gone, is known by its number only.
        return row.linked.get(value, f"#{value}")
    return _WRITERS[column.kind](column, value)


@register.simple_tag
def record_address(records: RecordList, row: Any) -> str:
    """Where the record of a row has its page."""
    return records.address(row)


@register.simple_tag
def code(column: Column, value: str) -> Any:
    """A code as a coloured label."""
    return _choice(column, value)


def _choice(column: Column, value: Any) -> Any:
    known = column.by_code
    several = value if isinstance(value, list) else [value]
    return format_html_join(" ", "{}", ((_badge(known.get(str(v)), v),) for v in several))


def _badge(choice: Any, value: Any) -> SafeString:
    if choice is None:
        return format_html("{}", value)
    if choice.address:
        badge = '<a class="badge bg-{}-lt text-decoration-none" href="{}" hx-boost="false">{}</a>'
        return format_html(badge, choice.colour, choice.address, choice.label)
    if not choice.colour:
        return format_html("{}", choice.label)
    return format_html('<span class="badge bg-{}-lt">{}</span>', choice.colour, choice.label)


def _number(column: Column, value: Any) -> str:
    return number(value, column.digits)


def _moment(_column: Column, value: dt.datetime) -> str:
    return formats.date_format(timezone.localtime(value), "SHORT_DATETIME_FORMAT")


_WRITERS = {
    Kind.TEXT: lambda _c, v: v,
    Kind.NUMBER: _number,
    Kind.MONEY: _number,
    Kind.DATE: lambda _c, v: v.isoformat(),
    Kind.MOMENT: _moment,
    Kind.CHOICE: _choice,
    Kind.YESNO: lambda _c, v: _("Yes") if v else _("No"),
    Kind.PERSON: lambda _c, v: str(v),
    Kind.LINK: lambda _c, v: str(v),
    Kind.GROUP: _choice,
    Kind.AGE: _number,
}


@register.simple_tag
def verb(entry: Any) -> Any:
    """What somebody did, in words."""
    return VERBS.get(entry.verb, entry.verb)


@register.filter
def mentions(text: str) -> SafeString:
    """The text of a note with the names of mentioned colleagues marked; everything else is escaped."""
    parts = _MENTION.split(str(text))
    return format_html_join("", "{}", ((_mention(part) if i % 2 else part,) for i, part in enumerate(parts)))


def _mention(name: str) -> SafeString:
    return format_html('<span class="mention">@{}</span>', name)
