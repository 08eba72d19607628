"""The lifetime models beside their peers in one run: `python benchmarks/clv.py [--customers 1000000] [--rounds 3]`.

Fits are timed from a summary in memory to fitted parameters, grouping included; every run is a fresh process, imports
are not counted for anybody, compiling and start-up on first use are. `value` goes from a CSV of orders (ten per
customer) to CLV per customer. A peer that takes longer than `--patience` seconds is cut off and said so.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from run import DATA, OURS, PEERS, data_file, install_peers, median, say

AS_OF = "2025-12-31"
TRUTH = {"r": 0.6, "alpha": 6.0, "s": 0.6, "beta": 12.0}
MODELS = ("BGNBD", "MBGNBD", "ParetoNBD", "GammaGamma")
LIFETIMES = {
    "BGNBD": "BetaGeoFitter",
    "MBGNBD": "ModifiedBetaGeoFitter",
    "ParetoNBD": "ParetoNBDFitter",
    "GammaGamma": "GammaGammaFitter",
}
PYMC = {
    "BGNBD": "BetaGeoModel",
    "MBGNBD": "ModifiedBetaGeoModel",
    "ParetoNBD": "ParetoNBDModel",
    "GammaGamma": "GammaGammaModel",
}


def summary_file(customers: int) -> Path:
    """Pareto/NBD histories of customers who came over a year, in whole days told in weeks; made once, then reused."""
    import numpy as np
    import pandas as pd

    path = DATA / f"summary_{customers}.parquet"
    if path.exists():
        return path
    dice = np.random.default_rng(20251231)
    age = dice.integers(26 * 7, 78 * 7 + 1, customers)
    rate = dice.gamma(TRUTH["r"], 1 / TRUTH["alpha"], customers) / 7
    end = np.minimum(
        age, dice.exponential(1 / np.maximum(dice.gamma(TRUTH["s"], 1 / TRUTH["beta"], customers), 1e-9)) * 7
    )
    x, last, at, here = (
        np.zeros(customers, int),
        np.zeros(customers, int),
        np.zeros(customers),
        np.ones(customers, bool),
    )
    while here.any():
        at = at + dice.exponential(1, customers) / np.maximum(rate, 1e-12)
        here &= at <= end
        day = np.minimum(np.ceil(at), age)
        new = here & (day > last)
        x, last = x + new, np.where(new, day, last).astype(int)
    spend = dice.gamma(6.25 * np.maximum(x, 1), 1 / (dice.gamma(3.74, 1 / 15.44, customers) * np.maximum(x, 1)))
    table = {"customer_id": np.arange(customers), "frequency": x, "recency": last / 7, "T": age / 7}
    path.parent.mkdir(exist_ok=True)
    pd.DataFrame({**table, "monetary": np.where(x > 0, spend.round(2), 0.0)}).to_parquet(path)
    return path


def zhike_fit(model: str, file: str) -> Callable[[], dict[str, float]]:
    import pandas as pd

    from zhike import clv

    summary = pd.read_parquet(file)
    return lambda: getattr(clv, model)().fit(summary).params_


def lifetimes_fit(model: str, file: str) -> Callable[[], dict[str, float]]:
    import lifetimes
    import pandas as pd

    summary = pd.read_parquet(file)

    def work() -> dict[str, float]:
        fitter = getattr(lifetimes, LIFETIMES[model])()
        if model == "GammaGamma":
            again = summary[summary["frequency"] > 0]
            fitter.fit(again["frequency"], again["monetary"])
        else:
            fitter.fit(summary["frequency"], summary["recency"], summary["T"])
        return {name: float(value) for name, value in fitter.params_.items()}

    return work


def pymc_fit(model: str, file: str) -> Callable[[], dict[str, float]]:
    import pandas as pd
    from pymc_marketing import clv

    summary = pd.read_parquet(file).rename(columns={"monetary": "monetary_value"})

    def work() -> dict[str, float]:
        data = summary
        if model == "GammaGamma":
            data = summary.loc[summary["frequency"] > 0, ["customer_id", "frequency", "monetary_value"]]
        fitted = getattr(clv, PYMC[model])(data)
        fitted.fit(method="map", progressbar=False)
        return {name: float(value) for name, value in fitted.fit_summary().items()}

    return work


def zhike_value(_model: str, file: str) -> Callable[[], dict[str, float]]:
    import pandas  # noqa: F401 - Ibis imports it to hand over a result; imports are not counted for anybody
    import pyarrow.compute as pc

    from zhike.clv import lifetime_value

    def work() -> dict[str, float]:
        scored = lifetime_value(file, observation_end=AS_OF, horizon=52, discount_rate=0.002).to_pyarrow()
        return {"customers": float(scored.num_rows), "clv": float(pc.sum(scored["residual_clv"]).as_py())}

    return work


def pymc_value(_model: str, file: str) -> Callable[[], dict[str, float]]:
    import pandas as pd
    from pymc_marketing import clv

    def work() -> dict[str, float]:
        orders = pd.read_csv(file, parse_dates=["ordered_at"], engine="pyarrow")
        columns = {"customer_id_col": "customer_id", "datetime_col": "ordered_at", "monetary_value_col": "amount"}
        summary = clv.rfm_summary(orders, **columns, observation_period_end=AS_OF, time_unit="W")
        model = clv.BetaGeoModel(summary.drop(columns="monetary_value"))
        model.fit(method="map", progressbar=False)
        again = summary[summary["frequency"] > 0]
        spend = clv.GammaGammaModel(again[["customer_id", "frequency", "monetary_value"]])
        spend.fit(method="map", progressbar=False)
        value = spend.expected_customer_lifetime_value(model, summary, future_t=12, discount_rate=0.008)
        return {"customers": float(len(summary)), "clv": float(value.sum())}

    return work


CONTESTANTS = {
    "fit": {"zhike": zhike_fit, "lifetimes": lifetimes_fit, "pymc-marketing": pymc_fit},
    "value": {"zhike": zhike_value, "pymc-marketing": pymc_value},
}


def one(job: str, library: str, model: str, file: str) -> None:
    """The work of a fresh process."""
    work = CONTESTANTS[job][library](model, file)
    began, spent = time.perf_counter(), time.process_time()
    found = work()
    seconds, processor = time.perf_counter() - began, time.process_time() - spent
    say(json.dumps({"seconds": seconds, "processor": processor, "found": found}))


def measure(job: str, library: str, model: str, file: Path, patience: float) -> dict[str, Any]:
    python = OURS if library == "zhike" else PEERS
    command = [str(python), __file__, "--one", job, library, model, str(file)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=patience)
    except subprocess.TimeoutExpired:
        return {"failed": f"more than {patience:.0f} s"}
    if done.returncode:
        return {"failed": done.stderr.strip().splitlines()[-1] if done.stderr else f"exit {done.returncode}"}
    return dict(json.loads(done.stdout.splitlines()[-1]))


def side_by_side(job: str, model: str, file: Path, rounds: int, patience: float) -> None:
    runs: dict[str, list[dict[str, Any]]] = {library: [] for library in CONTESTANTS[job]}
    for _ in range(rounds):
        for library, done in runs.items():
            if not any("failed" in run for run in done):
                done.append(measure(job, library, model, file, patience))
    for library, done in runs.items():
        if "failed" in done[-1]:
            say(f"| {model} | {library} | {done[-1]['failed']} | | |")
            continue
        found = ", ".join(f"{name} {value:.4g}" for name, value in done[-1]["found"].items())
        say(f"| {model} | {library} | {median(done, 'seconds'):.2f} | {median(done, 'processor'):.2f} | {found} |")


def main() -> None:
    if sys.argv[1:2] == ["--one"]:
        one(*sys.argv[2:6])
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--patience", type=float, default=600, help="seconds before a run is cut off")
    parser.add_argument("--models", nargs="*", choices=[*MODELS, "value"], default=[*MODELS, "value"])
    chosen = parser.parse_args()
    install_peers()
    code = f"from clv import summary_file; print(summary_file({chosen.customers}))"
    made = subprocess.run([PEERS, "-c", code], check=True, capture_output=True, text=True, cwd=Path(__file__).parent)
    say(f"\n### {chosen.customers:,} customers, medians of {chosen.rounds} fresh processes\n")
    say("| model | library | seconds | processor seconds | found |\n|---|---|---:|---:|---|")
    for model in chosen.models:
        if model == "value":
            side_by_side("value", "BGNBD", data_file(10 * chosen.customers, "csv"), chosen.rounds, chosen.patience)
        else:
            side_by_side("fit", model, Path(made.stdout.strip()), chosen.rounds, chosen.patience)


if __name__ == "__main__":
    main()
