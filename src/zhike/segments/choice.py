"""How many clusters: every number from two up is tried on a sample, and what is taken is said with its reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from zhike.language import _, current_language
from zhike.segments.kmeans import Matrix, kmeans
from zhike.segments.quality import MOST_COMPARED, can_have, davies_bouldin, silhouettes, stability

TRIED = range(2, 9)
SAMPLE = 10_000
STARTS = 4
HALVINGS = 3
# Steinley (2004), Psychological Methods 9: an adjusted Rand index above .8 is good, below .65 poor.
STABLE, UNSTABLE = 0.8, 0.65
# Kaufman & Rousseeuw (1990): a mean silhouette of .25 or less shows no substantial structure.
STRUCTURE = 0.25
# A silhouette of this share of the best is nearly as good; our own choice.
NEARLY = 0.9
# Fewer customers than this per cluster are no group.
FEWEST = 5


@dataclass(frozen=True)
class Quality:
    """A number of clusters and how it did: mean silhouette (−1 to 1, more is clearer), Davies-Bouldin index (less is
    clearer), and the agreement of halves (adjusted Rand index; None where too few customers to tell)."""

    clusters: int
    silhouette: float
    davies_bouldin: float
    stability: float | None

    @property
    def is_stable(self) -> bool:
        return self.stability is not None and self.stability >= STABLE


def tried(x: Matrix, numbers: list[int], *, seed: int) -> tuple[Quality, ...]:
    """Each number of clusters on (a sample of) the scaled rows."""
    rng = np.random.default_rng((seed, 2))
    some = x if len(x) <= SAMPLE else x[np.sort(rng.choice(len(x), SAMPLE, replace=False))]
    compared = np.sort(rng.permutation(len(some))[:MOST_COMPARED])
    fits = [kmeans(some, k, seed=seed, starts=STARTS) for k in numbers if can_have(some, k)]
    clear = silhouettes(some[compared], [fit.labels[compared] for fit in fits])
    return tuple(
        Quality(
            len(fit.centres),
            silhouette,
            davies_bouldin(some, fit.labels, fit.centres),
            stability(some, len(fit.centres), seed=seed, halvings=HALVINGS),
        )
        for fit, silhouette in zip(fits, clear, strict=True)
    )


def numbers_for(rows: int) -> list[int]:
    """The numbers of clusters worth trying with so many customers."""
    return [k for k in TRIED if k * FEWEST <= rows]


def best(found: tuple[Quality, ...]) -> Quality:
    """Of those that are found again the most groups that are nearly as clear as the clearest: two say little more than
    “more” and “less”. The clearest of all where none is found again."""
    stable = [quality for quality in found if quality.is_stable]
    if not stable:
        return _clearest(found)
    least = NEARLY * _clearest(stable).silhouette
    return max((q for q in stable if q.silhouette >= least), key=lambda q: q.clusters, default=_clearest(stable))


def _clearest(found: Sequence[Quality]) -> Quality:
    return max(found, key=lambda quality: quality.silhouette)


def reason(chosen: Quality, found: tuple[Quality, ...], *, asked: bool) -> str:
    """Why so many, in the current language."""
    zh = current_language() == "zh"
    others = [f"{q.clusters} ({q.silhouette:.2f})" for q in found if q.is_stable and q != chosen]
    parts = [_why(chosen, found, asked=asked)]
    if others:
        parts.append(_("Also found again: {others}.", others=("、" if zh else ", ").join(others)))
    if chosen.silhouette <= STRUCTURE:
        parts.append(_("They overlap: there are no gaps between them, so their borders are drawn rather than found."))
    return ("" if zh else " ").join(parts)


def _why(chosen: Quality, found: tuple[Quality, ...], *, asked: bool) -> str:
    values = {"k": chosen.clusters, "silhouette": f"{chosen.silhouette:.2f}"}
    if asked:
        return _("{k} groups, as given (silhouette {silhouette}).", **values)
    values |= {"first": found[0].clusters, "last": found[-1].clusters}
    if chosen.stability is None:
        return _(
            "{k} groups: of {first} to {last} these are the clearest (silhouette {silhouette}). There are too few "
            "customers to say whether they would be found again.",
            **values,
        )
    if not chosen.is_stable:
        return _(
            "{k} groups: none of {first} to {last} is found again in halves of the customers; these are the clearest "
            "(silhouette {silhouette}).",
            **values,
        )
    clearest = _clearest([q for q in found if q.is_stable])
    if chosen == clearest:
        return _(
            "{k} groups: of {first} to {last} these are the clearest (silhouette {silhouette}) among those that half "
            "of the customers give as well as the other half.",
            **values,
        )
    return _(
        "{k} groups: of {first} to {last} the most that half of the customers give as well as the other half and that "
        "are nearly as clear (silhouette {silhouette}) as the clearest, {fewer} ({top}).",
        fewer=clearest.clusters,
        top=f"{clearest.silhouette:.2f}",
        **values,
    )


Verdict = Literal["found", "drawn", "unstable", "unknown"]


def verdict(silhouette: float, agreement: float | None) -> Verdict:
    """What groups are worth: found in the data; drawn where there are no gaps; different for each half of the
    customers; or of too few customers to tell.

    >>> verdict(0.45, 0.9), verdict(0.2, 0.9), verdict(0.45, 0.4), verdict(0.45, None)
    ('found', 'drawn', 'unstable', 'unknown')
    """
    if agreement is None:
        return "unknown"
    if agreement < UNSTABLE:
        return "unstable"
    return "found" if silhouette > STRUCTURE else "drawn"


def stability_sentence(value: float | None) -> str:
    """Whether the groups would be found again, in the current language."""
    if value is None:
        return _("Whether these groups are stable cannot be told: there are too few customers to halve.")
    shown = f"{value:.2f}"
    if value >= STABLE:
        return _(
            "The groups are stable: each half of the customers gives nearly the same (agreement {value}).", value=shown
        )
    if value >= UNSTABLE:
        return _(
            "The groups are fairly stable: halves of the customers agree on most, not on all (agreement {value}, where "
            "{good} is good).",
            value=shown,
            good=STABLE,
        )
    return _(
        "These groups are not stable: halves of the customers give different ones (agreement {value}, where {good} is "
        "good). Read them as a first look, and do not act on who is in which.",
        value=shown,
        good=STABLE,
    )
