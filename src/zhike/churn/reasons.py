"""Why one customer's probability is what it is: what weighed most in the model, and what others like that did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from zhike.churn.context import Context, Kind
from zhike.churn.layout import Feature, Layout, Matrix
from zhike.churn.wording import number, topic_of, topic_sentence
from zhike.language import _, current_language, speaking

# Log-odds that are worth a word: .1 moves a probability of 50 % by 2.5 points.
WORTH_SAYING = 0.1


@dataclass(frozen=True)
class Reason:
    """One reason: the `features` that tell it, what it adds to the log-odds (`effect`; below 0: speaks against
    leaving), and the sentence."""

    topic: str
    features: tuple[str, ...]
    effect: float
    sentence: str

    @property
    def raises(self) -> bool:
        return self.effect > 0


def reasons_of(
    row: Mapping[str, Any],
    x: Matrix,
    parts: Matrix,
    layout: Layout,
    context: Context,
    *,
    most: int = 3,
    language: str | None = None,
) -> list[Reason]:
    """The heaviest reasons of a row.

    Args:
        row: the values as they came; x: as numbers; parts: what each feature adds to the log-odds.
        context: what others did; most: how many reasons.
    """
    topics = together(layout)
    effects = {topic: float(parts[columns].sum()) for topic, columns in topics.items()}
    heaviest = sorted((t for t in effects if abs(effects[t]) >= WORTH_SAYING), key=lambda t: -abs(effects[t]))
    with speaking(language or current_language()):
        return [_reason(topic, topics[topic], row, x, parts, layout, context) for topic in heaviest[:most]]


def together(layout: Layout) -> dict[str, list[int]]:
    """Topic → the places of the features that tell it; a feature that tells none of ours is one of its own."""
    topics: dict[str, list[int]] = {}
    for j, name in enumerate(layout.names):
        topics.setdefault(topic_of(name) or name, []).append(j)
    return topics


def _reason(
    topic: str, columns: list[int], row: Mapping[str, Any], x: Matrix, parts: Matrix, layout: Layout, context: Context
) -> Reason:
    effect = float(parts[columns].sum())
    # The column that pulls most in the direction of the whole stands for it where there is no story to tell.
    main = max(columns, key=lambda j: parts[j] * np.sign(effect))
    said = topic_sentence(topic, row)
    if said is None:
        said = plain_sentence(layout.features[main], x[main], context.kind(main, x[main]), context.rate)
    names = tuple(layout.names[j] for j in sorted(columns, key=lambda j: -abs(parts[j])))
    return Reason(topic, names, effect, said)


def plain_sentence(feature: Feature, value: float, kind: Kind | None, rate: float) -> str:
    """A value, and what customers with a like value did."""
    said = _value(feature, value)
    if kind is None:
        return _("{column}: {value}.", column=feature.name, value=said)
    values = {"column": feature.name, "value": said, "left": f"{kind.left:.0%}", "all": f"{rate:.0%}"}
    if feature.kind == "category" or kind.low == kind.high:
        return _("{column}: {value}. Of such customers {left} left, of all {all}.", **values)
    return _(
        "{column}: {value}. Of customers from {low} to {high} {left} left, of all {all}.",
        low=number(kind.low),
        high=number(kind.high),
        **values,
    )


def _value(feature: Feature, value: float) -> str:
    if np.isnan(value):
        return _("not known")
    return feature.levels[int(value)] if feature.kind == "category" else number(value)
