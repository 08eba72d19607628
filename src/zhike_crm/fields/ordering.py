"""The order in which people expect options: under 15K, 15–24K, 25–34K, 250K and more; then what has no number.

Values of files are told apart by what they begin with: "Under 18" lies below everything, "65+" above 65 itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_BELOW = re.compile(r"^\s*(<|≤|under|below|less than|up to|不到|小于)|以下\s*$", re.IGNORECASE)
_ABOVE = re.compile(r"^\s*(>|≥|over|above|more than|超过|大于)|(\+|以上)\s*$", re.IGNORECASE)
_AMOUNT = re.compile(r"(\d[\d,]*(?:\.\d+)?)\s*([kKmM万])?")
_TIMES = {"k": 1e3, "m": 1e6, "万": 1e4}
_WITHOUT_NUMBER = float("inf")

Place = tuple[float, float, str]


def in_natural_order(labels: Iterable[str]) -> list[str]:
    """The labels, each once.

    >>> in_natural_order(["65+", "Unknown", "45-54", "Under 18", "19-24", "5-9"])
    ['Under 18', '5-9', '19-24', '45-54', '65+', 'Unknown']
    >>> in_natural_order(["250K+", "1-2M", "35-49K", "Under 15K", "60岁以上"])
    ['Under 15K', '60岁以上', '35-49K', '250K+', '1-2M']
    """
    return sorted(dict.fromkeys(labels), key=_place)


def _place(label: str) -> Place:
    """Where its range begins, which of those that begin there, and its text."""
    amounts = [(float(digits.replace(",", "")), unit.lower()) for digits, unit in _AMOUNT.findall(label)]
    if not amounts:
        return (_WITHOUT_NUMBER, 0, label.casefold())
    (lowest, unit), (_highest, last) = amounts[0], amounts[-1]
    # The K of 35–49K is meant for both.
    lowest *= _TIMES.get(unit or last, 1)
    if _BELOW.search(label):
        return (-1, lowest, label.casefold())
    return (lowest, 1 if _ABOVE.search(label) else 0, label.casefold())
