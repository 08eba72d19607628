"""Newton's method for a handful of positive parameters, on their logarithms, within a box.

Few models have more than four parameters, and all have exact second derivatives, so a fit is some ten evaluations.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from zhike.errors import InputError

Vector = NDArray[np.float64]
# A log-likelihood, its gradient and its matrix of second derivatives, all in the parameters themselves.
Evaluation = tuple[float, Vector, Vector]
Objective = Callable[[Vector], Evaluation]
Part = TypeVar("Part")

LIMIT = np.log(1e6)  # how far a parameter may go from 1, in data scaled so that 1 is usual
LONGEST_STEP = 2.0
ROUNDS = 200
# What a step promises to add to the log-likelihood when it is the last, and is taken on trust: it moves no parameter by
# more than a ten-thousandth of its standard error, and leaves an error of the square of that.
SETTLED = 1e-8


@dataclass(frozen=True)
class Optimum:
    """Where the log-likelihood is highest: parameters, its value, second derivatives by log-parameters, and which
    parameters ended at the limit of what is searched (the likelihood keeps rising beyond, by next to nothing)."""

    parameters: Vector
    value: float
    hessian: Vector
    at_limit: NDArray[np.bool_]


def maximise(objective: Objective, start: Vector) -> Optimum:
    """The highest point of `objective` over positive parameters.

    Raises:
        InputError: the search does not settle: the data do not determine the parameters.
    """
    place = np.log(start)
    value, gradient, hessian = _in_logs(objective, place)
    for _round in range(ROUNDS):
        step, gain, curved = _free_step(place, gradient, hessian)
        if gain < SETTLED and (curved or not step.any()):
            return _reached(place + step, value + gain, hessian)
        found = _search(objective, place, step, value)
        if found is None:
            if gain < np.sqrt(np.finfo(float).eps) * max(1.0, abs(value)):  # rounding hides what is left to gain
                return _reached(place, value, hessian)
            break
        place, value, gradient, hessian = found
    raise InputError(
        "The fit did not settle: these histories do not determine the model's parameters.",
        fix="Fit to more customers or a longer time, or choose another model.",
    )


def _reached(place: Vector, value: float, hessian: Vector) -> Optimum:
    place = _within(place)
    return Optimum(np.exp(place), value, hessian, np.abs(place) >= LIMIT)


def _within(place: Vector) -> Vector:
    """The place, what is next to a limit moved onto it."""
    return np.where(np.abs(place) > LIMIT - 1e-9, np.sign(place) * LIMIT, place)


def _in_logs(objective: Objective, place: Vector) -> tuple[float, Vector, Vector]:
    scale = np.exp(place)
    value, gradient, hessian = objective(scale)
    return value, gradient * scale, hessian * np.outer(scale, scale) + np.diag(gradient * scale)


def _free_step(place: Vector, gradient: Vector, hessian: Vector) -> tuple[Vector, float, bool]:
    """The step that leaves out what has reached its limit and would go on."""
    free = np.abs(place) < LIMIT
    free |= np.sign(gradient) != np.sign(place)
    while True:
        step, gain, curved = _step(gradient, hessian, free)
        beyond = free & (np.abs(place) >= LIMIT) & (np.sign(step) == np.sign(place))
        if not beyond.any():
            break
        free &= ~beyond
    # The whole step is shortened to end at the first limit in its way: cutting off one parameter would leave the ridge.
    with np.errstate(divide="ignore", invalid="ignore"):
        room = np.where(step != 0, (LIMIT * np.sign(step) - place) / step, np.inf)
    return step * min(1.0, float(room.min(initial=1.0, where=free))), gain, curved


def _step(gradient: Vector, hessian: Vector, free: NDArray[np.bool_]) -> tuple[Vector, float, bool]:
    """Newton's step over the free parameters, what it promises to gain, and whether the hill is curved like one.

    Where it is not, the curvature's size still says how far the gradient can be trusted.
    """
    step = np.zeros_like(gradient)
    if not free.any():
        return step, 0.0, True
    curvature, axes = np.linalg.eigh(-hessian[np.ix_(free, free)])
    along = axes.T @ gradient[free]
    floor = 1e-12 * np.abs(curvature).max() + 1e-300
    step[free] = axes @ (along / np.maximum(np.abs(curvature), floor))
    gain = 0.5 * float(gradient @ step)
    step *= min(1.0, LONGEST_STEP / max(float(np.abs(step).max()), 1e-300))
    return step, gain, bool((curvature > -floor).all())


def _search(
    objective: Objective, place: Vector, step: Vector, value: float
) -> tuple[Vector, float, Vector, Vector] | None:
    """The first point along the step, halved as often as needed, that is no lower."""
    slack = 1e-13 * abs(value)
    for halvings in range(30):
        there = _within(place + step * 0.5**halvings)
        found = _in_logs(objective, there)
        if np.isfinite(found[0]) and found[0] >= value - slack:
            return there, *found
    return None


def summed(work: Callable[[Part], Evaluation], parts: Sequence[Part]) -> Evaluation:
    """The sum of the evaluations of parts of the data, the processor's cores taking turns.

    Parts that fit a core's cache are several times faster than all the data at once.
    """
    if len(parts) == 1:
        return work(parts[0])
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        values, gradients, hessians = zip(*pool.map(work, parts), strict=True)
    return float(sum(values)), np.sum(gradients, axis=0), np.sum(hessians, axis=0)
