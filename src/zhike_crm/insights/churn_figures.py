"""Who may leave and what is at stake, counted once after each refresh."""

from __future__ import annotations

from typing import Any

import ibis

from zhike.lake.lake import Lake
from zhike.lake.runs import Run, scores_of
from zhike.portrait import holds

# The customers to save first that are kept. A page shows those of them that its reader may see.
KEPT = 200
AT_RISK = ("high", "middle")
# Without a probability everybody of a risk is alike.
ASSUMED = {"high": 1.0, "middle": 0.5}
_OF_EACH = ("customer_id", "churn_risk", "churn_probability", "churn_reasons", "warnings", "value_tier", "monetary")


def churn_figures(lake: Lake, run: Run) -> dict[str, Any]:
    """`groups`: customers and what is at stake by risk and tier; `save_first`: those at risk with most at stake.

    `worth` is the value to come where its model held its test, else the amount in the window (`basis` says which).
    Where nobody has any, as with contracts imported without orders, who leaves most likely is to be saved first.
    """
    scores = scores_of(lake, run)
    if "churn_risk" not in scores.columns or "churn" not in run.proofs:
        return {}
    basis = "residual_clv" if holds(run, "clv") else "monetary"
    with lake.temporary():
        known = scores.filter(scores.churn_risk.notnull())
        worth = ibis.greatest(known[basis].fill_null(0.0), 0.0)
        assumed = ibis.cases(*((known.churn_risk == risk, value) for risk, value in ASSUMED.items()), else_=0.0)
        chance = ibis.coalesce(known.churn_probability, assumed)
        known = lake.materialised(known.select(*_OF_EACH, worth=worth, chance=chance), "churn_known")
        anything = bool(lake.engine.to_pyarrow((known.worth.max() > 0).fill_null(False)).as_py())
        known = known.mutate(stake=known.worth * known.chance if anything else known.chance).drop("chance")
        groups = known.group_by("churn_risk", "value_tier").aggregate(
            customers=known.count(), worth=known.worth.sum(), monetary=known.monetary.sum().fill_null(0.0)
        )
        first = known.filter(known.churn_risk.isin(AT_RISK), known.stake > 0)
        first = first.order_by(ibis.desc("stake"), "customer_id").limit(KEPT)
        return {"basis": basis, "groups": _rows(lake, groups), "save_first": _rows(lake, first)}


def _rows(lake: Lake, table: Any) -> list[dict[str, Any]]:
    return list(lake.engine.to_pyarrow(table).to_pylist())
