"""Who is leaving, why, and how sure that is. The names below are the public ones."""

from zhike.churn.alive import Alive, p_alive
from zhike.churn.definition import Proposal, left_after, propose_days
from zhike.churn.evaluation import Evaluation
from zhike.churn.features import features
from zhike.churn.indicators import explain_indicators, indicators, warning_counts
from zhike.churn.layout import find_layout
from zhike.churn.leaks import Leak, leaks
from zhike.churn.model import ChurnModel
from zhike.churn.panel import at_risk, learn, training_panel
from zhike.churn.reasons import Reason
from zhike.churn.rules import LeaverRule, rules
from zhike.churn.survival import median_survival, survival
from zhike.churn.tabular import labelled
from zhike.churn_settings import ChurnSettings, IndicatorSettings, Rule

__all__ = [
    "Alive",
    "ChurnModel",
    "ChurnSettings",
    "Evaluation",
    "IndicatorSettings",
    "Leak",
    "LeaverRule",
    "Proposal",
    "Reason",
    "Rule",
    "at_risk",
    "explain_indicators",
    "features",
    "find_layout",
    "indicators",
    "labelled",
    "leaks",
    "learn",
    "left_after",
    "median_survival",
    "p_alive",
    "propose_days",
    "rules",
    "survival",
    "training_panel",
    "warning_counts",
]
