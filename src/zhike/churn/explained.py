"""Reasons of many customers at once, as they are kept with their scores; and back from there into words.

A reason is kept as what it is about, the feature that tells it, what the topic adds to the log-odds of leaving, the
customer's own value and what customers with a like value did, never as a sentence: `[{"topic": "silence", "by":
"overdue", "effect": 0.8, "value": 3.7, "low": 2.1, "high": 9, "left": 0.62, "all": 0.3, "recency_days": 74, …}, …]`. So
it can be told in any language, and asked about.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from zhike.churn.context import Context, Kind, Like
from zhike.churn.layout import Feature, Layout, Matrix
from zhike.churn.reasons import Reason, heaviest, together
from zhike.churn.wording import STORIES, reason_sentence
from zhike.language import current_language, speaking

MOST = 3


def kept_reasons(
    rows: pa.Table, x: Matrix, parts: Matrix, layout: Layout, context: Context, most: int = MOST
) -> pa.Array:
    """The heaviest reasons of each row as JSON text, the heaviest first; NULL where nothing weighs.

    Args:
        rows: as they came; x: as numbers; parts: what each feature adds to the log-odds.
        context: what others did; most: how many reasons.
    """
    if not layout.names or not rows.num_rows:
        return pa.nulls(rows.num_rows, pa.string())
    found, topics = heaviest(x, parts, layout, context, most), list(together(layout))
    # One after the other, row by row; their texts are made feature by feature.
    row, place = np.nonzero(found.worth)
    topic, feature, effect = (part[row, place] for part in (found.topic, found.feature, found.effect))
    order = np.argsort(feature, kind="stable")
    texts = [pa.array([], pa.string())]
    for j in np.unique(feature):
        here = order[feature[order] == j]
        about = topics[int(topic[here[0]])]
        texts.append(_texts(about, int(j), effect[here], rows, row[here], x, layout, context))
    said = pa.concat_arrays(texts).take(pa.array(np.argsort(order, kind="stable")))
    ends = np.concatenate([[0], np.cumsum(found.worth.sum(axis=1))]).astype(np.int32)
    joined = pc.binary_join(pa.ListArray.from_arrays(pa.array(ends), said), ",")
    whole = pc.binary_join_element_wise(pa.scalar("["), joined, pa.scalar("]"), "")
    return pc.if_else(pa.array(np.diff(ends) > 0), whole, pa.scalar(None, pa.string()))


def _texts(
    topic: str, j: int, effect: Matrix, rows: pa.Table, which: Any, x: Matrix, layout: Layout, context: Context
) -> pa.Array:
    """The reasons of some rows that one feature tells."""
    feature, column = layout.features[j], x[which, j]
    low, high, left = _bordered(context.like(j, column), context.kinds[j])
    values: dict[str, Any] = {
        "effect": _numbers(pa.array(np.round(effect, 3))),
        "value": _values(feature, column),
        "low": _numbers(pa.array(low)),
        "high": _numbers(pa.array(high)),
        "left": _numbers(pa.array(np.round(left, 4))),
        "all": pa.scalar(f"{context.rate:.4f}"),
    }
    own = [name for name in STORIES.get(feature.name, ()) if name in rows.column_names]
    values |= {name: _numbers(rows[name].take(pa.array(which))) for name in own}
    begin = json.dumps({"topic": topic, "by": feature.name}, ensure_ascii=False, separators=(",", ":"))[:-1]
    pieces: list[Any] = [pa.scalar(begin)]
    for name, told in values.items():
        pieces += [pa.scalar(f',"{name}":'), told]
    made = pc.binary_join_element_wise(*pieces, pa.scalar("}"), "")
    return made.combine_chunks() if isinstance(made, pa.ChunkedArray) else made


def _bordered(like: Like, kinds: tuple[Kind, ...]) -> Like:
    """Without the least and the greatest that anybody had, which say nothing: "at most 250", not "-451 to 250"."""
    if not kinds:
        return like
    several = like.low != like.high
    low = np.where(several & (like.low == kinds[0].low), np.nan, like.low)
    high = np.where(several & (like.high == kinds[-1].high), np.nan, like.high)
    return Like(low, high, like.left)


def _numbers(column: Any) -> Any:
    """Numbers as JSON writes them."""
    plain = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    known = pc.if_else(pc.is_finite(plain), plain, pa.scalar(None, plain.type)) if _floats(plain) else plain
    return pc.fill_null(pc.cast(known, pa.string()), "null")


def _floats(column: Any) -> bool:
    return bool(pa.types.is_floating(column.type))


def _values(feature: Feature, column: Matrix) -> Any:
    if feature.kind != "category":
        return _numbers(pa.array(column))
    levels = pa.array([json.dumps(level, ensure_ascii=False) for level in feature.levels], pa.string())
    codes = pa.array(np.nan_to_num(column).astype(np.int64), mask=np.isnan(column))
    return pc.fill_null(levels.take(codes), "null")


def told_reasons(kept: str | None, *, language: str | None = None) -> list[Reason]:
    """Kept reasons in words. What an older Zhike kept otherwise is left out.

    >>> kept = '[{"topic":"silence","effect":0.8,"recency_days":74,"rhythm_days":20.2,"purchase_days":9}]'
    >>> [reason.sentence for reason in told_reasons(kept, language="en")]
    ['Days without an order: 74 (usually 20).']
    """
    with speaking(language or current_language()):
        told = [(reason, reason_sentence(reason)) for reason in json.loads(kept or "[]")]
    return [
        Reason(reason["topic"], reason.get("by", ""), float(reason["effect"]), sentence)
        for reason, sentence in told
        if sentence is not None
    ]
