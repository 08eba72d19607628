"""Zhike 知客: know every customer, prove every action. The library; `import zhike` is enough.

Tables in, tables out: every model takes an Ibis table, a pandas, Polars or Arrow table, or a path, and returns an
Ibis table. The lake and the refresh run the same models on a company's stored facts.
"""

from importlib import import_module
from typing import Any

from zhike.errors import EngineError, InputError, LakeError, MappingError, SettingsError, ZhikeError
from zhike.facts.orders import net_orders
from zhike.facts.purchases import purchase_summary
from zhike.facts.repeat import repeat_summary
from zhike.importing.importer import Choices, import_file, import_query, inspect_file
from zhike.lake.lake import Lake
from zhike.lifecycle import customer_moves, lifecycle, stage_moves
from zhike.pipeline import refresh
from zhike.portrait import explain, portrait
from zhike.rfm import rfm
from zhike.satisfaction.scores import csat, csi, nps
from zhike.settings import Settings
from zhike.value.clv_formula import clv_formula
from zhike.value.contribution import contribution, pareto_curve
from zhike.value.profitability import profitability
from zhike.version import __version__

__all__ = [
    "Choices",
    "EngineError",
    "InputError",
    "Lake",
    "LakeError",
    "MappingError",
    "Settings",
    "SettingsError",
    "ZhikeError",
    "__version__",
    "churn",
    "clv",
    "clv_formula",
    "contribution",
    "csat",
    "csi",
    "customer_moves",
    "explain",
    "import_file",
    "import_query",
    "inspect_file",
    "lifecycle",
    "net_orders",
    "nps",
    "pareto_curve",
    "portrait",
    "profitability",
    "purchase_summary",
    "refresh",
    "repeat_summary",
    "rfm",
    "satisfaction",
    "segments",
    "stage_moves",
]


def __getattr__(name: str) -> Any:
    """The families of models are loaded when they are first asked for: SciPy takes longer to load than all the rest."""
    if name in ("churn", "clv", "satisfaction", "segments"):
        return import_module(f"zhike.{name}")
    raise AttributeError(name)
