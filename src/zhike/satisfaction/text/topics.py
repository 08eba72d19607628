"""What feedback is about: topics known by their words, and topics found in the texts themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import ibis
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from zhike.errors import InputError, SettingsError
from zhike.labels import say
from zhike.satisfaction.text.characters import Characters, Flags, blocks, texts_of
from zhike.satisfaction.text.keywords import Keyword, counted
from zhike.satisfaction.text.lexicon import phrases
from zhike.satisfaction.text.phrases import Phrases
from zhike.satisfaction.text.polarity import tone
from zhike.satisfaction.text.topic_words import TOPICS, WORDS
from zhike.tables import as_table, require

KEPT = ("feedback_id", "customer_id", "given_at")


@dataclass(frozen=True)
class Mentions:
    """Which texts mention which topics: `topics` names the columns of `matrix` (texts × topics). `tone` is how: below 0
    complaining, above 0 praising, 0 neither."""

    topics: tuple[str, ...]
    matrix: Flags
    tone: NDArray[np.float64]


def topic_name(topic: str, language: str | None = None) -> str:
    """What people call a topic; one of your own is called what you call it.

    >>> topic_name("price", "en"), topic_name("gift wrapping")
    ('Price', 'gift wrapping')
    """
    return say(TOPICS[topic], language) if topic in TOPICS else topic


def mentions(texts: Any, *, words: Mapping[str, Iterable[str]] | None = None) -> Mentions:
    """Which of the texts mention which topic, and how: by the words that praise or complain next to it.

    Args:
        texts: a list or an Arrow column.
        words: topics of your own, or more words for ours: topic → phrases.

    Raises:
        SettingsError: a topic or phrase of yours is empty.

    >>> found = mentions(["送餐太慢，包装漏了", "cheap but rude staff", ""])
    >>> [[topic for topic, yes in zip(found.topics, row) if yes] for row in found.matrix.tolist()]
    [['delivery', 'waiting', 'packaging'], ['price', 'staff'], []]
    >>> bool(found.tone[0, found.topics.index("delivery")] < 0)
    True
    """
    topics, lookup, belongs = _dictionary(tuple((topic, tuple(more)) for topic, more in (words or {}).items()))
    given = texts_of(texts)
    matrix = np.zeros((len(given), len(topics)), dtype=np.bool_)
    tones = np.zeros((len(given), len(topics)))
    for first, characters in blocks(given):
        found = lookup.find(characters)
        says = tone(characters, found)
        text = first + characters.text[found.start]
        for column in range(len(topics)):
            about = belongs[found.phrase, column]
            matrix[text[about], column] = True
            np.add.at(tones[:, column], text[about], says[about])
    return Mentions(topics, matrix, tones)


@lru_cache(maxsize=8)
def _dictionary(words: tuple[tuple[str, tuple[str, ...]], ...]) -> tuple[tuple[str, ...], Phrases, Flags]:
    """All topics, all phrases ready to be looked for, and which phrase belongs to which topics."""
    of_topic = {topic: phrases(written) for topic, written in WORDS.items()}
    for topic, more in words:
        written = [_plain(phrase) for phrase in more]
        if not topic or not written or not all(written):
            raise SettingsError(
                "The topic {topic} has no words to know it by.", fix="Give it at least one.", topic=repr(topic)
            )
        of_topic[topic] = of_topic.get(topic, []) + written
    known = list(dict.fromkeys(phrase for listed in of_topic.values() for phrase in listed))
    number = {phrase: place for place, phrase in enumerate(known)}
    belongs = np.zeros((len(known), len(of_topic)), dtype=np.bool_)
    for column, listed in enumerate(of_topic.values()):
        belongs[[number[phrase] for phrase in listed], column] = True
    return tuple(of_topic), Phrases(known), belongs


def _plain(phrase: str) -> str:
    """The phrase as texts are read: lower case, full-width forms folded, blanks single."""
    codes = Characters.of([phrase.strip()]).codes[:-1]
    return codes.astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")


def topics(feedback: Any, *, words: Mapping[str, Iterable[str]] | None = None) -> Any:
    """One row per text and topic it mentions: `feedback_id, customer_id, given_at` (those that are there), `topic`,
    `tone` ("complaint", "praise"; NULL where it is neither).

    Args:
        feedback: a table with `text`.
        words: as in `mentions`.

    Raises:
        InputError: there is no column `text`.
        SettingsError: a topic or phrase of yours is empty.

    >>> rows = topics(pa.table({"feedback_id": [7], "text": ["客服一直不回复"]})).to_pyarrow().to_pylist()
    >>> rows
    [{'feedback_id': 7, 'topic': 'support', 'tone': 'complaint'}]
    """
    table = as_table(feedback)
    require(table, ("text",), "feedback")
    kept = [name for name in KEPT if name in table.columns]
    rows = table.select(*kept, text=table.text.cast("string")).to_pyarrow()
    found = mentions(rows["text"], words=words)
    row, column = np.nonzero(found.matrix)
    names = pa.array(np.array(found.topics, dtype=object)[column], pa.string())
    says = found.tone[row, column]
    tones = pa.array(np.where(says < 0, "complaint", "praise"), pa.string(), mask=says == 0)
    taken = rows.select(kept).take(pa.array(row, pa.int64()))
    return ibis.memtable(taken.append_column("topic", names).append_column("tone", tones))


class FoundTopic(NamedTuple):
    """A topic of the texts themselves: its words, best first, and how many texts it is the main one of."""

    words: tuple[Keyword, ...]
    texts: int
    share: float


def found_topics(texts: Any, *, number: int = 8, top: int = 6) -> list[FoundTopic]:
    """Topics that are in the texts whether or not anybody thought of them, the most frequent first.

    Non-negative matrix factorisation of TF-IDF (words in at least three texts, each once per text); a text belongs to
    the topic with the largest part in it. The same texts give the same topics.

    Args:
        texts: a list or an Arrow column.
        number: how many to look for.
        top: words per topic.

    Raises:
        InputError: too few words occur in several texts to make so many topics.
        SettingsError: Chinese texts without a segmenter, or less than one topic.

    Source: Lee & Seung (1999), Nature 401; Pedregosa et al. (2011), JMLR 12 (scikit-learn).
    """
    if number < 1:
        raise SettingsError("{number} topics cannot be found.", fix="Ask for 1 or more.", number=number)
    given = texts_of(texts)
    vocabulary, text, word = counted(given)
    rows, row = np.unique(text, return_inverse=True)
    if min(len(rows), len(vocabulary)) < max(3 * number, 10):
        raise InputError(
            "Only {texts} texts share {words} words: too few to find {number} topics in.",
            fix="Ask for fewer topics, or collect more texts.",
            texts=len(rows),
            words=len(vocabulary),
            number=number,
        )
    part, of_word = _factors(row, word, (len(rows), len(vocabulary)), number)
    main = np.where(part.max(axis=1) > 0, part.argmax(axis=1), -1)
    frequency = np.bincount(word, minlength=len(vocabulary))
    found = []
    for topic in range(number):
        best = np.argsort(-of_word[topic], kind="stable")[:top]
        words = tuple(
            Keyword(vocabulary[place], float(of_word[topic, place]), int(frequency[place]))
            for place in best
            if of_word[topic, place] > 0
        )
        count = int((main == topic).sum())
        found.append(FoundTopic(words, count, count / len(given)))
    return sorted(found, key=lambda t: -t.texts)


def _factors(row: Any, word: Any, shape: tuple[int, int], number: int) -> tuple[Any, Any]:
    """Texts × topics and topics × words."""
    from scipy.sparse import csr_array
    from sklearn.decomposition import NMF
    from sklearn.preprocessing import normalize

    rarity = 1 + np.log((1 + shape[0]) / (1 + np.bincount(word, minlength=shape[1])))
    weighted = normalize(csr_array((rarity[word], (row, word)), shape=shape))
    model = NMF(number, init="nndsvda", random_state=0, max_iter=300, tol=1e-3)
    return model.fit_transform(weighted), model.components_
