"""The reasons of many customers at once, as they are kept with their scores; and back from there into words.

A reason is kept as what it is about, what it adds to the log-odds of leaving, and the customer's own numbers, never as
a sentence: `[{"topic": "silence", "effect": 0.8, "recency_days": 74, "rhythm_days": 20, "purchase_days": 9}, …]`. So
it can be told in any language, and asked about.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from zhike.churn.context import Context, Kind
from zhike.churn.layout import Feature, Layout, Matrix
from zhike.churn.reasons import WORTH_SAYING, Reason, plain_sentence, together
from zhike.churn.wording import TOLD_WITH, topic_sentence
from zhike.language import current_language, speaking

MOST = 3


def kept_reasons(rows: pa.Table, x: Matrix, parts: Matrix, layout: Layout, context: Context) -> pa.Array:
    """The heaviest reasons of each row as JSON text, the heaviest first; NULL where nothing weighs.

    Args:
        rows: as they came; x: as numbers; parts: what each feature adds to the log-odds.
        context: what others did.
    """
    topics = together(layout)
    if not topics or not rows.num_rows:
        return pa.nulls(rows.num_rows, pa.string())
    effects = np.column_stack([parts[:, columns].sum(axis=1) for columns in topics.values()])
    texts = [
        _texts(topic, columns, effects[:, at], rows, x, layout, context)
        for at, (topic, columns) in enumerate(topics.items())
    ]
    stacked = pa.concat_arrays(texts)
    heaviest = np.argsort(-np.abs(effects), axis=1, kind="stable")[:, :MOST]
    every = np.arange(rows.num_rows)
    said = []
    for place in range(heaviest.shape[1]):
        topic = heaviest[:, place]
        worth = np.abs(effects[every, topic]) >= WORTH_SAYING
        said.append(stacked.take(pa.array(topic * rows.num_rows + every, mask=~worth)))
    # Not null_handling="skip": Arrow 26 then loses the rows in which all are NULL.
    after = [pc.fill_null(pc.binary_join_element_wise(pa.scalar(","), one, ""), "") for one in said[1:]]
    return pc.binary_join_element_wise(pa.scalar("["), said[0], *after, pa.scalar("]"), "")


def _texts(
    topic: str, columns: list[int], effect: Matrix, rows: pa.Table, x: Matrix, layout: Layout, context: Context
) -> pa.Array:
    """The reason of every row, were it this one."""
    values: dict[str, Any] = {"effect": _numbers(pa.array(np.round(effect, 3)))}
    if topic in TOLD_WITH:
        values |= {name: _numbers(rows[name]) for name in TOLD_WITH[topic] if name in rows.column_names}
    else:
        feature, column = layout.features[columns[0]], x[:, columns[0]]
        values |= {"value": _values(feature, column), "all": pa.scalar(f"{context.rate:.4f}")}
        values |= _of_kind(column, context.kinds[columns[0]])
    pieces: list[Any] = [pa.scalar(f'{{"topic":{json.dumps(topic, ensure_ascii=False)}')]
    for name, column in values.items():
        pieces += [pa.scalar(f',"{name}":'), column]
    made = pc.binary_join_element_wise(*pieces, pa.scalar("}"), "")
    return made.combine_chunks() if isinstance(made, pa.ChunkedArray) else made


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


def _of_kind(column: Matrix, kinds: tuple[Kind, ...]) -> dict[str, Any]:
    """Who the customers with a like value were, and the share of them that left."""
    if not kinds:
        return {}
    low, high, left = (np.array([getattr(kind, name) for kind in kinds]) for name in ("low", "high", "left"))
    at = np.clip(np.searchsorted(low, column, side="right") - 1, 0, len(kinds) - 1)
    outside = np.isnan(column) | (column < low[at]) | (column > high[at])
    found = {"low": low[at], "high": high[at], "left": np.round(left[at], 4)}
    return {name: _numbers(pa.array(np.where(outside, np.nan, values))) for name, values in found.items()}


def told_reasons(kept: str | None, *, language: str | None = None) -> list[Reason]:
    """Kept reasons in words. What an older Zhike kept otherwise is left out.

    >>> kept = '[{"topic":"silence","effect":0.8,"recency_days":74,"rhythm_days":20.2,"purchase_days":9}]'
    >>> [reason.sentence for reason in told_reasons(kept, language="en")]
    ['Days without an order: 74 (usually 20).']
    """
    with speaking(language or current_language()):
        told = [_told(reason) for reason in json.loads(kept or "[]")]
    return [reason for reason in told if reason is not None]


def _told(reason: dict[str, Any]) -> Reason | None:
    topic = reason["topic"]
    sentence = topic_sentence(topic, reason) if topic in TOLD_WITH else _plain(reason)
    return None if sentence is None else Reason(topic, (), float(reason["effect"]), sentence)


def _plain(reason: dict[str, Any]) -> str:
    value = reason["value"]
    feature = Feature(reason["topic"], "number")
    if isinstance(value, str):
        feature, value = Feature(reason["topic"], "category", (value,)), 0.0
    kind = None
    if reason.get("left") is not None:
        kind = Kind(reason["low"], reason["high"], 0, reason["left"])
    return plain_sentence(feature, np.nan if value is None else float(value), kind, float(reason["all"]))
