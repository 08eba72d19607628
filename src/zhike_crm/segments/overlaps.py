"""What segments have in common."""

from __future__ import annotations

from itertools import combinations
from typing import NamedTuple

from django.core.cache import cache

from zhike_crm.segments.addresses import address, inside
from zhike_crm.segments.cards import AT_ONCE
from zhike_crm.segments.models import Member, Segment

_KEPT_SECONDS = 24 * 3600


class Overlap(NamedTuple):
    """Customers in both; as a share of each."""

    one: Segment
    other: Segment
    customers: int
    of_one: float
    of_other: float
    address: str


def overlaps(segments: list[Segment], *, at_once: bool = True) -> list[Overlap] | None:
    """What each two have in common; None where that takes longer than a reader waits (and `at_once` is asked for)."""
    found = []
    for one, other in combinations(segments, 2):
        if one.clustering_id and one.clustering_id == other.clustering_id:
            continue  # nobody is in two groups of the same
        count = _shared(one, other, at_once)
        if count is None:
            return None
        shares = (count / (one.count or 1), count / (other.count or 1))
        found.append(Overlap(one, other, count, *shares, address(one, inside(other))))
    return found


def _shared(one: Segment, other: Segment, at_once: bool) -> int | None:
    fewer, more = sorted((one, other), key=lambda segment: (segment.count or 0, segment.pk))
    key = "-".join(
        ["segments-shared", *(f"{s.pk}-{s.counted_at.timestamp() if s.counted_at else 0}" for s in (fewer, more))]
    )
    found: int | None = cache.get(key)
    if found is None and (not at_once or (fewer.count or 0) <= AT_ONCE):
        mine = Member.objects.of(fewer.workspace_id).filter(segment=fewer, left_at=None)
        found = mine.filter(customer__memberships__segment=more, customer__memberships__left_at=None).count()
        cache.set(key, found, _KEPT_SECONDS)
    return found
