"""The purchase models on CDNOW, whose parameters, log-likelihoods and errors are published; elsewhere, other programs.

Published: Fader, Hardie & Lee (2005), Marketing Science 24 (2), table 2 (BG/NBD and Pareto/NBD: r .243, α 4.414,
a .793, b 2.426, LL −9582.4; r .553, α 10.578, s .606, β 11.669, LL −9595.0), weeks, calibration to 30 September 1997;
Fader & Hardie (2013), The Gamma-Gamma Model of Monetary Value (p 6.25, q 3.74, v 15.44, 946 customers). Standard errors
of BG/NBD: the documentation of lifetimes 0.11 (.01, .38, .19, .71).
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from zhike.clv import BGNBD, MBGNBD, GammaGamma, ParetoNBD, choose, spend_correlation, tracking
from zhike.clv.purchases import PurchaseModel
from zhike.facts.repeat import repeat_summary


@pytest.fixture(scope="module")
def cdnow(test_data: Path) -> pa.Table:
    """The 1/10 sample: the columns are fixed in width, dates are yyyymmdd, amounts dollars."""
    return duckdb.sql(
        f"""SELECT trim(line[7:11]) AS customer_id, row_number() OVER () AS order_id,
                   strptime(line[13:20], '%Y%m%d') AS ordered_at, line[24:]::DOUBLE AS amount
            FROM read_csv('{test_data}/cdnow/CDNOW_sample.txt', header = false, delim = '|',
                          columns = {{'line': 'VARCHAR'}})"""
    ).to_arrow_table()


@pytest.fixture(scope="module")
def calibration(cdnow: pa.Table) -> pa.Table:
    return repeat_summary(cdnow, observation_end="1997-09-30").order_by("customer_id").to_pyarrow()


def test_the_summary_is_the_published_one(calibration: pa.Table, test_data: Path) -> None:
    published = f"{test_data}/cdnow/lifetimes_cdnow_customers_summary_with_transactions.csv"
    differing = duckdb.sql(  # rounded to a hundredth there
        f"""SELECT count(*) FILTER (abs(recency - t_x) > .0051 OR abs(s.T - p.T) > .0051 OR frequency <> x
                                   OR abs(monetary - zbar) > .0051) AS wrong, count(*) AS all_
            FROM calibration s JOIN read_csv('{published}') p ON s.customer_id::INT = p.ID"""
    ).fetchall()
    assert differing == [(0, 2357)]


@pytest.mark.parametrize(
    ("model", "published", "loglik"),
    [
        (BGNBD, {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}, -9582.43),
        (ParetoNBD, {"r": 0.553, "alpha": 10.578, "s": 0.606, "beta": 11.669}, -9594.98),
    ],
)
def test_published_parameters(
    calibration: pa.Table, model: type[PurchaseModel], published: dict[str, float], loglik: float
) -> None:
    fitted = model().fit(calibration)
    assert {name: round(value, 3) for name, value in fitted.params_.items()} == published
    assert round(fitted.loglik_, 2) == loglik


def test_published_spend_parameters(calibration: pa.Table) -> None:
    fitted = GammaGamma().fit(calibration)
    assert {name: round(value, 2) for name, value in fitted.params_.items()} == {"p": 6.25, "q": 3.74, "v": 15.44}
    assert fitted.customers_ == 946
    assert spend_correlation(calibration) == pytest.approx(0.11, abs=0.01)  # as published: .11


def test_published_standard_errors(calibration: pa.Table) -> None:
    errors = BGNBD().fit(calibration).standard_errors_
    assert {name: round(value, 2) for name, value in errors.items()} == {"r": 0.01, "alpha": 0.38, "a": 0.19, "b": 0.71}


def test_the_worked_example_of_the_paper(calibration: pa.Table) -> None:
    """Fader, Hardie & Lee's spreadsheet: customer 1 (x 2, t_x 30.43, T 38.86) to buy 1.226 times in 39 weeks."""
    fitted = BGNBD().fit(calibration)
    one = pa.table({"customer_id": [1], "frequency": [2], "recency": [30.43], "T": [38.86]})
    expected = fitted.expected_purchases(one, 39).to_pyarrow()["expected_purchases"][0].as_py()
    assert round(expected, 3) == 1.226


def test_tracking_of_the_held_out_weeks(cdnow: pa.Table, calibration: pa.Table) -> None:
    """4,339 repeat purchases by the end of June 1998; BG/NBD expects 4 % fewer, as the paper's plot shows."""
    fitted = BGNBD().fit(calibration)
    rows = tracking(cdnow, fitted, calibration_end="1997-09-30", observation_end="1998-06-30").to_pylist()
    at_cut = next(row for row in reversed(rows) if not row["held_out"])
    assert (len(rows), at_cut["actual"], rows[-1]["actual"]) == (78, 2457, 4339)
    assert at_cut["expected"] == pytest.approx(2457, rel=0.02)
    assert rows[-1]["expected"] == pytest.approx(4339, rel=0.05)
    assert all(one["expected"] < other["expected"] for one, other in pairwise(rows))


def test_the_choice_is_made_on_what_was_held_out(cdnow: pa.Table) -> None:
    choice = choose(cdnow, observation_end="1998-06-30", calibration_end="1997-09-30")
    errors = {c.name: c.rmse for c in choice.contenders}
    assert choice.chosen.name == min(("BG/NBD", "MBG/NBD", "Pareto/NBD"), key=lambda name: errors[name]) == "Pareto/NBD"
    assert choice.beats_baseline
    assert (choice.customers, choice.actual) == (2357, 1882)
    assert choice.why().startswith("Pareto/NBD was chosen: fitted up to 1997-09-30 and tested on the 273 days after it")
    assert choice.model.customers_ == 2357


# lifetimes 0.11.3 (maximum likelihood, no penalty) on the same summaries; parameters, and its sum of purchases expected
# in the next 13 weeks.
ELSEWHERE = {
    ("cdnow", BGNBD): ({"r": 0.25356104, "alpha": 5.4472518, "a": 0.60736605, "b": 2.6472347}, 538.782543),
    ("cdnow", MBGNBD): ({"r": 0.61784338, "alpha": 8.6569592, "a": 0.55152506, "b": 1.0090592}, 530.990118),
    ("cdnow", ParetoNBD): ({"r": 0.56300366, "alpha": 12.559169, "s": 0.40810728, "beta": 10.514545}, 547.413515),
    ("groceries", BGNBD): ({"r": 1.4278074, "alpha": 3.7173470, "a": 0.060649437, "b": 33.237668}, 11443.33637),
    ("groceries", MBGNBD): ({"r": 1.4393595, "alpha": 3.7411217, "a": 0.063300527, "b": 34.490303}, 11442.89691),
}
SPENDING = {
    "cdnow": {"p": 4.6834542, "q": 4.1897831, "v": 24.390548},
    "groceries": {"p": 1.2675502, "q": 9.6883100, "v": 34.460275},
}


@pytest.fixture(scope="module")
def summaries(cdnow: pa.Table, test_data: Path) -> dict[str, pa.Table]:
    """All 78 weeks of CDNOW, and a year of Complete Journey's households."""
    groceries = duckdb.sql(
        f"""SELECT household_id::VARCHAR AS customer_id, basket_id::VARCHAR AS order_id,
                   transaction_timestamp::TIMESTAMP AS ordered_at, sales_value::DOUBLE AS amount
            FROM '{test_data}/completejourney/transactions_sample.parquet'"""
    ).to_arrow_table()
    return {
        "cdnow": repeat_summary(cdnow, observation_end="1998-06-30").to_pyarrow(),
        "groceries": repeat_summary(groceries, observation_end="2017-12-31").to_pyarrow(),
    }


@pytest.mark.parametrize(("data", "model"), ELSEWHERE)
def test_another_program_agrees(summaries: dict[str, pa.Table], data: str, model: type[PurchaseModel]) -> None:
    params, purchases = ELSEWHERE[data, model]
    fitted = model().fit(summaries[data])
    assert fitted.params_ == pytest.approx(params, rel=1e-4)
    expected = fitted.expected_purchases(summaries[data], 13).to_pyarrow()["expected_purchases"]
    assert sum(expected.to_pylist()) == pytest.approx(purchases, rel=1e-5)


@pytest.mark.parametrize("data", SPENDING)
def test_another_program_agrees_on_spending(summaries: dict[str, pa.Table], data: str) -> None:
    assert GammaGamma().fit(summaries[data]).params_ == pytest.approx(SPENDING[data], rel=1e-4)
