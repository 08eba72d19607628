"""The two sets of real reviews, as tables of feedback."""

from __future__ import annotations

from pathlib import Path

import pandas as pd


def waimai(test_data: Path) -> pd.DataFrame:
    """11,987 Chinese reviews of food deliveries, 4,000 of them praise."""
    found = pd.read_csv(test_data / "reviews_zh" / "waimai_10k.csv")
    return pd.DataFrame({"feedback_id": found.index, "text": found["review"], "positive": found["label"] == 1})


def alexa(test_data: Path) -> pd.DataFrame:
    """3,150 English reviews of loudspeakers with one to five stars."""
    found = pd.read_csv(test_data / "reviews_en" / "amazon_alexa.tsv", sep="\t", encoding="utf-8-sig")
    found.columns = [name.strip() for name in found.columns]
    return pd.DataFrame({"feedback_id": found.index, "text": found["verified_reviews"], "csat": found["rating"]})
