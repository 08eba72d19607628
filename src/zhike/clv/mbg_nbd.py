"""MBG/NBD (`docs/models/clv.md`): as BG/NBD, but a customer may leave after the first purchase already.

Source: Batislam, Denizel & Filiztekin (2007), Empirical validation and comparison of models for customer base
analysis, International Journal of Research in Marketing 24 (3), 201–209.
"""

from __future__ import annotations

from zhike.clv.beta_geometric import BetaGeometric
from zhike.clv.fitted import Vector


class MBGNBD(BetaGeometric):
    """Rates λ ~ Gamma(r, alpha), chance to leave after every purchase, the first included, p ~ Beta(a, b).

    `params_` is {r, alpha, a, b}; alpha is in the unit of time of the summary.

    >>> import pyarrow as pa
    >>> summary = pa.table({"customer_id": list("abcdefgh"), "frequency": [2, 1, 0, 0, 0, 7, 1, 4],
    ...     "recency": [30.4, 1.7, 0, 0, 0, 29.4, 5.0, 37.0], "T": [38.9, 38.9, 38.9, 30.0, 12.0, 38.9, 30.0, 38.0]})
    >>> alive = MBGNBD().fit(summary).p_alive(summary).order_by("customer_id").to_pyarrow()["p_alive"].to_pylist()
    >>> alive[2] < 1
    True
    """

    title = "MBG/NBD"

    @staticmethod
    def _survived(frequency: Vector) -> Vector:
        return frequency + 1
