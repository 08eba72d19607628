"""Sentiment models as files: arrays and JSON in NumPy's .npz, checked before they are believed."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhike.errors import InputError
from zhike.satisfaction.text.learned import BITS, NgramModel
from zhike.satisfaction.text.sentiment import SentimentModel, Tested

FORMAT = "zhike.sentiment/1"
LARGEST = 32_000_000  # bytes unpacked; a full model has three
NUMBERS = ("slope", "offset")
COUNTS = ("rated", "praise", "recalibrated_on")


def save(model: SentimentModel, path: str | Path) -> None:
    """Write a model to a file; `load` reads it."""
    kept: dict[str, Any] = {"format": FORMAT} | {name: getattr(model, name) for name in (*NUMBERS, *COUNTS)}
    kept |= {name: _as_list(getattr(model, name)) for name in ("test", "lexicon_test")}
    arrays: dict[str, Any] = {}
    if model.learned is not None:
        kept |= {"intercept": model.learned.intercept, "by_list": list(model.learned.by_list)}
        bucket = np.flatnonzero(model.learned.telling).astype(np.int32)
        arrays = {"bucket": bucket, "telling": model.learned.telling[bucket], "weight": model.learned.weight[bucket]}
    about = np.frombuffer(json.dumps(kept).encode(), dtype=np.uint8)
    packed = io.BytesIO()  # written by us, since NumPy would add “.npz” to a name that has another ending
    np.savez_compressed(packed, **{"about": about, **arrays})
    Path(path).write_bytes(packed.getvalue())


def _as_list(test: Tested | None) -> list[float] | None:
    return None if test is None else list(test)


def load(path: str | Path) -> SentimentModel:
    """The model that `save` wrote.

    Raises:
        InputError: no such file, or what is in it is no sentiment model that can be.
    """
    file = Path(path)
    if not file.is_file():
        raise InputError("There is no file {file}.", fix="Check the path.", file=str(path))
    try:
        with zipfile.ZipFile(file) as packed:
            if sum(part.file_size for part in packed.infolist()) > LARGEST:
                raise ValueError("too large")
        with np.load(file, allow_pickle=False) as stored:
            return _checked({name: stored[name] for name in stored.files})
    except (ValueError, TypeError, KeyError, OSError, zipfile.BadZipFile, RecursionError) as error:
        raise InputError(
            "{file} does not hold a fitted model.", fix="Fit the model again and save it.", file=str(path)
        ) from error


def _checked(stored: dict[str, NDArray[Any]]) -> SentimentModel:
    kept = json.loads(stored["about"].tobytes())
    if kept["format"] != FORMAT:
        raise ValueError("another format")
    counts = [kept[name] for name in COUNTS]
    if not all(type(count) is int and count >= 0 for count in counts):
        raise ValueError("not a count")
    slope, offset = (_number(kept[name]) for name in NUMBERS)
    tests = [None if kept[name] is None else _test(kept[name]) for name in ("test", "lexicon_test")]
    rated, praise, recalibrated_on = counts
    learned = _model(stored, kept) if "bucket" in stored else None
    return SentimentModel(learned, slope, offset, rated, praise, tests[0], tests[1], recalibrated_on)


def _model(stored: dict[str, NDArray[Any]], kept: dict[str, Any]) -> NgramModel:
    first, second = (_number(weight) for weight in kept["by_list"])
    bucket, telling, weight = (stored[name] for name in ("bucket", "telling", "weight"))
    sound = (
        bucket.dtype == np.int32
        and telling.dtype == weight.dtype == np.float32
        and bucket.ndim == 1
        and bucket.shape == telling.shape == weight.shape
        and (len(bucket) == 0 or (bucket.min() >= 0 and bucket.max() < 1 << BITS))
        and bool(np.isfinite(telling).all() and np.isfinite(weight).all())
    )
    if not sound:
        raise ValueError("not a model")
    whole = np.zeros((2, 1 << BITS), dtype=np.float32)
    whole[0, bucket], whole[1, bucket] = telling, weight
    return NgramModel(whole[0], whole[1], (first, second), _number(kept["intercept"]))


def _test(kept: list[Any]) -> Tested:
    rows, *shares = kept
    if type(rows) is not int:
        raise ValueError("not a count")
    return Tested(rows, *(_number(share) for share in shares))


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
        raise ValueError("not a number")
    return float(value)
