"""Take pictures of the product's main pages: python docs/make_pictures.py FOLDER [--only home rfm] [--docs]

Builds the demo in each language (in FOLDER/en and FOLDER/zh, where they are kept for the next time), serves it, and
writes FOLDER/<page>.<language>.<look>.png for wide screens, phones and the dark. `--docs` also renews docs/images.
Needs `make assets`, the extra "dev" and Debian's chromium.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

HERE = Path(__file__).parent
ROOT = HERE.parent
PAGES = {
    "home": "",
    "customers": "customers/",
    "portrait": "customers/",  # its first line
    "rfm": "rfm/",
    "lifecycle": "lifecycle/",
    "value": "value/",
    "churn": "churn/",
    "retention": "retention/",
    "satisfaction": "satisfaction/",
    "health": "health/",
    "segments": "segments/",
    "segment": "segments/",  # its first line
    "import": "imports/",  # its last line
    "quality": "data-quality/",
    "duplicates": "duplicates/",
    "tasks": "tasks/",
    "board": "tasks/board?all=1",
    "members": "members/",
}
FOLLOWED = {name: f".list-record >> nth={nth}" for name, nth in (("portrait", 0), ("segment", 0), ("import", -1))}
_WIDE = {"viewport": {"width": 1360, "height": 850}, "color_scheme": "light"}
_PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True, "color_scheme": "light"}
LOOKS: dict[str, dict[str, Any]] = {
    "wide": _WIDE,
    "phone": _PHONE,
    "dark": {**_WIDE, "color_scheme": "dark"},
    "phone-dark": {**_PHONE, "color_scheme": "dark"},
}
# What is shown in the README: page, language, look.
SHOWN = (
    ("home", "en", "wide"),
    ("portrait", "en", "wide"),
    ("portrait", "zh", "wide"),
    ("rfm", "en", "dark"),
    ("customers", "en", "phone"),
)


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("folder", type=Path)
    asked.add_argument("--only", nargs="*", default=list(PAGES), choices=PAGES, metavar="PAGE")
    asked.add_argument("--languages", nargs="*", default=["en", "zh"], choices=["en", "zh"])
    asked.add_argument("--looks", nargs="*", default=list(LOOKS), choices=LOOKS)
    asked.add_argument("--docs", action="store_true", help="renew the pictures in docs/images")
    given = asked.parse_args()
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("Chromium is missing: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for language in given.languages:
            with served(given.folder.resolve() / language, language) as url:
                for look in given.looks:
                    for name in given.only:
                        take(browser, url, name, look, given.folder / f"{name}.{language}.{look}.png")
                for name, shown_in, look in SHOWN if given.docs else ():
                    if shown_in == language:
                        file = HERE / "images" / f"product-{name}.{language}.png"
                        take(browser, url, name, look, file, whole=False)
    return 0


@contextlib.contextmanager
def served(folder: Path, language: str) -> Iterator[str]:
    """The demo in a language, running; its address."""
    environment = {**os.environ, "ZHIKE_LANG": language}
    zhike = [sys.executable, "-m", "zhike.cli.main"]
    if not (folder / "home" / "demo").exists():
        subprocess.run([*zhike, "demo", str(folder), "--language", language, "--no-serve"], env=environment, check=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment |= {"ZHIKE_HOME": str(folder / "home"), "ZHIKE_URL": f"http://127.0.0.1:{port}"}
    subprocess.run([*zhike, "init", "--no-input"], env=environment, check=True, stdout=subprocess.DEVNULL)
    server = subprocess.Popen([*zhike, "serve", "--port", str(port), "--processes", "1"], env=environment)
    try:
        for _try in range(300):
            with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5):
                break
            time.sleep(0.1)
        yield environment["ZHIKE_URL"]
    finally:
        server.terminate()
        server.wait(40)


_SESSIONS: dict[str, Any] = {}


def take(browser: Browser, url: str, name: str, look: str, file: Path, *, whole: bool = True) -> None:
    """One picture; of the whole page, or of what fits on the screen."""
    if url not in _SESSIONS:
        _SESSIONS[url] = signed_in(browser, url)
    context = browser.new_context(storage_state=_SESSIONS[url], reduced_motion="reduce", **LOOKS[look])
    page = context.new_page()
    answer = page.goto(f"{url}/w/online-retail/{PAGES[name]}")
    if name in FOLLOWED:
        answer = page.goto(url + (page.locator(FOLLOWED[name]).get_attribute("href") or ""))
    if answer is None or not answer.ok:
        sys.exit(f"{page.url} is no page to take a picture of.")
    settle(page)
    page.screenshot(path=file, full_page=whole)
    context.close()


def settle(page: Page) -> None:
    """Until nothing is fetched any more and the charts stand."""
    page.wait_for_load_state("networkidle")
    for chart in page.locator("[data-chart]").all():
        chart.locator("svg").first.wait_for(state="attached")


def signed_in(browser: Browser, url: str) -> Any:
    from zhike_crm.running.demo.build import EMAIL, PASSWORD

    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{url}/accounts/login/")
    page.locator("input[name=login]").fill(EMAIL)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("input[name=password]").press("Enter")
    page.wait_for_url("**/w/**")
    state = context.storage_state()
    context.close()
    return state


if __name__ == "__main__":
    sys.exit(main())
