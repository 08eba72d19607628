"""Churn models as JSON files, checked before they are believed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zhike.churn import candidates
from zhike.churn.calibration import Calibration
from zhike.churn.context import Context
from zhike.churn.evaluation import Evaluation
from zhike.churn.layout import Feature, Layout
from zhike.errors import EngineError, InputError

if TYPE_CHECKING:
    from zhike.churn.model import ChurnModel

FORMAT = "zhike.churn/1"
LARGEST_FILE = 50_000_000  # bytes; a model has a few hundred thousand


def to_dict(model: ChurnModel) -> dict[str, Any]:
    layout = model.layout
    return {
        "format": FORMAT,
        "layout": {
            "features": [vars(feature) for feature in layout.features],
            "dropped": dict(layout.dropped),
            "customer": layout.customer,
        },
        "learner": candidates.to_dict(model.learner),
        "calibration": model.calibration.to_dict(),
        "evaluation": model.evaluation.to_dict(),
        "context": model.context.to_dict(),
    }


def load(path: str | Path) -> ChurnModel:
    """The model that `ChurnModel.save` wrote.

    Raises:
        InputError: no such file, or what is in it is not a churn model.
        EngineError: it has trees, and LightGBM is not installed.
    """
    file = Path(path)
    if not file.is_file():
        raise InputError("There is no file {file}.", fix="Check the path.", file=str(path))
    try:
        if file.stat().st_size > LARGEST_FILE:
            raise ValueError("too large")
        return from_dict(json.loads(file.read_text("utf-8")))
    except ImportError as error:
        raise EngineError(
            "This churn model needs LightGBM, which is not installed.", fix="Install it with: pip install 'zhike[ml]'."
        ) from error
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError) as error:
        raise InputError(
            "{file} does not hold a churn model.", fix="Fit the model again and save it.", file=str(path)
        ) from error


def from_dict(kept: dict[str, Any]) -> ChurnModel:
    """Raises ValueError, TypeError, KeyError or AttributeError for what cannot be a model."""
    from zhike.churn.model import ChurnModel

    if kept["format"] != FORMAT:
        raise ValueError("another format")
    evaluation = Evaluation.from_dict(kept["evaluation"])
    features = tuple(Feature(f["name"], f["kind"], tuple(f["levels"])) for f in kept["layout"]["features"])
    layout = Layout(features, kept["layout"]["dropped"], kept["layout"]["customer"])
    learner = candidates.from_dict(evaluation.chosen, kept["learner"])
    context = Context.from_dict(kept["context"])
    if len(context.kinds) != len(features) or {f.kind for f in features} - {"number", "category"}:
        raise ValueError("not a model")
    return ChurnModel(layout, learner, Calibration.from_dict(kept["calibration"]), evaluation, context)
