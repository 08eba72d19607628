"""The same models fitted by Bayes' rule, with pymc-marketing (extra `bayes`), where priors or samples are wanted."""

from __future__ import annotations

from typing import Any

from zhike.clv.histories import KEYS, distinct
from zhike.errors import EngineError, SettingsError
from zhike.tables import as_table, require

# Our names of the models → theirs, and the columns they read.
MODELS = {
    "BGNBD": ("BetaGeoModel", KEYS),
    "MBGNBD": ("ModifiedBetaGeoModel", KEYS),
    "ParetoNBD": ("ParetoNBDModel", KEYS),
    "GammaGamma": ("GammaGammaModel", ("frequency", "monetary")),
}
THEIR_NAMES = {"monetary": "monetary_value"}


def fit_bayes(summary: Any, model: str = "BGNBD", *, priors: dict[str, Any] | None = None, **fit: Any) -> Any:
    """A fitted pymc-marketing model of a summary of repeat purchases.

    pymc-marketing's default priors move the estimate (its Gamma-Gamma gives p 4.3 on CDNOW, where the likelihood is
    highest at 6.25): with much data use maximum likelihood, with little choose `priors` yourself.

    Args:
        summary: `customer_id, frequency, recency, T, monetary` (`zhike.repeat_summary`).
        model: "BGNBD", "MBGNBD", "ParetoNBD" or "GammaGamma".
        priors: pymc-marketing's `model_config`: parameter → its `Prior`.
        fit: handed to its `fit`: `method="mcmc"` or "map", `draws`, `chains`, `random_seed` …

    Returns:
        The pymc-marketing model, with its own methods (`fit_summary()`, `expected_purchases()` …).

    Raises:
        EngineError: pymc-marketing is not installed.
        SettingsError: there is no such model.
        InputError: the summary is unusable.
    """
    if model not in MODELS:
        raise SettingsError(
            "There is no model {model}.", fix="Use {models}.", model=repr(model), models=", ".join(MODELS)
        )
    try:
        from pymc_marketing import clv as theirs
    except ImportError as error:
        raise EngineError(
            "pymc-marketing is not installed ({reason}).",
            fix="Install it with: pip install 'zhike[bayes]'.",
            reason=str(error),
        ) from error
    name, columns = MODELS[model]
    table = as_table(summary)
    require(table, ("customer_id", *columns), "repeat_summary")
    if columns == KEYS:
        distinct(table)  # says what is wrong with it
    else:
        table = table.filter(table.frequency > 0, table.monetary > 0)
    data = table.select("customer_id", *columns).to_pandas().rename(columns=THEIR_NAMES)
    fitted = getattr(theirs, name)(data, model_config=priors)
    fitted.fit(**fit)
    return fitted
