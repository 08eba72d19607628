"""The facts as one run reads them: taken once, and the same whatever is imported, undone or linked meanwhile."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from zhike.lake.batches import Batch, batches_at
from zhike.lake.identities import TABLE as LINKS
from zhike.lake.identities import links
from zhike.lake.lake import Lake
from zhike.lake.runs import Run
from zhike.lake.snapshot import empty, snapshot, versions
from zhike.schema import CONTRACTS


@dataclass(frozen=True)
class Facts:
    """Every fact table at one version, its customers read through one set of links, up to one day.

    Args:
        versions: table → Delta version; a table that is not in it is empty.
        links: identity → customer it belongs to.
        links_version: of the table of links these come from; 0: there was none.
        as_of: the last day that counts; None: everything.
    """

    lake: Lake
    versions: Mapping[str, int]
    links: Mapping[str, str]
    links_version: int = 0
    as_of: dt.date | None = None

    @classmethod
    def now(cls, lake: Lake) -> Facts:
        """What the lake holds at this moment."""
        return cls(lake, versions(lake), *_links(lake, lake.version(LINKS)))

    @classmethod
    def of(cls, lake: Lake, run: Run) -> Facts:
        """What a run read."""
        read = {name: version for name, version in run.inputs.items() if name in CONTRACTS}
        return cls(lake, read, *_links(lake, run.inputs[LINKS]), run.as_of)

    def up_to(self, day: dt.date) -> Facts:
        """The same without what happened after the end of a day."""
        return replace(self, as_of=day)

    @property
    def inputs(self) -> dict[str, Any]:
        """What `Run.inputs` keeps of this; `Facts.of` makes the same facts of it again."""
        return dict(self.versions) | {LINKS: self.links_version}

    def table(self, name: str) -> Any:
        """The rows of a table, on the lake's engine."""
        if name not in self.versions:
            return empty(self.lake, name)
        return snapshot(self.lake, name, as_of=self.as_of, version=self.versions[name], known_links=self.links)

    def customer(self, identity: str) -> str:
        """Whom an identity belongs to."""
        return self.links.get(identity, identity)

    def imports(self) -> list[Batch]:
        """The imports these facts came with, oldest first; among them those undone by then."""
        return batches_at(self.lake, self.versions)


def _links(lake: Lake, version: int | None) -> tuple[dict[str, str], int]:
    # The first version of a table has no rows.
    return (links(lake, version), version) if version else ({}, 0)
