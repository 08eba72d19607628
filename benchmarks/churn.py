"""What churn models get on real tables, each customer asked about by a model that had not seen them.

`python benchmarks/churn.py [--data FOLDER] [--rounds 3] [--sets telco bank …]`: tables with a label in `rounds` × five
folds, everything (choice, number of trees, calibration) done anew within each; companies' orders with the later as the
test. FOLDER holds the data sets; default: $ZHIKE_TEST_DATA. With `--reasons` instead: how many reasons would tell the
contrary of what happened if each topic were told by the feature that weighs most, and how many are told.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from run import say

from zhike.churn import ChurnModel, at_risk, features, learn, propose_days
from zhike.churn.measures import Measures
from zhike.churn.reasons import WORTH_SAYING, together
from zhike.churn.tabular import labelled
from zhike.churn.validation import fold_splits

EXPLAINED = 1_500

LABELLED = {
    "telco": ("telco_churn/Telco-Customer-Churn.csv", None),
    "bank": ("bank_churn/Churn_Modelling.csv", None),
    "cell2cell": ("cell2cell/Cell2Cell.csv", None),
}


def asked_in_turn(rows: Any, seed: int) -> np.ndarray:
    """A probability for every customer, from a model fitted without them."""
    p = np.empty(len(rows.left))
    for split in fold_splits(rows.left.astype(float), seed=seed):
        model = ChurnModel.fit(rows.table.take(pa.array(split.learn)), rows.label)
        p[split.ask] = model.probabilities(rows.table.take(pa.array(split.ask)))
    return p


def labelled_table(name: str, folder: Path, rounds: int) -> None:
    file, label = LABELLED[name]
    rows, began = labelled(folder / file, label), time.process_time()
    left = rows.left.astype(float)
    found = [Measures.of(left, asked_in_turn(rows, seed)) for seed in range(1, rounds + 1)]
    means = {m: np.mean([getattr(one, m) for one in found]) for m in ("auc", "brier", "log_loss", "ece")}
    said = " | ".join(f"{value:.4f}" for value in means.values())
    spent = (time.process_time() - began) / rounds / 5
    say(f"| {name} | {len(left):,} | {int(left.sum()):,} | {said} | {spent:.1f} |")


def online_retail(folder: Path) -> tuple[Any, str]:
    lines = ibis.memtable(pq.read_table(folder / "online_retail" / "online_retail.parquet"))
    lines = lines.filter(lines.CustomerID.notnull())
    ours = lines.select(
        customer_id=lines.CustomerID.cast("int64").cast("string"),
        order_id=lines.InvoiceNo,
        ordered_at=lines.InvoiceDate,
        product_id=lines.StockCode,
        amount=lines.Quantity * lines.UnitPrice,
    )
    return ours.to_pyarrow(), "2011-12-09"


def completejourney(folder: Path) -> tuple[Any, str]:
    found = pq.read_table(folder / "completejourney" / "transactions_sample.parquet")
    theirs = ("household_id", "basket_id", "transaction_timestamp", "product_id", "sales_value")
    ours = ("customer_id", "order_id", "ordered_at", "product_id", "amount")
    return found.select(theirs).rename_columns(ours), "2017-12-31"


COMPANIES: dict[str, Callable[[Path], tuple[Any, str]]] = {
    "online_retail": online_retail,
    "completejourney": completejourney,
}


def company(name: str, folder: Path) -> None:
    lines, last = COMPANIES[name](folder)
    tables = {"order_lines": lines}
    for days in dict.fromkeys((propose_days(tables, last).days, 90)):
        began = time.perf_counter()
        e = learn(tables, last, days=days).evaluation
        seconds = time.perf_counter() - began
        got = f"{e.auc:.4f} | {e.brier:.4f} | {e.ece:.4f} | {e.naive.auc:.4f} | {e.naive.brier:.4f}"
        say(f"| {name} | {days} | {e.rows:,} | {e.base_rate:.1%} | {e.chosen} | {got} | {seconds:.1f} |")


def reasons(name: str, folder: Path, most: int = 3) -> None:
    """Of some customers: the heaviest topics by weight alone, and what is told (`zhike.churn.reasons`)."""
    if name in LABELLED:
        file, label = LABELLED[name]
        table = labelled(folder / file, label)
        model, rows = ChurnModel.fit(table.table, table.label), table.table
    else:
        lines, last = COMPANIES[name](folder)
        days = propose_days({"order_lines": lines}, last).days
        model = learn({"order_lines": lines}, last, days=days)
        rows = at_risk(features({"order_lines": lines}, last), days).order_by("customer_id").to_pyarrow()
    rows = rows.slice(0, EXPLAINED)
    x = model.layout.matrix(rows)
    parts, topics = model.learner.parts(x), list(together(model.layout).values())
    left = np.column_stack([model.context.like(j, x[:, j]).left for j in range(x.shape[1])])
    effects = np.column_stack([parts[:, columns].sum(axis=1) for columns in topics])
    heaviest, weighed, wrong = np.argsort(-np.abs(effects), axis=1)[:, :most], 0, 0
    for row, topic in ((at, one) for at in range(len(x)) for one in heaviest[at]):
        sign, columns = np.sign(effects[row, topic]), topics[topic]
        if abs(effects[row, topic]) >= WORTH_SAYING:
            weighed += 1
            main = columns[int(np.argmax(parts[row, columns] * sign))]
            wrong += (left[row, main] - model.context.rate) * sign < 0
    told = [json.loads(kept or "[]") for kept in model.kept_reasons(rows).to_pylist()]
    without = sum(not one for one in told)
    say(f"| {name} | {len(x):,} | {weighed:,} | {wrong / weighed:.1%} | {sum(map(len, told)):,} | {without:,} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=os.environ.get("ZHIKE_TEST_DATA"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sets", nargs="*", default=[*LABELLED, *COMPANIES], choices=[*LABELLED, *COMPANIES])
    parser.add_argument("--reasons", action="store_true")
    chosen = parser.parse_args()
    if chosen.data is None:
        parser.error("set ZHIKE_TEST_DATA, or give --data FOLDER")
    if chosen.reasons:
        say("| table | customers | reasons by weight | at odds with what happened | told | customers without |")
        say("|---|---:|---:|---:|---:|---:|")
        for name in chosen.sets:
            reasons(name, chosen.data)
        return
    say(f"\n### Labelled tables, {chosen.rounds} × 5 folds, fitted whole within each\n")
    say("| table | customers | left | AUC | Brier | log-loss | ECE | processor s per fit |")
    say("|---|---:|---:|---:|---:|---:|---:|---:|")
    for name in (n for n in chosen.sets if n in LABELLED):
        labelled_table(name, chosen.data, chosen.rounds)
    say("\n### Orders, the later as the test\n")
    say("| company | days | tested | left | model | AUC | Brier | ECE | naive AUC | naive Brier | seconds |")
    say("|---|---:|---:|---:|---|---:|---:|---:|---:|---:|---:|")
    for name in (n for n in chosen.sets if n in COMPANIES):
        company(name, chosen.data)


if __name__ == "__main__":
    main()
