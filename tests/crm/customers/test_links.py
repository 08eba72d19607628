"""The identities of the lake follow the merges of the database."""

from __future__ import annotations

from collections.abc import Callable

from zhike.lake.identities import links
from zhike_crm.accounts.models import Membership
from zhike_crm.customers.actions import create_customer
from zhike_crm.customers.links import push_links
from zhike_crm.customers.merging import merge, unmerge
from zhike_crm.workspaces.lakes import lake_of
from zhike_crm.workspaces.models import Workspace


def test_the_lake_follows_merges_and_unmerges(member: Callable[..., Membership], workspace: Workspace) -> None:
    by = member("manager")
    a, b, c = (create_customer(by, name=name) for name in "abc")
    ids = {customer.name: customer.identities.get().identity for customer in (a, b, c)}
    with lake_of(workspace) as lake:
        assert push_links(workspace, lake) == 0
        first = merge(b, c, by)
        push_links(workspace, lake)
        assert links(lake) == {ids["c"]: ids["b"]}
        second = merge(a, b, by)
        push_links(workspace, lake)
        assert links(lake) == {ids["b"]: ids["a"], ids["c"]: ids["a"]}
        assert push_links(workspace, lake) == 0
        unmerge(first, by)
        push_links(workspace, lake)
        assert links(lake) == {ids["b"]: ids["a"]}
        unmerge(second, by)
        push_links(workspace, lake)
        assert links(lake) == {}
        merge(c, a, by)
        push_links(workspace, lake)
        assert links(lake) == {ids["a"]: ids["c"]}
