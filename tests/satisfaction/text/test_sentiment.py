"""Sentiment on real reviews, learned and by the word list; what it does with too little to go on."""

from __future__ import annotations

import json
import time
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.satisfaction.text.reviews import alexa, waimai
from zhike.errors import InputError
from zhike.satisfaction import SentimentModel, fit_sentiment, load, sentiment
from zhike.satisfaction.text.ratings import rated_texts

GOOD = ["味道很好", "送餐很快，赞", "great service", "love it", "very nice", "非常满意"]
BAD = ["太慢了", "难吃，差评", "terrible", "never again", "cold and late", "包装漏了"]


@pytest.fixture(scope="module")
def learned(test_data: Path) -> SentimentModel:
    return fit_sentiment(waimai(test_data))


def test_learned_from_chinese_reviews(learned: SentimentModel) -> None:
    assert learned.learned is not None
    assert learned.test is not None
    assert learned.lexicon_test is not None
    assert (learned.rated, learned.praise) == (11987, 4000)
    assert learned.test.accuracy >= 0.90
    assert learned.test.auc >= 0.945
    assert learned.beats_guessing
    assert "learned from 11,987 texts with a rating (4,000 satisfied, 7,987 not)" in learned.why()


def test_the_word_list_on_both_languages(test_data: Path) -> None:
    reviews = waimai(test_data)
    judged = SentimentModel().judge(reviews["text"])
    known = ~np.isnan(judged)
    assert known.mean() > 0.88
    assert ((judged > 0) == reviews["positive"])[known].mean() > 0.82
    texts, satisfied = rated_texts(alexa(test_data))
    judged = SentimentModel().judge(texts)
    known = ~np.isnan(judged)
    assert known.mean() > 0.84
    assert ((judged > 0) == satisfied)[known].mean() > 0.88


def test_learned_from_stars(test_data: Path) -> None:
    model = fit_sentiment(alexa(test_data))
    assert model.test is not None
    assert model.test.accuracy > model.test.larger
    assert model.test.auc > 0.94


def test_a_threshold_is_carried_over(learned: SentimentModel, test_data: Path) -> None:
    """From food in Chinese to loudspeakers in English: the order is the word list's, the threshold was another's."""
    texts, satisfied = rated_texts(alexa(test_data))
    table = pd.DataFrame({"text": texts, "positive": satisfied})
    sample = table.groupby("positive").head(60)
    rest = table.drop(sample.index)

    def right(model: SentimentModel) -> float:
        judged = model.judge(rest["text"])
        praise = rest["positive"].to_numpy()
        return float(((judged[praise] > 0).mean() + (judged[~praise] < 0).mean()) / 2)

    moved = learned.recalibrated(sample)
    assert right(moved) > right(learned) + 0.02
    assert moved.recalibrated_on == 120
    assert "recalibrated by 120 texts" in moved.why()
    with pytest.raises(InputError, match="too few to recalibrate"):
        learned.recalibrated(sample.head(20))


def test_equal_texts_are_never_trained_and_tested_on() -> None:
    """A label that is pure chance, each text twice: whoever leaks would seem to know it."""
    dice = np.random.default_rng(11)
    words = ["".join(dice.choice(list("甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳"), 8)) for _ in range(200)]
    table = pd.DataFrame({"text": words, "positive": dice.random(200) < 0.5})
    model = fit_sentiment(pd.concat([table, table]))
    assert model.test is not None
    assert model.test.accuracy < 0.6
    assert not model.beats_guessing
    assert "do not rely on it" in model.why()


@pytest.mark.parametrize("csat", [[5] * 6 + [1] * 6, [5] * 12, [3] * 12, [None] * 12, [9] * 12])
def test_too_few_ratings_or_of_one_class(csat: list[float | None]) -> None:
    model = fit_sentiment(pd.DataFrame({"text": GOOD + BAD, "csat": csat}))
    assert model.learned is None
    assert model.test is None
    assert model.beats_guessing is None
    assert "learning takes 20 different ones of either kind" in model.why()
    assert "not known" in model.why()
    assert (model.judge(GOOD) > 0).all()
    assert (model.judge(BAD) < 0).all()


def test_one_class_in_any_number() -> None:
    model = fit_sentiment(pd.DataFrame({"text": GOOD * 100, "positive": True}))
    assert model.learned is None
    assert "there are 600 texts with a rating (600 satisfied, 0 not)" in model.why()


def test_the_same_few_texts_again_and_again_teach_nothing() -> None:
    table = pd.DataFrame({"text": GOOD * 50 + BAD * 50, "positive": [True] * 300 + [False] * 300})
    model = fit_sentiment(table)
    assert model.learned is None
    assert "20 different ones" in model.why()
    with pytest.raises(InputError, match="20 different texts"):
        model.recalibrated(table)


def test_words_of_one_megabyte_among_the_rated() -> None:
    """Nothing is laid out as wide as the longest text: this would take 4 GB."""
    table = pd.DataFrame({"text": [f"好{n}" for n in range(500)] + [f"坏{n}" for n in range(499)] + ["x" * 1_000_000]})
    table["positive"] = table.index < 500
    model = fit_sentiment(table)
    assert model.test is not None
    assert model.test.accuracy > 0.95


def test_the_word_list_recalibrated() -> None:
    table = pd.DataFrame({"text": [f"{text}{n}" for n in range(30) for text in GOOD + BAD]})
    table["positive"] = [True] * 6 + [False] * 6 + ([True] * 6 + [False] * 6) * 29
    model = SentimentModel().recalibrated(table)
    assert model.learned is None
    assert "recalibrated by 360 texts" in model.why()


def test_nothing_is_made_up(learned: SentimentModel) -> None:
    nothing = ["", " ", None, "12:30", "\x00\x01", "ᚠᛇᚻ"]
    for model in (SentimentModel(), learned):
        table = sentiment(pd.DataFrame({"text": nothing[:3]}), model=model).to_pyarrow()
        assert table["sentiment"].to_pylist() == table["positive"].to_pylist() == [None] * 3
        assert np.isnan(model.judge(nothing[:3])).all()
    assert np.isnan(SentimentModel().judge(nothing)).all()
    assert np.isnan(SentimentModel().judge(["🥤🥡", "🚗"])).all()
    assert SentimentModel().judge(["👍", "😡"]).round().tolist() == [0, 0]


def test_long_and_strange_texts(learned: SentimentModel, test_data: Path) -> None:
    file = test_data / "naughty_strings" / "blns.json"
    strange = [
        *json.loads(file.read_text("utf-8")),
        "好吃" * 500_000,
        "a" * 1_000_000,
        "\ud800",
        "好\0坏",
        "😀" * 5000,
    ]
    for model in (SentimentModel(), learned):
        judged = model.judge(strange)
        assert len(judged) == len(strange)
        assert (np.isnan(judged) | (np.abs(judged) <= 1)).all()


def test_ratings_in_every_form() -> None:
    table = pd.DataFrame(
        {
            "text": list("abcdefghi"),
            "positive": [1, 0, None, None, None, None, None, None, 7],
            "csat": [1, 5, 4, 2, 3, None, None, None, None],
            "nps": [0, 10, 0, 10, 10, 9, 6, 8, None],
        }
    )
    texts, satisfied = rated_texts(table)
    assert dict(zip(texts, satisfied.tolist(), strict=True)) == {
        "a": True,
        "b": False,
        "c": True,
        "d": False,
        "e": True,  # the middle of csat says nothing, the recommendation does
        "f": True,
        "g": False,
    }
    with pytest.raises(InputError, match="positive / csat / nps"):
        rated_texts(pd.DataFrame({"text": ["a"]}))
    with pytest.raises(InputError, match="lacks the columns text"):
        sentiment(pd.DataFrame({"review": ["a"]}))


def test_kept_and_loaded(learned: SentimentModel, tmp_path: Path) -> None:
    file = tmp_path / "model"
    for model in (learned, SentimentModel(slope=0.5, offset=-0.1)):
        model.save(file)
        again = load(file)
        assert again.judge(GOOD + BAD).tolist() == model.judge(GOOD + BAD).tolist()
        assert again.why() == model.why()
    learned.save(file)
    assert file.stat().st_size < 3_000_000
    assert "送餐" not in file.read_bytes().decode("latin-1")


def test_what_is_no_model(learned: SentimentModel, tmp_path: Path) -> None:
    file = tmp_path / "model.npz"
    with pytest.raises(InputError, match="no file"):
        load(file)
    for content in (b"", b"PK", b"{}", b"\x80\x04pickle"):
        file.write_bytes(content)
        with pytest.raises(InputError, match="does not hold a fitted model"):
            load(file)
    # Arrays that do not fit together, numbers that are none, an object that would be unpickled.
    weights = np.zeros(3, np.float32)
    about = {"format": "zhike.sentiment/1", "slope": 1.0, "offset": 0.0, "rated": 1, "praise": 1, "recalibrated_on": 0}
    about |= {"test": None, "lexicon_test": None, "intercept": 0.0, "by_list": [0.0, 0.0]}

    def write(changes: dict[str, object], **arrays: object) -> None:
        text = json.dumps(about | changes).encode()
        whole = {"bucket": np.arange(3, dtype=np.int32), "telling": weights, "weight": weights, **arrays}
        np.savez(file, about=np.frombuffer(text, np.uint8), **whole)

    write({})
    assert load(file).learned is not None
    for changes in ({"slope": float("nan")}, {"rated": -1}, {"format": "x"}, {"by_list": [1.0]}, {"test": [1.5]}):
        write(changes)
        with pytest.raises(InputError, match="does not hold a fitted model"):
            load(file)
    for arrays in (
        {"bucket": np.array([0, 1, 1 << 18], np.int32)},
        {"weight": weights[:2]},
        {"weight": weights + np.inf},
    ):
        write({}, **arrays)
        with pytest.raises(InputError, match="does not hold a fitted model"):
            load(file)
    write({}, weight=np.array([{}, {}, {}], dtype=object))
    with pytest.raises(InputError, match="does not hold a fitted model"):
        load(file)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("about.npy", b"\0" * 40_000_000)
    with pytest.raises(InputError, match="does not hold a fitted model"):
        load(file)


def test_fast_enough(learned: SentimentModel, test_data: Path) -> None:
    """Ten thousand texts a second, in processor time, so that others on the machine do not matter."""
    texts = waimai(test_data)["text"].tolist()
    for model in (learned, SentimentModel()):
        model.judge(texts[:10])
        began = time.process_time()
        model.judge(texts)
        assert len(texts) / (time.process_time() - began) > 10_000
