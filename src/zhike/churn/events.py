"""Which events mean what for somebody who may leave: complaints, carts left behind, interest in competitors.

Companies name their events as they like, so words decide, in English and Chinese; they are settings of the indicators.
"""

from __future__ import annotations

from functools import reduce
from typing import Any

from zhike.churn_settings import CART_WORDS, COMPETITOR_WORDS, COMPLAINT_WORDS

# Answers that are complaints whatever they say: a detractor, two of five stars.
DETRACTOR, DISCONTENT = 6, 2


def says(table: Any, columns: tuple[str, ...], words: tuple[str, ...]) -> Any:
    """Whether any of the text columns has any of the words in it."""
    found = [table[column].lower().contains(word).fill_null(False) for column in columns for word in words]
    return reduce(lambda one, other: one | other, found)


def complains(tickets: Any, words: tuple[str, ...] = COMPLAINT_WORDS) -> Any:
    """Whether a ticket is a complaint."""
    return says(tickets, ("kind", "category", "subject"), words)


def discontent(feedback: Any, words: tuple[str, ...] = COMPLAINT_WORDS) -> Any:
    """Whether an answer is a complaint."""
    scores = (feedback.nps <= DETRACTOR) | (feedback.csat <= DISCONTENT)
    return scores.fill_null(False) | (feedback.positive == False).fill_null(False) | says(feedback, ("topic",), words)  # noqa: E712


def carts(interactions: Any, words: tuple[str, ...] = CART_WORDS) -> Any:
    """Whether an event is about a cart."""
    return says(interactions, ("kind",), words)


def competitors(interactions: Any, words: tuple[str, ...] = COMPETITOR_WORDS) -> Any:
    """Whether an event shows interest in a competitor."""
    return says(interactions, ("kind", "subject"), words)
