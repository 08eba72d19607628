"""What is known of who meets a condition, and the numbers of many rows of the database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from django.core.exceptions import EmptyResultSet
from django.db import connection

from zhike_crm.ui.lists.kept import Mask, Places


@dataclass(frozen=True, eq=False)
class Known:
    """Who meets a condition: surely, and possibly."""

    surely: Mask
    maybe: Mask

    @property
    def exact(self) -> bool:
        return self.surely is self.maybe

    def __and__(self, other: Known) -> Known:
        surely = self.surely & other.surely
        return Known(surely, surely if self.exact and other.exact else self.maybe & other.maybe)

    def __or__(self, other: Known) -> Known:
        surely = self.surely | other.surely
        return Known(surely, surely if self.exact and other.exact else self.maybe | other.maybe)

    def __invert__(self) -> Known:
        surely = ~self.maybe
        return Known(surely, surely if self.exact else ~self.surely)


def sure(mask: Mask) -> Known:
    return Known(mask, mask)


def numbers_of(rows: Any, name: str) -> Places:
    """A column of numbers of many rows. They come as one text, which is three times as fast as row by row."""
    try:
        asked, values = rows.query.sql_with_params()
    except EmptyResultSet:
        return np.zeros(0, np.int64)
    joined = {"sqlite": f'group_concat("{name}")', "postgresql": f"string_agg(\"{name}\"::text, ',')"}
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {joined[connection.vendor]} FROM ({asked}) asked", values)
        text = cursor.fetchone()[0]
    return np.fromstring(text, np.int64, sep=",") if text else np.zeros(0, np.int64)
