"""Every candidate asked about rows it had not seen, the best chosen by that, and the choice itself tested.

With a time, the earlier is learnt from and the later is the test, with a gap as long as it takes to know who left;
without one, five parts take turns. Choosing and calibrating look at the same answers, so they too are tested on rows
they had not looked at (five parts again): what is reported is what the whole procedure gets, not its best hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhike.churn.calibration import Calibration, choose_calibration
from zhike.churn.candidates import NEEDS, Learners, possible
from zhike.churn.layout import Layout, Matrix
from zhike.churn.measures import losses

Rows = NDArray[np.int64]
PARTS = 5
TEST_TIMES = 2
# A more complicated candidate must be better by so many standard errors of the difference.
SURE = 1.0
# Fewer of the rarer outcome do not calibrate anything.
ENOUGH_TO_CALIBRATE = 100
_LOT = 20260101


@dataclass(frozen=True)
class Split:
    """Rows to learn from, and rows to be asked about."""

    learn: Rows
    ask: Rows


@dataclass(frozen=True)
class Answers:
    """Log-odds of rows that were not learnt from: (candidate, trees) → one per row of `rows`."""

    rows: Rows
    logits: dict[tuple[str, int], Matrix]

    def part(self, which: NDArray[np.bool_]) -> Answers:
        return Answers(self.rows[which], {key: odds[which] for key, odds in self.logits.items()})


@dataclass(frozen=True)
class Chosen:
    """A candidate, the number of its trees (0: none), and what makes its odds probabilities."""

    name: str
    rounds: int
    calibration: Calibration


def time_splits(time: Matrix, horizon: float) -> list[Split]:
    """The last times as tests, each learnt for from all that was settled by then; none where there is no such time."""
    splits = []
    for day in np.unique(time)[::-1]:
        learn = np.flatnonzero(time <= day - max(horizon, np.finfo(float).tiny))
        if len(learn):
            splits.append(Split(learn, np.flatnonzero(time == day)))
    return splits[:TEST_TIMES]


def fold_splits(left: Matrix, group: Any = None, parts: int = PARTS, seed: int = _LOT) -> list[Split]:
    """Five parts in turn, each with its share of those who left; rows of one customer (`group`) stay together."""
    dice = np.random.default_rng(seed)
    part = np.empty(len(left), dtype=np.int64)
    if group is None:
        for outcome in (0, 1):
            rows = dice.permutation(np.flatnonzero(left == outcome))
            part[rows] = (np.arange(len(rows)) + outcome * (parts // 2)) % parts
    else:
        part = (dice.permutation(int(group.max()) + 1) % parts)[group]
    return [Split(np.flatnonzero(part != k), np.flatnonzero(part == k)) for k in range(parts) if (part == k).any()]


def rarer(left: Matrix) -> int:
    """How many there are of whichever is fewer: those who left, or those who stayed."""
    return int(min(left.sum(), len(left) - left.sum()))


def ask(x: Matrix, left: Matrix, layout: Layout, splits: list[Split]) -> Answers:
    """Each split's candidates, fitted to the one side, asked about the other."""
    names = possible(layout, min(rarer(left[split.learn]) for split in splits))
    answers = [Learners(names, x[s.learn], left[s.learn], layout).logits(x[s.ask]) for s in splits]
    rows = np.concatenate([split.ask for split in splits])
    return Answers(rows, {key: np.concatenate([answer[key] for answer in answers]) for key in answers[0]})


def choose(answers: Answers, left: Matrix) -> Chosen:
    """The simplest candidate that nothing surely beats (by log-loss), calibrated."""
    mine = left[answers.rows]
    loss = best_of_each(answers, left)
    best = min(loss, key=lambda key: loss[key].mean())
    for key in loss:
        behind = loss[key] - loss[best]
        if behind.mean() <= SURE * behind.std() / np.sqrt(len(behind)):
            break
    odds = answers.logits[key]
    calibration = choose_calibration(odds, mine) if rarer(mine) >= ENOUGH_TO_CALIBRATE else Calibration()
    return Chosen(*key, calibration)


def best_of_each(answers: Answers, left: Matrix) -> dict[tuple[str, int], Matrix]:
    """The log-loss of each answer, of each candidate with its best number of trees; the simplest candidate first."""
    mine = left[answers.rows]
    loss = {key: losses(mine, Calibration().probability(odds)) for key, odds in answers.logits.items()}
    tried = [name for name in NEEDS if any(key[0] == name for key in loss)]
    kept = [min((k for k in loss if k[0] == name), key=lambda k: loss[k].mean()) for name in tried]
    return {key: loss[key] for key in kept}


def unseen(answers: Answers, left: Matrix) -> Matrix:
    """Probabilities of the answered rows, each by a choice and a calibration that had not looked at that row."""
    part = np.random.default_rng(_LOT).permutation(len(answers.rows)) % PARTS
    p = np.empty(len(answers.rows))
    for k in range(PARTS):
        here = part == k
        if not here.any() or here.all():
            continue
        chosen = choose(answers.part(~here), left)
        p[here] = chosen.calibration.probability(answers.logits[chosen.name, chosen.rounds][here])
    return p
