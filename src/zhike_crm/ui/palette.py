"""The command palette: pages, and what the apps add (customers, …)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from zhike_crm.accounts.models import Membership
from zhike_crm.ui.navigation import entries


@dataclass(frozen=True)
class Found:
    """One line of the palette."""

    label: Any
    address: str
    icon: str
    hint: Any = ""


Source = Callable[[Membership, str], list[Found]]

# Filled by the apps when they start; asked in this order.
SOURCES: list[Source] = []


def search(member: Membership, words: str) -> list[Found]:
    """What the words could mean. Without words: the pages."""
    found = _pages(member, words.lower())
    for source in SOURCES if words else ():
        found += source(member, words)
    return found[:20]


def _pages(member: Membership, words: str) -> list[Found]:
    return [
        Found(entry.label, address, entry.icon, label)
        for label, lines in entries(member)
        for entry, address in lines
        if words in str(entry.label).lower()
    ]
