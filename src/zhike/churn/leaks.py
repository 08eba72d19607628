"""Columns that know the answer: what is recorded only once somebody has left, or because they did.

A model learnt from such a column is brilliant in the test and useless in the morning, when the column is still empty.
No test can prove a leak; these name what looks like one, so that a person decides.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy.special import expit

from zhike.churn.context import Context, Kind
from zhike.churn.layout import Feature, Layout, Matrix, find_layout
from zhike.churn.logistic import SplineLogistic
from zhike.churn.measures import auc
from zhike.churn.tabular import labelled
from zhike.churn.trees import Trees, installed
from zhike.churn.validation import fold_splits, rarer
from zhike.language import _

Sign = Literal["decides", "filled", "one_value", "alone", "named"]

# A column that by itself ranks so well has no business knowing so much.
DECIDES = 0.97
# All columns together reach this, and without one of them lose so much: real causes come in company, leaks alone.
SUSPICIOUS, LOST = 0.9, 0.05
# Of the customers with a value, so many or so few left as to be a definition rather than a risk.
NEARLY_ALL, NEARLY_NONE = 0.98, 0.02
MOST_ROWS = 10_000
LOOKED_AT = 3
ROUNDS = 100
ENOUGH = 50
PARTS = 3
_NAMES = re.compile(
    r"churn|cancel|terminat|exit|closed?_?(date|at|reason)|clos(ing|ure)|leav(e|ing)_|left_|reason.*(leav|left)|"
    r"流失|注销|退订|解约|离网|销户",
    re.I,
)


@dataclass(frozen=True)
class Leak:
    """A column that may know the answer: why it is named, the AUC it reaches by itself, and the sentence.

    `sign`: "decides" (nearly perfect by itself), "filled" (has a value for one outcome and none for the other),
    "one_value" (everybody of one outcome has the same value, and hardly anybody else), "alone" (the others together do
    much worse without it), "named" (its name says so).
    """

    column: str
    sign: Sign
    auc: float
    sentence: str


def leaks(table: Any, label: str | None = None, *, positive: Any = None) -> list[Leak]:
    """The columns of a labelled table that may know the answer, the surest first.

    Args:
        table: an Ibis, pandas, Polars or Arrow table, or the path of a file.
        label: the column that says who left; found by its name when not given.
        positive: the value of the label that means "left", where it is not plain.

    Raises:
        InputError: the table or the label cannot be read.

    >>> import pyarrow as pa
    >>> table = pa.table({"age": [i % 50 for i in range(200)], "left": [i % 7 == 0 for i in range(200)],
    ...                   "goodbye": ["moved" if i % 7 == 0 else None for i in range(200)]})
    >>> [(leak.column, leak.sign) for leak in leaks(table, "left")]
    [('goodbye', 'filled')]
    """
    rows = labelled(table, label, positive=positive)
    left = rows.left.astype(np.float64)
    layout = find_layout(rows.table, ignore={rows.label})
    if rarer(left) < 2:
        return []
    x = layout.matrix(rows.table)
    single = [_single_auc(x[:, j], left, feature) for j, feature in enumerate(layout.features)]
    found: dict[str, Leak] = {}
    context = Context.of(x, left, layout)
    for j, feature in enumerate(layout.features):
        leak = _by_itself(feature, x[:, j], left, single[j], context.kinds[j])
        if leak:
            found[feature.name] = leak
    rest = [j for j, feature in enumerate(layout.features) if feature.name not in found]
    for leak in _alone(x[:, rest], left, Layout(tuple(layout.features[j] for j in rest)), [single[j] for j in rest]):
        found[leak.column] = leak
    _by_name(found, layout, single)
    order = {"decides": 0, "filled": 0, "one_value": 1, "alone": 2, "named": 3}
    return sorted(found.values(), key=lambda leak: (order[leak.sign], -leak.auc))


def _by_name(found: dict[str, Leak], layout: Layout, single: list[float]) -> None:
    areas = {feature.name: area for feature, area in zip(layout.features, single, strict=True)}
    for name in (*layout.names, *layout.dropped):
        if name not in found and _NAMES.search(name):
            said = _("{column}: its name says that it is recorded when somebody leaves, or after.", column=name)
            found[name] = Leak(name, "named", areas.get(name, 0.5), said)


def _single_auc(column: Matrix, left: Matrix, feature: Feature) -> float:
    """How well the column alone ranks, each value by the share of others with a like value who left (cross-fitted)."""
    p = np.empty(len(left))
    for split in fold_splits(left, parts=PARTS):
        context = Context.of(column[split.learn, None], left[split.learn], Layout((feature,)))
        p[split.ask] = _shares(column[split.ask], context)
    by_share = auc(left, p)
    if feature.kind == "category":
        return by_share
    known = np.where(np.isnan(column), np.nanmedian(column) if (~np.isnan(column)).any() else 0.0, column)
    ranked = auc(left, known)
    return max(by_share, ranked, 1 - ranked)


def _shares(column: Matrix, context: Context) -> Matrix:
    kinds = context.kinds[0]
    p = np.full(len(column), context.rate)
    if kinds:
        at = np.clip(np.searchsorted([kind.low for kind in kinds], column, side="right") - 1, 0, len(kinds) - 1)
        share = np.array([kind.left for kind in kinds])
        p = np.where(np.isnan(column), p, share[at])
    return p


def _by_itself(feature: Feature, column: Matrix, left: Matrix, area: float, kinds: tuple[Kind, ...]) -> Leak | None:
    name, gone = feature.name, left > 0
    has = ~np.isnan(column)
    filled, otherwise = float(has[gone].mean()), float(has[~gone].mean())
    if max(filled, otherwise) >= NEARLY_ALL and min(filled, otherwise) <= NEARLY_NONE:
        said = _(
            "{column} is filled in for {left} of those who left and {stayed} of those who stayed: it is recorded "
            "because of the outcome.",
            column=name,
            left=f"{filled:.0%}",
            stayed=f"{otherwise:.0%}",
        )
        return Leak(name, "filled", area, said)
    if area >= DECIDES:
        said = _(
            "{column} alone tells almost perfectly who left (AUC {auc}): it probably is another name of the outcome.",
            column=name,
            auc=f"{area:.3f}",
        )
        return Leak(name, "decides", area, said)
    return _one_value(feature, kinds, left, area)


def _one_value(feature: Feature, kinds: tuple[Kind, ...], left: Matrix, area: float) -> Leak | None:
    """Nearly everybody of one outcome has one value, and hardly anybody of the other."""
    for kind in kinds:
        if kind.low != kind.high:
            continue
        gone, stayed = kind.customers * kind.left, kind.customers * (1 - kind.left)
        of_gone, of_stayed = gone / left.sum(), stayed / (len(left) - left.sum())
        if max(of_gone, of_stayed) >= NEARLY_ALL and min(of_gone, of_stayed) <= 1 - DECIDES:
            value = feature.levels[int(kind.low)] if feature.kind == "category" else f"{kind.low:g}"
            said = _(
                "{column} is {value} for {left} of those who left and {stayed} of those who stayed.",
                column=feature.name,
                value=value,
                left=f"{of_gone:.0%}",
                stayed=f"{of_stayed:.0%}",
            )
            return Leak(feature.name, "one_value", area, said)
    return None


def _alone(x: Matrix, left: Matrix, layout: Layout, single: list[float]) -> list[Leak]:
    """Columns without which all the others together do much worse."""
    if rarer(left) < ENOUGH or len(layout.features) < 2:
        return []
    if len(left) > MOST_ROWS:
        some = np.random.default_rng(5).choice(len(left), MOST_ROWS, replace=False)
        x, left = x[some], left[some]
    whole = _together(x, left, layout)
    if whole < SUSPICIOUS:
        return []
    found = []
    for j in sorted(range(len(single)), key=lambda j: -single[j])[:LOOKED_AT]:
        others = [k for k in range(len(single)) if k != j]
        without = _together(x[:, others], left, Layout(tuple(layout.features[k] for k in others)))
        if whole - without >= LOST:
            said = _(
                "Without {column} the AUC falls from {whole} to {without}: no other column knows what it knows. Is it "
                "known before the outcome?",
                column=layout.names[j],
                whole=f"{whole:.3f}",
                without=f"{without:.3f}",
            )
            found.append(Leak(layout.names[j], "alone", single[j], said))
    return found


def _together(x: Matrix, left: Matrix, layout: Layout) -> float:
    p = np.empty(len(left))
    for split in fold_splits(left, parts=PARTS):
        if installed():
            fitted: Any = Trees.fit(x[split.learn], left[split.learn], layout.features, ROUNDS)
        else:
            fitted = SplineLogistic.fit(x[split.learn], left[split.learn], layout.features)
        p[split.ask] = expit(fitted.logit(x[split.ask]))
    return auc(left, p)
