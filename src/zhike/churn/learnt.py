"""The probabilities of a whole customer base from its own past: learnt from a lot of the customers, told of all.

A few ten thousand examples teach all there is to learn; the features of a million customers are computed in the engine
and come to the model in batches.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

import ibis
import numpy as np
import pyarrow as pa

from zhike.churn.features import features
from zhike.churn.model import PROBABILITY, ChurnModel
from zhike.churn.panel import LABEL, TIME, training_panel
from zhike.churn.sources import Sources
from zhike.workbench import Workbench

# Customers whose past is learnt from. Each may be an example on several days.
LEARNT_FROM = 60_000
# Telling the reasons takes as long as everything else: of more customers those with most at stake get them.
MOST_EXPLAINED = 50_000
STAKE = "money_365"
# The first digits of a hash, and how many there are of them.
DIGITS = 5
LOTS = 16**DIGITS


@dataclass(frozen=True)
class Past:
    """The recorded facts of all customers, and of those that are learnt from."""

    everybody: Sources
    some: Sources

    @classmethod
    def of(cls, tables: Any, summary: Any, as_of: dt.date, bench: Workbench) -> Past:
        """Args: tables: as for `zhike.churn.features`; summary: everybody who bought, with `customer_id`."""
        sources = Sources.of(tables, as_of)
        customers = int(summary.count().to_pyarrow().as_py())
        if customers <= LEARNT_FROM:
            every = sources.settled(bench)
            return cls(every, every)
        # Asked about from all sides; the other tables are mentioned once each. Which order it was is asked no more, and
        # the numbers of ten million orders take as much room as all the rest.
        orders = sources.orders.mutate(order_id=ibis.literal(0))
        sources = replace(sources, orders=bench.materialised(orders, "churn_orders"))
        lot = bench.materialised(drawn(summary, LEARNT_FROM / customers), "churn_lot")
        return cls(sources, sources.of_customers(lot).settled(bench))


def drawn(customers: Any, share: float) -> Any:
    """A lot of the customers, by a hash of their ids: the same on every engine, and the same again next week."""
    lot = customers.customer_id.cast("string").hexdigest("md5").left(DIGITS)
    return customers.filter(lot < f"{int(share * LOTS):0{DIGITS}x}").select("customer_id")


def learn_past(past: Past, as_of: dt.date, days: int) -> tuple[ChurnModel, pa.Table]:
    """A model for "no purchase in `days` days", and the examples it was learnt from.

    Raises:
        InputError: the past is too short or too small, or everybody left, or nobody did.
    """
    panel = training_panel(past.some, as_of, days=days)
    return ChurnModel.fit(panel, LABEL, time=TIME, horizon_days=days, customer="customer_id"), panel


def probabilities(
    model: ChurnModel, past: Past, here: Any, as_of: dt.date, bench: Workbench, *, worth_explaining: float
) -> pa.Table:
    """`customer_id, churn_probability, churn_reasons` (JSON text) of the customers in `here`.

    Args:
        worth_explaining: the probability from which the reasons are told of, where there are too many to tell all.
    """
    known = bench.materialised(features(past.everybody, as_of, customers=here), "churn_features")
    told, stakes = _asked(model, known, bench)
    explained = told.filter(pa.array(_chosen(told, stakes, worth_explaining)))
    rows = known.semi_join(bench.small(explained.select(["customer_id"])), "customer_id")
    with bench.stream(bench.materialised(rows, "churn_explained")) as reader:
        found = reader.read_all().combine_chunks()
    reasons = pa.table({"customer_id": found["customer_id"], "churn_reasons": model.kept_reasons(found)})
    return told.join(reasons, "customer_id", join_type="left outer").sort_by("customer_id")


def _asked(model: ChurnModel, known: Any, bench: Workbench) -> tuple[pa.Table, Any]:
    wanted = dict.fromkeys(("customer_id", STAKE, *model.layout.names))
    ids, p, money = [], [], []
    with bench.stream(known.select(*wanted)) as reader:
        for batch in reader:
            rows = pa.Table.from_batches([batch])
            ids.append(rows["customer_id"].combine_chunks())
            p.append(model.probabilities(rows))
            money.append(np.asarray(rows[STAKE].to_numpy(), dtype=np.float64))
    kind = known.schema().to_pyarrow().field("customer_id").type
    values = np.round(np.concatenate([*p, np.zeros(0)]), 6)
    told = pa.table({"customer_id": pa.chunked_array(ids, kind), PROBABILITY: values})
    return told, values * np.maximum(np.concatenate([*money, np.zeros(0)]), 0.0)


def _chosen(told: pa.Table, stakes: Any, worth_explaining: float) -> Any:
    """Everybody; of too many those at risk with most at stake."""
    if len(stakes) <= MOST_EXPLAINED:
        return np.ones(len(stakes), dtype=bool)
    ranked = np.where(told[PROBABILITY].to_numpy() >= worth_explaining, stakes, -1.0)
    least = np.partition(ranked, -MOST_EXPLAINED)[-MOST_EXPLAINED]
    return ranked >= max(least, 0.0)
