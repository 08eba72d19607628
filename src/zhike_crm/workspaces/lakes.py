"""The lake of a workspace, opened for as long as it is needed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from zhike import history
from zhike.lake.lake import Lake
from zhike_crm.workspaces.models import Workspace


@contextmanager
def lake_of(workspace: Workspace) -> Iterator[Lake]:
    """The facts and scores of a workspace."""
    with Lake(workspace.lake_folder) as lake:
        yield lake


def history_of(workspace: Workspace, run: int) -> history.History | None:
    """What a run of a workspace knows of single customers; None when its lake has no such run."""
    try:
        return history.history_of(str(workspace.lake_folder), run)
    except KeyError:
        return None
