"""What the values of a column say about what it can be."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence

from zhike.intake.expressions import FALSE_WORDS, NO_VALUE, TRUE_WORDS
from zhike.schema import Column

_DATE = re.compile(
    r"^\s*(\d{4}[-/.年]\d{1,2}([-/.月]\d{1,2})?|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}"
    r"|\d{1,2}[-/ ]?[A-Za-z]{3,9}[-/ ,]*\d{2,4}|[A-Za-z]{3,9} \d{1,2},? \d{4}"
    r"|[A-Za-z]{3} [A-Za-z]{3} \d{1,2} \d{4}|(19|20)\d{6}(\d{6})?$)"
)
_COUNTED_DATE = re.compile(r"^\s*([2-7]\d{4}(\.\d+)?|1\d{9}|1\d{12})\s*$")
_NUMBER = re.compile(r"^[-+(]?\s*[¥￥$€£]?\s*[-+]?(\d[\d\s.,'’]*|\.\d+)(e[-+]?\d+)?\s*[%€元¥$£-]?\)?$", re.IGNORECASE)
_EMAIL = re.compile(r"^\S+@\S+\.\S+$")
_PHONE = re.compile(r"^[-+()\d\s./x*]{5,25}$")


def is_date(value: object, *, counted: bool = False) -> bool:
    """Whether a value looks like a date; `counted` lets Excel days and seconds since 1970 pass."""
    if isinstance(value, dt.date):
        return True
    text = str(value)
    return bool(_DATE.match(text)) or (counted and bool(_COUNTED_DATE.match(text)))


def is_number(value: object) -> bool:
    """Whether a value looks like a number in any country's writing."""
    if isinstance(value, bool | dt.date):
        return False
    return not isinstance(value, str) or bool(_NUMBER.match(value.strip()))


def fits(column: Column, values: Sequence[object], *, sure: bool) -> bool:
    """Whether most values can be what the column wants. A column without values fits only a name that is sure."""
    present = [v for v in values if v is not None and str(v).strip().lower() not in NO_VALUE]
    if not present:
        return sure
    test = _TESTS.get(column.name) or _kind_test(column.kind, counted=sure)
    return test is None or sum(map(test, present)) >= 0.6 * len(present)


def is_unique(values: Sequence[object]) -> bool:
    """Whether no value comes twice: the key of the rows rather than a reference to something else."""
    present = [v for v in values if v is not None and str(v).strip()]
    return bool(present) and len(set(map(str, present))) >= 0.98 * len(present)


def _kind_test(kind: str, *, counted: bool) -> Callable[[object], bool] | None:
    if kind in ("date", "timestamp"):
        return lambda value: is_date(value, counted=counted)
    if kind in ("number", "integer"):
        return is_number
    if kind == "boolean":
        return lambda value: str(value).strip().lower() in (*TRUE_WORDS, *FALSE_WORDS)
    if kind == "id":
        return lambda value: not isinstance(value, dt.date) and len(str(value)) <= 100
    return None


def _is_words(value: object) -> bool:
    return not is_number(value) and not isinstance(value, dt.date)


def _within(lowest: float, highest: float) -> Callable[[object], bool]:
    def test(value: object) -> bool:
        try:
            return lowest <= float(str(value)) <= highest
        except ValueError:
            return False

    return test


# Where the kind alone is too generous.
_TESTS: dict[str, Callable[[object], bool]] = {
    "email": lambda value: bool(_EMAIL.match(str(value).strip())),
    "phone": lambda value: bool(_PHONE.match(str(value).strip())),
    "age": _within(0, 130),
    "birth_year": _within(1850, 2100),
    "csat": _within(0, 10),
    "nps": _within(0, 10),
    "name": _is_words,
    "company": _is_words,
    "text": _is_words,
    "product_name": _is_words,
    "country": _is_words,
    "city": _is_words,
}
