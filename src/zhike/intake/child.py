"""The program a child process runs: one module of the library, without the library's public face.

`import zhike` loads every model and Ibis with them. A child that reads a file needs none of it, and a person who has
dropped a file waits for the child: it starts in half the time.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from types import ModuleType

if __name__ == "__main__":
    bare = ModuleType("zhike")
    bare.__path__ = [str(Path(__file__).resolve().parent.parent)]
    sys.modules["zhike"] = bare
    runpy.run_module(sys.argv[1], run_name="__main__", alter_sys=True)
