"""An installation made ready: tables, collected files, the first person."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django

from zhike.errors import EngineError, InputError
from zhike_crm.running.words import _

PACKAGE = Path(__file__).resolve().parent.parent
BUILT = PACKAGE / "ui" / "static" / "vendor" / "icons.svg"
# For tests, and a second way to show the API: no page asks for them.
NOT_SERVED = ["axe.js", "redoc.*"]
# Of PostgreSQL's advisory locks, ours; any number does as long as it stays.
_LOCK = 712_017_850


def start_django() -> None:
    """Read the settings and load the apps; the environment must be complete by now."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zhike_crm.config.settings")
    django.setup()


def prepare() -> None:
    """Make or upgrade tables and collect files. Run again it changes nothing.

    Raises:
        EngineError: style and scripts have not been built.
    """
    from django.core.management import call_command

    if not BUILT.exists():
        raise EngineError(
            _("Style and scripts have not been built."),
            fix=_("Run: make assets, or python -m zhike_crm.ui.assets.build."),
        )
    with _one_at_a_time():
        call_command("migrate", verbosity=0, interactive=False)
        call_command("createcachetable", verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False, ignore_patterns=NOT_SERVED)


def pending() -> list[str]:
    """The migrations that the database still lacks."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _backwards in plan]


def has_people() -> bool:
    from zhike_crm.accounts.models import User

    return User.objects.exists()


def add_owner(email: str, password: str, workspace: str, *, name: str = "", **values: str) -> None:
    """The first person and the workspace they own.

    Raises:
        InputError: the address or the password does not do.
    """
    from django.contrib.auth.password_validation import validate_password
    from django.core.exceptions import ValidationError
    from django.core.validators import validate_email
    from django.db import transaction

    from zhike_crm.accounts.actions import create_workspace
    from zhike_crm.accounts.models import User

    try:
        validate_email(email)
        validate_password(password, User(email=email, name=name))
        with transaction.atomic():
            user = User.objects.create_user(email, password, name=name)
            create_workspace(workspace, by=user, **values)
    except ValidationError as wrong:
        raise InputError("{said}", said=" ".join(wrong.messages)) from wrong


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Several machines may start at once; on PostgreSQL the first one migrates and the others wait."""
    from django.db import connection

    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])
