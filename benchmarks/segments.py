"""k-means beside scikit-learn in one run: `python benchmarks/segments.py [--rows 1000000] [--rounds 3]`.

A million customers in six scaled columns, once with groups that overlap and once without any; 8 clusters, 10 starts.
Timed from the matrix in memory to labels and centres, every run a fresh process, imports not counted for anybody. The
inertia of all is computed here, from their labels, in the same way. `cluster` is the whole: reading, scaling, trying
2 to 8 groups, the fit, and its stability.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from run import OURS, machine, median, say

CLUSTERS, STARTS, COLUMNS = 8, 10, 6
KINDS = ("groups", "no groups")


def matrix(kind: str, rows: int) -> np.ndarray:
    """Rows × 6, of like scale; the same in every process."""
    rng = np.random.default_rng(11)
    x = rng.normal(size=(rows, COLUMNS))
    if kind == "groups":
        x = x * 0.6 + rng.normal(size=(CLUSTERS, COLUMNS))[rng.integers(CLUSTERS, size=rows)]
    return x


def zhike(x: np.ndarray) -> Callable[[], np.ndarray]:
    from zhike.segments.kmeans import kmeans

    return lambda: kmeans(x, CLUSTERS, starts=STARTS).labels


def scikit(name: str) -> Callable[[np.ndarray], Callable[[], np.ndarray]]:
    def prepared(x: np.ndarray) -> Callable[[], np.ndarray]:
        from sklearn import cluster

        model = getattr(cluster, name)(n_clusters=CLUSTERS, n_init=STARTS, random_state=1)
        return lambda: model.fit(x).labels_

    return prepared


def whole(x: np.ndarray) -> Callable[[], np.ndarray]:
    import pyarrow as pa

    from zhike.segments import cluster

    columns = {f"column_{place}": x[:, place] for place in range(COLUMNS)}
    table = pa.table({"customer_id": np.arange(len(x)), **columns})
    return lambda: np.asarray(cluster(table).labels["cluster"].to_numpy()) - 1


CONTESTANTS: dict[str, Callable[[np.ndarray], Callable[[], np.ndarray]]] = {
    "zhike": zhike,
    "scikit-learn KMeans": scikit("KMeans"),
    "scikit-learn MiniBatchKMeans": scikit("MiniBatchKMeans"),
    "zhike cluster()": whole,
}


def inertia(x: np.ndarray, labels: np.ndarray) -> float:
    counts = np.bincount(labels)
    sums = np.stack([np.bincount(labels, weights=column) for column in x.T])
    return float(np.square(x).sum() - (np.square(sums) / counts).sum())


def one(name: str, kind: str, rows: int) -> None:
    """The work of a fresh process."""
    import resource

    x = matrix(kind, rows)
    work = CONTESTANTS[name](x)
    began, spent = time.perf_counter(), time.process_time()
    labels = work()
    found: dict[str, Any] = {"seconds": time.perf_counter() - began, "processor": time.process_time() - spent}
    found |= {"inertia": inertia(x, labels), "clusters": len(np.unique(labels))}
    found["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    say(json.dumps(found))


def side_by_side(kind: str, rows: int, rounds: int) -> None:
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in CONTESTANTS}
    for _round in range(rounds):
        for name, done in runs.items():
            command = [str(OURS), __file__, "--one", name, kind, str(rows)]
            result = subprocess.run(command, capture_output=True, text=True, check=True)
            done.append(json.loads(result.stdout.splitlines()[-1]))
    say(f"\n### {rows:,} customers × {COLUMNS}, {kind}, {CLUSTERS} clusters, {STARTS} starts\n")
    say("| | seconds | processor s | inertia | peak MB |\n|---|---:|---:|---:|---:|")
    base = median(runs["scikit-learn KMeans"], "inertia")
    for name, done in runs.items():
        same = done[-1]["clusters"] == CLUSTERS
        against = f"{median(done, 'inertia') / base - 1:+.3%}" if same else f"{done[-1]['clusters']} clusters"
        seconds = f"{median(done, 'seconds'):.2f} | {median(done, 'processor'):.2f}"
        say(f"| {name} | {seconds} | {against} | {median(done, 'peak_mb'):,.0f} |")


def main() -> None:
    if sys.argv[1:2] == ["--one"]:
        one(sys.argv[2], sys.argv[3], int(sys.argv[4]))
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    say(machine())
    for kind in KINDS:
        side_by_side(kind, chosen.rows, chosen.rounds)


if __name__ == "__main__":
    main()
