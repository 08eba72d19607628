"""NPS, CSAT, CSI, good-review rate, each with counts and confidence interval (`docs/models/satisfaction.md`)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from zhike.errors import SettingsError
from zhike.satisfaction.answers import answer, grouped
from zhike.satisfaction.intervals import difference_interval, mean_interval, normal_quantile, share_interval
from zhike.satisfaction.score import Metric, Score

By = str | Sequence[str] | None
Row = dict[str, Any]

SCALES: dict[str, tuple[float, float]] = {"nps": (0, 10), "csat": (1, 5), "positive": (0, 1)}
PROMOTER, DETRACTOR = 9, 6  # Reichheld (2003)
SATISFIED = 4


def nps(feedback: Any, *, by: By = None, customers: Any = None, level: float = 0.95) -> Score:
    """The Net Promoter Score: % promoters (9–10) less % detractors (0–6) of the answers in column `nps`.

    An answer between the two (above 6, below 9) is passive. Interval: exact variance of the difference of two
    multinomial shares, adjusted for small samples (`intervals.difference_interval`). Source: Reichheld (2003), The One
    Number You Need to Grow, Harvard Business Review 81 (12).

    Args:
        feedback: an Ibis, pandas, Polars or Arrow table, or a path.
        by: a column or several to split by: of the feedback, a period ("day", "week", "month", "quarter", "year" of
            `given_at`: the trend), or of `customers`.
        customers: a table with `customer_id` and the columns of `by` that the feedback lacks, such as scores.
        level: of confidence.

    Raises:
        InputError: columns are missing, or hold no answers.
        SettingsError: `by` or `level` is not possible.

    >>> import pyarrow as pa
    >>> score = nps(pa.table({"nps": [10] * 50 + [8] * 30 + [2] * 20, "channel": ["app"] * 60 + ["shop"] * 40}),
    ...             by="channel")
    >>> score.value, round(score.low, 1), round(score.high, 1)
    (30.0, 14.1, 44.7)
    >>> [(s.group["channel"], round(s.value, 1), s.n) for s in score.groups]
    [('app', 83.3, 60), ('shop', -50.0, 40)]
    """

    def judged(row: Row) -> Row:
        counts = {name: row[name] for name in ("promoters", "passives", "detractors")}
        difference = row["promoters"] - row["detractors"]
        return _points(
            row["n"],
            difference,
            lambda n: difference_interval(row["promoters"], row["detractors"], n, level),
            counts=counts,
        )

    def counted(table: Any) -> Row:
        value, outside = answer(table, "nps", *SCALES["nps"])
        return {
            "n": value.count(),
            "outside": outside.cast("int64").sum(),
            "promoters": (value >= PROMOTER).cast("int64").sum(),
            "passives": ((value < PROMOTER) & (value > DETRACTOR)).cast("int64").sum(),
            "detractors": (value <= DETRACTOR).cast("int64").sum(),
        }

    table, names = grouped(feedback, ("nps",), by, customers)
    return _score("nps", table, names, counted, judged, level=level, scale=SCALES["nps"])


def csat(feedback: Any, *, by: By = None, customers: Any = None, level: float = 0.95) -> Score:
    """Customer satisfaction: the share, in %, of answers of 4 or 5 among those from 1 to 5 in column `csat`.

    Interval: Wilson's. Arguments and errors as in `nps`.

    >>> import pyarrow as pa
    >>> score = csat(pa.table({"csat": [5, 4, 4, 2, None, 9]}))
    >>> score.value, score.n, score.counts["satisfied"], score.unanswered, score.out_of_range
    (75.0, 4, 3, 1, 1)
    """

    def judged(row: Row) -> Row:
        counts = {name: row[name] for name in ("satisfied", "neutral", "dissatisfied")}
        hits = row["satisfied"]
        return _points(row["n"], hits, lambda n: share_interval(hits, n, level), counts=counts)

    def counted(table: Any) -> Row:
        value, outside = answer(table, "csat", *SCALES["csat"])
        return {
            "n": value.count(),
            "outside": outside.cast("int64").sum(),
            "satisfied": (value >= SATISFIED).cast("int64").sum(),
            "neutral": ((value < SATISFIED) & (value > 2)).cast("int64").sum(),
            "dissatisfied": (value <= 2).cast("int64").sum(),
        }

    table, names = grouped(feedback, ("csat",), by, customers)
    return _score("csat", table, names, counted, judged, level=level, scale=SCALES["csat"])


def good_review_rate(feedback: Any, *, by: By = None, customers: Any = None, level: float = 0.95) -> Score:
    """The share, in %, of good reviews (TRUE or 1) among the good and the bad ones in column `positive`.

    Interval: Wilson's. Arguments and errors as in `nps`.

    >>> import pyarrow as pa
    >>> score = good_review_rate(pa.table({"positive": [True, True, True, False, None]}))
    >>> score.value, score.n, score.counts, score.unanswered
    (75.0, 4, {'good': 3, 'bad': 1}, 1)
    """

    def judged(row: Row) -> Row:
        good = row["good"]
        counts = {"good": good, "bad": row["n"] - good}
        return _points(row["n"], good, lambda n: share_interval(good, n, level), counts=counts)

    def counted(table: Any) -> Row:
        value, outside = answer(table, "positive", *SCALES["positive"])
        # Half a good review is none.
        whole = value.isin([0.0, 1.0]).ifelse(value, None)
        outside = outside | (value.notnull() & whole.isnull())
        return {"n": whole.count(), "outside": outside.cast("int64").sum(), "good": (whole == 1).cast("int64").sum()}

    table, names = grouped(feedback, ("positive",), by, customers)
    return _score("positive", table, names, counted, judged, level=level, scale=SCALES["positive"])


def csi(
    feedback: Any,
    *,
    weights: Mapping[str, float] | None = None,
    scale: tuple[float, float] = (1, 5),
    by: By = None,
    customers: Any = None,
    level: float = 0.95,
) -> Score:
    """The customer satisfaction index, 0–100: the weighted mean of several attributes, each rated on the same scale.

    Every respondent counts once: their index is Σ wᵢ·(xᵢ − lowest)/(highest − lowest) / Σ wᵢ over the attributes they
    rated, the score is the mean of these × 100. `parts` has each attribute's own mean. Interval: Student's with one
    answer supposed at either end (`intervals.mean_interval`). `out_of_range` counts ratings, not respondents. Source:
    weighted-attribute index as in Fornell et al. (1996), Journal of Marketing 60 (4), with weights of your own.

    Args:
        feedback, by, customers, level: as in `nps`.
        weights: column → weight; {"csat": 1} when left out.
        scale: lowest and highest rating.

    Raises:
        InputError: columns are missing, or hold no ratings.
        SettingsError: weights, scale, `by` or `level` are not possible.

    >>> import pyarrow as pa
    >>> rated = pa.table({"quality": [5, 4, 5, None], "delivery": [2, 3, 3, 1]})
    >>> score = csi(rated, weights={"quality": 2, "delivery": 1})
    >>> round(score.value, 1), score.n, score.parts["delivery"]
    (56.2, 4, 31.25)
    """
    weighted = {"csat": 1.0} if weights is None else dict(weights)
    lowest, highest = _checked(weighted, scale)

    def counted(table: Any) -> Row:
        answers = {name: answer(table, name, lowest, highest) for name in weighted}
        parts = {name: (a.value - lowest) / (highest - lowest) for name, a in answers.items()}
        sums: Any = sum(parts[name].fill_null(0.0) * weight for name, weight in weighted.items())
        given: Any = sum(parts[name].notnull().cast("float64") * weight for name, weight in weighted.items())
        index = sums / given.nullif(0.0)
        counts: Row = {"n": index.count(), "total": index.sum(), "squares": (index * index).sum()}
        counts["outside"] = sum(a.outside.cast("int64") for a in answers.values()).sum()
        for number, part in enumerate(parts.values()):
            counts |= {f"count_{number}": part.count(), f"sum_{number}": part.sum()}
        return counts

    def judged(row: Row) -> Row:
        parts = {}
        for number, name in enumerate(weighted):
            count = row[f"count_{number}"]
            parts[name] = 100 * row[f"sum_{number}"] / count if count else None
        counts = {name: row[f"count_{number}"] for number, name in enumerate(weighted)}
        total, squares = row["total"], row["squares"]
        points = _points(row["n"], total, lambda n: mean_interval(total, squares, n, level), counts=counts)
        return {**points, "parts": parts}

    table, names = grouped(feedback, tuple(weighted), by, customers)
    return _score("csi", table, names, counted, judged, level=level, scale=(lowest, highest))


def _checked(weights: Mapping[str, float], scale: tuple[float, float]) -> tuple[float, float]:
    if not weights or not all(_is_number(w) and w >= 0 for w in weights.values()) or not any(weights.values()):
        raise SettingsError(
            "The weights {weights} are not possible.",
            fix="Give a number of 0 or more per column, at least one above 0.",
            weights=repr(dict(weights)),
        )
    numbers = len(scale) == 2 and all(map(_is_number, scale))
    if not numbers or scale[0] >= scale[1]:
        raise SettingsError(
            "A scale of {scale} is not possible.", fix="Give the lowest and the highest rating.", scale=repr(scale)
        )
    return float(scale[0]), float(scale[1])


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _points(n: int, total: float, interval: Callable[[int], tuple[float, float]], *, counts: dict[str, int]) -> Row:
    """Value and interval in points; nothing where nobody answered, since 0 would be a score."""
    if not n:
        return {"n": 0, "value": None, "low": None, "high": None, "counts": counts}
    low, high = interval(n)
    return {"n": n, "value": 100 * total / n, "low": 100 * low, "high": 100 * high, "counts": counts}


def _score(
    metric: Metric,
    table: Any,
    names: list[str],
    counted: Callable[[Any], Row],
    judged: Callable[[Row], Row],
    *,
    level: float,
    scale: tuple[float, float],
) -> Score:
    """One aggregate, by group where there are any; that of all is the sum of its groups."""
    normal_quantile(level)
    aggregates = {"rows": table.count(), **counted(table)}
    keys = {f"by_{number}": table[name] for number, name in enumerate(names)}
    found = (table.group_by(**keys) if keys else table).aggregate(**aggregates).to_pyarrow().to_pylist()
    rows = [{**row, **{name: row[name] or 0 for name in aggregates}} for row in found]  # the sum of nothing is NULL
    rows.sort(key=lambda row: [(row[key] is None, 0 if row[key] is None else row[key]) for key in keys])

    def score(row: Row) -> Score:
        result = judged(row)
        unanswered = row["rows"] - row["n"] - (row["outside"] if metric != "csi" else 0)
        return Score(
            metric=metric, level=level, scale=scale, out_of_range=row["outside"], unanswered=unanswered, **result
        )

    everybody = score({name: sum(row[name] for row in rows) for name in aggregates})
    if not names:
        return everybody
    groups = tuple(
        replace(score(row), group={name: row[key] for name, key in zip(names, keys, strict=True)}) for row in rows
    )
    return replace(everybody, groups=groups)
