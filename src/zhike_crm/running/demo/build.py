"""The demo: a company's real orders, scored at several past days, with simulated people around them."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import pyarrow as pa
import pyarrow.parquet as pq

from zhike.errors import InputError
from zhike_crm.running import installation
from zhike_crm.running.demo import people, stories
from zhike_crm.running.words import _

EMAIL = "demo@example.com"
PASSWORD = "demo demo demo"  # noqa: S105 - everybody may know it: there is nothing real behind it
# Quarter ends, so that trends and moves can be seen; the last refresh is for the day the data end.
PAST = (dt.date(2011, 3, 31), dt.date(2011, 6, 30), dt.date(2011, 9, 30))
_MARKER = "demo"
_COLLEAGUES = {
    "sales": {"en": "Mei Chen", "zh": "陈梅"},
    "service": {"en": "Tom Baker", "zh": "白小川"},
    "analyst": {"en": "Ana Silva", "zh": "安然"},
}
_NAMES = {"en": "Online Retail (demo)", "zh": "在线零售（演示）"}
CARED_FOR = 100
# Ready rules (`zhike_crm.segments.gallery`) that these data can answer.
SEGMENTS = ("best", "cooling", "once", "frequent")


def example() -> Path:
    """The orders that come with the source code.

    Raises:
        InputError: they are not here.
    """
    file = installation.PACKAGE.parent.parent / "examples" / "online_retail" / "online_retail.parquet"
    if not file.exists():
        raise InputError(_("The example orders are not installed."), fix=_("Name a file of orders with --data."))
    return file


def use_folder(folder: Path) -> None:
    """Let this process and its children work on the demo's own installation, begun anew.

    Raises:
        InputError: the folder holds an installation that is not a demo.
    """
    home = folder.resolve() / "home"
    if home.exists():
        if not (home / _MARKER).exists():
            raise InputError(
                _("{folder} holds something that is not a demo.", folder=home), fix=_("Choose another folder.")
            )
        shutil.rmtree(home)
    home.mkdir(parents=True, mode=0o700)
    (home / _MARKER).touch()
    os.environ["ZHIKE_HOME"] = str(home)
    # Never somebody's real database.
    os.environ.pop("ZHIKE_DATABASE_URL", None)


def build(folder: Path, data: Path, language: str) -> None:
    """Make the installation, the workspace and the reports."""
    installation.start_django()
    _step(_("Preparing {home} …", home=folder / "home"))
    installation.prepare()
    installation.add_owner(
        EMAIL,
        PASSWORD,
        _NAMES[language],
        name={"en": "Demo", "zh": "演示"}[language],
        slug="online-retail",
        currency="GBP",
        time_zone="Europe/London",
        language={"en": "en", "zh": "zh-hans"}[language],
    )
    from zhike_crm.accounts.models import Membership

    owner = Membership.objects.everywhere().select_related("workspace", "user").get(user__email=EMAIL)
    owner.user.language = owner.workspace.language
    owner.user.save(update_fields=["language"])
    _fill_lake(owner.workspace, data, language)
    _take_advice(owner, language)
    _refresh(owner.workspace)
    _step(_("Adding simulated names, colleagues, notes and tasks"))
    _add_people(owner, language)
    _add_segments(owner)
    _add_groups(owner)
    _write_reports(owner.workspace, folder)


def _fill_lake(workspace: Any, data: Path, language: str) -> None:
    from zhike.importing.importer import Choices, import_file
    from zhike_crm.imports.ledger import adopt
    from zhike_crm.workspaces.lakes import lake_of

    with lake_of(workspace) as lake, tempfile.TemporaryDirectory() as aside:
        _step(_("Importing {file}", file=data.name))
        done = import_file(lake, data)
        _step(
            _(
                "{rows} rows: {accepted} accepted, {flagged} flagged, {rejected} rejected",
                rows=f"{done.rows:,}",
                accepted=f"{done.accepted:,}",
                flagged=f"{done.flagged:,}",
                rejected=f"{done.rejected:,}",
            )
        )
        ids = _customers(lake)
        for table, make in (("tickets", stories.tickets), ("feedback", stories.feedback)):
            file = Path(aside, f"simulated_{table}.parquet")
            pq.write_table(make(ids, language), file)
            _step(_("Importing {file}", file=file.name))
            import_file(lake, file, Choices(table=table))
        adopt(workspace, lake)


def _customers(lake: Any) -> list[str]:
    from zhike.lake.facts_view import Facts

    facts = Facts.now(lake)
    tables = [facts.table(name).select("customer_id").distinct() for name in ("orders", "order_lines")]
    ids: set[str] = set()
    for table in tables:
        ids |= set(pa.table(lake.engine.to_pyarrow(table))["customer_id"].to_pylist())
    return sorted(ids - {None})


def _take_advice(owner: Any, language: str) -> None:
    """What somebody would do first: score as the adviser says. A few wholesalers stretch the scale of the default."""
    from zhike.adviser import recommend_rfm
    from zhike.facts.purchases import purchase_summary
    from zhike.lake.facts_view import Facts
    from zhike.pipeline import last_day, orders_as_of
    from zhike_crm.insights.actions import published, put_in_force
    from zhike_crm.workspaces.lakes import lake_of

    settings = published(owner.workspace)
    with lake_of(owner.workspace) as lake:
        facts = Facts.now(lake)
        facts = facts.up_to(last_day(facts))
        summary = purchase_summary(orders_as_of(facts), as_of=facts.as_of, window_days=settings.window_days)
        advice = recommend_rfm(summary, settings.rfm)
    if advice.changes:
        _step(_("Scoring by quantile, as the adviser says"))
        put_in_force(replace(settings, rfm=advice.settings), advice.reason(language), by=owner)


def _refresh(workspace: Any) -> None:
    from zhike_crm.insights.actions import refresh_now, remember_past

    for day in PAST:
        _step(_("Scoring everybody as of {day}", day=day))
        remember_past(workspace, day)
    summary = refresh_now(workspace)
    _step(_("Scored {customers} customers as of {day}", customers=f"{summary.customers:,}", day=summary.as_of))


def _add_people(owner: Any, language: str) -> None:
    from django.db import transaction

    with transaction.atomic():
        colleagues = {role: _colleague(owner, role, names[language]) for role, names in _COLLEAGUES.items()}
        _name_customers(owner.workspace, language)
        _assign(owner, colleagues, language)
        _twins(owner)


def _best_first() -> tuple[Any, str]:
    """Who never bought has no rank, and comes last."""
    from django.db.models import F

    return F("score__rank").asc(nulls_last=True), "pk"


def _colleague(owner: Any, role: str, name: str) -> Any:
    from zhike_crm.accounts.models import Membership, User

    user = User.objects.create_user(f"{role}@example.com", PASSWORD, name=name, language=owner.user.language)
    return Membership.objects.create(workspace=owner.workspace, user=user, role=role)


def _name_customers(workspace: Any, language: str) -> None:
    from zhike_crm.customers.models import Customer

    customers = list(Customer.objects.of(workspace).order_by(*_best_first()))
    made = people.people([customer.name for customer in customers], language)
    for customer in customers:
        person = made[customer.name]
        customer.name, customer.email, customer.phone, customer.simulated = (
            person.name,
            person.email,
            person.phone,
            True,
        )
    Customer.objects.of(workspace).bulk_update(customers, ["name", "email", "phone", "simulated"], batch_size=400)


def _assign(owner: Any, colleagues: dict[str, Any], language: str) -> None:
    """The best customers are somebody's; some have notes and tasks."""
    from django.utils import timezone

    from zhike_crm.customers.actions import create_task, write_note
    from zhike_crm.customers.models import Customer

    best = list(Customer.objects.of(owner.workspace).order_by(*_best_first())[:CARED_FOR])
    ids = [customer.pk for customer in best]
    Customer.objects.of(owner.workspace).filter(pk__in=ids).update(owner=colleagues["sales"])
    mark, today = stories.MARK[language], timezone.localdate()
    for number, text in enumerate(stories.NOTES[language] * 2):
        write_note(best[number * 3], text + mark, colleagues["sales" if number % 2 else "service"])
    for number, (title, days) in enumerate(stories.TASKS[language] * 2):
        whose = owner if number < len(stories.TASKS[language]) else colleagues["sales"]
        due = today + dt.timedelta(days=days)
        create_task(whose, title=title + mark, customer=best[number * 2], due_on=due)


def _twins(owner: Any) -> None:
    """A few customers entered a second time by hand, for the page of duplicates."""
    from zhike_crm.customers.actions import create_customer
    from zhike_crm.customers.models import Customer

    for first in Customer.objects.of(owner.workspace).order_by(*_best_first())[10:60:10]:
        create_customer(owner, name=first.name, email=first.email, country=first.country, simulated=True)


def _add_segments(owner: Any) -> None:
    """Some of the ready rules, as a marketer would begin."""
    from zhike_crm.customers.lists import CustomerList
    from zhike_crm.languages import in_language
    from zhike_crm.segments.actions import create_segment
    from zhike_crm.segments.computing import compute_with_dependents
    from zhike_crm.segments.gallery import recipes
    from zhike_crm.segments.models import Turn

    _step(_("Adding segments"))
    with in_language(owner.user.language):
        ready = {recipe.code: recipe for group in recipes(CustomerList(owner)) for recipe in group.recipes}
        for recipe in (ready[code] for code in SEGMENTS):
            made = create_segment(owner, name=recipe.title, description=recipe.text, tree=recipe.tree)
            compute_with_dependents(made, Turn.Cause.RULE)


def _add_groups(owner: Any) -> None:
    """Groups by value and rhythm, found and kept. The job that looking for them leaves finds nothing more to do."""
    from zhike_crm.customers.lists import CustomerList
    from zhike_crm.languages import in_language
    from zhike_crm.segments.cards import work_out
    from zhike_crm.segments.clustering import find
    from zhike_crm.segments.clustering_actions import keep_groups, look_for_groups
    from zhike_crm.segments.traits import traits_of, usual

    _step(_("Finding groups"))
    with in_language(owner.user.language):
        traits = usual(traits_of(CustomerList(owner)))["value"]
        found = look_for_groups(owner, traits=traits)
        find(found, lambda _step: None)
        work_out(owner.workspace, keep_groups(found, owner))


def _write_reports(workspace: Any, folder: Path) -> None:
    from zhike.lake.runs import latest
    from zhike.report.page import write_report
    from zhike_crm.workspaces.lakes import lake_of

    with lake_of(workspace) as lake:
        for language in ("en", "zh"):
            written = write_report(lake, latest(lake), folder / f"report.{language}.html", language=language)
            _step(_("Report written: {file}", file=Path(written).resolve().as_uri()))


def _step(sentence: str) -> None:
    click.echo("· " + sentence)
