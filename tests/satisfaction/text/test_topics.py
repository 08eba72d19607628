"""Topics and keywords: what they find, what they leave alone, what they say when there is too little."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from tests.satisfaction.text.reviews import alexa, waimai
from zhike.errors import InputError, SettingsError
from zhike.language import speaking
from zhike.satisfaction import found_topics, keywords, mentions, topics
from zhike.satisfaction.text.characters import BLOCK
from zhike.satisfaction.text.tokens import tokens
from zhike.satisfaction.text.topics import topic_name


def named(text: str) -> set[str]:
    found = mentions([text])
    return {topic for topic, yes in zip(found.topics, found.matrix[0], strict=True) if yes}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("快递员把包装弄破了", {"delivery", "packaging"}),
        ("等了两个小时", {"waiting"}),
        ("客服一直不处理退款", {"support", "refund"}),
        ("Courier was friendly", {"delivery", "staff"}),
        ("The app crashes at checkout", {"app", "payment"}),
        ("Excellent", set()),
        ("prices", {"price"}),
        ("priceless", set()),  # a word is not cut
        ("", set()),
        ("🚚", set()),
    ],
)
def test_what_a_text_is_about(text: str, expected: set[str]) -> None:
    assert named(text) == expected


def test_the_tone_of_each_topic() -> None:
    found = mentions(["味道不错，送餐太慢了", "great price but rude staff", "price"])

    def tone(row: int, topic: str) -> float:
        return float(np.sign(found.tone[row, found.topics.index(topic)]))

    assert (tone(0, "taste"), tone(0, "delivery")) == (1, -1)
    assert (tone(1, "price"), tone(1, "staff")) == (1, -1)
    assert tone(2, "price") == 0


def test_topics_of_your_own() -> None:
    found = mentions(
        ["The Gift Wrapping was torn", "教练很好"], words={"wrapping": ["gift  wrapping"], "coach": ["教练"]}
    )
    assert found.topics[-2:] == ("wrapping", "coach")
    assert found.matrix[:, -2:].tolist() == [[True, False], [False, True]]
    more = mentions(["drone"], words={"delivery": ["drone"]})
    assert more.matrix[0, more.topics.index("delivery")]
    for words in ({"x": []}, {"x": ["", "a"]}, {"": ["a"]}):
        with pytest.raises(SettingsError, match="no words to know it by"):
            mentions(["a"], words=words)


def test_as_a_table() -> None:
    feedback = pa.table({"feedback_id": ["a", "b", "c"], "text": ["快递太慢", None, "12"], "customer_id": [1, 2, 3]})
    rows = topics(feedback).to_pyarrow().to_pylist()
    assert [(r["feedback_id"], r["customer_id"], r["topic"], r["tone"]) for r in rows] == [
        ("a", 1, "delivery", "complaint"),
        ("a", 1, "waiting", "complaint"),
    ]
    assert topics(feedback.slice(1)).to_pyarrow().num_rows == 0
    with pytest.raises(InputError, match="text"):
        topics(pa.table({"a": [1]}))


def test_names_in_both_languages() -> None:
    assert topic_name("staff", "en") == "Staff and service"
    with speaking("zh"):
        assert topic_name("price") == "价格"


def test_many_texts_in_blocks() -> None:
    texts = ["快递很慢，" * 200] * (2 * BLOCK // 1000) + ["价格便宜"]
    found = mentions(texts)
    assert found.matrix[:, found.topics.index("delivery")].sum() == len(texts) - 1
    assert found.matrix[-1, found.topics.index("price")]


def test_words_of_both_languages() -> None:
    assert tokens(["WiFi连接很方便", "I've got THE delivery", "12 %", None]) == [
        ["wifi", "连接", "方便"],
        ["delivery"],
        [],
        [],
    ]


def test_keywords_of_praise_and_complaints(test_data: Path) -> None:
    reviews = waimai(test_data)
    found = keywords(reviews["text"].tolist(), reviews["positive"].tolist())
    praise, complaints = ([k.word for k in found[side]] for side in (True, False))
    assert {"好吃", "很快", "辛苦"} <= set(praise)
    assert {"小时", "难吃", "太慢"} <= set(complaints)
    by_hand = reviews["text"].fillna("").str.contains("辛苦") & reviews["positive"]
    (counted,) = (k.texts for k in found[True] if k.word == "辛苦")
    assert 0.8 * by_hand.sum() < counted <= by_hand.sum()


def test_keywords_of_nothing() -> None:
    assert keywords([]) == {}
    assert keywords(["", "!!", None], ["a", "b", "b"]) == {"a": [], "b": []}
    with pytest.raises(SettingsError, match="3 texts and 1 groups"):
        keywords(["a", "b", "c"], ["x"])


def test_topics_found_in_the_texts(test_data: Path) -> None:
    texts = alexa(test_data)["text"].tolist()
    found = found_topics(texts)
    assert len(found) == 8
    assert [t.texts for t in found] == sorted((t.texts for t in found), reverse=True)
    assert any({"easy", "set"} <= {k.word for k in topic.words} for topic in found)
    assert [topic.words for topic in found_topics(texts)] == [topic.words for topic in found]
    assert sum(topic.share for topic in found) <= 1


def test_too_little_to_find_topics_in() -> None:
    for texts in ([], [""] * 50, ["one two three"] * 5, ["😀"] * 100):
        with pytest.raises(InputError, match="too few to find 8 topics"):
            found_topics(texts)
    with pytest.raises(SettingsError):
        found_topics(["a"], number=0)


def test_texts_as_they_come() -> None:
    texts = ["a" * 1_000_000, "好" * 1_000_000, "😀" * 1000, "\ud800", None, float("nan")]
    assert mentions(texts).matrix.shape[0] == 6
    assert keywords(texts)[None] == []
    assert mentions(pd.Series(["差", None])).matrix.shape[0] == 2
