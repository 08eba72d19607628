"""The tags of the templates: icons, and how values of a list are written."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from zhike.language import current_language
from zhike_crm.audit.verbs import VERBS
from zhike_crm.ui.fragments import FRAGMENTS, TOKEN, reader
from zhike_crm.ui.lists import cells
from zhike_crm.ui.lists.columns import Column
from zhike_crm.ui.lists.listing import Page, RecordList

register = template.Library()

_MENTION = re.compile(r"@\[([^\]]*)\]\(\d+\)")

# What a language says for large numbers, the largest first.
_SHORT = {"zh": ((1e8, "亿"), (1e4, "万")), "en": ((1e9, " B"), (1e6, " M"), (1e3, " k"))}


class Fragment(template.Node):
    """A piece of a page, drawn once for all it is made of."""

    def __init__(self, drawn: template.NodeList, name: str, made_of: list[Any], told: Any = None) -> None:
        self.nodelist, self.name, self.made_of, self.told = drawn, name, made_of, told

    def render(self, context: template.Context) -> SafeString:
        key = (self.name, *reader(context), *(one.resolve(context, ignore_failures=True) for one in self.made_of))
        parts = FRAGMENTS.get(key)
        if parts is None:
            told = self.told.resolve(context) if self.told is not None else {}
            with context.push(**told, csrf_token=TOKEN):
                parts = tuple(self.nodelist.render(context).split(TOKEN))
            FRAGMENTS.keep(key, parts)
        whole = parts[0] if len(parts) == 1 else str(context["csrf_token"]).join(parts)
        return mark_safe(whole)  # noqa: S308 - drawn by templates


@register.tag
def fragment(parser: Any, token: Any) -> Fragment:
    """{% fragment "stages" shown.stamp with told %} … {% endfragment %}: drawn anew only when these are others.

    The language, the workspace and the rights of the reader are among them by themselves. Whatever else is between,
    of the database or of today, has to be named. What is set between is not known behind it. `told` is a function
    that gives what is read between, in a dictionary; it is called only where that is drawn.
    """
    _tag, name, *made_of = token.split_contents()
    told = parser.compile_filter(made_of.pop()) if made_of[-2:-1] == ["with"] else None
    made_of = made_of[:-1] if told is not None else made_of
    drawn = parser.parse(("endfragment",))
    parser.delete_first_token()
    return Fragment(drawn, name, [parser.compile_filter(one) for one in made_of], told)


@register.simple_tag
@lru_cache(maxsize=1024)
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
