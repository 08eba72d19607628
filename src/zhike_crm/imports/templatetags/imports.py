"""What the templates of imports ask."""

from __future__ import annotations

from typing import Any

from django import template

from zhike_crm.accounts.access import can

register = template.Library()


@register.simple_tag(takes_context=True)
def may(context: Any, permission: str) -> bool:
    """Whether the reader may do this; for parts of pages whose views do not say."""
    return can(context["member"], permission)


@register.filter
def figure(value: Any) -> str:
    """A figure of a report: money with two digits, counts without."""
    if value is None:
        return ""
    return f"{value:,.2f}" if isinstance(value, float) else f"{value:,}"


@register.filter
def width(share: float) -> str:
    """A share of 1 as a width in CSS, whatever the language writes numbers like."""
    return f"{100 * share:.1f}%"
