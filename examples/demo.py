"""`make demo`: a company's real orders from file to scored, explained customers, and a report to open."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ZHIKE = [sys.executable, "-m", "zhike.cli.main"]
# Quarter ends, so that the report can show who moved; the last one is the day the data end.
DAYS = ("2011-03-31", "2011-06-30", "2011-09-30", "2011-12-09")


def zhike(*arguments: str) -> None:
    """Run one command the way a reader of the README would."""
    print("\n$ zhike " + " ".join(arguments), flush=True)
    subprocess.run([*ZHIKE, *arguments], check=True)


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "demo")
    lake = folder / "lake"
    shutil.rmtree(lake, ignore_errors=True)
    folder.mkdir(exist_ok=True)
    os.environ["ZHIKE_LAKE"] = str(lake)
    zhike("import", str(HERE / "online_retail" / "online_retail.parquet"), "--yes")
    for day in DAYS:
        zhike("refresh", "--as-of", day)
    zhike("customers", "top", "-n", "5")
    zhike("customers", "show", "12748")
    reports = [folder / f"report.{language}.html" for language in ("en", "zh")]
    for report, language in zip(reports, ("en", "zh"), strict=True):
        zhike("report", "--language", language, "--out", str(report))
    print("\nOpen the report in a browser:")
    for report in reports:
        print("  " + report.resolve().as_uri())


if __name__ == "__main__":
    main()
