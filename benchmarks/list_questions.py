"""What `big_lists.py` asks the list of customers: every kind of condition, order and depth, alone and together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Conditions = dict[str, Any]


def where(column: str, test: str, value: Any = None) -> Conditions:
    return {"column": column, "test": test, "value": value}


def every(*conditions: Conditions) -> Conditions:
    return {"all": list(conditions)}


def some(*conditions: Conditions) -> Conditions:
    return {"any": list(conditions)}


def no(condition: Conditions) -> Conditions:
    return {"not": condition}


def questions(records: Any, segments: Mapping[str, int]) -> Iterator[tuple[str, Any]]:
    """Name and question, of a list of customers and the ids of segments by their names."""
    from zhike_crm.ui.lists.listing import Question

    yield "everybody", Question()
    yield from ((f"everybody, page {page}", Question(page=page)) for page in (2, 100, 200))
    common = every(where("stage", "any_of", ["churn", "maintenance"]), where("revenue", "gt", 200))
    for column in records.columns.values():
        if column.sortable:
            yield f"by {column.name}", Question(sort=f"-{column.name}")
            yield f"by {column.name}, rising, some", Question(common, sort=column.name)
    for name, conditions in _conditions(segments).items():
        yield name, Question(conditions)
        yield f"{name}, by last purchase, page 3", Question(conditions, sort="-last_at", page=3)
        yield f"{name}, by name", Question(conditions, sort="name")
    for words in ("c99999@example.com", "Chen", "Yan Felsingh", "C000123456", "+86 1312", "nobody at all", "a"):
        yield f"search {words}", Question(search=words)
        yield f"search {words} among some, by clv", Question(common, search=words, sort="-clv")
    deep = every(where("revenue", "gt", 300), where("email", "filled"))
    yield "deep, by clv", Question(deep, sort="-clv", page=150)
    yield "deep, by name", Question(deep, sort="name", page=150)
    yield "deep, by a field", Question(deep, sort="-field.points", page=150)


def _conditions(segments: Mapping[str, int]) -> dict[str, Conditions]:
    high, churned = where("value_tier", "any_of", ["high"]), where("stage", "any_of", ["churn"])
    rich, recent = where("revenue", "gt", 500), where("last_at", "after", "2025-11-01")
    return {
        "high value and churned": every(high, churned),
        "nobody is this rich": where("revenue", "gt", 1e12),
        "very rich": where("revenue", "gt", 1_500),
        "rich, seldom": every(rich, where("orders", "lt", 4)),
        "grade or recency": some(where("grade", "any_of", ["vip"]), where("recency_days", "lt", 3)),
        "not at risk": no(where("value_tier", "any_of", ["at_risk"])),
        "no stage, no grade": every(where("stage", "empty"), where("grade", "empty")),
        "a band of three": every(
            where("clv", "between", [100, 400]),
            where("rfm_score", "between", [0.2, 0.5]),
            where("frequency", "between", [2, 3]),
        ),
        "nested": every(
            some(every(rich, no(churned)), every(recent, where("country", "is", "Kenya"))),
            no(some(where("city", "empty"), where("gender", "is", "male"))),
        ),
        "octant, abc and risk": every(
            where("abc", "any_of", ["A", "B"]), where("churn_risk", "none_of", ["low"]), where("octant", "filled")
        ),
        "a warning": where("warn_overdue", "yes"),
        "no warning": every(where("warn_overdue", "no"), where("warnings", "lt", 1)),
        "name contains": where("name", "contains", "quinst"),
        "name contains much": where("name", "contains", "an"),
        "name contains nothing": where("name", "contains", "zzqx"),
        "name lacks, city starts": every(where("name", "lacks", "a"), where("city", "starts", "City 12")),
        "e-mail contains": where("email", "contains", "9999@"),
        "country and age": every(where("country", "is", "Norway"), where("age", "gte", 60), high),
        "without e-mail or phone": every(where("email", "empty"), where("phone", "empty")),
        "kind and gender": every(where("kind", "any_of", ["person"]), where("gender", "is", "female")),
        "created lately": where("created_at", "last_days", 30),
        "created before": where("created_at", "before", "2020-01-01"),
        "an owner": where("owner", "any_of", ["2"]),
        "no owner, rich": every(where("owner", "empty"), rich),
        "a common choice": where("field.channel", "any_of", ["web"]),
        "a rarer choice, churned": every(where("field.channel", "any_of", ["phone"]), churned),
        "not the common choice": every(where("field.channel", "none_of", ["web"]), rich),
        "points of a field": every(where("field.points", "between", [100, 120]), rich),
        "points of most": where("field.points", "gt", 10),
        "a rare field": where("field.rare", "filled"),
        "without a field": every(where("field.since", "empty"), high),
        "a remark contains": where("field.remark", "contains", "4711"),
        "yes in a field": every(where("field.vegan", "yes"), recent),
        "half are in it": where("segment", "any_of", [segments["half"]]),
        "in half, in tenth": every(
            where("segment", "any_of", [segments["half"]]), where("segment", "any_of", [segments["tenth"]])
        ),
        "in few, rich": every(where("segment", "any_of", [segments["few"]]), rich),
        "in no segment": every(where("segment", "empty"), high),
        "not in half, or a field": some(
            no(where("segment", "any_of", [segments["half"]])), where("field.points", "gt", 4_990)
        ),
    }
