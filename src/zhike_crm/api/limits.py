"""How often somebody may ask: so many requests a minute, all at once or evenly, counted over all web processes.

What is kept of a caller is one number: the moment at which everything they asked for is paid off, each request costing
a minute divided by the limit. Whoever is more than a minute ahead waits. The numbers lie in a small file that the
processes of a machine share; a few microseconds, and nothing is written to the database.

What counts is the token, and before there is one the address of the connection itself, never a header the caller sets.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import math
import os
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

# Wrong tokens of one address.
GUESSES_PER_MINUTE = 60
MINUTE = 60.0

# A name belongs to one row of places, by its hash; in a full row the one who has asked least of late makes room.
_PLACE = struct.Struct("<8sd")
_ROW, _ROWS = 8, 4096
_EMPTY = (b"\0" * 8, 0.0)
log = logging.getLogger("zhike.api")


@dataclass(frozen=True)
class Allowance:
    """Whether the request may go on, what is left, how long until all is, and how long to wait when it may not."""

    limit: int
    left: int
    full_in: int
    wait: int = 0

    @property
    def is_spent(self) -> bool:
        return self.wait > 0

    @property
    def headers(self) -> dict[str, str]:
        known = {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.left),
            "X-RateLimit-Reset": str(self.full_in),
        }
        return known | ({"Retry-After": str(self.wait)} if self.wait else {})


class Buckets:
    """Who is how far ahead, in a file. Where it cannot be kept (a full disk) each process counts for itself."""

    def __init__(self, path: Callable[[], Path]) -> None:
        self._path, self._file = path, -1
        self._lock = threading.Lock()
        self._alone: dict[bytes, float] = {}

    def take(self, name: str, per_minute: int) -> Allowance:
        key = hashlib.blake2b(name.encode(), digest_size=8).digest()
        with self._lock:
            try:
                return self._take_shared(key, per_minute)
            except OSError:
                log.warning("The shared counts of requests cannot be kept; this process counts for itself.")
                allowance, self._alone[key] = _asked(self._alone.get(key, 0.0), time.time(), per_minute)
                return allowance

    def clear(self) -> None:
        """Everybody begins anew."""
        with self._lock, self._held() as file:
            os.ftruncate(file, 0)

    def _take_shared(self, key: bytes, per_minute: int) -> Allowance:
        start = int.from_bytes(key[:4], "little") % _ROWS * _ROW * _PLACE.size
        with self._held() as file:
            row = _read(file, start)
            known = next((n for n, (whose, _paid) in enumerate(row) if whose == key), None)
            place = min(range(_ROW), key=lambda n: row[n][1]) if known is None else known
            allowance, paid = _asked(0.0 if known is None else row[place][1], time.time(), per_minute)
            os.pwrite(file, _PLACE.pack(key, paid), start + place * _PLACE.size)
        return allowance

    @contextmanager
    def _held(self) -> Iterator[int]:
        """The file, while no other process has it. A process that dies lets go of it."""
        if self._file < 0:
            self._file = os.open(self._path(), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            yield self._file
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)


def _read(file: int, start: int) -> list[tuple[bytes, float]]:
    read = os.pread(file, _ROW * _PLACE.size, start)
    row = list(_PLACE.iter_unpack(read[: len(read) // _PLACE.size * _PLACE.size]))
    return row + [_EMPTY] * (_ROW - len(row))


def _asked(paid: float, now: float, per_minute: int) -> tuple[Allowance, float]:
    """What somebody may who is paid off at a moment, and when they are after this request."""
    cost = MINUTE / per_minute
    # At most a minute ahead, so that a clock that was set back locks nobody out for longer.
    ahead = min(max(0.0, paid - now), MINUTE)
    over = ahead + cost - MINUTE
    if over > cost / 100:
        return Allowance(per_minute, 0, math.ceil(ahead), max(1, math.ceil(over))), now + ahead
    ahead += cost
    left = int((MINUTE - ahead) / cost + 0.01)
    return Allowance(per_minute, left, math.ceil(ahead)), now + ahead


buckets = Buckets(lambda: Path(settings.ZHIKE_HOME, "limits"))


def of_token(pk: int) -> Allowance:
    return buckets.take(f"token {pk}", settings.ZHIKE_API_PER_MINUTE)


def of_stranger(address: str) -> Allowance:
    return buckets.take(f"address {address}", GUESSES_PER_MINUTE)
