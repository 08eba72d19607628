"""What a segment is like against everybody: plain sums over the scores that lists show."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.core.cache import cache
from django.db.models import Avg, Count, QuerySet, Sum

from zhike_crm.customers.models import Score
from zhike_crm.segments.answers import current_run
from zhike_crm.segments.models import Segment

GROUPS = ("value_tier", "stage", "churn_risk")
_KEPT_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Figures:
    """Of some customers with scores: money in the workspace's currency; `groups`: column → code → customers."""

    customers: int = 0
    buyers: int = 0
    revenue: float = 0.0
    orders: int = 0
    recency_days: float | None = None
    to_come: float | None = None
    groups: dict[str, dict[str, int]] = field(default_factory=dict)

    @property
    def per_customer(self) -> float | None:
        return self.revenue / self.customers if self.customers else None

    @property
    def average_order(self) -> float | None:
        return self.revenue / self.orders if self.orders else None


@dataclass(frozen=True)
class Profile:
    members: Figures
    everybody: Figures

    @property
    def share_of_customers(self) -> float | None:
        return self.members.customers / self.everybody.customers if self.everybody.customers else None

    @property
    def share_of_revenue(self) -> float | None:
        return self.members.revenue / self.everybody.revenue if self.everybody.revenue > 0 else None


def profile(segment: Segment) -> Profile | None:
    """The profile of the members of now; None while nobody is in it, or nothing has been scored.

    A million rows are summed up once after each time the segment or the scores were computed.
    """
    run = current_run(segment.workspace)
    if run is None or not segment.count or segment.counted_at is None:
        return None
    scores = Score.objects.of(segment.workspace)
    there = {"customer__deleted_at": None, "customer__merged_into": None}
    current = {"customer__memberships__segment": segment, "customer__memberships__left_at": None}
    # Who meets a rule is there; of those on a list somebody may be gone.
    mine = scores.filter(**current, **there) if segment.is_list else scores.filter(**current)
    where = f"{segment.workspace.key.hex}-{run}"
    members = _kept(f"segment-sums-{where}-{segment.pk}-{segment.counted_at.timestamp()}", mine)
    return Profile(members, _kept(f"segment-all-sums-{where}", scores.filter(**there)))


def _kept(key: str, scores: QuerySet) -> Figures:
    found: Figures | None = cache.get(key)
    if found is None:
        found = _figures(scores)
        cache.set(key, found, _KEPT_SECONDS)
    return found


def _figures(scores: QuerySet) -> Figures:
    """One pass over the rows: sums by every pair of codes, added up here."""
    rows = list(
        scores.order_by()
        .values(*GROUPS)
        .annotate(
            n=Count("pk"),
            buyers=Count("orders"),
            sum=Sum("revenue"),
            of=Sum("orders"),
            days=Avg("recency_days"),
            to_come=Sum("residual_clv"),
        )
    )
    buyers = sum(row["buyers"] for row in rows)
    to_come = [row["to_come"] for row in rows if row["to_come"] is not None]
    days = sum(row["days"] * row["buyers"] for row in rows if row["days"] is not None)
    return Figures(
        customers=sum(row["n"] for row in rows),
        buyers=buyers,
        revenue=sum(row["sum"] or 0.0 for row in rows),
        orders=sum(row["of"] or 0 for row in rows),
        recency_days=days / buyers if buyers else None,
        to_come=sum(to_come) if to_come else None,
        groups={name: _by_code(rows, name) for name in GROUPS},
    )


def _by_code(rows: list[dict[str, Any]], name: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in rows:
        if row[name] is not None:
            found[row[name]] = found.get(row[name], 0) + row["n"]
    return found
