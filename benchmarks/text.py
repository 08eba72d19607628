"""Sentiment beside snownlp, and what every way of judging gets right: `python benchmarks/text.py [--data FOLDER]`.

Needs the folder of real reviews (ZHIKE_TEST_DATA). Each speed is of a fresh process, imports and loading of the model
not counted, in wall and processor seconds. Accuracy counts what could not be judged as wrong. “Equal texts together”
means that a text which occurs twice is never both learned from and tested on.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from run import OURS, PEERS, install_peers, median, say

PEER_ROWS = 1_500  # snownlp judges a few hundred texts a second


def reviews(data: str) -> tuple[list[str], list[bool]]:
    """The Chinese reviews and whether each is praise."""
    import pandas as pd

    found = pd.read_csv(Path(data) / "reviews_zh" / "waimai_10k.csv")
    return found["review"].fillna("").tolist(), (found["label"] == 1).tolist()


def right(judged: Any, praise: list[bool]) -> dict[str, float]:
    """Accuracy, of all and of those judged at all."""
    known = [(value > 0, good) for value, good in zip(judged, praise, strict=True) if value == value and value != 0]
    hits = sum(found == good for found, good in known)
    return {"right": hits / len(praise), "right where judged": hits / max(len(known), 1), "rows": len(praise)}


def zhike_learned(data: str) -> Callable[[], dict[str, float]]:
    import pandas as pd

    from zhike.satisfaction import fit_sentiment

    texts, praise = reviews(data)
    # Learned from one half, timed and tested on the other.
    model = fit_sentiment(pd.DataFrame({"text": texts[::2], "positive": praise[::2]}))
    model.judge(texts[:10])
    return lambda: right(model.judge(texts[1::2]), praise[1::2])


def zhike_word_list(data: str) -> Callable[[], dict[str, float]]:
    from zhike.satisfaction import SentimentModel

    texts, praise = reviews(data)
    SentimentModel().judge(texts[:10])
    return lambda: right(SentimentModel().judge(texts), praise)


def snownlp(data: str) -> Callable[[], dict[str, float]]:
    from snownlp import SnowNLP

    texts, praise = reviews(data)
    step = len(texts) // PEER_ROWS
    texts, praise = texts[::step], praise[::step]
    _ = SnowNLP("好").sentiments  # loads its model
    return lambda: right([SnowNLP(text).sentiments - 0.5 if text else 0 for text in texts], praise)


CONTESTANTS = {"zhike, learned": zhike_learned, "zhike, word list": zhike_word_list, "snownlp": snownlp}


def one(name: str, data: str) -> None:
    """The work of a fresh process."""
    work = CONTESTANTS[name](data)
    began, spent = time.perf_counter(), time.process_time()
    found = work()
    seconds, processor = time.perf_counter() - began, time.process_time() - spent
    say(json.dumps({"seconds": seconds, "processor": processor, **found}))


def side_by_side(data: str, rounds: int) -> None:
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in CONTESTANTS}
    for _ in range(rounds):
        for name, done in runs.items():
            python = PEERS if name == "snownlp" else OURS
            command = [str(python), __file__, "--one", name, data]
            result = subprocess.run(command, capture_output=True, text=True, check=True)
            done.append(json.loads(result.stdout.splitlines()[-1]))
    say(f"\n### waimai, medians of {rounds} fresh processes\n")
    say("| | rows | rows/s | rows/processor second | right | right where judged |\n|---|---:|---:|---:|---:|---:|")
    for name, done in runs.items():
        rows, last = done[-1]["rows"], done[-1]
        speeds = f"{rows / median(done, 'seconds'):,.0f} | {rows / median(done, 'processor'):,.0f}"
        say(f"| {name} | {rows:,} | {speeds} | {last['right']:.3f} | {last['right where judged']:.3f} |")


def held_out(data: str) -> None:
    """Five-fold figures on both sets of reviews, and what carrying a model over to another kind of text costs."""
    import pandas as pd

    from zhike.satisfaction import SentimentModel, fit_sentiment
    from zhike.satisfaction.text.ratings import rated_texts

    texts, praise = reviews(data)
    chinese = pd.DataFrame({"text": texts, "positive": praise})
    english = pd.read_csv(Path(data) / "reviews_en" / "amazon_alexa.tsv", sep="\t", encoding="utf-8-sig")
    english.columns = [name.strip() for name in english.columns]
    said, satisfied = rated_texts(english.rename(columns={"verified_reviews": "text", "rating": "csat"}))
    english = pd.DataFrame({"text": said, "positive": satisfied})
    say("\n### Five folds, equal texts together\n")
    say("| | rows | always the commoner | right | balanced | AUC | judged |\n|---|---:|---:|---:|---:|---:|---:|")
    models = {}
    for name, table in {"waimai": chinese, "Alexa": english}.items():
        models[name] = model = fit_sentiment(table)
        for way, test in {"learned": model.test, "word list, recalibrated": model.lexicon_test}.items():
            figures = " | ".join(f"{v:.3f}" for v in (test.larger, test.accuracy, test.balanced_accuracy, test.auc))
            say(f"| {name}, {way} | {test.rows:,} | {figures} | {test.judged:.3f} |")
    say("\n### Carried over, on texts that neither learning nor recalibration saw\n")
    say("| from | to | right | balanced | after 60 + 60 rated: right | balanced | 400 as they come: right | balanced |")
    say("|---|---|---:|---:|---:|---:|---:|---:|")
    ways = [("waimai", "Alexa"), ("Alexa", "waimai"), ("word list", "waimai"), ("word list", "Alexa")]
    other = shopping()
    if other is not None:
        models["shopping"] = fit_sentiment(other.sample(12_000, random_state=1))
        ways.insert(0, ("shopping", "waimai"))
    for source, target in ways:
        model = models.get(source, SentimentModel())
        table = chinese if target == "waimai" else english
        samples = table.groupby("positive").sample(60, random_state=1), table.sample(400, random_state=1)
        rest = table.drop(samples[0].index.union(samples[1].index))
        models_there = (model, *(model.recalibrated(sample) for sample in samples))
        figures = [f"{value:.3f}" for there in models_there for value in shares(there, rest)]
        say(f"| {source} | {target} | " + " | ".join(figures) + " |")


def shares(model: Any, table: Any) -> tuple[float, float]:
    judged, praise = model.judge(table["text"].tolist()), table["positive"].to_numpy()
    hits = ((judged > 0) & praise) | ((judged < 0) & ~praise)
    return float(hits.mean()), float((hits[praise].mean() + hits[~praise].mean()) / 2)


def shopping() -> Any:
    """The reviews snownlp was trained on (books, hotels, goods): another kind than meals. Read where installed."""
    import pandas as pd

    folder = next(iter(PEERS.parent.parent.glob("lib/python3*/site-packages/snownlp/sentiment")), None)
    if folder is None:
        return None
    files = {side: (folder / f"{side}.txt").read_text("utf-8").splitlines() for side in ("pos", "neg")}
    sides = [(line, side == "pos") for side, lines in files.items() for line in lines]
    return pd.DataFrame(sides, columns=["text", "positive"])


def main() -> None:
    if sys.argv[1:2] == ["--one"]:
        one(*sys.argv[2:4])
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=os.environ.get("ZHIKE_TEST_DATA"), help="folder of the real data sets")
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    if not chosen.data:
        parser.error("set ZHIKE_TEST_DATA or give --data")
    install_peers()
    subprocess.run([PEERS, "-m", "pip", "install", "--quiet", "snownlp"], check=True)
    side_by_side(chosen.data, chosen.rounds)
    held_out(chosen.data)


if __name__ == "__main__":
    main()
