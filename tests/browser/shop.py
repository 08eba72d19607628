"""Makes the installation that the browser looks at: python -m tests.browser.shop (in the ZHIKE_HOME given).

Real orders of a few customers, scored at three days, and one record of everything that an address can name. It runs
in a process of its own, so that the tests share nothing with the server but the addresses it writes to `pages.json`.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from zhike_crm.running import installation

EMAIL = "owner@example.com"
COLLEAGUE = "colleague@example.com"
PASSWORD = "correct horse battery"
ORDERS = Path(__file__).parent.parent.parent / "examples" / "online_retail" / "online_retail.parquet"
PAST = ("2011-06-30", "2011-09-30")
# Pages outside any workspace that need to be signed in, and those that need not to be.
OUTSIDE = ("workspaces", "new_workspace", "profile")
SIGNED_OUT = ("account_login", "account_signup", "account_reset_password", "account_reset_password_done")
PEOPLE = ("account_email", "account_change_password", "account_logout", "mfa_index", "mfa_list_webauthn")
TICKETS = """ticket_id,customer_id,opened_at,subject
1,{0},2011-11-02,Late parcel
2,{0},2011-11-20,Broken cup
3,,not a day,
"""


def main() -> None:
    installation.start_django()
    installation.prepare()
    installation.add_owner(EMAIL, PASSWORD, "Corner shop", name="Olive Owner", slug="shop", currency="GBP")
    from zhike_crm.accounts.models import Membership

    owner = Membership.objects.everywhere().select_related("workspace", "user").get(user__email=EMAIL)
    home = Path(os.environ["ZHIKE_HOME"])
    _orders(home / "orders.csv", "customer_id % 37 = 1")
    _fill_lake(owner.workspace, home / "orders.csv")
    _people(owner)
    _import(owner)
    (home / "pages.json").write_text(json.dumps(_pages(owner)))


def _orders(file: Path, which: str) -> None:
    """Some customers' lines of the example, under the headings of the original."""
    duckdb.execute(
        f"COPY (SELECT * FROM '{ORDERS}' WHERE {which.replace('customer_id', 'CustomerID::BIGINT')}) TO '{file}'"
    )


def _fill_lake(workspace: Any, file: Path) -> None:
    import datetime as dt

    from zhike.importing.importer import Choices, import_file
    from zhike_crm.insights.actions import refresh_now, remember_past
    from zhike_crm.running.demo import stories
    from zhike_crm.workspaces.lakes import lake_of

    buyers = duckdb.execute(f"SELECT DISTINCT CustomerID::BIGINT::VARCHAR FROM '{file}' ORDER BY 1").fetchall()
    answers = file.with_name("answers.parquet")
    pq.write_table(stories.feedback([buyer for (buyer,) in buyers], "en"), answers)
    with lake_of(workspace) as lake:
        import_file(lake, file)
        import_file(lake, answers, Choices(table="feedback"))
    for day in PAST:
        remember_past(workspace, dt.date.fromisoformat(day))
    refresh_now(workspace)


def _people(owner: Any) -> None:
    """Names for the numbers, among them what a spreadsheet would run and a page must not."""
    from zhike_crm.accounts.models import Membership, User
    from zhike_crm.customers.actions import change_customer, create_customer, create_task, write_note
    from zhike_crm.customers.models import Customer
    from zhike_crm.running.demo.people import people

    customers = list(Customer.objects.of(owner.workspace).order_by("-score__revenue", "pk"))
    for customer in customers:
        person = people([customer.name], "en")[customer.name]
        customer.name, customer.email, customer.phone = f"{person.name} {customer.pk}", person.email, person.phone
    Customer.objects.of(owner.workspace).bulk_update(customers, ["name", "email", "phone"])
    colleague = User.objects.create_user(COLLEAGUE, PASSWORD, name="Cleo Colleague")
    Membership.objects.create(workspace=owner.workspace, user=colleague, role="manager")
    best = customers[0]
    change_customer(best, owner, name="李伟 Li Wei", city="上海", kind=Customer.Kind.COMPANY)
    write_note(best, "Prefers to be called in the morning", owner)
    create_task(owner, title="Call about the spring catalogue", customer=best)
    create_customer(owner, name="=HYPERLINK(1)", email="formula@example.com")
    create_customer(owner, name="<script>alert(1)</script> & sons " + "long" * 20)
    for name in ("Ada Twin", "Ada Twine"):
        create_customer(owner, name=name, email="ada@example.com", country="United Kingdom")


def _import(owner: Any) -> None:
    """One that has been checked and waits for its start; the others are made by the tests."""
    from django.core.files.uploadedfile import SimpleUploadedFile

    from zhike_crm.customers.models import Identity
    from zhike_crm.imports import actions
    from zhike_crm.imports.models import Import
    from zhike_crm.jobs.worker import Worker

    known = Identity.objects.of(owner.workspace).order_by("pk").first().identity
    made = actions.upload(SimpleUploadedFile("tickets.csv", TICKETS.format(known).encode()), by=owner)
    Worker().work_once()
    made = Import.objects.of(owner.workspace).get(pk=made.pk)
    actions.choose_columns(made, made.inspection["mapping"]["columns"], by=owner)
    Worker().work_once()


def _pages(owner: Any) -> dict[str, list[str]]:
    """Every address that can be looked at, from the URL table itself."""
    from django.urls import reverse

    from tests.crm.access.samples import sample
    from tests.crm.access.test_urls import PAGES, address
    from zhike_crm.customers.models import Customer
    from zhike_crm.imports.models import Import

    slug, records = owner.workspace.slug, sample(owner.workspace, owner)
    looked_at = [page for page in PAGES if "GET" in page.callback.methods]
    inside = [address(page, owner.workspace, records) for page in looked_at]
    best = Customer.objects.of(owner.workspace).order_by("-score__revenue", "pk").first()
    inside.append(reverse("customer", args=[slug, best.pk]))
    inside += [reverse("import", args=[slug, one.pk]) for one in Import.objects.of(owner.workspace).order_by("pk")]
    inside += [reverse("rfm", args=[slug]) + "?take=advice", reverse("customer_list", args=[slug]) + "?q=nobody-at-all"]
    return {
        "inside": sorted({*inside, *map(reverse, (*OUTSIDE, *PEOPLE)), "/w/nowhere/", "/accounts/2fa/totp/activate/"}),
        "signed_out": [*map(reverse, SIGNED_OUT), "/join/nothing"],
    }


if __name__ == "__main__":
    main()
