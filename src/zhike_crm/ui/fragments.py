"""Pieces of pages that were drawn before, kept in the memory of the process.

A piece is known by everything it is made of: its name, the language, the workspace as it is called today, what the
reader may do and see, and what the page says of the data behind it (`{% fragment %}` names that). Nothing is ever
thrown away because it is out of date: when the data change, so does what a page asks for. Only the room is limited,
and what nobody has asked for the longest goes first.

The token against forged requests is another one for every person; it is put in each time.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from typing import Any

from django.utils.translation import get_language

from zhike_crm.accounts.access import audience

# Characters, of one or two bytes each: some hundreds of pages.
ROOM = 16_000_000
KEY = 1_000
# Nobody knows it, so nobody can have it written into a page.
TOKEN = secrets.token_hex(16)

Parts = tuple[str, ...]


class Fragments:
    """So many characters of pieces; a piece is what is between the tokens in it."""

    def __init__(self, room: int = ROOM) -> None:
        self.room, self.taken = room, 0
        self._parts: OrderedDict[Hashable, Parts] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable) -> Parts | None:
        with self._lock:
            found = self._parts.get(key)
            if found is not None:
                self._parts.move_to_end(key)
            return found

    def keep(self, key: Hashable, parts: Parts) -> None:
        with self._lock:
            self.taken += _size(parts) - _size(self._parts.pop(key, ()))
            self._parts[key] = parts
            while self.taken > self.room:
                self.taken -= _size(self._parts.popitem(last=False)[1])

    def clear(self) -> None:
        with self._lock:
            self._parts.clear()
            self.taken = 0


FRAGMENTS = Fragments()


def reader(context: Any) -> tuple[Hashable, ...]:
    """What any piece of a page depends on: where it is read, in which language, and by whom."""
    member, workspace = context.get("member"), context.get("workspace")
    place = workspace and (workspace.key, workspace.slug, workspace.name, workspace.currency, workspace.time_zone)
    return get_language(), place, member and audience(member)


def _size(parts: Parts) -> int:
    # An empty piece and what it is known by take room too.
    return KEY + sum(map(len, parts)) if parts else 0
