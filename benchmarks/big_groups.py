"""Groups among a million customers: `python benchmarks/big_groups.py HOME`.

HOME is an installation whose first workspace has scores, such as `bench-data/home_sqlite_1000000` that `big_lists.py`
leaves behind. Looks for groups, keeps them, follows them as a refresh does, works out their cards; prints the
processor time of each step as Markdown, which docs/measured.md quotes. What it made it takes away again.
"""

from __future__ import annotations

import argparse
import os
import resource
import time
from collections.abc import Callable
from typing import Any


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("home")
    os.environ |= {"ZHIKE_HOME": parser.parse_args().home, "DJANGO_SETTINGS_MODULE": "zhike_crm.config.settings"}
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    print("| step | processor s | seconds | peak MB |\n|---|---:|---:|---:|")
    measure()


def timed(step: str, does: Callable[[], Any]) -> Any:
    began, clock = time.process_time(), time.perf_counter()
    found = does()
    spent, waited = time.process_time() - began, time.perf_counter() - clock
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"| {step} | {spent:.1f} | {waited:.1f} | {peak:,.0f} |", flush=True)
    return found


def measure() -> None:
    from zhike_crm.accounts.models import Membership
    from zhike_crm.segments import clustering_actions as actions
    from zhike_crm.segments.cards import work_out
    from zhike_crm.segments.clustering import find, follow
    from zhike_crm.segments.models import Clustering, Turn
    from zhike_crm.segments.profile import profile
    from zhike_crm.segments.reading import known_shares

    owner = Membership.objects.everywhere().filter(role="owner").select_related("workspace", "user").first()
    timed("what is known of customers, for the form", lambda: known_shares(owner.workspace))
    traits = ["recency_days", "frequency", "average_order_value", "residual_clv"]
    made = actions.look_for_groups(owner, traits=traits)
    actions.job_of(made).delete()
    rows = Clustering.objects.of(owner.workspace).select_related("workspace", "follows", "by__user")
    groups = timed("looking, 2 to 8 groups by four traits", lambda: find(rows.get(pk=made.pk), lambda _step: None))
    timed("profile cards", lambda: work_out(owner.workspace, groups))
    timed("size, money and tiers", lambda: [profile(group) for group in groups])
    timed("keeping", lambda: actions.keep_groups(made, owner))
    timed("following at a refresh", lambda: follow(rows.get(pk=made.pk), Turn.Cause.REFRESH))
    sizes = ", ".join(f"{group.count:,}" for group in rows.get(pk=made.pk).groups.order_by("number"))
    print(f"\n{len(groups)} groups: {sizes} customers.")
    Clustering.objects.of(owner.workspace).filter(pk=made.pk).update(state=Clustering.State.FOUND)
    actions.discard_groups(made, owner)


if __name__ == "__main__":
    main()
