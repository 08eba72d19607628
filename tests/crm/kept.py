"""Rows that many tests look at, made once: tests that change them find them unchanged again."""

from __future__ import annotations

import itertools
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest
from django.db import transaction

from zhike_crm.accounts.actions import create_workspace
from zhike_crm.accounts.models import User
from zhike_crm.ui.fragments import FRAGMENTS
from zhike_crm.workspaces.models import Workspace

_NUMBERS = itertools.count(1)
Made = TypeVar("Made")


@contextmanager
def kept_rows(django_db_blocker: Any, make: Callable[[], Made]) -> Iterator[Made]:
    """What `make` wrote is in the database until the end; what each test writes meanwhile is undone after it.

    For fixtures of a module, or of a folder none of whose tests commits. All of it is one transaction, and each test's
    own is one inside that; so no test among them may commit (`transaction=True`) or ask another connection.
    """
    with django_db_blocker.unblock():
        around = transaction.atomic()
        around.__enter__()
        made = make()
    try:
        yield made
    finally:
        with django_db_blocker.unblock():
            transaction.set_rollback(True)
            around.__exit__(None, None, None)


@dataclass(frozen=True)
class Company:
    """A workspace that was filled once. `files` is a copy of its folder as it was then."""

    workspace: int
    owner: int
    files: Path

    def take(self) -> None:
        """For one test: as `workspace` would be, had it been filled for this test alone.

        Its folder gets another name each time, and what was drawn is forgotten: the rows have the same ids again.
        """
        User.objects.filter(pk=self.owner).update(email="owner@example.com")
        Workspace.objects.filter(pk=self.workspace).update(slug="shop", key=uuid.uuid4())
        shutil.copytree(self.files, Workspace.objects.get(pk=self.workspace).folder)
        FRAGMENTS.clear()


@contextmanager
def kept_company(django_db_blocker: Any, files: Path, fill: Callable[[Workspace], object]) -> Iterator[Company]:
    """A company for fixtures of a module that are called `kept_…`.

    A test whose fixtures need one has it as its `workspace`. Several can be kept at once: each has a name of its own
    until a test takes it.
    """

    def make() -> Company:
        name = f"kept-{next(_NUMBERS)}"
        owner = User.objects.create_user(f"{name}@example.com", name="Olive Owner")
        workspace = create_workspace("Shop", by=owner, slug=name)
        with pytest.MonkeyPatch.context() as patched:
            patched.setenv("ZHIKE_LANG", "en")
            fill(workspace)
        shutil.move(workspace.folder, files)
        return Company(workspace.pk, owner.pk, files)

    with kept_rows(django_db_blocker, make) as made:
        yield made
