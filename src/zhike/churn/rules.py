"""What those who left had in common, as rules people can read: found on half of the customers, proven on the others.

Values are put into groups (fifths for numbers); conditions are joined by "and", up to three. A rule is kept if it says
clearly more than the shorter rules within it, if it holds on customers it was not found on, and if a kept rule does not
say the same of nearly the same customers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from zhike.churn.context import BINS, FEW_VALUES
from zhike.churn.layout import Feature, Layout, Matrix, find_layout
from zhike.churn.tabular import labelled
from zhike.churn.validation import rarer
from zhike.churn.wording import feature_name, number
from zhike.errors import InputError, SettingsError
from zhike.language import _, current_language, speaking

Mask = NDArray[np.bool_]
LONGEST = 3
# Rules of each length that are made longer.
BEAM = 40
# A longer rule has to multiply the share that left by so much to be worth another condition.
WORTH_A_CONDITION = 1.1
# Two rules that share so much of their customers say the same.
SAME = 0.7
MOST_ROWS = 100_000
LEAST_RARER = 20
PROVEN = 0.05  # after correction for the number of rules put to the test (Holm)


@dataclass(frozen=True)
class Condition:
    """Values from `low` to `high` (both included; infinite: no bound), or one category."""

    column: str
    low: float = -np.inf
    high: float = np.inf
    value: str | None = None

    def __str__(self) -> str:
        column = feature_name(self.column)
        if self.value is not None:
            return _("{column} is {value}", column=column, value=self.value)
        if self.low == self.high:
            return _("{column} is {value}", column=column, value=number(self.low))
        if np.isinf(self.low):
            return _("{column} is at most {value}", column=column, value=number(self.high))
        if np.isinf(self.high):
            return _("{column} is at least {value}", column=column, value=number(self.low))
        return _("{column} is {low} to {high}", column=column, low=number(self.low), high=number(self.high))


@dataclass(frozen=True)
class LeaverRule:
    """Customers who fulfil all `conditions`, over all rows.

    `support`: their share of all customers; `customers`: how many; `confidence`: the share of them that left; `lift`:
    how many times the share of all. `proven_confidence`, `proven_customers`: the same of the customers the rule was
    not found on; `p_value`: the chance of so many leavers among those if one of the conditions meant nothing
    (hypergeometric within the rule without it, the largest of these; corrected for all rules that were tested).
    """

    conditions: tuple[Condition, ...]
    customers: int
    support: float
    confidence: float
    lift: float
    proven_customers: int
    proven_confidence: float
    p_value: float

    def conditions_said(self, language: str | None = None) -> str:
        """Who the rule is about."""
        with speaking(language or current_language()):
            return _(" and ").join(str(condition) for condition in self.conditions)

    def sentence(self, language: str | None = None) -> str:
        """The rule in words."""
        with speaking(language or current_language()):
            joined = self.conditions_said()
            return _(
                "{conditions}: {left} left, {lift} times the average ({customers} customers, {support} of all; among "
                "customers it was not made from: {proven}).",
                conditions=joined,
                left=f"{self.confidence:.0%}",
                lift=f"{self.lift:.1f}",
                customers=f"{self.customers:,}",
                support=f"{self.support:.0%}",
                proven=f"{self.proven_confidence:.0%}",
            )


def rules(
    table: Any,
    label: str | None = None,
    *,
    positive: Any = None,
    most: int = 10,
    least_support: float = 0.02,
    least_lift: float = 1.5,
) -> list[LeaverRule]:
    """What leavers had in common, the rule that explains most of them first.

    Args:
        table: one row per customer: an Ibis, pandas, Polars or Arrow table, or the path of a file.
        label: the column that says who left; found by its name when not given.
        positive: the value of the label that means "left", where it is not plain.
        most: how many rules.
        least_support: the share of all customers a rule must be about, 0–1.
        least_lift: how many times the average share must have left.

    Returns:
        Rules; none when nothing holds on customers it was not found on.

    Raises:
        InputError: the table or the label cannot be read, or too few left (or stayed) to see what they have in common.
        SettingsError: a setting outside what is allowed.

    >>> table = pa.table({"visits": [i % 10 for i in range(1000)], "plan": ["ab"[i % 2] for i in range(1000)],
    ...                   "left": [i % 10 < 2 and i % 3 > 0 for i in range(1000)]})
    >>> rules(table, "left")[0].sentence("en").split(":")[0]
    'visits is at most 1'
    """
    _check(most, least_support, least_lift)
    rows = labelled(table, label, positive=positive)
    left = rows.left
    if rarer(left.astype(np.float64)) < LEAST_RARER:
        raise InputError(
            "Of {customers} customers {left} left: too few of one kind to see what they have in common (at least "
            "{needed} are needed).",
            fix="Add customers, or use the early warnings, which need none.",
            customers=f"{len(left):,}",
            left=f"{int(left.sum()):,}",
            needed=LEAST_RARER,
        )
    layout = find_layout(rows.table, ignore={rows.label})
    some = np.random.default_rng(3).permutation(len(left))[:MOST_ROWS]
    x, left = layout.matrix(rows.table.take(pa.array(some))), left[some]
    half = len(left) // 2  # the rows are in a random order
    conditions, masks = _conditions(x, layout, half)
    found = _searched(masks[:, :half], left[:half], conditions, least_support, least_lift)
    return _proven(found, conditions, masks, left, half, least_lift)[:most]


def _check(most: Any, support: Any, lift: Any) -> None:
    for name, value, fine in (
        ("most", most, isinstance(most, int) and most > 0),
        ("least_support", support, isinstance(support, int | float) and 0 < support < 1),
        ("least_lift", lift, isinstance(lift, int | float) and lift >= 1),
    ):
        if not fine or isinstance(value, bool):
            raise SettingsError(
                "{name} cannot be {value}.",
                fix="Give most of 1 or more, least_support between 0 and 1, least_lift of 1 or more.",
                name=name,
                value=repr(value),
            )


def _conditions(x: Matrix, layout: Layout, half: int) -> tuple[list[Condition], Mask]:
    """All single conditions, with who fulfils each; groups are made on the first half, like all that is found."""
    conditions: list[Condition] = []
    masks: list[Mask] = []
    for j, feature in enumerate(layout.features):
        for condition, mask in _of_feature(feature, x[:, j], half):
            if mask[:half].any() and not mask[:half].all():
                conditions.append(condition)
                masks.append(mask)
    return conditions, np.array(masks, dtype=bool).reshape(len(masks), len(x))


def _of_feature(feature: Feature, column: Matrix, half: int) -> list[tuple[Condition, Mask]]:
    if feature.kind == "category":
        return [(Condition(feature.name, value=level), column == code) for code, level in enumerate(feature.levels)]
    known = column[:half][~np.isnan(column[:half])]
    values = np.unique(known)
    found = []
    if len(values) <= FEW_VALUES:
        found = [(Condition(feature.name, float(v), float(v)), column == v) for v in values]
        edges = values
    else:
        edges = np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1], method="lower"))
    with np.errstate(invalid="ignore"):
        for edge in edges[:-1] if len(values) <= FEW_VALUES else edges:
            found.append((Condition(feature.name, high=float(edge)), column <= edge))
            above = values[values > edge]
            if len(above):
                found.append((Condition(feature.name, low=float(above[0])), column > edge))
    return found


def _searched(
    masks: Mask, left: Mask, conditions: list[Condition], least_support: float, least_lift: float
) -> dict[tuple[int, ...], float]:
    """Rules (indices of conditions) → the share that left, on the half they are searched in: beam search."""
    n, rate = len(left), left.mean()
    floats = masks.astype(np.float32)
    level: dict[tuple[int, ...], Mask] = {(): np.ones(n, dtype=bool)}
    shares: dict[tuple[int, ...], float] = {(): float(rate)}
    found: dict[tuple[int, ...], float] = {}
    for _length in range(LONGEST):
        made: dict[tuple[int, ...], float] = {}
        worth: dict[tuple[int, ...], float] = {}
        for rule, mask in level.items():
            count = floats[:, mask].sum(axis=1)
            gone = floats[:, mask & left].sum(axis=1)
            share = gone / np.maximum(count, 1)
            enough = (count >= least_support * n) & (share >= shares[rule] * WORTH_A_CONDITION)
            for k in np.flatnonzero(enough):
                longer = tuple(sorted({*rule, int(k)}))
                if any(conditions[k].column == conditions[other].column for other in rule):
                    continue
                made[longer] = float(share[k])
                worth[longer] = float(gone[k] - count[k] * rate)  # leavers beyond what chance would bring
        best = sorted(made, key=lambda rule: -worth[rule])[:BEAM]
        shares = {rule: made[rule] for rule in best}
        level = {rule: _all_of(masks, rule) for rule in best}
        found |= {rule: share for rule, share in shares.items() if share >= least_lift * rate}
    return found


def _all_of(masks: Mask, rule: tuple[int, ...]) -> Mask:
    return np.asarray(masks[list(rule)].all(axis=0))


def _proven(
    found: dict[tuple[int, ...], float],
    conditions: list[Condition],
    masks: Mask,
    left: Mask,
    half: int,
    least_lift: float,
) -> list[LeaverRule]:
    """Those that hold on the other half and are not said already, by the leavers they explain beyond chance."""
    fresh = left[half:]
    rate, tested = fresh.mean(), []
    for rule in found:
        mask = _all_of(masks, rule)
        there = mask[half:]
        count, gone = int(there.sum()), int((there & fresh).sum())
        chance = max(_chance(count, gone, _all_of(masks, shorter)[half:], fresh) for shorter in _shorter(rule))
        tested.append((chance, rule, mask, count, gone))
    tested.sort(key=lambda t: t[0])
    kept, corrected = [], 0.0
    for at, (chance, rule, mask, count, gone) in enumerate(tested):
        corrected = max(corrected, min(1.0, chance * (len(tested) - at)))  # Holm
        if corrected <= PROVEN and count and gone / count >= least_lift * rate:
            kept.append((float((mask & left).sum() - mask.sum() * left.mean()), rule, mask, count, gone, corrected))
    said: list[LeaverRule] = []
    masks_said: list[Mask] = []
    for _worth, rule, mask, count, gone, chance in sorted(kept, key=lambda k: (-k[0], k[1])):
        if any((mask & other).sum() > SAME * (mask | other).sum() for other in masks_said):
            continue
        masks_said.append(mask)
        said.append(_rule(tuple(conditions[k] for k in rule), mask, left, count, gone, chance))
    return said


def _shorter(rule: tuple[int, ...]) -> list[tuple[int, ...]]:
    """The rule without each of its conditions in turn."""
    return [tuple(k for k in rule if k != dropped) for dropped in rule]


def _chance(count: int, gone: int, among: Mask, left: Mask) -> float:
    """Of so many drawn blindly from `among`, the chance that as many left, or more."""
    from scipy.stats import hypergeom

    return float(hypergeom.sf(gone - 1, int(among.sum()), int((among & left).sum()), count))


def _rule(
    conditions: tuple[Condition, ...], mask: Mask, left: Mask, count: int, gone: int, chance: float
) -> LeaverRule:
    share = float(left[mask].mean())
    return LeaverRule(
        conditions, int(mask.sum()), float(mask.mean()), share, share / float(left.mean()), count, gone / count, chance
    )
