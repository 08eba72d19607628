"""Gamma-Gamma (`docs/models/clv.md`): what a customer spends per purchase, apart from how often.

Purchases of a customer scatter around a mean of their own, and these means around that of all: the few purchases of one
customer are weighed against what everybody spends.

Source: Fader & Hardie (2013), The Gamma-Gamma Model of Monetary Value (brucehardie.com/notes/025), eq. 1a and 5.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Self

import ibis
import numpy as np
from scipy.special import betaln, digamma, polygamma

from zhike.clv.fitted import Fit, FittedModel, Vector, normal_quantile
from zhike.clv.newton import Evaluation, Objective, maximise, summed
from zhike.errors import InputError
from zhike.tables import as_table, require

COLUMNS = ("frequency", "monetary")
# Customers worked on at a time: what fits a core's cache.
BLOCK = 1 << 13
# Of so many customers the first guess comes from a sample.
MANY = 4 * BLOCK


class GammaGamma(FittedModel):
    """A purchase's value ~ Gamma(p, ν), ν ~ Gamma(q, v); `params_` is {p, q, v}, v in currency.

    >>> import pyarrow as pa
    >>> summary = pa.table({"customer_id": list("abcdef"), "frequency": [2, 1, 3, 0, 7, 1],
    ...                     "monetary": [22.4, 11.8, 35.0, 0.0, 60.0, 70.0]})
    >>> model = GammaGamma().fit(summary)
    >>> sorted(model.params_)
    ['p', 'q', 'v']
    >>> spend = model.expected_spend(summary).order_by("customer_id").to_pyarrow()["expected_spend"].to_pylist()
    >>> 11.8 < spend[1] < spend[5] < 70
    True
    """

    names = ("p", "q", "v")
    pairs = (("p", "v"), ("q", "v"))

    def fit(self, summary: Any) -> Self:
        """Fit by maximum likelihood to the customers with a repeat purchase of known value above 0.

        Args:
            summary: `frequency` and `monetary` (mean value of the repeat purchases) per customer, from
                `zhike.repeat_summary`: an Ibis, pandas, Polars or Arrow table, or a path.

        Raises:
            InputError: the summary is unusable, or too few customers spent different amounts.
        """
        x, mean = _spenders(summary)
        if len(mean) < len(self.names):
            raise _too_few(len(mean))
        if mean.min() == mean.max():
            raise InputError(
                "The {customers} customers with a repeat purchase all spend the same per purchase: there is nothing to "
                "learn about how they differ.",
                fix="Use that amount as it is.",
                customers=f"{len(mean):,}",
            )
        unit = float(mean.mean())
        optimum = maximise(_objective(x, mean / unit), _start(x, mean / unit))
        loglik = optimum.value - len(mean) * np.log(unit)
        self._fit = Fit.of(optimum, scale=np.array([1.0, 1.0, unit]), loglik=float(loglik), customers=len(mean))
        return self

    def expected_spend(self, summary: Any, *, interval: float | None = None) -> Any:
        """The value to expect of a customer's next purchase: `customer_id, expected_spend`, as an Ibis table.

        p(v + x·m)/(p·x + q − 1) for x repeat purchases of mean m. Who has none is expected to spend what everybody
        does, p·v/(q − 1). Where that mean is infinite (q ≤ 1) the answer is NULL.

        Args:
            summary: `customer_id, frequency, monetary`.
            interval: a level such as .95 adds `expected_spend_low` and `expected_spend_high`: how far the
                parameters' uncertainty moves it (delta method on the logarithm).

        Raises:
            InputError: columns are missing.
            SettingsError: not fitted, or an impossible level.
        """
        table = as_table(summary)
        require(table, ("customer_id", *COLUMNS), "repeat_summary")
        value = self.spend(table)
        columns = {"expected_spend": value}
        if interval is not None:
            reach = self.spend_error(table) * normal_quantile(interval)
            columns |= {"expected_spend_low": value * (-reach).exp(), "expected_spend_high": value * reach.exp()}
        return table.select("customer_id", **columns)

    def spend(self, table: Any) -> Any:
        """The expected spend as a column of a table with `frequency` and `monetary`."""
        p, q, v = (float(value) for value in self.fit_.parameters)
        x, mean = _known(table)
        weight = p * x + (q - 1)
        return (weight > 0).ifelse(p * (v + x * mean) / weight, None)

    def spend_error(self, table: Any) -> Any:
        """The standard error of the logarithm of the expected spend, as a column."""
        p, q, v = (float(value) for value in self.fit_.parameters)
        x, mean = _known(table)
        weight = p * x + (q - 1)
        # Derivatives of ln(p (v + x m)/(p x + q − 1)) by ln p, ln q, ln v.
        slopes = ((q - 1) / weight, -q / weight, v / (v + x * mean))
        covariance = self.fit_.log_covariance
        terms = [float(covariance[i, j]) * slopes[i] * slopes[j] for i in range(3) for j in range(3)]
        return ibis.greatest(sum(terms[1:], start=terms[0]), 0.0).sqrt()


def spend_correlation(summary: Any) -> float:
    """The correlation of frequency and mean spend among those who bought again (−1 … 1; NaN when it has none).

    Gamma-Gamma takes them to be independent: far from 0, CLV is too low or too high for the busiest customers.

    >>> import pyarrow as pa
    >>> round(spend_correlation(pa.table({"frequency": [1, 2, 3, 0], "monetary": [10.0, 20.0, 25.0, 0.0]})), 2)
    0.98
    """
    x, mean = _spenders(summary)
    if len(x) < 2 or x.std() == 0 or mean.std() == 0:
        return float("nan")
    return float(np.corrcoef(x, mean)[0, 1])


def _known(table: Any) -> tuple[Any, Any]:
    """Frequency and mean of what is known: no purchases where their value is not."""
    known = (table.frequency > 0) & table.monetary.notnull()
    return known.ifelse(table.frequency, 0), known.ifelse(table.monetary, 0.0)


def _spenders(summary: Any) -> tuple[Vector, Vector]:
    table = as_table(summary)
    require(table, COLUMNS, "repeat_summary")
    if not all(table[name].type().is_numeric() or table[name].type().is_null() for name in COLUMNS):
        raise InputError(
            "The columns frequency and monetary of the summary are not numbers.",
            fix="Make the summary with zhike.repeat_summary.",
        )
    chosen = table.filter(table.frequency > 0, table.monetary > 0).select(*COLUMNS).to_pyarrow()
    x, mean = (np.asarray(chosen[name].cast("float64").to_numpy()) for name in COLUMNS)
    finite = np.isfinite(x) & np.isfinite(mean)
    return x[finite], mean[finite]


def _too_few(customers: int) -> InputError:
    return InputError(
        "Only {customers} customers have a repeat purchase of known value: too few to learn what customers spend "
        "(at least {needed} are needed).",
        fix="Observe for longer, or use zhike.clv_formula.",
        customers=f"{customers:,}",
        needed=len(GammaGamma.names),
    )


def _start(x: Vector, mean: Vector) -> Vector:
    """A first guess. Where customers hardly differ in what they spend, the way is long; a sample goes it first."""
    guess = np.array([2.0, 2.0, 1.0])
    if len(mean) <= MANY:
        return guess
    sample = slice(None, None, len(mean) // BLOCK)
    # A sample may say less than all; then all begin where it began.
    with suppress(InputError):
        return maximise(_objective(x[sample], mean[sample]), guess).parameters
    return guess


def _objective(x: Vector, mean: Vector) -> Objective:
    """ln L = Σ −ln B(px, q) − q ln(1 + xm/v) − px ln(1 + v/(xm)) − ln m: Fader & Hardie's (1a), with nothing left in it
    that cancels when p or q and v grow without bound."""
    spent, of_mean = x * mean, np.log(mean).sum()
    times, customers = np.unique(x, return_counts=True)
    parts = [(x[at : at + BLOCK], spent[at : at + BLOCK]) for at in range(0, len(x), BLOCK)]

    def objective(parameters: Vector) -> Evaluation:
        p, q, _v = parameters
        value, gradient, hessian = summed(lambda part: _money(parameters, *part), parts)
        a, both = p * times, p * times + q
        curve = polygamma(1, both)
        gradient[0] += (customers * times) @ (digamma(both) - digamma(a))
        gradient[1] += customers @ (digamma(both) - digamma(q))
        hessian[0, 0] = (customers * times**2) @ (curve - polygamma(1, a))
        hessian[0, 1] = hessian[1, 0] = (customers * times) @ curve
        hessian[1, 1] = customers @ (curve - polygamma(1, q))
        return float(value - customers @ betaln(a, q) - of_mean), gradient, hessian

    return objective


def _money(parameters: Vector, x: Vector, spent: Vector) -> Evaluation:
    """−q ln(1 + xm/v) − px ln(1 + v/(xm)) with its derivatives: the part that needs every customer."""
    p, q, v = parameters
    inverse = 1 / (v + spent)
    below, above = np.log1p(spent / v).sum(), x @ np.log1p(v / spent)
    share, clock = spent @ inverse / v, x @ inverse
    curve = p * ((x * inverse) @ inverse) - q * (len(x) / v**2 - inverse @ inverse)
    gradient = np.array([-above, -below, q * share - p * clock])
    hessian = np.array([[0.0, 0.0, -clock], [0.0, 0.0, share], [-clock, share, curve]])
    return -q * below - p * above, gradient, hessian
