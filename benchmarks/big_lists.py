"""A million customers in the database: `python benchmarks/big_lists.py [--customers N] [--databases sqlite …]`.

For each database, in a process and a home of its own under bench-data/: copies the scores of a run into the database
(the first time, and again as a refresh does once the customers are known), then asks for portraits and for pages of the
list of customers (`list_questions.py`), each as often as --rounds says. A million customers take 8 GB of disk and, for
the lake, the first time, some minutes. PostgreSQL runs on this machine, with its own settings.

What it prints is Markdown; docs/measured.md quotes it.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "bench-data"
STEPS = ("_take", "_add_customers", "_choose_scores", "columns_of", "_replace_scores")
SLOWEST = 15


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--databases", nargs="+", choices=("sqlite", "postgresql"), default=["sqlite", "postgresql"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.measure:
        measure(asked.measure, asked.customers, asked.rounds)
        return
    for database in asked.databases:
        with server(database) as url:
            home = DATA / f"home_{database}_{asked.customers}"
            shutil.rmtree(home, ignore_errors=True)
            environment = os.environ | {"ZHIKE_HOME": str(home), "DJANGO_SETTINGS_MODULE": "zhike_crm.config.settings"}
            environment |= {"ZHIKE_DATABASE_URL": url} if url else {}
            command = [sys.executable, __file__, "--measure", database, "--customers", str(asked.customers)]
            subprocess.run([*command, "--rounds", str(asked.rounds)], env=environment, check=True)


@contextmanager
def server(database: str) -> Iterator[str]:
    """The address of an empty database; of none for SQLite. An address in the environment is used as it is."""
    if database == "sqlite":
        yield ""
    elif given := os.environ.get("ZHIKE_DATABASE_URL"):
        yield given
    else:
        sys.path.insert(0, str(ROOT))
        from tests.postgres import running_postgres

        with running_postgres({}) as running:
            yield running.create_database("big")


def measure(database: str, customers: int, rounds: int) -> None:
    import django

    django.setup()
    from big_workspace import fill, lake_folder, workspace
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    place, member = workspace(lake_folder(DATA, customers))
    say(f"\n### {customers:,} customers on {database}\n")
    copies(place, fill)
    portraits(place, member)
    lists(place, member, rounds)


# -- the copy ----------------------------------------------------------------------------------------------------------
def copies(place: Any, fill: Callable[[Any], None]) -> None:
    from zhike_crm.customers import sync

    taken: dict[str, list[float]] = {}
    for name in STEPS:
        setattr(sync, name, _timed(getattr(sync, name), name, taken))
    say("| copy | seconds | of processor | " + " | ".join(STEPS) + " |\n|---|---:|---:|" + "---:|" * len(STEPS))
    for which in ("first", "again"):
        taken.clear()
        begun, used = time.perf_counter(), time.process_time()
        _copy(place)
        whole = (time.perf_counter() - begun, time.process_time() - used)
        cells = [*whole, *(sum(taken.get(name, [])) for name in STEPS)]
        say(f"| {which} | " + " | ".join(f"{seconds:.1f}" for seconds in cells) + " |")
        fill(place)


def _copy(place: Any) -> None:
    from zhike.lake.runs import latest
    from zhike_crm.customers import sync
    from zhike_crm.workspaces.lakes import lake_of

    with lake_of(place) as lake:
        sync.copy_run(place, lake, latest(lake))


def _timed(step: Callable[..., Any], name: str, taken: dict[str, list[float]]) -> Callable[..., Any]:
    def timed(*values: Any, **named: Any) -> Any:
        begun = time.perf_counter()
        try:
            return step(*values, **named)
        finally:
            taken.setdefault(name, []).append(time.perf_counter() - begun)

    return timed


# -- what people ask ---------------------------------------------------------------------------------------------------
def portraits(place: Any, member: Any) -> None:
    from zhike_crm.customers.models import Customer
    from zhike_crm.customers.portrait import read_portrait

    ids = list(Customer.objects.of(place).filter(score__orders__gt=0).order_by("pk").values_list("pk", flat=True))
    random.seed(4)
    taken = []
    for pk in random.sample(ids, 41):
        begun = time.perf_counter()
        customer = Customer.objects.of(place).select_related("score").get(pk=pk)
        read_portrait(member, customer)
        taken.append(1000 * (time.perf_counter() - begun))
    say(f"\nportrait: first {taken[0]:.0f} ms, then {spread(taken[1:])}")


def lists(place: Any, member: Any, rounds: int) -> None:
    from django.utils import timezone
    from list_questions import questions

    from zhike_crm.customers.lists import CustomerList
    from zhike_crm.segments.models import Segment

    segments = dict(Segment.objects.of(place).values_list("name", "pk"))
    asked = list(questions(CustomerList(member), segments))
    today = timezone.localdate()
    taken: dict[str, list[float]] = {name: [] for name, _ in asked}
    totals: dict[str, str] = {}
    processor: list[float] = []
    for _ in range(rounds):
        for name, question in asked:
            begun, used = time.perf_counter(), time.process_time()
            page = CustomerList(member).page(question, today)
            taken[name].append(1000 * (time.perf_counter() - begun))
            processor.append(1000 * (time.process_time() - used))
            totals[name] = f"{page.total:,}{'+' if page.more else ''}"
    medians = {name: statistics.median(times) for name, times in taken.items()}
    say(f"\nlists, {len(asked)} questions, median of {rounds} each: {spread(list(medians.values()))}")
    say(f"all {len(asked) * rounds} answers: {spread([one for times in taken.values() for one in times])}")
    say(f"processor time of this process, all answers: {spread(processor)}")
    say("\n| slowest | ms | matches |\n|---|---:|---:|")
    for name in sorted(medians, key=medians.__getitem__, reverse=True)[:SLOWEST]:
        say(f"| {name} | {medians[name]:.0f} | {totals[name]} |")


def spread(taken: list[float]) -> str:
    taken = sorted(taken)
    return f"median {statistics.median(taken):.0f}, p95 {taken[int(0.95 * len(taken))]:.0f}, most {taken[-1]:.0f} ms"


def say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    main()
