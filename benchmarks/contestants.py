"""One job by one library, in this process: `python contestants.py JOB LIBRARY FILE`. Prints JSON.

Seconds run from the call to the finished answer in memory; importing the library is not counted, anything it starts
up on first use is. `check` is a number that must be equal for all who answer the same question.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

AS_OF = "2025-12-31"
WINDOW_STARTS = "2025-01-01"
Answer = Callable[[], float]
JOBS: dict[tuple[str, str], Callable[[str], Answer]] = {}


def contestant(job: str, library: str) -> Callable[[Callable[[str], Answer]], Callable[[str], Answer]]:
    """Register a function that imports its library and returns the work to be timed."""

    def register(prepare: Callable[[str], Answer]) -> Callable[[str], Answer]:
        JOBS[job, library] = prepare
        return prepare

    return register


@contestant("rfm", "zhike")
def rfm_zhike(file: str) -> Answer:
    import pandas  # noqa: F401 - Ibis imports it to hand over a result; imports are not counted for anybody
    import pyarrow.compute as pc

    import zhike

    return lambda: pc.sum(zhike.rfm(file, as_of=AS_OF).to_pyarrow()["rfm_score"]).as_py()


RFM_SQL = """
WITH summary AS MATERIALIZED (
    SELECT customer_id,
           date_diff('day', max(ordered_at)::DATE, DATE '{as_of}') AS recency_days,
           count(*) FILTER (ordered_at >= TIMESTAMP '{start}') AS frequency,
           round(coalesce(sum(amount) FILTER (ordered_at >= TIMESTAMP '{start}'), 0), 6) AS monetary
    FROM read_parquet('{file}')
    WHERE ordered_at < TIMESTAMP '{as_of}' + INTERVAL 1 DAY AND customer_id IS NOT NULL
    GROUP BY customer_id),
everyone AS (
    SELECT min(recency_days) AS r0, max(recency_days) AS r1, min(frequency) AS f0, max(frequency) AS f1,
           min(monetary) AS m0, max(monetary) AS m1,
           quantile_cont(frequency, [0.333333333333, 0.666666666667]) AS fq,
           quantile_cont(monetary, [0.333333333333, 0.666666666667]) AS mq
    FROM summary),
scored AS MATERIALIZED (
    SELECT *, (r1 - recency_days) / (r1 - r0) AS r, (frequency - f0) / (f1 - f0) AS f, (monetary - m0) / (m1 - m0) AS m
    FROM summary CROSS JOIN everyone),
means AS (SELECT avg(r) AS ra, avg(f) AS fa, avg(m) AS ma FROM scored),
judged AS (
    SELECT *, round(.3 * r + .4 * f + .3 * m, 12) AS rfm_score, r >= ra AND frequency > 0 AS hr,
        f >= fa AND frequency > 0 AS hf, m >= ma AND frequency > 0 AS hm
    FROM scored CROSS JOIN means)
SELECT customer_id, recency_days, frequency, monetary, r, f, m, rfm_score,
       CASE WHEN rfm_score >= .8 THEN 'high' WHEN rfm_score >= .5 THEN 'potential' ELSE 'at_risk' END AS value_tier,
       CASE WHEN hr AND hf AND hm THEN 'vip' WHEN hr AND NOT hf AND NOT hm THEN 'new'
            WHEN NOT hr AND NOT hf AND hm THEN 'dormant' ELSE 'regular' END AS grade,
       CASE WHEN hm THEN 'important_' ELSE 'general_' END ||
       CASE WHEN hr AND hf THEN 'value' WHEN hr THEN 'develop' WHEN hf THEN 'keep' ELSE 'win_back' END AS octant,
       CASE WHEN recency_days <= 90 THEN 'active-' WHEN recency_days <= 180 THEN 'silent-' ELSE 'lost-' END ||
       CASE WHEN frequency > fq[2] THEN 'high-' WHEN frequency <= fq[1] THEN 'low-' ELSE 'mid-' END ||
       CASE WHEN monetary > mq[2] THEN 'high' WHEN monetary <= mq[1] THEN 'low' ELSE 'mid' END AS grid_cell
FROM judged
"""


@contestant("rfm", "duckdb")
def rfm_duckdb(file: str) -> Answer:
    import duckdb
    import pyarrow.compute as pc

    sql = RFM_SQL.format(file=file, as_of=AS_OF, start=WINDOW_STARTS)
    return lambda: pc.sum(duckdb.connect().sql(sql).to_arrow_table()["rfm_score"]).as_py()


@contestant("rfm", "polars")
def rfm_polars(file: str) -> Answer:
    import datetime as dt

    import polars as pl

    as_of, start = dt.date.fromisoformat(AS_OF), dt.datetime.fromisoformat(WINDOW_STARTS)

    def share(column: str, *, reverse: bool = False) -> pl.Expr:
        c = pl.col(column)
        whole = c.max() - c.min()
        return (c.max() - c) / whole if reverse else (c - c.min()) / whole

    def work() -> float:
        now = pl.col("ordered_at") >= start
        summary = (
            pl.scan_parquet(file)
            .filter(pl.col("ordered_at") < pl.lit(as_of) + pl.duration(days=1))
            .group_by("customer_id")
            .agg(
                (pl.lit(as_of) - pl.col("ordered_at").max().dt.date()).dt.total_days().alias("recency_days"),
                now.sum().alias("frequency"),
                pl.col("amount").filter(now).sum().alias("monetary"),
            )
            .with_columns(share("recency_days", reverse=True).alias("r"))
            .with_columns(share("frequency").alias("f"), share("monetary").alias("m"))
            .with_columns((0.3 * pl.col("r") + 0.4 * pl.col("f") + 0.3 * pl.col("m")).alias("rfm_score"))
        )
        return float(summary.collect()["rfm_score"].sum())

    return work


@contestant("rfm", "pandas")
def rfm_pandas(file: str) -> Answer:
    import pandas as pd

    def work() -> float:
        orders = pd.read_parquet(file, columns=["customer_id", "ordered_at", "amount"])
        orders = orders[orders["ordered_at"] < pd.Timestamp(AS_OF) + pd.Timedelta(days=1)]
        by = orders.groupby("customer_id", sort=False)
        summary = pd.DataFrame({"last": by["ordered_at"].max()})
        summary["recency_days"] = (pd.Timestamp(AS_OF) - summary["last"].dt.normalize()).dt.days
        window = orders[orders["ordered_at"] >= WINDOW_STARTS].groupby("customer_id", sort=False)["amount"]
        summary["frequency"] = window.size()
        summary["monetary"] = window.sum()
        summary = summary.fillna({"frequency": 0, "monetary": 0.0})
        low, high = summary.min(), summary.max()
        r = (high["recency_days"] - summary["recency_days"]) / (high["recency_days"] - low["recency_days"])
        f = (summary["frequency"] - low["frequency"]) / (high["frequency"] - low["frequency"])
        m = (summary["monetary"] - low["monetary"]) / (high["monetary"] - low["monetary"])
        return float((0.3 * r + 0.4 * f + 0.3 * m).sum())

    return work


@contestant("rfm", "lifetimes")
def rfm_lifetimes(file: str) -> Answer:
    import pandas as pd
    from lifetimes.utils import summary_data_from_transaction_data

    def work() -> float:
        orders = pd.read_parquet(file, columns=["customer_id", "ordered_at", "amount"])
        summary_data_from_transaction_data(
            orders, "customer_id", "ordered_at", "amount", observation_period_end=AS_OF, freq="D"
        )
        return float("nan")  # another definition: repeat purchases

    return work


@contestant("rfm", "pymc-marketing")
def rfm_pymc(file: str) -> Answer:
    import pandas as pd
    from pymc_marketing.clv import rfm_segments, rfm_summary

    def work() -> float:
        orders = pd.read_parquet(file, columns=["customer_id", "ordered_at", "amount"])
        columns = {"customer_id_col": "customer_id", "datetime_col": "ordered_at", "monetary_value_col": "amount"}
        how = {"observation_period_end": AS_OF, "time_unit": "D"}
        rfm_summary(orders, **columns, **how)
        rfm_segments(orders, **columns, **how)
        return float("nan")  # another definition: repeat purchases, quartiles

    return work


@contestant("import-dmy", "zhike")
@contestant("import", "zhike")
def import_zhike(file: str) -> Answer:
    from zhike.importing.importer import Choices, import_file
    from zhike.lake.lake import Lake

    def work() -> float:
        with tempfile.TemporaryDirectory(dir=Path(file).parent) as folder, Lake(folder) as lake:
            result = import_file(lake, Path(file), Choices(table="orders"))
            LAPS.update(result.seconds)
            return float(result.accepted)

    return work


@contestant("import-dmy", "duckdb")
@contestant("import", "duckdb")
def import_duckdb(file: str) -> Answer:
    import duckdb

    def work() -> float:
        with tempfile.TemporaryDirectory(dir=Path(file).parent) as folder:
            con = duckdb.connect()
            con.execute(f"COPY (FROM read_csv('{file}')) TO '{folder}/orders.parquet'")
            return float(con.sql(f"SELECT count(*) FROM '{folder}/orders.parquet'").fetchall()[0][0])

    return work


@contestant("import", "polars")
def import_polars(file: str) -> Answer:
    import polars as pl

    def work() -> float:
        with tempfile.TemporaryDirectory(dir=Path(file).parent) as folder:
            pl.scan_csv(file, try_parse_dates=True).sink_parquet(f"{folder}/orders.parquet")
            return float(pl.scan_parquet(f"{folder}/orders.parquet").select(pl.len()).collect().item())

    return work


@contestant("import", "pandas")
def import_pandas(file: str) -> Answer:
    import pandas as pd

    def work() -> float:
        with tempfile.TemporaryDirectory(dir=Path(file).parent) as folder:
            orders = pd.read_csv(file, parse_dates=["ordered_at"], engine="pyarrow")
            orders.to_parquet(f"{folder}/orders.parquet")
            return float(len(orders))

    return work


@contestant("refresh", "zhike")
def refresh_zhike(file: str) -> Answer:
    """The whole refresh of a lake that holds these orders; putting them there is not timed."""
    import datetime as dt

    import duckdb

    from zhike.lake.batches import REMARKS_SCHEMA, Batch, commit
    from zhike.lake.lake import Lake
    from zhike.pipeline import refresh

    # Removed when the process ends.
    folder = tempfile.TemporaryDirectory(dir=Path(file).parent)
    lake = Lake(folder.name)
    batch = Batch(batch=1, table="orders", source="main", file=file, sha256="", imported_at=dt.datetime(2026, 1, 1))
    with duckdb.connect() as con:
        rows = con.sql(
            f"SELECT * REPLACE (order_id::VARCHAR AS order_id), NULL::VARCHAR AS attributes, 'main' AS source, "
            f"1::BIGINT AS batch, false AS replaces FROM read_parquet('{file}')"
        )
        commit(lake, batch, rows, REMARKS_SCHEMA.empty_table())
    # How much memory its engine may take depends on how much there is.
    lake.close()

    def work() -> float:
        run = refresh(lake, dt.date.fromisoformat(AS_OF))
        LAPS.update(run.seconds)
        lake.close()
        folder.cleanup()
        return float(run.customers)

    return work


# Steps of the job that its own clock tells apart.
LAPS: dict[str, float] = {}


def peak_mb() -> float:
    """Peak resident memory of this process since `forget_peak` and the largest of its children, MB."""
    status = Path("/proc/self/status").read_text().splitlines()
    own = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return max(own, children) / 1024


def forget_peak() -> None:
    """What preparing the work took is not the work's: Linux counts the peak anew."""
    Path("/proc/self/clear_refs").write_text("5")


def main() -> None:
    job, library, file = sys.argv[1:4]
    work = JOBS[job, library](file)
    forget_peak()
    began = time.perf_counter()
    check = work()
    seconds = time.perf_counter() - began
    found: dict[str, Any] = {"seconds": seconds, "peak_mb": peak_mb(), "check": check, "laps": LAPS}
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
