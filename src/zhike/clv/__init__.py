"""Customer lifetime value from purchase histories. The names below are the public ones."""

from zhike.clv.bayes import fit_bayes
from zhike.clv.bg_nbd import BGNBD
from zhike.clv.choose import Choice, choose
from zhike.clv.gamma_gamma import GammaGamma, spend_correlation
from zhike.clv.lifetime import explain_lifetime_value, lifetime_value, score_lifetime_value
from zhike.clv.mbg_nbd import MBGNBD
from zhike.clv.pareto_nbd import ParetoNBD
from zhike.clv.storage import load
from zhike.clv.tracking import tracking

__all__ = [
    "BGNBD",
    "MBGNBD",
    "Choice",
    "GammaGamma",
    "ParetoNBD",
    "choose",
    "explain_lifetime_value",
    "fit_bayes",
    "lifetime_value",
    "load",
    "score_lifetime_value",
    "spend_correlation",
    "tracking",
]
