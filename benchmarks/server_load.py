"""The server under load: `python benchmarks/server_load.py [--minutes 10] [--rate 300] [--pages 20]`.

`zhike serve` runs on a copy of a demo workspace. At the same time, on this machine: programs that read and write
through the API (80/20) at a steady rate, people who look at pages, and a worker that imports a file of orders again
and again and takes it back. A request counts from the moment it was due, so a server that cannot follow shows it.

What it prints is Markdown; docs/measured.md quotes it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import random
import re
import shutil
import signal
import tempfile
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from load_client import Connection
from load_server import begin, free_port, memory, processor_seconds

ROOT = Path(__file__).resolve().parent.parent
IMPORTED = 100_000
WARM = 5.0


@dataclass
class Found:
    """What came of one kind of request."""

    seconds: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=lambda: defaultdict(int))

    def note(self, seconds: float, status: int) -> None:
        self.seconds.append(seconds)
        self.statuses[status] += 1


Ask = Callable[[Connection, random.Random], Awaitable[tuple[str, int]]]


class Load:
    """What is asked, and what came of it."""

    def __init__(self, port: int, known: dict[str, Any]) -> None:
        self.port, self.known = port, known
        self.found: dict[str, Found] = defaultdict(Found)
        self.imports = 0
        self.used: tuple[float, ...] = (0.0, 0.0)
        self.begun = time.perf_counter()

    async def program(self, token: str, connection: Connection, chance: random.Random) -> tuple[str, int]:
        """A request to the API: four reads for each write."""
        customer = chance.choice(self.known["customers"])
        if chance.random() < 0.8:
            path = chance.choices(
                ["/customers?limit=50", "/customers?limit=50&sort=-revenue", f"/customers/{customer}", "/tasks"],
                [4, 1, 4, 1],
            )[0]
            status, _body = await connection.ask("GET", f"/api/v1{path}", f"Authorization: Bearer {token}\r\n")
            return f"GET {re.sub('[0-9]+$', '{id}', path) if '?' not in path else path}", status
        path, said = chance.choices(
            [
                ("/track", {"userId": str(customer), "event": "Page viewed", "properties": {"path": "/shop"}}),
                ("/identify", {"userId": str(customer), "traits": {"plan": chance.choice("abc")}}),
                (f"/customers/{customer}/notes", {"text": "Asked about the delivery."}),
            ],
            [6, 2, 2],
        )[0]
        said |= {} if "text" in said else {"messageId": f"{chance.getrandbits(64):x}"}
        headers = f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\n"
        status, _body = await connection.ask("POST", f"/api/v1{path}", headers, json.dumps(said).encode())
        return f"POST {re.sub('[0-9]+', '{id}', path)}", status

    async def person(self, connection: Connection, chance: random.Random) -> tuple[str, int]:
        """A page: the list, a portrait, home."""
        customer = chance.choice(self.known["customers"])
        path = chance.choices(["customers/", f"customers/{customer}/", ""], [4, 4, 2])[0]
        cookie = f"Cookie: sessionid={self.known['session']}\r\n"
        status, _body = await connection.ask("GET", f"/w/{self.known['slug']}/{path}", cookie)
        name = {"customers/": "list", "": "home"}.get(path, "portrait")
        return f"page: {name}", status

    async def steadily(self, ask: Ask, rate: float, seed: int, until: float) -> None:
        """One client: a request every 1/rate seconds, later ones later when the server is slow."""
        connection, chance = Connection(self.port), random.Random(seed)
        due = time.perf_counter() + chance.random() / rate
        while due < until:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            name, status = await ask(connection, chance)
            if due > self.begun:
                self.found[name].note(time.perf_counter() - due, status)
            due += 1 / rate
            if time.perf_counter() > until + 10:
                break
        connection.close()

    async def importing(self, file: Path, until: float) -> None:
        """A file in, looked into, checked, imported, taken back; and again."""
        connection, secret = Connection(self.port), self.known["tokens"][0]
        headers = f"Authorization: Bearer {secret}\r\n"
        edge = "----load"
        body = (
            f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="orders.csv"\r\n'
            "Content-Type: text/csv\r\n\r\n"
        ).encode()
        body += file.read_bytes() + f"\r\n--{edge}--\r\n".encode()

        async def step(method: str, path: str, more: str = "", sent: bytes = b"") -> dict[str, Any]:
            status, said = await connection.ask(method, f"/api/v1{path}", headers + more, sent)
            self.found["import: its requests"].note(0.0, status)
            return dict(json.loads(said)) if said and status < 500 else {}

        plain = "Content-Type: application/json\r\n"
        while time.perf_counter() < until:
            made = await step("POST", "/imports", f"Content-Type: multipart/form-data; boundary={edge}\r\n", body)
            for state, following in (("found", "check"), ("checked", "run"), ("imported", "undo"), ("undone", "")):
                while made.get("state") != state and time.perf_counter() < until:
                    await asyncio.sleep(0.5)
                    made = await step("GET", f"/imports/{made.get('id')}")
                    if made.get("problem"):
                        raise SystemExit(f"The import failed: {made['problem']}")
                if time.perf_counter() >= until:
                    return
                self.imports += state == "imported"
                if following:
                    made = await step("POST", f"/imports/{made['id']}/{following}", plain, b"{}")
        connection.close()


def write_orders(file: Path) -> None:
    rows = (f"L{n},load{n % 5000},2011-{n % 9 + 1:02}-{n % 28 + 1:02},{n % 97}.5\n" for n in range(IMPORTED))
    file.write_text("order_id,customer_id,ordered_at,amount\n" + "".join(rows))


async def run(load: Load, asked: argparse.Namespace, server: psutil.Process, file: Path) -> list[float]:
    """Let everybody go; the memory at the beginning, in the middle and at the end."""
    load.begun = time.perf_counter() + WARM
    until = load.begun + asked.seconds
    clients = [
        load.steadily(lambda c, r, t=token: load.program(t, c, r), asked.rate / len(load.known["tokens"]), n, until)
        for n, token in enumerate(load.known["tokens"])
        if asked.rate
    ]
    clients += [
        load.steadily(load.person, asked.pages / asked.people, 1000 + n, until)
        for n in range(asked.people)
        if asked.pages
    ]
    if not asked.no_import:
        clients.append(load.importing(file, until))
    everybody = asyncio.gather(*clients)
    seen = []
    await asyncio.sleep(max(0.0, load.begun - time.perf_counter()))
    before = processor_seconds(server)
    for share in (0.0, 0.5, 1.0):
        await asyncio.sleep(max(0.0, load.begun + share * (asked.seconds - 1) - time.perf_counter()))
        seen.append(memory(server))
    load.used = tuple(now - then for now, then in zip(processor_seconds(server), before, strict=True))
    await everybody
    return seen


def report(load: Load, asked: argparse.Namespace, seen: list[float], log: str) -> int:
    """Print what was found; the number of answers that must not be."""
    names = sorted(name for name in load.found if not name.startswith("import"))
    groups = {
        "**API, all**": [n for n in names if not n.startswith("page")],
        "**pages, all**": [n for n in names if n.startswith("page")],
    } | {name: [name] for name in names}
    print(f"\n{asked.seconds:.0f} s, {os.cpu_count()} cores, Python {platform.python_version()}. Asked for: ", end="")
    print(f"{asked.rate:.0f} API requests/s, {asked.pages:.0f} pages/s. Meanwhile {load.imports} imports of ", end="")
    print(f"{IMPORTED:,} orders.\n\n| | per second | p50 ms | p95 ms | p99 ms | worst ms |")
    print("|---|---:|---:|---:|---:|---:|")
    for name, members in groups.items():
        times = sorted(second for member in members for second in load.found[member].seconds)
        if times:
            points = [1000 * times[min(len(times) - 1, int(len(times) * share))] for share in (0.5, 0.95, 0.99, 1.0)]
            print(f"| {name} | {len(times) / asked.seconds:.1f} | " + " | ".join(f"{p:.0f}" for p in points) + " |")
    statuses: dict[int, int] = defaultdict(int)
    for one in load.found.values():
        for status, count in one.statuses.items():
            statuses[status] += count
    bad = sum(count for status, count in statuses.items() if status >= 500 or status == 0)
    counted = ", ".join(f"{status or 'broken'}: {count:,}" for status, count in sorted(statuses.items()))
    print(f"\nAnswers: {counted}.")
    print(f'5xx and broken: {bad}. "database is locked" in the log: {log.count("database is locked")}.')
    print(f"Processor time: web {load.used[0]:.1f} s, workers {max(0.0, load.used[1]):.1f} s.")
    print(f"Memory of all processes: {' → '.join(f'{mb:,.0f}' for mb in seen)} MB.")
    return bad


async def ready(load: Load) -> None:
    """Wait until the server answers, and every process of it has answered every kind of question once."""
    for _attempt in range(120):
        if (await Connection(load.port).ask("GET", "/readyz", ""))[0] == 200:
            break
        await asyncio.sleep(0.5)
    else:
        raise SystemExit("The server does not answer.")
    for seed in range(30):
        chance, token = random.Random(seed), load.known["tokens"][0]
        asked = [load.program(token, Connection(load.port), chance), load.person(Connection(load.port), chance)]
        await asyncio.gather(*asked)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--rate", type=float, default=300.0, help="API requests a second, of all clients together")
    parser.add_argument("--clients", type=int, default=16, help="programs, each with a token of its own")
    parser.add_argument("--pages", type=float, default=20.0, help="pages a second")
    parser.add_argument("--people", type=int, default=8)
    parser.add_argument("--no-import", action="store_true")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--home", type=Path, default=ROOT / "demo" / "home", help="a demo workspace; it is copied")
    asked = parser.parse_args()
    asked.seconds = asked.minutes * 60
    if not (asked.home / "zhike.sqlite3").exists():
        raise SystemExit(f"There is no demo workspace in {asked.home}. Run: make demo DEMO_SERVE=0")
    with tempfile.TemporaryDirectory(prefix="zhike-load-") as folder:
        home, written = Path(folder, "home"), Path(folder, "server.log")
        shutil.copytree(asked.home, home)
        write_orders(Path(folder, "orders.csv"))
        port = free_port()
        with written.open("wb") as log:
            server, known = begin(home, asked, port, log)
            try:
                load = Load(port, known)
                asyncio.run(ready(load))
                seen = asyncio.run(run(load, asked, psutil.Process(server.pid), Path(folder, "orders.csv")))
            finally:
                server.send_signal(signal.SIGTERM)
                server.wait(60)
        bad = report(load, asked, seen, written.read_text(errors="replace"))
        if bad:
            print("\nThe end of the log:\n" + written.read_text(errors="replace")[-3000:])
    raise SystemExit(1 if bad else 0)


if __name__ == "__main__":
    main()
