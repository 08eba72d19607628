"""Texts with the rating that came with them: what sentiment is learned from, and what drivers are measured in."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from zhike.errors import InputError
from zhike.satisfaction.answers import answer
from zhike.satisfaction.scores import DETRACTOR, PROMOTER, SATISFIED, SCALES
from zhike.satisfaction.text.characters import texts_of
from zhike.tables import as_table, require

RATINGS = ("positive", "csat", "nps")
DISSATISFIED = 2


def rated_texts(feedback: Any) -> tuple[list[str | None], NDArray[np.bool_]]:
    """The texts whose author also said whether they were satisfied, and what they said.

    The first of these that a row has: `positive`; `csat` (4 and 5 satisfied, 1 and 2 not); `nps` (9 and 10 promoters,
    0 to 6 detractors). Who is in between, did not rate, or wrote nothing is left out.

    Raises:
        InputError: there is no column `text`, or none of the ratings.

    >>> texts, satisfied = rated_texts(pa.table({"text": ["很快", "凉了", "还行", None], "csat": [5, 1, 3, 4]}))
    >>> texts, satisfied.tolist()
    (['很快', '凉了'], [True, False])
    """
    table = as_table(feedback)
    require(table, ("text",), "feedback")
    given = [_satisfied(table, name) for name in RATINGS if name in table.columns]
    if not given:
        raise InputError(
            "The table {table} lacks the columns {missing}; found: {found}.",
            fix="Rename or add them.",
            table="feedback",
            missing=" / ".join(RATINGS),
            found=", ".join(table.columns),
        )
    rating = given[0]
    for other in given[1:]:
        rating = rating.fill_null(other)
    rows = table.select(text=table.text.cast("string"), rating=rating)
    found = rows.filter(rows.text.strip() != "", rows.rating.notnull()).to_pyarrow()
    return texts_of(found["text"]), np.asarray(found["rating"].cast(pa.bool_()).to_numpy(), dtype=np.bool_)


def _satisfied(table: Any, name: str) -> Any:
    """TRUE, FALSE, or NULL where the row does not say."""
    if name == "positive":
        value = answer(table, "positive", *SCALES["positive"]).value
        return value.isin([0.0, 1.0]).ifelse(value == 1, None)
    value = answer(table, name, *SCALES[name]).value
    above, below = (SATISFIED, DISSATISFIED) if name == "csat" else (PROMOTER, DETRACTOR)
    return ((value >= above) | (value <= below)).ifelse(value >= above, None)
