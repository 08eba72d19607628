"""The tags of the templates: icons, and how values of a list are written."""

from __future__ import annotations

import re
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from zhike.language import current_language
from zhike_crm.audit.verbs import VERBS
from zhike_crm.ui.lists import cells
from zhike_crm.ui.lists.columns import Column
from zhike_crm.ui.lists.listing import Page, RecordList

register = template.Library()

_MENTION = re.compile(r"@\[([^\]]*)\]\(\d+\)")

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
    for size, letter in _SHORT[current_language()]:
        if abs(value) >= size:
            return f"{value / size:,.1f}{letter}"
    return f"{value:,.0f}"


@register.simple_tag
def cell(column: Column, row: Any) -> Any:
    """A value as a list shows it."""
    return cells.shown(column, row)


@register.simple_tag
def code(column: Column, value: str) -> Any:
    """A code as a coloured label."""
    return cells.labels(column, value)


@register.simple_tag
def list_rows(records: RecordList, page: Page, ticks: bool) -> SafeString:
    """The rows of a list's table; with boxes to tick where something can be done with several."""
    return cells.rows(records, page, ticks=ticks)


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
