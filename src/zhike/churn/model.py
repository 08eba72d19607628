"""The probability that a customer leaves, learnt from who left and tested on others (`docs/models/churn.md`)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.special import expit

from zhike.churn.calibration import Calibration
from zhike.churn.candidates import Learner, Learners, possible
from zhike.churn.context import Context
from zhike.churn.evaluation import Evaluation, evaluate
from zhike.churn.explained import MOST, kept_reasons, told_reasons
from zhike.churn.layout import Layout, Matrix, find_layout
from zhike.churn.reasons import Reason
from zhike.churn.tabular import Labels, labelled, raw_table
from zhike.churn.validation import ask, best_of_each, choose, fold_splits, rarer, time_splits, unseen
from zhike.errors import InputError

# More rows teach nothing more; a lot of them is drawn.
MOST_ROWS = 50_000
# Rows turned into numbers at a time when predicting.
SLICE = 200_000
PROBABILITY = "churn_probability"


@dataclass(frozen=True)
class ChurnModel:
    """A fitted model: what it reads (`layout`), what it learnt (`learner`, `calibration`), and how far to trust it
    (`evaluation`).

    >>> import random
    >>> dice = random.Random(1)
    >>> visits = [dice.randrange(20) for _ in range(400)]
    >>> left = [dice.random() < 0.9 - visits[i] / 25 for i in range(400)]
    >>> model = ChurnModel.fit(pa.table({"customer_id": range(400), "visits": visits, "left": left}), "left")
    >>> model.evaluation.chosen, model.evaluation.auc > 0.65
    ('logistic', True)
    >>> few = model.predict(pa.table({"customer_id": [7, 8], "visits": [1, 18]})).to_pyarrow()
    >>> few["churn_probability"][0].as_py() > 0.6 > 0.4 > few["churn_probability"][1].as_py()
    True
    """

    layout: Layout
    learner: Learner
    calibration: Calibration
    evaluation: Evaluation
    context: Context
    # The probabilities of the rows it was tested on, each by a model that had not seen that row; not saved with it.
    tested: pa.Table | None = field(default=None, compare=False, repr=False)

    @classmethod
    def fit(
        cls,
        features: Any,
        label: str | None = None,
        *,
        time: str | None = None,
        horizon_days: float = 0,
        customer: str | None = None,
        positive: Any = None,
    ) -> ChurnModel:
        """Learn from a table with one row per customer (and per time, if there is one).

        Args:
            features: an Ibis, pandas, Polars or Arrow table, or the path of a file.
            label: the column that says who left; found by its name when not given.
            time: the column with the day each row was taken (`zhike.churn.training_panel` makes such rows): the later
                rows are the test. Without it, five parts of the customers take turns.
            horizon_days: how long after that day it took to know who left. What was not known yet at the time of the
                test is not learnt from.
            customer: the column that names the customer; found when not given.
            positive: the value of the label that means "left", where it is not plain.

        Raises:
            InputError: the table or the label cannot be read, or everybody left, or nobody did.
        """
        rows = labelled(features, label, positive=positive)
        _check_label(rows.left)
        for name in (time, customer):
            _check_column(rows.table, name)
        table, left = _drawn(rows.table, rows.left.astype(np.float64))
        if customer is None and "customer_id" in table.column_names:
            customer = "customer_id"
        layout = find_layout(table, ignore={rows.label, *([time] if time else [])}, customer=customer)
        x = layout.matrix(table)
        splits, how = time_splits(_days(table[time]), horizon_days) if time else [], "time"
        splits = [split for split in splits if rarer(left[split.learn]) and rarer(left[split.ask])]
        if not splits:
            group = _groups(table, layout.customer)
            splits, how = fold_splits(left, group), "folds" if group is None else "customers"
        fitted, p, tested = cls._fitted(layout, x, left, splits, how)
        asked = table.take(pa.array(tested))
        return replace(fitted, tested=pa.table({**fitted._who(asked), PROBABILITY: p}))

    @classmethod
    def _fitted(cls, layout: Layout, x: Matrix, left: Matrix, splits: Any, how: Any) -> tuple[ChurnModel, Matrix, Any]:
        answers = ask(x, left, layout, splits)
        chosen, tested_p = choose(answers, left), unseen(answers, left)
        evaluation = evaluate(
            chosen=chosen.name,
            calibration=chosen.calibration.way,
            how=how,
            left=left[answers.rows],
            p=tested_p,
            by_candidate={key[0]: np.asarray(expit(answers.logits[key])) for key in best_of_each(answers, left)},
            rarer=min(rarer(left[split.learn]) for split in splits),
        )
        names = tuple(n for n in possible(layout, rarer(left)) if n == chosen.name)
        learner = Learners(names, x, left, layout, chosen.rounds or 1).fitted[chosen.name]
        fitted = cls(layout, learner, chosen.calibration, evaluation, Context.of(x, left, layout))
        return fitted, tested_p, answers.rows

    def predict(self, table: Any) -> Any:
        """The probability of leaving: the customer's column and `churn_probability` (0–1), as an Ibis table.

        Args:
            table: with the columns the model was fitted to (`model.layout.names`).

        Raises:
            InputError: the table cannot be read, or lacks a column.
        """
        rows = raw_table(table)
        return ibis.memtable(pa.table({**self._who(rows), PROBABILITY: self.probabilities(rows)}))

    def probabilities(self, rows: pa.Table) -> Matrix:
        """The same as plain numbers, in the order of the rows."""
        parts = [rows.slice(at, SLICE) for at in range(0, max(rows.num_rows, 1), SLICE)]
        logits = [self.learner.logit(self.layout.matrix(part)) for part in parts if part.num_rows]
        return self.calibration.probability(np.concatenate(logits)) if logits else np.zeros(0)

    def reasons(
        self, table: Any, customer_id: Any = None, *, most: int = MOST, language: str | None = None
    ) -> list[Reason]:
        """Why the customer's probability is what it is: what weighs most, the heaviest first.

        Args:
            table: as for `predict`; with more than one row `customer_id` says which.
            most: how many reasons.

        Raises:
            InputError: the table cannot be read, or has no such customer.
        """
        kept = self.kept_reasons(self._row(raw_table(table), customer_id), most=most)
        return told_reasons(kept[0].as_py(), language=language)

    def kept_reasons(self, rows: pa.Table, most: int = MOST) -> pa.Array:
        """The heaviest reasons of each row as JSON text (`zhike.churn.explained`)."""
        parts = [rows.slice(at, SLICE) for at in range(0, max(rows.num_rows, 1), SLICE)]
        found = []
        for part in parts:
            x = self.layout.matrix(part)
            found.append(kept_reasons(part, x, self.learner.parts(x), self.layout, self.context, most))
        return pa.concat_arrays(found)

    def _who(self, rows: pa.Table) -> dict[str, Any]:
        name = self.layout.customer
        if name is None or name not in rows.column_names:
            return {"row": np.arange(1, rows.num_rows + 1)}
        return {name: rows[name]}

    def _row(self, rows: pa.Table, customer_id: Any) -> pa.Table:
        if customer_id is not None and self.layout.customer in rows.column_names:
            ids = pc.cast(rows[self.layout.customer], pa.string())
            rows = rows.filter(pc.equal(ids, str(customer_id)))
        if rows.num_rows != 1:
            raise InputError(
                "There are {rows} rows for the customer {customer} in the table.",
                fix="Give a table and a customer_id that is in it once.",
                rows=f"{rows.num_rows:,}",
                customer=str(customer_id),
            )
        return rows

    def save(self, path: str | Path) -> None:
        """Keep the model as JSON; the trees in LightGBM's own text."""
        from zhike.churn.storage import to_dict

        Path(path).write_text(json.dumps(to_dict(self), ensure_ascii=False) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: str | Path) -> ChurnModel:
        """A model that was kept. Load only files you trust: LightGBM reads the trees.

        Raises:
            InputError: no such file, or what is in it is not a churn model.
        """
        from zhike.churn.storage import load

        return load(path)


def _check_label(left: Labels) -> None:
    n, gone = len(left), int(left.sum())
    if gone == n:
        raise InputError(
            "All {customers} customers left: there is nobody who stayed to compare them with.",
            fix="Add customers who stayed, or choose a longer time after which a customer counts as gone.",
            customers=f"{n:,}",
        )
    if gone == 0:
        raise InputError(
            "None of the {customers} customers left: there is nothing to learn from.",
            fix="Add customers who left, or choose a shorter time after which a customer counts as gone.",
            customers=f"{n:,}",
        )


def _check_column(table: pa.Table, name: str | None) -> None:
    if name is not None and name not in table.column_names:
        raise InputError(
            "The table has no column {column}; it has {found}.",
            fix="Name a column it has.",
            column=name,
            found=", ".join(table.column_names),
        )


def _drawn(table: pa.Table, left: Matrix) -> tuple[pa.Table, Matrix]:
    if len(left) <= MOST_ROWS:
        return table, left
    rows = np.sort(np.random.default_rng(11).choice(len(left), MOST_ROWS, replace=False))
    return table.take(pa.array(rows)), left[rows]


def _days(column: Any) -> Matrix:
    """Dates as days, numbers as they are."""
    try:
        if pa.types.is_string(column.type):
            column = pc.cast(column, pa.timestamp("us"))
        if pa.types.is_temporal(column.type):
            column = pc.cast(pc.cast(column, pa.date32()), pa.int32())
        days = np.asarray(column.cast(pa.float64()).to_numpy(), dtype=np.float64)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        days = np.array([np.nan])
    if not np.isfinite(days).all():
        raise InputError(
            "The column that says when holds something that is neither a day nor a number.",
            fix="Give dates (YYYY-MM-DD) or numbers in every row, or leave out the time.",
        )
    return days


def _groups(table: pa.Table, customer: str | None) -> Any:
    """A number per customer, where some have several rows."""
    if customer is None:
        return None
    codes = pc.dictionary_encode(table[customer].combine_chunks()).indices.fill_null(-1)
    found = np.asarray(codes.to_numpy(zero_copy_only=False), dtype=np.int64)
    return None if len(np.unique(found)) == len(found) else found - found.min()
