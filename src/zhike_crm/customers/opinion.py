"""How satisfied one customer is: what they answered last, what that makes them, and what it is about."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from zhike.language import current_language
from zhike.satisfaction import mentions
from zhike.satisfaction.scores import DETRACTOR, PROMOTER, SATISFIED, SCALES
from zhike.satisfaction.text.topics import topic_name

Row = dict[str, Any]

LOOKED_AT = 10
QUOTE = 160


class Rating(NamedTuple):
    """What was answered, what that makes the customer, and whether it is good (1) or bad (−1)."""

    value: str
    note: str
    mood: int


@dataclass(frozen=True)
class Opinion:
    """The last rating as a tile shows it, and the sentence that says why."""

    rating: Rating
    at: dt.datetime
    why: str


def opinion(feedback: list[Row]) -> Opinion | None:
    """What the newest rating among a customer's feedback, the newest first, says; None where there is none."""
    rated = [(row, rating) for row in feedback[:LOOKED_AT] if (rating := _rating(row))]
    if not rated:
        return None
    newest, rating = rated[0]
    said = [_("Asked on %(day)s: %(value)s, %(note)s.") % {"day": _day(newest), **rating._asdict()}, *_about(newest)]
    if len(rated) > 1:
        row, earlier = rated[1]
        said.append(_("Before that %(value)s, on %(day)s.") % {"day": _day(row), **earlier._asdict()})
    return Opinion(rating, newest["given_at"], ("" if current_language() == "zh" else " ").join(said))


def _rating(row: Row) -> Rating | None:
    """None off the scale, or where nothing was rated."""
    nps, csat, positive = (row.get(name) for name in ("nps", "csat", "positive"))
    if nps is not None and SCALES["nps"][0] <= nps <= SCALES["nps"][1]:
        value = _("%(value)s of 10") % {"value": f"{nps:g}"}
        if PROMOTER > nps > DETRACTOR:
            return Rating(value, _("neither for nor against us"), 0)
        return Rating(value, _("a promoter"), 1) if nps >= PROMOTER else Rating(value, _("a detractor"), -1)
    if csat is not None and SCALES["csat"][0] <= csat <= SCALES["csat"][1]:
        return _satisfied(_("%(value)s of 5") % {"value": f"{csat:g}"}, csat >= SATISFIED)
    if positive is not None:
        return _satisfied(pgettext("rating", "good") if positive else pgettext("rating", "bad"), positive)
    return None


def _satisfied(value: str, yes: bool) -> Rating:
    return Rating(value, _("satisfied"), 1) if yes else Rating(value, _("not satisfied"), -1)


def _about(row: Row) -> list[str]:
    """The text, and the topics it complains of or praises."""
    text = " ".join(str(row.get("text") or "").split())
    if not text:
        return []
    found = mentions([text])
    comma = "、" if current_language() == "zh" else ", "
    tones = {
        _("It complains about %(topics)s."): found.tone[0] < 0,
        _("It praises %(topics)s."): found.tone[0] > 0,
    }
    topics = {
        told: comma.join(topic_name(t) for t, yes in zip(found.topics, has, strict=True) if yes)
        for told, has in tones.items()
    }
    quote = text if len(text) <= QUOTE else text[: QUOTE - 1] + "…"
    return [_("“%(text)s”") % {"text": quote}, *(told % {"topics": named} for told, named in topics.items() if named)]


def _day(row: Row) -> str:
    return f"{row['given_at']:%Y-%m-%d}"
