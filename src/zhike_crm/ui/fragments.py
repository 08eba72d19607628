"""Pieces of pages that were drawn before, kept in the memory of the process.

A piece is known by everything it is made of: its name, the language, the workspace as it is called today, what the
reader may do and see, and what the page says of the data behind it (`{% fragment %}` names that). Nothing is ever
thrown away because it is out of date: when the data change, so does what a page asks for. Only the room is limited,
and what nobody has asked for the longest goes first.

The token against forged requests is another one for every person; it is put in each time.
"""

from __future__ import annotations

import secrets
from collections.abc import Hashable
from contextlib import suppress
from threading import Lock
from typing import Any

from cachetools import LRUCache
from django.utils.translation import get_language

from zhike_crm.accounts.access import audience

# Characters, of one or two bytes each: some hundreds of pages, and a thousand customers.
ROOM = 32_000_000
KEY = 1_000
# Nobody knows it, so nobody can have it written into a page.
TOKEN = secrets.token_hex(16)

Parts = tuple[str, ...]


class Fragments:
    """So many characters of pieces; a piece is what is between the tokens in it."""

    def __init__(self, room: int = ROOM) -> None:
        self._parts: LRUCache[Hashable, Parts] = LRUCache(room, getsizeof=_size)
        self._lock = Lock()

    @property
    def taken(self) -> int:
        return int(self._parts.currsize)

    def get(self, key: Hashable) -> Parts | None:
        with self._lock:
            return self._parts.get(key)

    def keep(self, key: Hashable, parts: Parts) -> None:
        # One that is larger than all the room is not kept.
        with self._lock, suppress(ValueError):
            self._parts[key] = parts

    def clear(self) -> None:
        with self._lock:
            self._parts.clear()


def _size(parts: Parts) -> int:
    # An empty piece and what it is known by take room too.
    return KEY + sum(map(len, parts))


FRAGMENTS = Fragments()


def reader(context: Any) -> tuple[Hashable, ...]:
    """What any piece of a page depends on: where it is read, in which language, and by whom."""
    member, workspace = context.get("member"), context.get("workspace")
    place = workspace and (workspace.key, workspace.slug, workspace.name, workspace.currency, workspace.time_zone)
    return get_language(), place, member and audience(member)
