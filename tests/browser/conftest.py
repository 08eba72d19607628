"""A real server with a small shop, and a real browser in front of it; both are started once.

Nothing of Django runs in this process: the shop is made by `tests.browser.shop` and served by `zhike serve`, as people
do it. The browser lives no longer than this folder's tests: while it does, an event loop runs in the process, and
Django refuses its database to whoever comes next.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.axe import WIDE, Axe
from zhike_crm.running.installation import BUILT

EMAIL, PASSWORD = "owner@example.com", "correct horse battery"
PATIENCE = 120_000


@dataclass(frozen=True)
class Shop:
    """The server: where it listens, where it keeps everything, and what can be looked at."""

    url: str
    home: Path
    pages: dict[str, list[str]]

    @property
    def inside(self) -> str:
        return f"{self.url}/w/shop/"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Says once what is missing, instead of failing everywhere."""
    missing = "" if _chromium() else "needs Chromium: apt-get install chromium"
    missing = missing or ("" if BUILT.exists() else "needs style and scripts: make assets")
    for item in items:
        if missing and item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.skip(reason=missing))


@pytest.fixture(scope="package")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    home = tmp_path_factory.mktemp("browser")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    mine = {"ZHIKE_HOME": str(home), "ZHIKE_URL": url, "DJANGO_SETTINGS_MODULE": "zhike_crm.config.settings"}
    others = {name: value for name, value in os.environ.items() if not name.startswith("ZHIKE_")}
    environment = others | mine
    subprocess.run([sys.executable, "-m", "tests.browser.shop"], env=environment, check=True)
    serve = [sys.executable, "-m", "zhike.cli.main", "serve", "--port", str(port), "--processes", "1"]
    with (home / "server.log").open("wb") as log:
        server = subprocess.Popen(serve, env=environment, stdout=log, stderr=log)
        try:
            _wait_for(f"{url}/readyz", server)
            yield Shop(url, home, json.loads((home / "pages.json").read_text()))
        finally:
            server.terminate()
            server.wait(40)
    assert "Traceback" not in (home / "server.log").read_text()


def _wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and server.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    pytest.fail("the server did not start")


def _chromium() -> str | None:
    return shutil.which("chromium")


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=_chromium(), args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture(scope="package")
def session(shop: Shop, browser: Browser) -> dict[str, Any]:
    """The cookies of somebody who has signed in."""
    context = browser.new_context(locale="en-GB", viewport=WIDE)
    sign_in(context.new_page(), shop)
    cookies: dict[str, Any] = context.storage_state()
    context.close()
    return cookies


def sign_in(page: Page, shop: Shop, password: str = PASSWORD, *, email: str = EMAIL) -> None:
    page.goto(f"{shop.url}/accounts/login/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").first.click()


@pytest.fixture
def new_page(shop: Shop, browser: Browser, session: dict[str, Any]) -> Iterator[Callable[..., Page]]:
    """new_page(viewport=PHONE) is a fresh page of somebody signed in; it fails on any error a script throws."""
    opened: list[BrowserContext] = []
    errors: list[str] = []

    def make(signed_in: bool = True, **options: Any) -> Page:
        values = {"locale": "en-GB", "viewport": WIDE, "reduced_motion": "reduce"} | options
        context = browser.new_context(storage_state=session if signed_in else None, **values)
        context.set_default_timeout(PATIENCE)
        opened.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(f"{page.url}: {error}"))
        # What the content security policy forbids is only written to the console.
        page.on("console", lambda said: errors.append(said.text) if "Content Security" in said.text else None)
        return page

    expect.set_options(timeout=PATIENCE)
    yield make
    for context in opened:
        context.close()
    assert errors == []


@pytest.fixture
def page(new_page: Callable[..., Page]) -> Page:
    return new_page()


@pytest.fixture(scope="package")
def axe() -> Axe:
    return Axe()
