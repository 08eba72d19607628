"""Whether a text praises or complains: learned from the workspace's own ratings where there are enough of them, by a
lexicon otherwise, and in both cases tested on texts that were held back."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import ibis
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from zhike.errors import InputError
from zhike.language import _, current_language, speaking
from zhike.satisfaction.text.characters import blocks, texts_of
from zhike.satisfaction.text.language import languages
from zhike.satisfaction.text.learned import NgramModel, learn, matrix
from zhike.satisfaction.text.polarity import polarity
from zhike.satisfaction.text.ratings import rated_texts
from zhike.tables import as_table, require

Vector = NDArray[np.float64]
Labels = NDArray[np.bool_]

FOLDS = 5
# So many rated texts of either kind are enough to learn, recalibrate and test by (docs/models/satisfaction.md).
ENOUGH = 20
KEPT = ("feedback_id", "customer_id", "given_at")


class Tested(NamedTuple):
    """How often a model was right on texts it had not seen: of `rows`, the share judged rightly (what it could not
    judge counts as wrong), the mean of that among the praise and among the complaints, the area under the ROC curve,
    the share it could judge at all, and the share of the larger kind, which is what guessing gets."""

    rows: int
    accuracy: float
    balanced_accuracy: float
    auc: float
    judged: float
    larger: float


@dataclass(frozen=True)
class SentimentModel:
    """How texts are judged. `learned` is None for the lexicon; `rated` texts it was fitted or compared on.

    The log-odds of praise are `slope` × what the words say + `offset`; these two carry it over to another kind of text
    (`recalibrated`). `test` is of this model, `lexicon_test` of the lexicon on the same texts.
    """

    learned: NgramModel | None = None
    slope: float = 1.0
    offset: float = 0.0
    rated: int = 0
    praise: int = 0
    test: Tested | None = None
    lexicon_test: Tested | None = None
    recalibrated_on: int = 0

    def log_odds(self, texts: Any) -> Vector:
        """Of each text that it praises; NaN where nothing in it says anything."""
        return self.slope * _raw(self.learned, texts_of(texts)) + self.offset

    def judge(self, texts: Any) -> Vector:
        """Each text from −1 (complaint) over 0 (could be either) to 1 (praise): 2·P(praise) − 1. NaN as above.

        >>> SentimentModel().judge(["送餐很快，味道好", "太慢了，难吃", "", "👍"]).round(2)
        array([ 0.76, -0.91,   nan,  0.46])
        """
        return np.asarray(np.tanh(self.log_odds(texts) / 2))

    def recalibrated(self, feedback: Any) -> SentimentModel:
        """The same model with slope and offset fitted to rated texts of another kind (Platt scaling).

        A model trained on food reviews keeps its sense of order elsewhere, but not its threshold: people there may
        write in milder words, or complain less. A few dozen rated texts find the new one.

        Raises:
            InputError: fewer than 20 different texts of either kind.

        Source: Platt (1999), Probabilistic Outputs for Support Vector Machines, with his smoothed targets.
        """
        texts, praise = rated_texts(feedback)
        if _fewest(texts, praise) < ENOUGH:
            raise InputError(
                "There are {praise} satisfied and {complaints} dissatisfied authors with a text: too few to "
                "recalibrate by (at least {needed} different texts of each are needed).",
                fix="Collect more ratings with a text.",
                praise=int(praise.sum()),
                complaints=int((~praise).sum()),
                needed=ENOUGH,
            )
        says = _raw(self.learned, texts)
        test = _judged(_held_out(_folds(texts), lambda train, held: _scaled(says, praise, train, held)), praise)
        slope, offset = _platt(says, praise)
        new = replace(self, slope=slope, offset=offset, recalibrated_on=len(texts))
        return replace(new, test=test, lexicon_test=None)

    @property
    def beats_guessing(self) -> bool | None:
        """Whether it was right more often than always saying the commoner; None where that was not tested."""
        return None if self.test is None else self.test.accuracy > self.test.larger

    def why(self, language: str | None = None) -> str:
        """Which way texts are judged, why, and how often that was right, in a few sentences."""
        with speaking(language or current_language()):
            said = [self._choice(), self._tested()]
            return ("" if current_language() == "zh" else " ").join(part for part in said if part)

    def _choice(self) -> str:
        numbers = {"rated": f"{self.rated:,}", "praise": f"{self.praise:,}", "bad": f"{self.rated - self.praise:,}"}
        if self.learned is not None:
            said = _(
                "Sentiment was learned from {rated} texts with a rating ({praise} satisfied, {bad} not).", **numbers
            )
            if self.recalibrated_on:
                said += _(" It was recalibrated by {count} texts of another kind.", count=f"{self.recalibrated_on:,}")
            return said
        if self.lexicon_test is not None:
            return _(
                "Sentiment comes from the word list: on {rated} texts with a rating ({praise} satisfied, {bad} not) it "
                "was at least as good as what could be learned from them.",
                **numbers,
            )
        if self.recalibrated_on:
            return _(
                "Sentiment comes from the word list, recalibrated by {count} texts with a rating.",
                count=f"{self.recalibrated_on:,}",
            )
        return _(
            "Sentiment comes from the word list: there are {rated} texts with a rating ({praise} satisfied, {bad} "
            "not), and learning takes {enough} different ones of either kind.",
            enough=ENOUGH,
            **numbers,
        )

    def _tested(self) -> str:
        if self.test is None:
            return _("How often it is right on your texts is not known.")
        values = {
            "accuracy": f"{self.test.accuracy * 100:.1f}",
            "larger": f"{self.test.larger * 100:.1f}",
            "judged": f"{self.test.judged * 100:.0f}",
        }
        if self.beats_guessing:
            return _(
                "On texts it had not seen it was right in {accuracy} % (always saying the commoner would be in "
                "{larger} %); it could judge {judged} %.",
                **values,
            )
        return _(
            "On texts it had not seen it was right in {accuracy} %, no more than always saying the commoner "
            "({larger} %): do not rely on it for single texts.",
            **values,
        )

    def save(self, path: str | Path) -> None:
        """Write the model to a file (NumPy's .npz: numbers and JSON, nothing that could run)."""
        from zhike.satisfaction.text.storage import save

        save(self, path)


def _raw(learned: NgramModel | None, texts: Sequence[str | None]) -> Vector:
    say = polarity if learned is None else learned.log_odds
    parts = [say(characters) for _first, characters in blocks(texts)]
    return np.concatenate([np.zeros(0), *parts])


def fit_sentiment(feedback: Any) -> SentimentModel:
    """The model for these texts: learned from their own ratings, or the lexicon where that is better.

    Both are tested on the same fifths of the rated texts, each held back once, equal texts always together; what is
    returned was fitted to all of them.

    Args:
        feedback: a table with `text` and at least one of `positive`, `csat`, `nps`.

    Raises:
        InputError: columns are missing.
    """
    texts, praise = rated_texts(feedback)
    model = SentimentModel(rated=len(texts), praise=int(praise.sum()))
    if _fewest(texts, praise) < ENOUGH:
        return model
    fold = _folds(texts)
    says = _raw(None, texts)
    by_lexicon = _held_out(fold, lambda train, held: _scaled(says, praise, train, held))
    lexicon_test = _judged(by_lexicon, praise)
    features = matrix(texts)

    def learned(train: Labels, held: Labels) -> Vector:
        fitted = learn(features[train], praise[train])
        return _raw(fitted, [text for text, out in zip(texts, held, strict=True) if out])

    test = _judged(_held_out(fold, learned), praise)
    model = replace(model, test=test, lexicon_test=lexicon_test)
    if test.auc > lexicon_test.auc:
        return replace(model, learned=learn(features, praise))
    slope, offset = _platt(says, praise)
    return replace(model, slope=slope, offset=offset, recalibrated_on=len(texts), test=lexicon_test)


def _folds(texts: Sequence[str | None]) -> NDArray[np.int64]:
    """A fifth for each text, the same for equal texts, so that nothing is tested on what it has seen."""
    number = {text: place for place, text in enumerate(dict.fromkeys(texts))}
    shuffled = np.random.default_rng(5).permutation(len(number)) % FOLDS
    return np.asarray(shuffled[[number[text] for text in texts]])


def _fewest(texts: Sequence[str | None], praise: Labels) -> int:
    """How many different texts there are of the rarer kind."""
    return min(len({text for text, good in zip(texts, praise, strict=True) if good == kind}) for kind in (True, False))


def _held_out(fold: NDArray[np.int64], predicted: Callable[[Labels, Labels], Vector]) -> Vector:
    log_odds = np.full(len(fold), np.nan)
    for number in range(FOLDS):
        held = fold == number
        if held.any():
            log_odds[held] = predicted(~held, held)
    return log_odds


def _scaled(says: Vector, praise: Labels, train: Labels, held: Labels) -> Vector:
    slope, offset = _platt(says[train], praise[train])
    return slope * says[held] + offset


def _judged(log_odds: Vector, praise: Labels) -> Tested:
    right = np.where(praise, log_odds > 0, log_odds < 0)
    judged = ~np.isnan(log_odds)
    balanced = (right[praise].mean() + right[~praise].mean()) / 2
    larger = max(praise.mean(), 1 - praise.mean())
    auc = _auc(np.nan_to_num(log_odds, nan=0.0), praise)
    return Tested(len(praise), float(right.mean()), float(balanced), auc, float(judged.mean()), float(larger))


def _auc(score: Vector, praise: Labels) -> float:
    """The chance that praise is ranked above a complaint; ties count half (Mann & Whitney)."""
    from scipy.stats import rankdata

    above, below = int(praise.sum()), int((~praise).sum())
    return float((rankdata(score)[praise].sum() - above * (above + 1) / 2) / (above * below))


def _platt(says: Vector, praise: Labels) -> tuple[float, float]:
    """Slope (never negative) and offset of the log-odds, by maximum likelihood on the texts that say anything."""
    from scipy.optimize import minimize

    known = ~np.isnan(says)
    says, praise = says[known], praise[known]
    above, below = int(praise.sum()), int((~praise).sum())
    wanted = np.where(praise, (above + 1) / (above + 2), 1 / (below + 2))

    def loss(parameters: Vector) -> tuple[float, Vector]:
        slope = math.exp(parameters[0])
        log_odds = slope * says + parameters[1]
        error = 1 / (1 + np.exp(-np.clip(log_odds, -500, 500))) - wanted
        value = np.logaddexp(0.0, log_odds) - wanted * log_odds
        return float(value.sum()), np.array([slope * (error @ says), error.sum()])

    found = minimize(loss, np.zeros(2), jac=True, bounds=[(-9, 9), (-50, 50)])
    return math.exp(found.x[0]), float(found.x[1])


def sentiment(feedback: Any, *, model: SentimentModel | None = None) -> Any:
    """One row per row of feedback: what its text says.

    `feedback_id, customer_id, given_at` (those that are there), `language` ("zh", "en", "other"), `sentiment` (−1…1)
    and `positive` (TRUE, FALSE); NULL where a text is empty or has nothing in it that the model knows, never a 0.
    Of each text the first 10,000 characters are read. The texts are brought to this machine.

    Args:
        feedback: a table with `text`.
        model: of `fit_sentiment`, or a loaded one; the lexicon when left out.

    Raises:
        InputError: there is no column `text`.

    >>> rows = sentiment(pa.table({"feedback_id": [1, 2], "text": ["Great service", "12:30"]})).to_pyarrow().to_pylist()
    >>> rows[0]["positive"], rows[1]["sentiment"]
    (True, None)
    """
    table = as_table(feedback)
    require(table, ("text",), "feedback")
    kept = [name for name in KEPT if name in table.columns]
    rows = table.select(*kept, text=table.text.cast("string")).to_pyarrow()
    texts = texts_of(rows["text"])
    judged = (model or SentimentModel()).judge(texts)
    unknown = np.isnan(judged)
    columns = {
        "language": pa.array(languages(texts), pa.string()),
        "sentiment": pa.array(judged, mask=unknown),
        "positive": pa.array(judged > 0, mask=unknown | (judged == 0)),
    }
    rows = rows.select(kept)
    for name, column in columns.items():
        rows = rows.append_column(name, column)
    return ibis.memtable(rows)
