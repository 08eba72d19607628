"""BG/NBD (`docs/models/clv.md`): customers buy at gamma-distributed rates and may leave after each repeat purchase.

Source: Fader, Hardie & Lee (2005), "Counting Your Customers" the Easy Way: An Alternative to the Pareto/NBD Model,
Marketing Science 24 (2), 275–284.
"""

from __future__ import annotations

from zhike.clv.beta_geometric import BetaGeometric
from zhike.clv.fitted import Vector


class BGNBD(BetaGeometric):
    """Rates λ ~ Gamma(r, alpha), chance to leave after a repeat purchase p ~ Beta(a, b).

    `params_` is {r, alpha, a, b}; alpha is in the unit of time of the summary. Who has never bought again cannot have
    left, so `p_alive` is 1 for them; MBG/NBD mends that.

    >>> import pyarrow as pa
    >>> summary = pa.table({"customer_id": list("abcdefgh"), "frequency": [2, 1, 0, 0, 0, 7, 1, 4],
    ...     "recency": [30.4, 1.7, 0, 0, 0, 29.4, 5.0, 37.0], "T": [38.9, 38.9, 38.9, 30.0, 12.0, 38.9, 30.0, 38.0]})
    >>> model = BGNBD().fit(summary)
    >>> sorted(model.params_)
    ['a', 'alpha', 'b', 'r']
    >>> alive = model.p_alive(summary).order_by("customer_id").to_pyarrow()["p_alive"].to_pylist()
    >>> alive[1] < alive[0] < alive[2] == 1
    True
    """

    title = "BG/NBD"

    @staticmethod
    def _survived(frequency: Vector) -> Vector:
        return frequency
