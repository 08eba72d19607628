"""Satisfaction: scores from ratings, and what the texts say. The names below are the public ones."""

from zhike.satisfaction.score import Score
from zhike.satisfaction.scores import csat, csi, good_review_rate, nps
from zhike.satisfaction.text.drivers import Driver, Drivers, drivers
from zhike.satisfaction.text.keywords import Keyword, keywords
from zhike.satisfaction.text.language import languages
from zhike.satisfaction.text.sentiment import SentimentModel, fit_sentiment, sentiment
from zhike.satisfaction.text.storage import load
from zhike.satisfaction.text.topics import FoundTopic, found_topics, mentions, topics

__all__ = [
    "Driver",
    "Drivers",
    "FoundTopic",
    "Keyword",
    "Score",
    "SentimentModel",
    "csat",
    "csi",
    "drivers",
    "fit_sentiment",
    "found_topics",
    "good_review_rate",
    "keywords",
    "languages",
    "load",
    "mentions",
    "nps",
    "sentiment",
    "topics",
]
