"""What tests of the product share: an installation in a temporary folder, workspaces, people of every role.

The database is SQLite unless ZHIKE_DATABASE_URL names another one; `make test` runs these tests on both, but those
that never open a database and those that are marked `one_database` on SQLite only.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Before Django reads its settings.
os.environ["ZHIKE_HOME"] = tempfile.mkdtemp(prefix="zhike-test-")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zhike_crm.config.settings")

import django
import pytest
from django.test import Client

django.setup()

from tests.crm.kept import Company
from zhike_crm.accounts.access import Role
from zhike_crm.accounts.actions import create_workspace
from zhike_crm.accounts.models import Membership, User
from zhike_crm.workspaces.models import Workspace

PASSWORD = "correct horse battery"
HERE = Path(__file__).parent
# Who opens a database has one of these, by itself or by way of another fixture.
DATABASE = {"db", "transactional_db", "django_db_setup"}


def pytest_configure(config: pytest.Config) -> None:
    """Leave the settings to each worker of xdist, or all of them would share one home.

    They inherit what is set above, and pytest-django would load the settings by it before this file is read there.
    """
    if config.getoption("numprocesses", None) and not hasattr(config, "workerinput"):
        del os.environ["DJANGO_SETTINGS_MODULE"]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL, leave out what has been tested on SQLite and would be the same again."""
    if "ZHIKE_DATABASE_URL" not in os.environ:
        return
    the_same = [item for item in items if item.path.is_relative_to(HERE) and not _asks_a_database(item)]
    items[:] = [item for item in items if item not in the_same]
    config.hook.pytest_deselected(items=the_same)


def _asks_a_database(item: pytest.Item) -> bool:
    opened = DATABASE.intersection(getattr(item, "fixturenames", ())) or item.get_closest_marker("django_db")
    return bool(opened) and item.get_closest_marker("one_database") is None


@pytest.fixture(autouse=True)
def _plain_static_files(settings: Any) -> None:
    """Tests need no collected files and no list of them, and hash passwords cheaply."""
    storage = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = settings.STORAGES | {"staticfiles": storage}
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    # Looked up when asked for; to list all of them takes every test client longer than its first requests.
    settings.WHITENOISE_AUTOREFRESH = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


@pytest.fixture
def _kept(request: pytest.FixtureRequest) -> Company | None:
    """The company that was filled once for several tests, of which this is one (see `kept_company`)."""
    names = [name for name in request.fixturenames if name.startswith("kept_")]
    return request.getfixturevalue(names[0]) if names else None


@pytest.fixture
def owner(db: None, _kept: Company | None) -> User:
    if _kept is not None:
        _kept.take()
        return User.objects.get(pk=_kept.owner)
    return User.objects.create_user("owner@example.com", PASSWORD, name="Olive Owner")


@pytest.fixture
def workspace(owner: User, _kept: Company | None) -> Workspace:
    if _kept is not None:
        return Workspace.objects.get(pk=_kept.workspace)
    return create_workspace("Shop", by=owner, slug="shop")


@pytest.fixture
def other_workspace(db: None) -> Workspace:
    """A company that has nothing to do with the first one."""
    stranger = User.objects.create_user("stranger@example.com", PASSWORD, name="Sid Stranger")
    return create_workspace("Elsewhere", by=stranger, slug="elsewhere")


@pytest.fixture
def member(workspace: Workspace) -> Callable[..., Membership]:
    """member("sales") is somebody of that role; the same person when asked again."""

    def of_role(role: str, **values: Any) -> Membership:
        user, _made = User.objects.get_or_create(email=f"{role}@example.com", defaults={"name": role.title()})
        if role == Role.OWNER:
            return Membership.objects.of(workspace).select_related("workspace", "user").get(role=Role.OWNER)
        found, _new = Membership.objects.get_or_create(
            workspace=workspace, user=user, defaults={"role": role, **values}
        )
        return Membership.objects.of(workspace).select_related("workspace", "user").get(pk=found.pk)

    return of_role


@pytest.fixture
def client_as(member: Callable[..., Membership]) -> Callable[..., Client]:
    """client_as("viewer") is a browser in which somebody of that role is signed in."""

    def signed_in(role: str, **values: Any) -> Client:
        client = Client()
        client.force_login(member(role, **values).user)
        return client

    return signed_in
