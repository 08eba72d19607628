"""The lake follows the database: which identities are one customer."""

from __future__ import annotations

from collections import defaultdict

from django.db.models import Count, F, Q

from zhike.lake import identities
from zhike.lake.lake import Lake
from zhike_crm.customers.models import Identity
from zhike_crm.workspaces.models import Workspace


def push_links(workspace: Workspace, lake: Lake) -> int:
    """Link and unlink identities in the lake until it agrees with the database; how many were changed.

    Call it before a refresh, so that its scores are those of the customers as they are merged now. Called twice it
    changes nothing the second time.
    """
    known = identities.links(lake)
    wanted = _wanted(workspace, set(known))
    wrong = {identity for identity, target in wanted.items() if known.get(identity, identity) != target}
    if not wrong:
        return 0
    # Those that lead elsewhere are set free first: what they are linked to may become theirs.
    linked = sorted(identity for identity in wrong if identity in known)
    if linked:
        identities.unlink(lake, linked)
        known = identities.links(lake)
    targets = defaultdict(list)
    for identity, target in sorted(wanted.items()):
        if known.get(identity, identity) != target:
            targets[target].append(identity)
    for target, members in targets.items():
        identities.link(lake, members, target)
    return len(wrong)


def _wanted(workspace: Workspace, linked: set[str]) -> dict[str, str]:
    """identity → the one that stands for its customer; for the identities that share a customer, and the linked ones.

    The one that stands for a customer is the first of its own: it stays the same whatever is merged into it.
    """
    rows = Identity.objects.of(workspace)
    several = rows.values("customer").annotate(n=Count("pk")).filter(n__gt=1).values("customer")
    moved = rows.filter(Q(customer__in=several) | Q(identity__in=linked)).values("customer")
    ours = rows.filter(customer__in=moved).alias(own=Q(customer=F("first_customer"))).order_by("customer", "-own", "pk")
    first: dict[int, str] = {}
    wanted = {}
    for identity, customer in ours.values_list("identity", "customer_id"):
        wanted[identity] = first.setdefault(customer, identity)
    return wanted
