"""What a list of customers says fills custom fields, in bulk: new, changed, taken back, and never over people."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from django.core.exceptions import ValidationError
from django.db import transaction

from zhike.importing.importer import Choices, import_file
from zhike.lake.batches import State, batches
from zhike.lake.batches import undo as take_out
from zhike.lake.facts_view import Facts
from zhike.lake.runs import Run
from zhike.pipeline import refresh
from zhike_crm import bulk
from zhike_crm.accounts.models import Membership
from zhike_crm.customers.actions import RECORD_TYPE, change_customer
from zhike_crm.customers.merging import merge, unmerge
from zhike_crm.customers.models import Customer, Identity
from zhike_crm.customers.sync import copy_run
from zhike_crm.customers.told_fields import retell_fields
from zhike_crm.fields.actions import archive_field, bring_back_field, change_field, define_field, more_options
from zhike_crm.fields.models import TEXT_AT_MOST, FieldDefinition, FieldValue
from zhike_crm.fields.values import definitions, values_of
from zhike_crm.workspaces.lakes import lake_of
from zhike_crm.workspaces.models import Workspace

ORDERS = "customer_id,order_id,ordered_at,amount\n" + "".join(
    f"c{n % 3},{n},2025-0{1 + n % 6}-1{n % 9},{10 + n}\n" for n in range(24)
)
PEOPLE = """customer_id,name,education,Age band,Kids,Since,Loyal
c0,Ada,PhD,45-54,2,2020-01-31,Y
c1,Bo,Master,65+,0,2021-02-28,N
c2,Cy,,Under 18,,n/a,
"""
FIELDS = {
    "education": "choice",
    "attributes.Age band": "choice",
    "attributes.Kids": "number",
    "attributes.Since": "date",
    "attributes.Loyal": "yesno",
}
ADA = {"education": "phd", "age_band": "45_54", "kids": 2.0, "since": dt.date(2020, 1, 31), "loyal": True}


class Company:
    """Imports texts as tables, undoes them, has them read, and says what custom fields hold.

    Reading is what a refresh does with the list of customers, without computing scores for two seconds before it.
    """

    def __init__(self, workspace: Workspace, folder: Path) -> None:
        self.workspace, self.folder = workspace, folder

    def tell(self, text: str, table: str = "customers") -> int:
        file = self.folder / f"{table}.csv"
        file.write_text(text, encoding="utf-8")
        with lake_of(self.workspace) as lake:
            import_file(lake, file, Choices(table=table, source="shop"))
        return self.read()

    def undo_last(self) -> int:
        with lake_of(self.workspace) as lake:
            take_out(lake, max(b.batch for b in batches(lake) if b.state is State.COMMITTED))
        return self.read()

    def read(self, as_of: dt.date = dt.date(2025, 12, 1)) -> int:
        with lake_of(self.workspace) as lake, duckdb.connect() as con, transaction.atomic():
            run = Run(1, as_of, dt.datetime(2025, 12, 1), 3, "duckdb", "", Facts.now(lake).inputs, {})
            con.register("known", bulk.read(Identity, ["identity", "customer_id"], self.workspace.pk))
            con.execute("CREATE TABLE added (identity VARCHAR, id BIGINT)")
            return retell_fields(con, self.workspace, lake, run)

    def refresh(self, day: int) -> None:
        with lake_of(self.workspace) as lake:
            copy_run(self.workspace, lake, refresh(lake, dt.date(2025, 12, day)))

    def know(self, *numbers: str) -> None:
        for number in numbers:
            one = Customer.objects.create(workspace=self.workspace, name=number)
            known = {"customer": one, "first_customer": one, "identity": f"shop:{number}"}
            Identity.objects.create(workspace=self.workspace, **known)

    def customer(self, number: str) -> Customer:
        return Customer.objects.of(self.workspace).get(identities__identity=f"shop:{number}")

    def values(self, number: str) -> dict[str, Any]:
        pk = self.customer(number).pk
        return values_of(definitions(self.workspace, RECORD_TYPE), [pk]).get(pk, {})


@pytest.fixture
def fields(member: Callable[..., Membership]) -> dict[str, FieldDefinition]:
    made = {}
    for column, kind in FIELDS.items():
        label = column.removeprefix("attributes.").capitalize()
        made[label] = define_field(member("owner"), record_type=RECORD_TYPE, label=label, kind=kind, told_by=[column])
    return made


@pytest.fixture
def company(workspace: Workspace, tmp_path: Path, fields: Any) -> Company:
    made = Company(workspace, tmp_path)
    made.know("c0", "c1", "c2", "c9")
    made.tell(PEOPLE)
    return made


def test_every_kind_arrives_as_what_it_is(company: Company, fields: dict[str, FieldDefinition]) -> None:
    assert company.values("c0") == ADA
    assert company.values("c1") == ADA | {
        "education": "master", "age_band": "65", "kids": 0.0, "since": dt.date(2021, 2, 28), "loyal": False
    }  # fmt: skip
    assert company.values("c2") == {"age_band": "under_18"}
    field = fields["Age band"]
    field.refresh_from_db()
    assert [option["label"] for option in field.options] == ["Under 18", "45-54", "65+"]


def test_a_later_list_changes_adds_and_takes_back_and_undoing_it_is_as_before(company: Company) -> None:
    before = {number: company.values(number) for number in ("c0", "c1", "c2")}
    company.tell("customer_id,Age band,Kids\nc0,55-64,\nc2,19-24,3\nc9,19-24,1\n")
    assert company.values("c0") == {name: v for name, v in ADA.items() if name != "kids"} | {"age_band": "55_64"}
    assert company.values("c2") == {"age_band": "19_24", "kids": 3.0}
    assert company.values("c9") == {"age_band": "19_24", "kids": 1.0}
    company.undo_last()
    assert {number: company.values(number) for number in before} == before
    company.undo_last()
    assert company.values("c0") == company.values("c1") == {}
    assert not FieldValue.objects.of(company.workspace).exists()


def test_what_people_typed_or_emptied_wins(company: Company, member: Any) -> None:
    by = member("sales")
    change_customer(company.customer("c0"), by, custom={"kids": 7, "loyal": None})
    company.tell(PEOPLE.replace("45-54,2", "55-64,5"))
    assert company.values("c0") == {n: v for n, v in ADA.items() if n != "loyal"} | {"kids": 7.0, "age_band": "55_64"}
    company.undo_last()
    company.undo_last()
    assert company.values("c0") == {"kids": 7.0}


def test_new_customers_get_their_values_although_the_list_is_old(
    workspace: Workspace, tmp_path: Path, fields: dict[str, FieldDefinition]
) -> None:
    company = Company(workspace, tmp_path)
    with lake_of(workspace) as lake:
        for table, text in (("orders", ORDERS), ("customers", PEOPLE + "c8,Di,,,4,,\n")):
            file = tmp_path / f"{table}.csv"
            file.write_text(text.replace("Since", "joined_at").replace("c8,Di,,,4,,", "c8,Di,,,4,2025-12-10,"))
            import_file(lake, file, Choices(table=table, source="shop"))
    company.refresh(1)
    assert company.values("c1")["kids"] == 0.0
    # A customer of tomorrow is no customer yet; the list is the same when they are.
    assert not Customer.objects.of(workspace).filter(identities__identity="shop:c8").exists()
    company.refresh(20)
    assert company.values("c8") == {"kids": 4.0}
    assert company.values("c0")["kids"] == 2.0


def test_without_news_nothing_is_read(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any) -> None:
        raise AssertionError("read again")

    monkeypatch.setattr("zhike_crm.customers.told_fields._take_list", never)
    assert company.read() == 0
    assert company.values("c0") == ADA


def test_an_archived_field_is_left_alone_and_reads_everything_when_it_is_back(
    company: Company, fields: dict[str, FieldDefinition], member: Any
) -> None:
    by = member("owner")
    archive_field(fields["Kids"], by)
    company.tell("customer_id,Kids\nc0,6\n")
    bring_back_field(fields["Kids"], by)
    company.read()
    assert company.values("c0")["kids"] == 6.0


def test_what_an_archived_field_was_told_goes_with_its_list(
    company: Company, fields: dict[str, FieldDefinition], member: Any
) -> None:
    by = member("owner")
    change_customer(company.customer("c1"), by, custom={"kids": 7})
    for field in fields.values():
        archive_field(field, by)
    stored = FieldValue.objects.of(company.workspace)
    before = stored.count()
    assert company.read() == 0
    assert stored.count() == before
    company.undo_last()
    assert list(stored.values_list("number", flat=True)) == [7.0]
    company.tell(PEOPLE)
    bring_back_field(fields["Kids"], by)
    company.read()
    assert [company.values(number).get("kids") for number in ("c0", "c1")] == [2.0, 7.0]


def test_a_renamed_option_goes_on_taking_what_files_say(
    company: Company, fields: dict[str, FieldDefinition], member: Any
) -> None:
    field = fields["Age band"]
    field.refresh_from_db()
    renamed = [(o["code"], "Seniors" if o["label"] == "65+" else o["label"]) for o in field.options]
    change_field(field, member("owner"), label=field.label, options=renamed)
    company.tell("customer_id,Age band\nc0,65+\nc2,35-44\n")
    field.refresh_from_db()
    assert sorted(option["label"] for option in field.options) == ["35-44", "45-54", "Seniors", "Under 18"]
    assert company.values("c0")["age_band"] == company.values("c1")["age_band"] == "65"


def test_more_choices_than_a_field_can_have(workspace: Workspace, tmp_path: Path, member: Any) -> None:
    field = define_field(member("owner"), record_type=RECORD_TYPE, label="职业", kind="choice", told_by=["occupation"])
    company = Company(workspace, tmp_path)
    company.know(*(f"c{n}" for n in range(300)), "c900")
    rows = "".join(f"c{n},职业{n % 250}\n" for n in range(300)) + "c900,职业249\n"
    company.tell("customer_id,occupation\n" + rows)
    field.refresh_from_db()
    assert len(field.options) == len({option["code"] for option in field.options}) == 200
    assert company.values("c900")


def test_merged_customers_have_what_either_is_told_and_part_with_their_own(company: Company, member: Any) -> None:
    by = member("owner")
    kept, merged = company.customer("c2"), company.customer("c1")
    done = merge(kept, merged, by)
    company.tell(PEOPLE.replace("Under 18", "19-24"))
    assert company.values("c1")["kids"] == 0.0
    unmerge(done, by)
    company.read()
    assert company.values("c1") == ADA | {
        "education": "master", "age_band": "65", "kids": 0.0, "since": dt.date(2021, 2, 28), "loyal": False
    }  # fmt: skip


def test_another_company_is_not_touched(company: Company, other_workspace: Workspace, tmp_path: Path) -> None:
    theirs = FieldDefinition.objects.create(
        workspace=other_workspace, record_type=RECORD_TYPE, name="kids", label="Kids", kind="number",
        told_by=["attributes.Kids"],
    )  # fmt: skip
    company.tell(PEOPLE.replace("45-54,2", "45-54,3"))
    theirs.refresh_from_db()
    assert theirs.told_version is None
    assert not FieldValue.objects.of(other_workspace).exists()
    (tmp_path / "theirs").mkdir()
    other = Company(other_workspace, tmp_path / "theirs")
    other.know("c0")
    other.tell("customer_id,Kids\nc0,9\n")
    assert other.values("c0") == {"kids": 9.0}
    assert company.values("c0")["kids"] == 3.0


def test_a_chinese_field_is_named_after_its_column(member: Any) -> None:
    field = define_field(
        member("owner"), record_type=RECORD_TYPE, label="学历", kind="text", told_by=["attributes.Edu Level"]
    )
    assert field.name == "edu_level"


@pytest.fixture
def told(workspace: Workspace, tmp_path: Path, member: Callable[..., Membership]) -> Callable[..., list[Any]]:
    """What three customers have in a field of a kind, of a file that says this of them."""

    def made(kind: str, *says: str) -> list[Any]:
        define_field(member("owner"), record_type=RECORD_TYPE, label="It", kind=kind, told_by=["attributes.It"])
        company = Company(workspace, tmp_path)
        numbers = [f"c{place}" for place, _ in enumerate(says)]
        company.know(*numbers)
        rows = (f'{number},"{said}"' for number, said in zip(numbers, says, strict=True))
        company.tell("\n".join(["customer_id,It", *rows, ""]))
        return [company.values(number).get("it") for number in numbers]

    return made


def test_a_long_text_is_cut_to_what_an_index_takes(told: Callable[..., list[Any]]) -> None:
    dice = random.Random(1)
    # At random, or PostgreSQL packs them small enough; the longest characters take four bytes.
    longest = "".join(chr(dice.randrange(0x20000, 0x2A6DF)) for _ in range(2 * TEXT_AT_MOST))
    blank = "x" * (TEXT_AT_MOST - 1)
    assert told("text", longest, f"{blank}  more", "short") == [longest[:TEXT_AT_MOST], blank, "short"]


def test_a_typed_text_is_not_longer_either(workspace: Workspace, member: Callable[..., Membership]) -> None:
    by = member("owner")
    define_field(by, record_type=RECORD_TYPE, label="Said", kind="text")
    one = Customer.objects.create(workspace=workspace, name="Ada")
    dice = random.Random(1)
    longest = "".join(chr(dice.randrange(0x20000, 0x2A6DF)) for _ in range(TEXT_AT_MOST))
    change_customer(one, by, custom={"said": longest})
    with pytest.raises(ValidationError):
        change_customer(one, by, custom={"said": longest + "x"})


def test_a_year_nought_is_no_day(told: Callable[..., list[Any]]) -> None:
    assert told("date", "0000-05-01", "00.00.0000", "2020-01-01") == [None, None, dt.date(2020, 1, 1)]


@pytest.mark.parametrize("blank", ["\t", "\n", "\u3000", "\u00a0", "\u2028"])
def test_blanks_of_all_kinds_around_a_choice(told: Callable[..., list[Any]], blank: str) -> None:
    assert told("choice", f"Gold{blank}", "Gold", f"{blank}Silver", blank) == ["gold", "gold", "silver", None]


def test_only_blanks_are_no_choice(told: Callable[..., list[Any]]) -> None:
    assert told("choice", "\t", "\n", "\u3000") == [None, None, None]


def test_a_label_cut_at_a_blank(told: Callable[..., list[Any]]) -> None:
    start = "x" * 79
    assert told("choice", f"{start} and more", f"{start}\tor less", start) == [f"{'x' * 40}"] * 3


def test_labels_of_blanks_make_no_options(fields: dict[str, FieldDefinition]) -> None:
    field = fields["Age band"]
    assert more_options(field, ["", " \t", "\u3000"]) == {}
    assert more_options(field, [" 65+ ", "65+", ""]) == {"65+": "65"}
