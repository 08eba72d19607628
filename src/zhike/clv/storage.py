"""Fits as JSON files: readable, comparable, and checked before they are believed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from zhike.clv.bg_nbd import BGNBD
from zhike.clv.fitted import Fit, FittedModel
from zhike.clv.gamma_gamma import GammaGamma
from zhike.clv.mbg_nbd import MBGNBD
from zhike.clv.pareto_nbd import ParetoNBD
from zhike.errors import InputError

FORMAT = "zhike.clv/1"
MODELS: dict[str, type[FittedModel]] = {m.__name__: m for m in (BGNBD, MBGNBD, ParetoNBD, GammaGamma)}
LARGEST_FILE = 1_000_000  # bytes; a fit has a few hundred


def save(model: FittedModel, path: str | Path) -> None:
    """Write a fitted model to a file.

    Raises:
        SettingsError: the model is not fitted.
    """
    fit = model.fit_
    kept = {
        "format": FORMAT,
        "model": type(model).__name__,
        "params": model.params_,
        "loglik": fit.loglik,
        "log_covariance": fit.log_covariance.tolist(),
        "at_limit": list(fit.at_limit),
        "customers": fit.customers,
    }
    Path(path).write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")


def load(path: str | Path) -> Any:
    """The model that `save` wrote: a `BGNBD`, `MBGNBD`, `ParetoNBD` or `GammaGamma`.

    Raises:
        InputError: no such file, or what is in it is not a fit that can be.
    """
    file = Path(path)
    if not file.is_file():
        raise InputError("There is no file {file}.", fix="Check the path.", file=str(path))
    try:
        if file.stat().st_size > LARGEST_FILE:
            raise ValueError("too large")
        kept = json.loads(file.read_text("utf-8"))
        kind, fit = _checked(kept)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise InputError(
            "{file} does not hold a fitted model.", fix="Fit the model again and save it.", file=str(path)
        ) from error
    model = kind()
    model._fit = fit
    return model


def _checked(kept: dict[str, Any]) -> tuple[type[FittedModel], Fit]:
    """What the file says, if it can be: every number of its kind, finite, and of the right count."""
    kind = MODELS[kept["model"]]
    size = len(kind.names)
    parameters = np.array([_number(kept["params"][name]) for name in kind.names])
    rows = kept["log_covariance"]
    covariance = np.array([[_number(value) for value in row] for row in rows])
    at_limit = tuple(kept["at_limit"])
    sound = (
        kept["format"] == FORMAT
        and (parameters > 0).all()
        and covariance.shape == (size, size)
        and np.allclose(covariance, covariance.T)
        and np.linalg.eigvalsh(covariance).min() >= -1e-6 * np.abs(covariance).max()
        and len(at_limit) == size
        and all(isinstance(value, bool) for value in at_limit)
        and type(kept["customers"]) is int
        and kept["customers"] > 0
    )
    if not sound:
        raise ValueError("not a fit")
    return kind, Fit(parameters, _number(kept["loglik"]), covariance, at_limit, kept["customers"])


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
        raise ValueError("not a number")
    return float(value)
