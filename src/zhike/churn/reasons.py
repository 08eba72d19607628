"""Which reasons a customer's probability is told with: what weighs most, where what others like that did bears it out.

What a model adds for a value (Shapley values) depends on the customer's other values: four orders in 90 days can raise
the log-odds of somebody whose other numbers lowered them too far. That is right, and told as a reason it misleads: of
the customers with four orders fewer left than of all. On Online Retail 13 % of the reasons were like that, on Complete
Journey 10 %, on lists with a label up to 4 % (`benchmarks/churn.py --reasons`). So

- a topic is told by the one feature that pulls most its way, of those that agree with what happened: where the reason
  speaks for leaving, more of the customers with a like value left than of all, and where it speaks for staying, fewer;
- a topic without such a feature is not told, and the next heaviest takes its place (8 % fewer reasons in all on Online
  Retail, 2 % on Complete Journey, none on the lists; of 1,500 customers 5, 16 and 0 have no reason left).

The model itself is not bent for it: with one direction per feature its trees would still give a middling value now a
plus and now a minus, by whatever else the customer did.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from zhike.churn.context import Context
from zhike.churn.layout import Layout, Matrix
from zhike.churn.wording import UNSAID, digits_of, topic_of

# Log-odds that are worth a word: .1 moves a probability of 50 % by 2.5 points.
WORTH_SAYING = 0.1


@dataclass(frozen=True)
class Reason:
    """One reason: what it is about (`topic`), the feature that tells it (`by`), what the topic adds to the log-odds
    (`effect`; below 0: speaks against leaving), and the sentence."""

    topic: str
    by: str
    effect: float
    sentence: str

    @property
    def raises(self) -> bool:
        return self.effect > 0


class Told(NamedTuple):
    """Of every row (n × the heaviest reasons): the topic and the feature that tells it, by their places, the effect,
    and whether it is worth a word."""

    topic: NDArray[np.int64]
    feature: NDArray[np.int64]
    effect: Matrix
    worth: NDArray[np.bool_]


def together(layout: Layout) -> dict[str, list[int]]:
    """Topic → the places of the features that tell it; a feature that tells none of ours is one of its own."""
    topics: dict[str, list[int]] = {}
    for j, name in enumerate(layout.names):
        topics.setdefault(topic_of(name) or name, []).append(j)
    return topics


def heaviest(x: Matrix, parts: Matrix, layout: Layout, context: Context, most: int) -> Told:
    """The reasons of every row, the heaviest first.

    Args:
        x: the rows as numbers; parts: what each feature adds to the log-odds.
        context: what others did; most: how many reasons.
    """
    topics = list(together(layout).values())
    borne = np.column_stack([_borne_out(j, x[:, j], parts, layout, context) for j in range(x.shape[1])])
    effects = np.column_stack([parts[:, columns].sum(axis=1) for columns in topics])
    tellers = np.zeros(effects.shape, dtype=np.int64)
    weights = np.zeros(effects.shape)
    every = np.arange(len(x))
    for at, columns in enumerate(topics):
        sign = np.sign(effects[:, at])
        pulls = np.where(borne[:, columns], parts[:, columns] * sign[:, None], 0.0)
        best = pulls.argmax(axis=1)
        tellers[:, at] = np.asarray(columns)[best]
        weights[:, at] = np.where(pulls[every, best] > 0, np.abs(effects[:, at]), 0.0)
    order = np.argsort(-weights, axis=1, kind="stable")[:, :most].astype(np.int64)
    rows = every[:, None]
    return Told(order, tellers[rows, order], effects[rows, order], weights[rows, order] >= WORTH_SAYING)


def _borne_out(j: int, column: Matrix, parts: Matrix, layout: Layout, context: Context) -> NDArray[np.bool_]:
    """Whether what a feature adds goes the way that the customers with a like value went.

    Of a column of somebody's own list nothing may be known of a value, as of one that is missing: that contradicts
    nothing. Our own features are always told with what others did.
    """
    name = layout.names[j]
    if name in UNSAID:
        return np.zeros(len(column), dtype=bool)
    digits = digits_of(context.rate)
    left = context.like(j, column).left
    with np.errstate(invalid="ignore"):
        agrees = np.sign(np.round(left, digits) - round(context.rate, digits)) == np.sign(parts[:, j])
    known = ~np.isnan(left)
    return np.asarray(agrees & known if topic_of(name) else agrees | ~known, dtype=bool)
