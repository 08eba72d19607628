"""`zhike bench`: how fast the whole job runs on this machine, from a CSV file to scored customers."""

from __future__ import annotations

import resource
import tempfile
from pathlib import Path
from time import perf_counter

import click
import duckdb

from zhike.cli import output
from zhike.cli.options import json_option
from zhike.importing.importer import Choices, import_file
from zhike.lake.lake import Lake
from zhike.language import _
from zhike.pipeline import refresh

# Ten orders each over two years, the same on every machine.
_ORDERS = """
SELECT 'C' || (hash(i) % {customers}) AS customer_id, i AS order_id,
       TIMESTAMP '2024-01-01' + to_seconds((hash(i * 7 + 1) % 63072000)::BIGINT) AS ordered_at,
       round(exp(((hash(i * 3 + 5) % 10000) / 10000.0) * 5) + 1, 2) AS amount
FROM range({orders}) t(i)
"""


@click.command(help=_("Make orders, import and score them in a temporary lake; print seconds and memory."))
@click.option("--orders", default=1_000_000, show_default=True, type=click.IntRange(100, 1_000_000_000))
@json_option
def bench(orders: int, as_machine: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "orders.csv")
        select = _ORDERS.format(orders=orders, customers=max(orders // 10, 1))
        duckdb.connect().execute(f"COPY ({select}) TO '{file}'")
        with Lake(Path(folder, "lake")) as lake:
            began = perf_counter()
            imported = import_file(lake, file, Choices(table="orders"))
            run = refresh(lake)
            whole = perf_counter() - began
    seconds = {f"import: {name}": s for name, s in imported.seconds.items()}
    seconds |= {f"refresh: {name}": s for name, s in run.seconds.items()}
    usage = [resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    if as_machine:
        output.as_json({"orders": orders, "seconds": seconds | {"all": round(whole, 4)}, "peak_mb": max(usage)})
        return
    rows = [(name, s) for name, s in seconds.items()]
    output.table([_("Step"), _("Seconds")], [*rows, (_("all"), whole)])
    output.say(_("{orders} orders; peak memory {megabytes} MB.", orders=f"{orders:,}", megabytes=f"{max(usage):,.0f}"))
