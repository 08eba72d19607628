"""Where intermediate results are kept: what a model needs of a lake, and no more."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, Protocol

import pyarrow as pa


class Workbench(Protocol):
    """Where intermediate results are kept while somebody works with them: a lake (`zhike.lake`)."""

    def materialised(self, expression: Any, name: str) -> Any:
        """The expression computed once."""

    def temporary(self) -> AbstractContextManager[None]:
        """What is materialised inside is let go of at the end."""

    def small(self, table: pa.Table) -> Any:
        """Rows of ours as a table on the same engine."""

    def stream(self, table: Any) -> AbstractContextManager[pa.RecordBatchReader]:
        """The rows of a table in batches."""
