"""Profile cards: what sets the customers of a segment apart from everybody, in every trait that is known of them.

Among few customers the averages are of all of them; of more, of a sample, so that a card takes seconds however many
there are. A card is worked out once for each time the segment or the scores were computed.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from django.core.cache import cache
from django.db.models import Count, F
from django.db.models.expressions import RawSQL
from django.utils import timezone

from zhike.errors import ZhikeError
from zhike.satisfaction import csat, nps
from zhike.segments.profiles import Card, profile
from zhike_crm import bulk
from zhike_crm.customers.models import Identity
from zhike_crm.jobs.models import Job, State
from zhike_crm.jobs.queue import enqueue
from zhike_crm.segments.answers import current_facts, current_run, roomy
from zhike_crm.segments.models import Member, Segment
from zhike_crm.segments.reading import SAMPLED, everybody, sample, table_of
from zhike_crm.segments.rules import everybody as everybody_listed
from zhike_crm.segments.scratch import scratch
from zhike_crm.segments.traits import traits_of
from zhike_crm.workspaces.lakes import lake_of
from zhike_crm.workspaces.models import Workspace

CARDS = "segment_cards"
# Of so many members everything is looked at; of more, of so many.
OF_EACH = 20_000
# Of so few the page works them out itself.
AT_ONCE = 10_000
TOP = 3
# After a failure nobody needs another one at once.
_PATIENCE = dt.timedelta(minutes=5)
_KEPT_SECONDS = 7 * 24 * 3600


@dataclass(frozen=True)
class Opinion:
    """A score of satisfaction of some customers, with its interval and the number of answers."""

    value: float
    low: float
    high: float
    answers: int


@dataclass(frozen=True)
class Portrayal:
    """`card` has the traits; `sampled` customers it is of (None: all of them). `opinions`: "nps" and "csat", where
    anybody answered. `countries` and `products`: the most common, with their share of the customers or of the money."""

    card: Card | None
    sampled: int | None
    opinions: dict[str, Opinion] = field(default_factory=dict)
    countries: list[tuple[str, float]] = field(default_factory=list)
    products: list[tuple[str, float]] = field(default_factory=list)


def portrayals(workspace: Workspace, segments: list[Segment]) -> dict[int, Portrayal] | None:
    """Id → what is known; None while a job works it out (`work_out_later`)."""
    keys = _keys(workspace, segments)
    kept = cache.get_many(list(keys.values()))
    known = {pk: kept[key] for pk, key in keys.items() if key in kept}
    missing = [one for one in segments if one.pk not in known]
    if not missing:
        return known
    if everybody(workspace).order_by()[: AT_ONCE + 1].count() <= AT_ONCE:
        return known | work_out(workspace, missing)
    return None


def work_out_later(workspace: Workspace, segments: list[Segment]) -> bool:
    """Have it worked out in the background; False where that has just failed."""
    last = Job.objects.of(workspace).filter(kind=CARDS).order_by("-created_at", "-pk").first()
    if last is not None and last.state == State.FAILED and timezone.now() - last.created_at < _PATIENCE:
        return False
    wanted = sorted(one.pk for one in segments)
    key = hashlib.sha256(repr(wanted).encode()).hexdigest()[:32]
    enqueue(workspace, CARDS, {"segments": wanted}, key=f"{CARDS}-{key}")
    return True


def work_out(workspace: Workspace, segments: list[Segment]) -> dict[int, Portrayal]:
    """Id → what is known of the segments, and kept from now on."""
    inside = {one.pk: _some_of(one) for one in segments}
    cards = _cards(workspace, {pk: ids for pk, ids in inside.items() if len(ids)})
    told = _from_lake(workspace, inside)
    found = {}
    for one in segments:
        ids, size = inside[one.pk], one.count or 0
        found[one.pk] = Portrayal(
            card=cards.get(one.pk),
            sampled=len(ids) if len(ids) < size else None,
            countries=_countries(one),
            **told.get(one.pk, {}),
        )
    cache.set_many({key: found[pk] for pk, key in _keys(workspace, segments).items()}, _KEPT_SECONDS)
    return found


def _keys(workspace: Workspace, segments: list[Segment]) -> dict[int, str]:
    """Segment → where its portrayal is kept: another one each time it, or the scores, were computed."""
    where = f"segment-card-{workspace.key.hex}-{current_run(workspace)}"
    return {one.pk: f"{where}-{one.pk}-{one.counted_at.timestamp() if one.counted_at else 0}" for one in segments}


def _some_of(segment: Segment) -> Any:
    """The ids of the members, at even steps where there are many."""
    rows = Member.objects.of(segment.workspace_id).filter(segment=segment, left_at=None)
    step = -(-(segment.count or 0) // OF_EACH)
    if step > 1:
        rows = rows.alias(step=F("customer_id") % step).filter(step=0)
    return np.array(rows.order_by().values_list("customer_id", flat=True), dtype=np.int64)


def _cards(workspace: Workspace, inside: dict[int, Any]) -> dict[int, Card]:
    """Segment → what sets it apart. Its own averages are of its own sample, beside a sample of everybody."""
    traits = traits_of(everybody_listed(workspace))
    others = np.array(sample(everybody(workspace), SAMPLED).order_by().values_list("pk", flat=True), dtype=np.int64)
    if not inside or not len(others):
        return {}
    wanted = np.unique(np.concatenate([others, *inside.values()]))
    with roomy(), scratch() as table:
        bulk.insert_rows(table, [pa.record_batch([pa.array(wanted)], names=["customer_id"])])
        which = RawSQL(f"SELECT customer_id FROM {table}", [])  # noqa: S611 - a name of our own
        rows = table_of(everybody(workspace).filter(pk__in=which), traits.values(), workspace)
    try:
        found = profile(rows, inside, features=list(traits), everybody=others)
    except ZhikeError:  # nobody of them is there any more, or nothing tells them apart
        return {}
    return {card.group: card for card in found.cards}


def _countries(segment: Segment) -> list[tuple[str, float]]:
    rows = everybody(segment.workspace).filter(memberships__segment=segment, memberships__left_at=None)
    rows = rows.exclude(country="").order_by().values_list("country").annotate(n=Count("pk"))
    counts = sorted(rows, key=lambda row: (-row[1], row[0]))
    total = sum(count for _name, count in counts)
    return [(name, count / total) for name, count in counts[:TOP]]


# -- what the lake knows -----------------------------------------------------------------------------------------------
def _from_lake(workspace: Workspace, inside: dict[int, Any]) -> dict[int, dict[str, Any]]:
    """Segment → satisfaction, and what they spend most on."""
    if current_run(workspace) is None:
        return {}
    with lake_of(workspace) as lake:
        facts = current_facts(workspace, lake)
        if facts is None:
            return {}
        identities = {pk: _identities(workspace, ids) for pk, ids in inside.items()}
        return {
            pk: {"opinions": _opinions(facts, those), "products": _products(facts, those)}
            for pk, those in identities.items()
            if len(those)
        }


def _identities(workspace: Workspace, ids: Any) -> pa.Table:
    """The names under which the lake knows these customers."""
    with scratch() as table:
        bulk.insert_rows(table, [pa.record_batch([pa.array(ids)], names=["customer_id"])] if len(ids) else [])
        which = RawSQL(f"SELECT customer_id FROM {table}", [])  # noqa: S611 - a name of our own
        rows = Identity.objects.of(workspace).filter(customer__in=which).order_by()
        return pa.table({"customer_id": pa.array(rows.values_list("identity", flat=True), pa.string())})


def _opinions(facts: Any, those: pa.Table) -> dict[str, Opinion]:
    if "feedback" not in facts.versions:
        return {}
    given = facts.table("feedback")
    given = given.semi_join(facts.lake.small(those), "customer_id")
    found = {}
    for name, scored in (("nps", nps), ("csat", csat)):
        try:
            score = scored(given)
        except ZhikeError:
            continue
        if score.n and score.value is not None:
            found[name] = Opinion(score.value, score.low or 0.0, score.high or 0.0, score.n)
    return found


def _products(facts: Any, those: pa.Table) -> list[tuple[str, float]]:
    if "order_lines" not in facts.versions:
        return []
    lines = facts.table("order_lines")
    lines = lines.filter(lines.product_name.notnull() & (lines.amount > 0))
    lines = lines.semi_join(facts.lake.small(those), "customer_id")
    by_product = lines.group_by(name=lines.product_name).aggregate(spent=lines.amount.sum())
    found = facts.lake.engine.to_pyarrow(by_product.order_by(by_product.spent.desc(), by_product.name)).to_pylist()
    total = sum(row["spent"] for row in found)
    return [(row["name"], row["spent"] / total) for row in found[:TOP]] if total else []
