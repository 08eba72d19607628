"""Sentiment learned from rated texts: character n-grams, weighted by how telling they are, and what the word list says,
in a logistic regression.

Characters instead of words need no dictionary, so one model serves Chinese, English and both in one sentence. The
n-grams are hashed into a fixed number of buckets: nothing a customer wrote is in the stored model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhike.satisfaction.text.characters import Characters, Places, blocks, is_han
from zhike.satisfaction.text.polarity import polarity

Vector = NDArray[np.float64]
Weights = NDArray[np.float32]

BITS = 18
# Two Chinese characters are a word; of letters it takes more.
LONGEST_HAN, LONGEST_GRAM = 2, 4
STRENGTH = 4.0  # inverse of the ridge penalty
_MIX = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class NgramModel:
    """Per bucket how telling it is (`telling`: |log of how much more often praise has it than complaints|, 0 = not seen
    when learning) and its `weight`; the weights of the word list's two judgements (`by_list`).

    The log-odds of praise are intercept + Σ telling·weight / √Σ telling² over the distinct n-grams of a text + Σ list.
    """

    telling: Weights
    weight: Weights
    by_list: tuple[float, float]
    intercept: float

    def log_odds(self, characters: Characters) -> Vector:
        """Of each text that praise is meant; NaN where nothing in it was ever seen."""
        text, bucket = grams(characters)
        telling = self.telling[bucket].astype(np.float64)
        count = characters.count
        total = np.bincount(text, weights=telling * self.weight[bucket], minlength=count)
        length = np.sqrt(np.bincount(text, weights=telling * telling, minlength=count))
        said = total / np.maximum(length, 1e-12) + listed(characters) @ np.array(self.by_list) + self.intercept
        return np.asarray(np.where(length > 0, said, np.nan))


def grams(characters: Characters) -> tuple[Places, Places]:
    """The distinct n-grams of each text: number of the text, number of the bucket."""
    keys = [np.zeros(0, dtype=np.int64)]
    short = ~is_han(characters.codes)
    blank = characters.codes == ord(" ")
    for n, hashes, fits in characters.grams(LONGEST_GRAM):
        # A blank by itself says nothing; a text of nothing else stays unjudged.
        fits = fits & ~blank[: len(fits)] if n == 1 else fits if n <= LONGEST_HAN else fits & short[: len(fits)]
        places = np.flatnonzero(fits)
        bucket = (hashes[places] * _MIX) >> np.uint64(64 - BITS)
        keys.append((characters.text[places] << BITS) | bucket.astype(np.int64))
    # Sorted and compared: NumPy's own unique is twenty times slower on these.
    every = np.sort(np.concatenate(keys))
    every = every[np.concatenate([[True], every[1:] != every[:-1]])[: len(every)]]
    return every >> BITS, every & ((1 << BITS) - 1)


def listed(characters: Characters) -> Vector:
    """What the word list says of each text, twice: one that is soon certain and one that goes on counting; 0 where it
    says nothing."""
    says = np.nan_to_num(polarity(characters))
    return np.column_stack([np.tanh(says / 2), says / np.sqrt(says * says + 15)])


def matrix(texts: Sequence[str | None]) -> Any:
    """The texts × buckets as a sparse matrix of ones (SciPy CSR), and beside them the two columns of the word list."""
    from scipy.sparse import csr_array, hstack

    rows, columns, lists = [], [], []
    for first, characters in blocks(texts):
        text, bucket = grams(characters)
        rows.append(text + first)
        columns.append(bucket)
        lists.append(listed(characters))
    row, column = (np.concatenate([np.zeros(0, dtype=np.int64), *part]) for part in (rows, columns))
    ones = csr_array((np.ones(len(row)), (row, column)), shape=(len(texts), 1 << BITS))
    return hstack([ones, csr_array(np.concatenate([np.zeros((0, 2)), *lists]))]).tocsr()


def learn(features: Any, positive: NDArray[np.bool_]) -> NgramModel:
    """Fit to the rows of `matrix` and whether each is praise; there must be both kinds.

    Source: Wang & Manning (2012), Baselines and Bigrams, ACL: log-count ratios as the scale of the features.
    """
    from scipy.sparse import csr_array, diags_array, hstack
    from sklearn.linear_model import LogisticRegression

    ones, lists = features[:, : 1 << BITS], features[:, 1 << BITS :]
    praise, complaints = (np.asarray(ones[rows].sum(axis=0)).ravel() for rows in (positive, ~positive))
    used = np.flatnonzero(praise + complaints)
    praise, complaints = praise[used] + 1, complaints[used] + 1
    telling = np.abs(np.log((praise / praise.sum()) / (complaints / complaints.sum())))
    weighted = ones[:, used] @ diags_array(telling)
    length = np.sqrt(np.asarray((weighted * weighted).sum(axis=1)).ravel())
    unit = diags_array(1 / np.maximum(length, 1e-12)) @ weighted
    design = hstack([unit, csr_array(lists)]).tocsr()
    design.indices, design.indptr = design.indices.astype(np.int32), design.indptr.astype(np.int32)
    # Not L-BFGS: its many small products start as many threads, which on a busy machine wait for each other forty times
    # as long as they compute.
    fitted = LogisticRegression(C=STRENGTH, solver="sag", max_iter=1_000, random_state=1).fit(design, positive)
    by_bucket = np.zeros((2, 1 << BITS), dtype=np.float32)
    by_bucket[0, used], by_bucket[1, used] = telling, fitted.coef_[0, :-2]
    by_list = (float(fitted.coef_[0, -2]), float(fitted.coef_[0, -1]))
    return NgramModel(by_bucket[0], by_bucket[1], by_list, float(fitted.intercept_[0]))
