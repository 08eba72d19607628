"""Scores and the word list need nothing heavy: what learning takes is loaded when somebody learns."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import sys
from zhike import satisfaction
satisfaction.SentimentModel().judge(["很好"])
satisfaction.mentions(["delivery"])
print([name for name in ("sklearn", "rjieba", "scipy", "pandas") if name in sys.modules])
"""


def test_nothing_heavy_is_loaded_before_it_is_needed() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
