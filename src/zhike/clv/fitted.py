"""What every fitted model has: its parameters, how sure they are, and a form to be kept in."""

from __future__ import annotations

import math
from abc import ABC
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from zhike.clv.newton import Optimum
from zhike.errors import InputError, SettingsError

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Fit:
    """Parameters with their uncertainty. `log_covariance` is that of the logarithms of the parameters; a parameter
    that ended at the limit of what is searched has zeros there."""

    parameters: Vector
    loglik: float
    log_covariance: Vector
    at_limit: tuple[bool, ...]
    customers: int

    @classmethod
    def of(cls, optimum: Optimum, *, scale: Vector, loglik: float, customers: int) -> Fit:
        """A fit to scaled data, back in the units of the data."""
        covariance = np.zeros_like(optimum.hessian)
        free = np.ix_(~optimum.at_limit, ~optimum.at_limit)
        curvature, axes = np.linalg.eigh(-optimum.hessian[free])
        # A direction the data say nothing about has no bound; a huge variance keeps the algebra finite.
        spread = 1 / np.maximum(curvature, 1e-12)
        covariance[free] = (axes * spread) @ axes.T
        at_limit = tuple(bool(x) for x in optimum.at_limit)
        return cls(optimum.parameters * scale, loglik, covariance, at_limit, customers)


class FittedModel(ABC):
    """A model by maximum likelihood. `names` are its parameters; those in `pairs` reach a limit together."""

    names: ClassVar[tuple[str, ...]]
    pairs: ClassVar[tuple[tuple[str, str], ...]] = ()
    _fit: Fit | None = None

    @property
    def fit_(self) -> Fit:
        """The fit.

        Raises:
            SettingsError: the model is not fitted yet.
        """
        if self._fit is None:
            raise SettingsError(
                "The model {model} is not fitted yet.", fix="Call fit(summary) first.", model=type(self).__name__
            )
        return self._fit

    @property
    def params_(self) -> dict[str, float]:
        """The parameters by name."""
        return dict(zip(self.names, (float(v) for v in self.fit_.parameters), strict=True))

    @property
    def loglik_(self) -> float:
        """The log-likelihood of the data it was fitted to, in their units."""
        return self.fit_.loglik

    @property
    def customers_(self) -> int:
        """How many customers it was fitted to."""
        return self.fit_.customers

    @property
    def at_limit_(self) -> tuple[str, ...]:
        """Parameters the data drive towards zero or infinity: customers do not differ in this respect, or it does not
        happen. The predictions hold; these parameters have no standard error, nor has their pair."""
        stuck = {name for name, at in zip(self.names, self.fit_.at_limit, strict=True) if at}
        return tuple(n for n in self.names if any(n in group and stuck & set(group) for group in (*self.pairs, (n,))))

    @property
    def covariance_(self) -> Vector:
        """Covariance of the parameters in the order of `names` (inverse of the observed information); NaN where a
        parameter is at its limit."""
        covariance = self.fit_.log_covariance * np.outer(self.fit_.parameters, self.fit_.parameters)
        stuck = [name in self.at_limit_ for name in self.names]
        covariance[stuck, :] = covariance[:, stuck] = np.nan
        return covariance

    @property
    def standard_errors_(self) -> dict[str, float]:
        """Standard errors of the parameters; NaN where a parameter is at its limit."""
        return dict(zip(self.names, (float(v) for v in np.sqrt(np.diag(self.covariance_))), strict=True))

    def intervals(self, level: float = 0.95) -> dict[str, tuple[float, float]]:
        """Confidence intervals of the parameters, from the normal approximation of their logarithms.

        Raises:
            SettingsError: `level` is not between 0 and 1, or the model is not fitted.
        """
        reach = normal_quantile(level)
        errors = self.standard_errors_
        return {
            n: (v * math.exp(-reach * errors[n] / v), v * math.exp(reach * errors[n] / v))
            for n, v in self.params_.items()
        }

    def save(self, path: str | Path) -> None:
        """Keep the fit as JSON: parameters, log-likelihood, covariance."""
        from zhike.clv.storage import save

        save(self, path)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """A model that was kept.

        Raises:
            InputError: no such file, or not a fit of this model, or its numbers cannot be.
        """
        from zhike.clv.storage import load

        model = load(path)
        if not isinstance(model, cls):
            raise InputError(
                "{file} holds a {found}, not a {wanted}.",
                fix="Load it with zhike.clv.load.",
                file=str(path),
                found=type(model).__name__,
                wanted=cls.__name__,
            )
        return model

    def __repr__(self) -> str:
        if self._fit is None:
            return f"{type(self).__name__}()"
        given = ", ".join(f"{name}={value:.4g}" for name, value in self.params_.items())
        return f"{type(self).__name__}({given})"


def normal_quantile(level: Any) -> float:
    """How many standard errors an interval of this level reaches to each side.

    Raises:
        SettingsError: not a number between 0 and 1.

    >>> round(normal_quantile(0.95), 3)
    1.96
    """
    number = isinstance(level, int | float) and not isinstance(level, bool)
    if not (number and 0 < level < 1):
        raise SettingsError(
            "An interval of level {level} is not possible.",
            fix="Give a number between 0 and 1, for example 0.95.",
            level=repr(level),
        )
    return NormalDist().inv_cdf((1 + level) / 2)
