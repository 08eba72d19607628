"""How often somebody may ask: a bucket of requests per token, refilled all the time.

Kept in memory, in each process, so that it costs nothing; with several processes the limit is that many times as high.
What counts is the token, and before there is one the address of the connection itself, never a header the caller sets.
"""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass

from django.conf import settings

DEFAULT_PER_MINUTE = 6_000
# Wrong tokens of one address.
GUESSES_PER_MINUTE = 60
_KEPT = 10_000


@dataclass(frozen=True)
class Allowance:
    """Whether the request may go on, what is left, and how many seconds to wait when it may not."""

    limit: int
    left: int
    wait: int = 0

    @property
    def is_spent(self) -> bool:
        return self.wait > 0

    @property
    def headers(self) -> dict[str, str]:
        known = {"RateLimit-Limit": str(self.limit), "RateLimit-Remaining": str(self.left)}
        return known | ({"Retry-After": str(self.wait)} if self.wait else {})


class Buckets:
    """A bucket per name, full at first, refilled evenly."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, float]] = {}

    def take(self, name: str, per_minute: int) -> Allowance:
        now = time.monotonic()
        with self._lock:
            left, since = self._known.pop(name, (float(per_minute), now))
            left = min(float(per_minute), left + (now - since) * per_minute / 60)
            wait = 0 if left >= 1 else max(1, math.ceil((1 - left) * 60 / per_minute))
            left -= 0 if wait else 1
            self._known[name] = (left, now)  # at the end: the oldest names are at the front
            while len(self._known) > _KEPT:
                self._known.pop(next(iter(self._known)))
        return Allowance(per_minute, int(left), wait)

    def clear(self) -> None:
        with self._lock:
            self._known.clear()


buckets = Buckets()


def of_token(pk: int) -> Allowance:
    return buckets.take(f"token {pk}", getattr(settings, "ZHIKE_API_PER_MINUTE", DEFAULT_PER_MINUTE))


def of_stranger(address: str) -> Allowance:
    return buckets.take(f"address {address}", GUESSES_PER_MINUTE)
