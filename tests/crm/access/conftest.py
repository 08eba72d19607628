"""One record of everything in a workspace, the same in a foreign one, people of every role: made once for a module."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client

from tests.crm.access.samples import Samples, sample
from tests.crm.kept import kept_rows
from zhike_crm.accounts.access import Role
from zhike_crm.accounts.actions import create_workspace
from zhike_crm.accounts.models import Membership, User
from zhike_crm.workspaces.models import Workspace


@dataclass
class Companies:
    samples: Samples
    foreign: Samples
    clients: dict[str, Client]


def _company(name: str) -> Workspace:
    return create_workspace(name, by=User.objects.create_user(f"{name}@example.com", name=name), slug=name)


def _companies() -> Companies:
    ours, theirs = _company("shop"), _company("elsewhere")
    clients = {}
    for role in Role.values:
        if role != Role.OWNER:
            person = User.objects.create_user(f"{role}@example.com", name=role)
            Membership.objects.create(workspace=ours, user=person, role=role)
        clients[role] = Client()
        clients[role].force_login(_member(ours, role).user)
    return Companies(sample(ours, _member(ours, "owner")), sample(theirs, _member(theirs, "owner")), clients)


def _member(workspace: Workspace, role: str) -> Membership:
    return Membership.objects.of(workspace).select_related("workspace", "user").get(role=role)


@pytest.fixture(scope="module")
def companies(django_db_setup: None, django_db_blocker: Any) -> Iterator[Companies]:
    with kept_rows(django_db_blocker, _companies) as made:
        yield made


@pytest.fixture
def samples(companies: Companies, db: None) -> Samples:
    return copy.deepcopy(companies.samples)


@pytest.fixture
def foreign(companies: Companies, db: None) -> Samples:
    return copy.deepcopy(companies.foreign)


@pytest.fixture
def workspace(samples: Samples) -> Workspace:
    return samples.owner.workspace


@pytest.fixture
def member(workspace: Workspace) -> Callable[..., Membership]:
    """member("sales", sees="own") is the one of that role, who sees that much."""

    def of_role(role: str, **values: Any) -> Membership:
        found = _member(workspace, role)
        for name, value in values.items():
            setattr(found, name, value)
        found.save(update_fields=values)
        return found

    return of_role


@pytest.fixture
def client_as(companies: Companies, db: None) -> Callable[[str], Client]:
    """client_as("viewer") is a browser in which somebody of that role is signed in."""
    return companies.clients.__getitem__


def everything() -> dict[str, list[Any]]:
    """All rows of all our tables, but those of users: signing in notes the time there."""
    ours = [m for m in apps.get_models() if m.__module__.startswith("zhike_crm.") and m is not User]
    found = {}
    with connection.cursor() as cursor:
        for model in ours:
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(model._meta.db_table)}")
            found[model._meta.label] = sorted(map(repr, cursor.fetchall()))
    return found
