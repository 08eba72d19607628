"""Phrases are found where a plain search finds them, the longest first, and words are not cut."""

from __future__ import annotations

import random
import re

import numpy as np
import pytest

from zhike.satisfaction.text import lexicon
from zhike.satisfaction.text.characters import BLOCK, LONGEST, Characters, blocks, hash_of
from zhike.satisfaction.text.language import languages
from zhike.satisfaction.text.phrases import Phrases
from zhike.satisfaction.text.polarity import polarity, read_lexicon
from zhike.satisfaction.text.topic_words import TOPICS, WORDS


def found_by_hand(phrases: list[str], text: str) -> set[tuple[int, str]]:
    """Longest first, nothing inside what is taken; a word of letters is not cut."""
    taken: set[int] = set()
    found = set()
    for phrase in sorted(phrases, key=len, reverse=True):
        hits = set()
        for match in re.finditer(f"(?={re.escape(phrase)})", text):
            start, end = match.start(), match.start() + len(phrase)
            inner = re.match(r"[a-z0-9']", phrase[0]) and start and re.match(r"[a-z0-9']", text[start - 1])
            outer = re.match(r"[a-z0-9']", phrase[-1]) and end < len(text) and re.match(r"[a-z0-9']", text[end])
            if not inner and not outer:
                hits.add(start)
        free = {start for start in hits if not taken & set(range(start, start + len(phrase)))}
        # Phrases of one length may overlap each other, so all of a length are looked at before any is taken.
        found |= {(start, phrase) for start in free}
        if phrase == [p for p in sorted(phrases, key=len, reverse=True) if len(p) == len(phrase)][-1]:
            for start, other in found:
                taken |= set(range(start, start + len(other)))
    return found


def test_as_a_plain_search_would() -> None:
    dice = random.Random(3)
    for _ in range(300):
        phrases = list({"".join(dice.choices("ab好不 ", k=dice.randint(1, 4))).strip() or "x" for _ in range(6)})
        text = re.sub(" +", " ", "".join(dice.choices("ab好不 ", k=30)))
        found = Phrases(phrases).find(Characters.of([text]))
        assert {(int(s), phrases[p]) for s, p in zip(found.start, found.phrase, strict=True)} == found_by_hand(
            phrases, text
        )


def test_texts_do_not_run_into_each_other() -> None:
    characters = Characters.of(["不", "好", "", None, "a\0b"])
    assert Phrases(["不好", "ab"]).find(characters).start.size == 0
    assert characters.count == 5


def test_wide_and_capital_letters_are_folded() -> None:
    found = Phrases(["good"]).find(Characters.of(["ＧＯＯＤ", "Good", "goods"]))
    assert len(found.start) == 2


def test_long_texts_are_read_to_a_limit_and_in_blocks() -> None:
    texts = ["好" * (LONGEST * 3)] * (2 * BLOCK // LONGEST) + ["坏"]
    parts = list(blocks(texts))
    assert len(parts) > 1
    assert max(len(part.codes) for _first, part in parts) < BLOCK + 2 * LONGEST
    assert parts[-1][0] + parts[-1][1].count == len(texts)
    assert [number for first, part in parts for number in range(first, first + part.count)] == list(range(len(texts)))


def test_no_two_phrases_have_one_hash() -> None:
    known = [phrase for written in WORDS.values() for phrase in lexicon.phrases(written)]
    for lists in (lexicon.PRAISE_ZH, lexicon.PRAISE_EN, lexicon.COMPLAINT_ZH, lexicon.COMPLAINT_EN):
        known += [phrase for written in lists.values() for phrase in lexicon.phrases(written)]
    distinct = set(known)
    assert len({hash_of(phrase) for phrase in distinct}) == len(distinct) > 1500
    assert set(WORDS) == set(TOPICS)


def test_the_lists_are_written_as_texts_are_read() -> None:
    read = read_lexicon()
    every = [
        p for lists in (lexicon.PRAISE_ZH, lexicon.COMPLAINT_EN) for w in lists.values() for p in lexicon.phrases(w)
    ]
    for phrase in every:
        assert Phrases([phrase]).find(Characters.of([phrase])).start.tolist() == [0], phrase
    assert len(read.value) == len(read.denies) == len(read.factor) == len(read.contrast)


def test_no_phrase_both_praises_and_complains() -> None:
    praise = {p for lists in (lexicon.PRAISE_ZH, lexicon.PRAISE_EN) for w in lists.values() for p in lexicon.phrases(w)}
    bad = {
        p for lists in (lexicon.COMPLAINT_ZH, lexicon.COMPLAINT_EN) for w in lists.values() for p in lexicon.phrases(w)
    }
    assert praise & bad == set()


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("味道很好", 1),
        ("味道不好", -1),
        ("没问题", 1),
        ("没有说的那么好吃", -1),
        ("服务不是很热情", -1),
        ("一点也不慢", 1),
        ("送餐快，但是味道太差", -1),
        ("味道一般，不过服务太棒了", 1),
        ("The food is not good", -1),
        ("Not bad at all", 1),
        ("I don't love it", -1),
        ("Never a problem, works great", 1),
        ("Nice box, but it stopped working", -1),
        ("😡😡", -1),
        ("👍", 1),
    ],
)
def test_what_words_say(text: str, sign: int) -> None:
    (says,) = polarity(Characters.of([text]))
    assert np.sign(says) == sign


def test_stronger_words_say_more() -> None:
    weak, plain, strong = polarity(Characters.of(["slightly rude staff", "rude staff", "extremely rude staff"]))
    assert 0 > weak > plain > strong


def test_languages_by_script() -> None:
    texts = [
        "送餐很快",
        "fast",
        "OK",
        "iPhone 手机 很好用",
        "Очень хорошо",
        "맛있어요",
        "とても",
        "123",
        "😀",
        "",
        None,
        "señor",
    ]
    expected = ["zh", "en", "en", "zh", "other", "other", "other", None, None, None, None, "en"]
    assert languages(texts) == expected
