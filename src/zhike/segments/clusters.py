"""Customers in groups that the data itself suggests: scaled, the number justified, named by what sets them apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from zhike.errors import InputError, SettingsError
from zhike.language import LANGUAGES, _, current_language, speaking
from zhike.segments.centres import Centres, far_from
from zhike.segments.choice import Quality, best, numbers_for, reason, stability_sentence, tried
from zhike.segments.columns import Customers, Reason, left_out_sentence, read_customers
from zhike.segments.kmeans import MOST_CLUSTERS, SAMPLE, Labels, Matrix, kmeans, nearest
from zhike.segments.naming import Difference, column_name, group_names
from zhike.segments.quality import stability
from zhike.segments.scaling import Axis, scaled_table

FEWEST_CUSTOMERS = 10
# Columns that go together as closely as this tell the same story: a name tells it once.
ALIKE = 0.6


@dataclass(frozen=True)
class Clustering:
    """Groups of customers.

    `labels`: a row per customer, `customer_id, cluster`, in the order of the ids. `numbers`: the clusters, from 1, the
    largest first (with `like=`, the numbers of the earlier clustering). `centres`: a row per cluster in original
    units: `cluster, size`, of each number the typical customer (of one that was taken as a logarithm, the geometric
    centre), of each level of a category the share that has it (“column = level”). `quality`: what was tried.
    `stability`: how well halves of the customers agree on the groups of all (adjusted Rand index, 1 fully, 0 as chance
    would); None where there are too few. `axes`: how each column was scaled. `left_out`: columns not used, and why.
    `model`: the centres, to say of later customers to which group they belong.
    """

    labels: pa.Table
    numbers: tuple[int, ...]
    centres: pa.Table
    quality: tuple[Quality, ...]
    stability: float | None
    axes: tuple[Axis, ...]
    left_out: Mapping[str, Reason]
    nameless: int
    asked: bool
    differences: tuple[tuple[Difference, ...], ...]
    model: Centres

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """Customers per cluster, in the order of `numbers`."""
        return tuple(self.centres["size"].to_pylist())

    @cached_property
    def names(self) -> dict[str, tuple[str, ...]]:
        """Language → what sets each cluster apart, in the order of `numbers`; all different."""
        found = {}
        for language in LANGUAGES:
            with speaking(language):
                found[language] = group_names(self.differences)
        return found

    def why(self, language: str | None = None) -> str:
        """Why there are so many, in a sentence or two."""
        with speaking(language or current_language()):
            chosen = next(q for q in self.quality if q.clusters == len(self.numbers))
            return reason(chosen, self.quality, asked=self.asked)

    def trust(self, language: str | None = None) -> str:
        """Whether the groups would be found again, in a sentence."""
        with speaking(language or current_language()):
            return stability_sentence(self.stability)

    def remarks(self, language: str | None = None) -> list[str]:
        """What was left out and what was filled, a sentence each."""
        with speaking(language or current_language()):
            said = [left_out_sentence(name, why) for name, why in self.left_out.items()]
            gaps = {axis.column: axis.filled for axis in self.axes if axis.filled}
            said += [
                _(
                    "{column}: {count} customers have no value and count as average.",
                    column=column_name(column),
                    count=f"{count:,}",
                )
                for column, count in gaps.items()
            ]
            if self.nameless:
                said.append(_("{count} rows without a customer are left out.", count=f"{self.nameless:,}"))
            return said


def cluster(
    table: Any,
    *,
    features: Sequence[str] | None = None,
    clusters: int | None = None,
    seed: int = 0,
    like: Clustering | Centres | None = None,
    customer: str = "customer_id",
) -> Clustering:
    """Groups of customers who are alike.

    k-means on scaled columns: skewed numbers by their logarithm, all by median and spread, categories one column per
    level (`zhike.segments.scaling`). The number of clusters, unless given: of 2 to 8 on a sample, the one with the best
    mean silhouette among those on which halves of the customers agree (adjusted Rand index ≥ .8); of all, where there
    is none. The same customers give the same groups, in whatever order they come.

    Args:
        table: one row per customer: an Ibis, pandas, Polars or Arrow table, or a path.
        features: columns to group by, numbers or categories of up to 12 values; all that can be used when not given.
        clusters: how many, 2 to 50.
        seed: another one draws other samples.
        like: an earlier clustering by these features, or its centres: there are as many clusters (unless `clusters` is
            given), the search starts from its centres as well, and each cluster has the number of the one it is most
            like.
        customer: the column that names the customer.

    Raises:
        InputError: the table cannot be read, has a customer twice, or nothing in it tells customers apart; or `like` is
            of other columns.
        SettingsError: an impossible number of clusters.

    >>> found = cluster(pa.table({"customer_id": range(40), "visits": [1, 2, 3, 4, 50, 51, 52, 53] * 5,
    ...                           "city": ["Oslo", "Rome"] * 20}), features=["visits"])
    >>> found.sizes, found.names["en"], found.stability
    ((20, 20), ('low visits', 'high visits'), 1.0)
    """
    _check(clusters, seed)
    rows = read_customers(table, features, customer=customer)
    _check_rows(rows, clusters)
    x, axes = scaled_table(rows.columns)
    before = like.model if isinstance(like, Clustering) else like
    near = None if before is None else _centres_of(before, axes)
    asked = clusters if clusters is not None or before is None else len(before.numbers)
    quality = _quality(x, asked, seed)
    k = best(quality).clusters
    centres = kmeans(x, k, seed=seed, near=near if near is not None and len(near) == k else None).centres
    # By the centres as they came to lie in the end, so that the same customers are assigned the same later.
    labels = nearest(x, centres)
    order, numbers = _numbered(centres, labels, near, () if before is None else before.numbers)
    model = _model(x, axes, centres, labels, order, numbers)
    some = _some(x, seed)
    alike = np.abs(np.corrcoef(some, rowvar=False).reshape(len(axes), -1)) >= ALIKE
    return Clustering(
        labels=_labels(rows, labels, order, numbers),
        numbers=numbers,
        centres=_centres(model, labels, order),
        quality=quality,
        stability=stability(some, k, seed=seed),
        axes=axes,
        left_out=rows.left_out,
        nameless=rows.nameless,
        asked=asked is not None,
        differences=tuple(_differences(centres[place], axes, alike) for place in order),
        model=model,
    )


def _check(clusters: Any, seed: Any) -> None:
    for name, value, least, most in (("clusters", clusters, 2, MOST_CLUSTERS), ("seed", seed, 0, 2**32 - 1)):
        if value is None and name == "clusters":
            continue
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise SettingsError(
                "{name} cannot be {value}.",
                fix="Give a whole number from {least} to {most}.",
                name=name,
                value=repr(value),
                least=f"{least:,}",
                most=f"{most:,}",
            )


def _check_rows(rows: Customers, clusters: int | None) -> None:
    least = max(FEWEST_CUSTOMERS, clusters or 0)
    if len(rows) < least:
        raise InputError(
            "{count} customers are too few to group (at least {needed} are needed).",
            fix="Add customers, or build a segment by rules, which needs none.",
            count=f"{len(rows):,}",
            needed=f"{least:,}",
        )
    if not rows.columns:
        raise InputError(
            "Nothing tells the customers apart: {columns} are empty, the same for everybody, ids, dates or texts.",
            fix="Pass numbers, or categories with up to 12 values, that differ between customers.",
            columns=", ".join(rows.left_out) or "–",
        )


def _quality(x: Matrix, asked: int | None, seed: int) -> tuple[Quality, ...]:
    found = tried(x, numbers_for(len(x)) if asked is None else [asked], seed=seed)
    if not found:
        raise InputError(
            "The customers are too much alike for {count} groups.",
            fix="Ask for fewer, or add columns that differ between customers.",
            count=asked or 2,
        )
    return found


def _some(x: Matrix, seed: int) -> Matrix:
    if len(x) <= SAMPLE:
        return x
    return x[np.sort(np.random.default_rng((seed, 3)).choice(len(x), SAMPLE, replace=False))]


def _centres_of(like: Centres, axes: tuple[Axis, ...]) -> Matrix:
    """The centres of an earlier clustering as they lie now; average in what it did not know (a new category)."""
    then = like.originals
    known = set(then) & {axis.heading for axis in axes}
    if not known:
        raise InputError(
            "The earlier clustering is of other columns: {found}, not {wanted}.",
            fix="Pass the same features, or leave out like=.",
            found=", ".join(then),
            wanted=", ".join(axis.heading for axis in axes),
        )
    columns = [
        axis.scaled(then[axis.heading]) if axis.heading in known else np.full(len(like.numbers), axis.mean)
        for axis in axes
    ]
    return np.stack(columns).T


def _numbered(
    centres: Matrix, labels: Labels, near: Matrix | None, numbers: tuple[int, ...]
) -> tuple[list[int], tuple[int, ...]]:
    """The clusters in the order they are told, and their numbers.

    By size, the largest first, numbered from 1; with an earlier clustering, those that are most like one of its
    clusters (all together as near as can be) have its number, the others the next ones.
    """
    sizes = np.bincount(labels, minlength=len(centres))
    by_size = sorted(range(len(sizes)), key=lambda place: (-sizes[place], *centres[place]))
    if near is None:
        return by_size, tuple(range(1, len(sizes) + 1))
    from scipy.optimize import linear_sum_assignment

    away = np.square(centres[:, None] - near).sum(axis=2)
    given = {int(place): numbers[then] for place, then in zip(*linear_sum_assignment(away), strict=True)}
    free = iter(range(max(numbers) + 1, max(numbers) + 1 + len(sizes)))
    for place in by_size:
        if place not in given:
            given[place] = next(free)
    order = sorted(given, key=given.__getitem__)
    return order, tuple(given[place] for place in order)


def _model(
    x: Matrix, axes: tuple[Axis, ...], centres: Matrix, labels: Labels, order: list[int], numbers: tuple[int, ...]
) -> Centres:
    sizes = np.bincount(labels, minlength=len(order))[order]
    return Centres(
        numbers=numbers,
        axes=axes,
        places=centres[order],
        shares=tuple(float(share) for share in sizes / len(labels)),
        far=far_from(x, centres, labels),
    )


def _labels(rows: Customers, labels: Labels, order: list[int], numbers: tuple[int, ...]) -> pa.Table:
    number = np.zeros(len(order), dtype=np.int32)
    number[order] = numbers
    return pa.table({"customer_id": rows.ids, "cluster": number[labels]})


def _centres(model: Centres, labels: Labels, order: list[int]) -> pa.Table:
    sizes = np.bincount(labels, minlength=len(order))[order]
    return pa.table({"cluster": pa.array(model.numbers, pa.int32()), "size": sizes, **model.originals})


def _differences(centre: Any, axes: tuple[Axis, ...], alike: Any) -> tuple[Difference, ...]:
    """How far a cluster is from everybody, the most telling first: of columns that tell the same story the largest,
    then the others."""
    effects = [float((at - axis.mean) / axis.spread) for axis, at in zip(axes, centre, strict=True)]
    first: list[int] = []
    for place in sorted(range(len(axes)), key=lambda place: -abs(effects[place])):
        if not any(alike[place, told] for told in first):
            first.append(place)
    told = [*first, *sorted(set(range(len(axes))) - set(first), key=lambda place: -abs(effects[place]))]
    return tuple(
        Difference(axes[p].column, axes[p].level, effects[p], float(centre[p]) if axes[p].level else 1.0) for p in told
    )
