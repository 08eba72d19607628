"""Every address × every role × a foreign workspace, from the URL table itself.

A new address is tested the moment it exists; one that needs a record must say here which, or the test fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.crm.access.conftest import everything
from tests.crm.access.samples import SAMPLES, Samples
from zhike_crm.accounts.access import Role, can
from zhike_crm.accounts.models import Membership
from zhike_crm.accounts.pages import needed
from zhike_crm.workspaces.models import Workspace

# Addresses outside any workspace: of allauth (its own tests), and of people who are signed in or not.
OUTSIDE = {"home", "workspaces", "new_workspace", "profile", "set_language", "join", "manifest", "healthz", "readyz"}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def patterns(resolver: Any = None, inside: bool = False) -> Iterator[tuple[URLPattern, bool]]:
    """(address, whether it belongs to a workspace)."""
    for entry in (resolver or get_resolver()).url_patterns:
        here = inside or "<str:workspace>" in str(entry.pattern)
        if isinstance(entry, URLResolver):
            if not str(entry.pattern).startswith(("accounts/", "api/")):
                yield from patterns(entry, here)
        else:
            yield entry, here


PAGES = sorted({p.name: p for p, inside in patterns() if inside}.values(), key=lambda p: p.name)


def address(page: URLPattern, workspace: Workspace, samples: Samples) -> str:
    wanted = set(page.pattern.converters) - {"workspace"}
    assert not wanted or page.name in SAMPLES, f"tests/crm/access/samples.py does not know a record for {page.name}"
    return reverse(page.name, args=[workspace.slug, *(SAMPLES[page.name](samples) if wanted else [])])


def test_every_page_goes_through_the_one_door() -> None:
    nameless = [str(p.pattern) for p, _inside in patterns() if not p.name]
    assert not nameless
    outside = {p.name for p, inside in patterns() if not inside}
    assert outside <= OUTSIDE, "an address outside a workspace: say here why"
    assert [p.name for p in PAGES if not hasattr(p.callback, "permissions")] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_strangers_learn_nothing_and_change_nothing(
    page: URLPattern, workspace: Workspace, samples: Samples, foreign: Samples
) -> None:
    where = address(page, workspace, samples)
    stranger, nobody = Client(), Client()
    stranger.force_login(foreign.owner.user)
    before = everything()
    for method in METHODS:
        assert stranger.generic(method, where).status_code in (404, 405), method
        assert nobody.generic(method, where).status_code in (302, 405), method
    assert everything() == before


@pytest.mark.parametrize("page", [p for p in PAGES if set(p.pattern.converters) - {"workspace"}], ids=lambda p: p.name)
def test_records_of_another_workspace_do_not_exist(
    page: URLPattern, workspace: Workspace, samples: Samples, foreign: Samples, client_as: Callable[..., Client]
) -> None:
    wrong = reverse(page.name, args=[workspace.slug, *SAMPLES[page.name](foreign)])
    client = client_as("owner")
    before = everything()
    for method in page.callback.methods:
        assert client.generic(method, wrong).status_code == 404, method
    assert everything() == before


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_a_role_gets_in_exactly_when_it_may(
    page: URLPattern,
    workspace: Workspace,
    samples: Samples,
    client_as: Callable[..., Client],
    member: Callable[..., Membership],
) -> None:
    where = address(page, workspace, samples)
    asked = [(role, method) for role in Role.values for method in page.callback.methods]
    denied = [(role, method) for role, method in asked if not may(page, method, member(role))]
    before = everything()
    for role, method in denied:
        assert client_as(role).generic(method, where).status_code == 403, (role, method)
    assert everything() == before
    for role, method in asked:
        if method == "GET" and (role, method) not in denied:
            assert client_as(role).get(where).status_code in (200, 302), role


@pytest.mark.parametrize("page", [p for p in PAGES if "GET" not in p.callback.methods], ids=lambda p: p.name)
def test_nothing_changes_by_looking(
    page: URLPattern, workspace: Workspace, samples: Samples, client_as: Callable[..., Client]
) -> None:
    assert client_as("owner").get(address(page, workspace, samples)).status_code == 405


def may(page: URLPattern, method: str, member: Membership) -> bool:
    return all(can(member, permission) for permission in needed(page.callback, method))
