"""Which topics cost how many points of a score: the short board of the barrel, with what people wrote."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from zhike.errors import SettingsError
from zhike.language import _, current_language, speaking
from zhike.satisfaction.answers import answer
from zhike.satisfaction.intervals import normal_quantile
from zhike.satisfaction.score import metric_name
from zhike.satisfaction.scores import DETRACTOR, PROMOTER, SATISFIED, SCALES
from zhike.satisfaction.text.characters import Flags, blocks, texts_of
from zhike.satisfaction.text.polarity import polarity
from zhike.satisfaction.text.topics import mentions, topic_name
from zhike.tables import as_table, require

Vector = NDArray[np.float64]
Reason = Literal["", "few", "alike", "no topics"]
Tone = Literal["complaint", "praise"]
TONES: tuple[Tone, Tone] = ("complaint", "praise")

FEWEST = 30  # answers with a text
FEWEST_MENTIONS = 10
QUOTES, QUOTE_LENGTH = 3, 160


@dataclass(frozen=True)
class Driver:
    """Complaints about one topic, or praise for it (`tone`). Shares are 0–1, all else is points of the score.

    `texts` have it, `share` of all; `with_topic` and `without` are the score among these and the others; `effect` is
    the difference that is left when the other topics and the length of the text are held equal; `cost` = share × effect
    is what it does to the whole score (negative: it costs). `is_clear`: the effect is not chance, even counting how
    many topics were looked at (Bonferroni).
    """

    topic: str
    tone: Tone
    texts: int
    share: float
    with_topic: float
    without: float
    effect: float
    effect_low: float
    effect_high: float
    cost: float
    cost_low: float
    cost_high: float
    is_clear: bool
    quotes: tuple[str, ...]


@dataclass(frozen=True)
class Drivers:
    """The topics, the costliest first; `left_out` were named too rarely, or only together with another. `reason` says
    why there are none."""

    metric: str
    n: int
    value: float | None
    drivers: tuple[Driver, ...]
    left_out: tuple[tuple[str, Tone], ...]
    level: float
    reason: Reason = ""

    @property
    def short_board(self) -> Driver | None:
        """The complaints that clearly cost most; None where none clearly cost anything."""
        return next((d for d in self.drivers if d.tone == "complaint" and d.is_clear and d.cost < 0), None)

    def sentence(self, language: str | None = None) -> str:
        """The short board in words, or why there is none."""
        with speaking(language or current_language()):
            if self.reason:
                return _REASONS[self.reason](n=f"{self.n:,}", needed=FEWEST, mentions=FEWEST_MENTIONS)
            board = self.short_board
            if board is None:
                return _(
                    "No complaints about any topic clearly lower the score ({n} answers with a text).", n=f"{self.n:,}"
                )
            return _(
                "The short board is “{topic}”: {share} % of the {n} answers with a text complain about it, and that "
                "costs {cost} points of {metric} (between {low} and {high} with {level} % confidence). That they come "
                "together does not prove that one causes the other.",
                topic=topic_name(board.topic),
                share=f"{board.share * 100:.0f}",
                n=f"{self.n:,}",
                cost=f"{-board.cost:.1f}",
                low=f"{-board.cost_high:.1f}",
                high=f"{-board.cost_low:.1f}",
                metric=metric_name(self.metric),
                level=f"{self.level * 100:g}",
            )


_REASONS = {
    "few": lambda **v: _(
        "There are {n} answers with a score and a text: too few to tell what drives the score (at least {needed}).", **v
    ),
    "alike": lambda **v: _(
        "All {n} answers with a text are alike, so that nothing can be seen to drive the score.", **v
    ),
    "no topics": lambda **v: _(
        "No topic is praised or complained about in at least {mentions} of the {n} answers with a text.", **v
    ),
}


def drivers(
    feedback: Any,
    *,
    metric: str = "nps",
    words: Mapping[str, Iterable[str]] | None = None,
    level: float = 0.95,
) -> Drivers:
    """Which topics of the texts go with a lower or higher score, and by how much.

    Linear regression of each answer's points (NPS: promoter 100, passive 0, detractor −100; CSAT: satisfied 100, else
    0; reviews: good 100, bad 0) on the topics its text complains about, those it praises, and the logarithm of its
    length, with errors that allow unequal variance (HC3). The mean of the points is the score, so effects are points of
    it. Complaints and praise are told apart by the word list (`mentions`): a topic that is praised as often as blamed
    is no short board, but the complaints about it can be.

    Args:
        feedback: a table with `text` and the column of the metric.
        metric: "nps", "csat" or "positive".
        words: topics of your own, as in `mentions`.
        level: of confidence.

    Raises:
        InputError: columns are missing, or hold no answers.
        SettingsError: no such metric, an impossible level, or a topic without words.

    Source: key driver analysis by regression; MacKinnon & White (1985), Journal of Econometrics 29, for HC3.
    """
    if metric not in SCALES:
        raise SettingsError(
            "There is no score called {metric}.", fix="Use one of: {known}.", metric=metric, known=", ".join(SCALES)
        )
    reach = normal_quantile(level)
    texts, points = _answers(feedback, metric)
    found = mentions(texts, words=words)
    names: list[tuple[str, Tone]] = [(t, tone) for tone in TONES for t in found.topics]
    matrix = np.column_stack([found.tone < 0, found.tone > 0])
    count = matrix.sum(axis=0)
    columns = _independent(_controls(texts), matrix, count)
    reason = _obstacle(points, columns)
    everything = Drivers(
        metric=metric,
        n=len(texts),
        value=float(points.mean()) if len(points) else None,
        drivers=(),
        left_out=tuple(name for place, name in enumerate(names) if count[place] and place not in columns),
        level=level,
        reason=reason,
    )
    if reason:
        return everything
    effects, errors = _regression(np.column_stack([_controls(texts), matrix[:, columns]]), points, len(columns))
    certain = normal_quantile(1 - (1 - level) / len(columns))
    judged = [
        _driver(names[column], matrix[:, column], texts, points, (effect, reach * error, certain * error))
        for column, effect, error in zip(columns, effects, errors, strict=True)
    ]
    return replace(everything, drivers=tuple(sorted(judged, key=lambda driver: driver.cost)))


def _answers(feedback: Any, metric: str) -> tuple[list[str], Vector]:
    """The texts that came with a score, and the points of each."""
    table = as_table(feedback)
    require(table, ("text", metric), "feedback")
    value = answer(table, metric, *SCALES[metric]).value
    rows = table.select(text=table.text.cast("string"), value=value)
    found = rows.filter(rows.text.strip() != "", rows.value.notnull()).to_pyarrow()
    values = np.asarray(found["value"].to_numpy(), dtype=np.float64)
    if metric == "nps":
        points = 100.0 * (values >= PROMOTER) - 100.0 * (values <= DETRACTOR)
    else:
        points = 100.0 * (values >= (1 if metric == "positive" else SATISFIED))
    return [text or "" for text in texts_of(found["text"])], points


def _controls(texts: list[str]) -> Vector:
    """A constant and the logarithm of the length: who is angry writes more, and so mentions more of everything."""
    lengths = np.log1p(np.array([len(text) for text in texts], dtype=np.float64))
    return np.column_stack([np.ones(len(texts)), lengths - (lengths.mean() if len(texts) else 0.0)])


def _independent(controls: Vector, matrix: Flags, count: Vector) -> list[int]:
    """The topics that can be told apart, the most frequent first: mentioned often enough, and missing often enough, and
    not always together with others."""
    basis = [column / np.linalg.norm(column) for column in np.linalg.qr(controls)[0].T if column.any()]
    kept = []
    for place in np.argsort(-count, kind="stable"):
        if not FEWEST_MENTIONS <= count[place] <= len(matrix) - FEWEST_MENTIONS:
            continue
        column = matrix[:, place].astype(np.float64)
        rest = column - sum((column @ known) * known for known in basis)
        length = np.linalg.norm(rest)
        if length > 1e-3 * np.linalg.norm(column):
            basis.append(rest / length)
            kept.append(int(place))
    return kept


def _obstacle(points: Vector, columns: list[int]) -> Reason:
    if len(points) < FEWEST:
        return "few"
    if (points == points[0]).all():
        return "alike"
    return "" if columns else "no topics"


def _regression(design: Vector, points: Vector, topics: int) -> tuple[Vector, Vector]:
    """Coefficients of the last columns, those of the topics, and their HC3 standard errors."""
    inverse = np.linalg.pinv(design.T @ design)
    coefficients = inverse @ design.T @ points
    leverage = ((design @ inverse) * design).sum(axis=1)
    residual = (points - design @ coefficients) / np.maximum(1 - leverage, 1e-6)
    spread = (design * residual[:, None] ** 2).T @ design
    errors = np.sqrt(np.diag(inverse @ spread @ inverse))
    return coefficients[-topics:], errors[-topics:]


def _driver(
    name: tuple[str, Tone], mentioned: Flags, texts: list[str], points: Vector, judged: tuple[float, float, float]
) -> Driver:
    """`judged`: the effect, how far its interval reaches, and how far it would to count all topics at once."""
    effect, reach, certain = map(float, judged)
    share = float(mentioned.mean())
    return Driver(
        topic=name[0],
        tone=name[1],
        texts=int(mentioned.sum()),
        share=share,
        with_topic=float(points[mentioned].mean()),
        without=float(points[~mentioned].mean()),
        effect=effect,
        effect_low=effect - reach,
        effect_high=effect + reach,
        cost=share * effect,
        cost_low=share * (effect - reach),
        cost_high=share * (effect + reach),
        is_clear=abs(effect) > certain,
        quotes=_quotes(np.flatnonzero(mentioned), texts, points * np.sign(effect)),
    )


def _quotes(mentioned: NDArray[np.int64], texts: list[str], points: Vector) -> tuple[str, ...]:
    """What some of those wrote who most show the effect; of these the short ones with the clearest words."""
    best = mentioned[points[mentioned] == points[mentioned].max()]
    said = [texts[place] for place in best]
    tone = np.concatenate([polarity(characters) for _first, characters in blocks(said)])
    too_long = np.array([len(text) > QUOTE_LENGTH for text in said])
    order = np.lexsort((-np.abs(np.nan_to_num(tone)), too_long))
    distinct = dict.fromkeys(_cut(said[place]) for place in order[: 10 * QUOTES])
    return tuple(distinct)[:QUOTES]


def _cut(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= QUOTE_LENGTH else plain[: QUOTE_LENGTH - 1] + "…"
