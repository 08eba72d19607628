"""Grouping needs nothing heavy: NumPy does the work."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import sys
import pyarrow as pa
from zhike import segments
table = pa.table({"customer_id": range(40), "visits": [1, 2, 50, 51] * 10})
segments.profile(table, segments.cluster(table))
print([name for name in ("sklearn", "scipy", "numba") if name in sys.modules])
"""


def test_nothing_heavy_is_loaded() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
