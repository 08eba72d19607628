"""Changing how customers are scored: preview changes nothing, publishing and going back are kept and audited."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from zhike.settings import Settings
from zhike_crm.audit.models import AuditEntry
from zhike_crm.insights.actions import publish, published, schedule_refresh, scheduled
from zhike_crm.insights.forms import LifecycleForm, RfmForm, ValueForm
from zhike_crm.insights.history import differences
from zhike_crm.insights.models import PublishedSettings, RunSummary
from zhike_crm.insights.schedule import ScheduleForm, in_words
from zhike_crm.jobs.models import Job
from zhike_crm.workspaces.models import Workspace

Signed = Callable[..., Client]

RESTORE = "/w/shop/insights/settings/restore"

RFM = {"mode": "quantile", "weight_r": "0.2", "weight_f": "0.5", "weight_m": "0.3", "high": "0.7", "potential": "0.4"}
LIFECYCLE = {"slow_after": "0.3", "churn_after": "0.5", "settled_after": "4", "rise": "1.25", "fall": "0.5"}
VALUE = {
    "margin": "35",
    "lifespan_years": "",
    "cost_per_ticket": "2.5",
    "horizon_days": "365",
    "discount_rate": "8",
    "window_days": "180",
}


@pytest.mark.parametrize(("page", "values"), [("rfm", RFM), ("lifecycle", LIFECYCLE)])
def test_preview_changes_nothing(summary: RunSummary, client_as: Signed, page: str, values: dict[str, str]) -> None:
    answer = client_as("analyst").post(f"/w/shop/{page}/preview", values)
    assert answer.status_code == 200
    assert answer.context["preview"]["moved"] > 0
    assert answer.context["preview"]["everyone"] == summary.figures["headline"]["customers"]
    assert not PublishedSettings.objects.of(summary.workspace_id).exists()
    assert not Job.objects.of(summary.workspace_id).exists()


def test_preview_says_what_is_wrong(summary: RunSummary, client_as: Signed) -> None:
    answer = client_as("owner").post("/w/shop/rfm/preview", RFM | {"weight_f": "0.9"})
    assert 'role="alert"' in answer.content.decode()
    assert "preview" not in answer.context


@pytest.mark.parametrize(("page", "values"), [("rfm", RFM), ("lifecycle", LIFECYCLE), ("value", VALUE)])
def test_publish(workspace: Workspace, client_as: Signed, page: str, values: dict[str, str]) -> None:
    assert client_as("manager").post(f"/w/shop/{page}/publish", values | {"note": "spring"}).status_code == 302
    newest = PublishedSettings.objects.of(workspace).get()
    assert newest.note == "spring"
    assert published(workspace) != Settings()
    assert Job.objects.of(workspace).get().kind == "refresh"
    assert AuditEntry.objects.of(workspace).filter(verb="settings.published").exists()


def test_one_page_keeps_what_another_set(workspace: Workspace, client_as: Signed) -> None:
    client = client_as("owner")
    for page, values in (("rfm", RFM), ("lifecycle", LIFECYCLE), ("value", VALUE)):
        client.post(f"/w/shop/{page}/publish", values)
    now = published(workspace)
    assert now.rfm.weights == (0.2, 0.5, 0.3)
    assert now.lifecycle.churn_after == 0.5
    assert now.value.margin == pytest.approx(0.35)
    assert now.window_days == 180


@pytest.mark.parametrize(
    ("page", "values"),
    [
        ("rfm", RFM | {"weight_r": "nan"}),
        ("rfm", RFM | {"mode": "magic"}),
        ("lifecycle", LIFECYCLE | {"churn_after": "0.1"}),
        ("lifecycle", LIFECYCLE | {"rise": "inf"}),
        ("value", VALUE | {"margin": "101"}),
        ("value", VALUE | {"lifespan_years": "-1"}),
        ("value", VALUE | {"window_days": "0"}),
    ],
)
def test_nonsense_is_not_published(workspace: Workspace, client_as: Signed, page: str, values: dict[str, str]) -> None:
    client = client_as("owner")
    assert client.post(f"/w/shop/{page}/publish", values).status_code == 302
    assert not PublishedSettings.objects.of(workspace).exists()


def test_viewers_look_only(workspace: Workspace, client_as: Signed) -> None:
    client = client_as("viewer")
    for path in ("rfm/preview", "rfm/publish", "lifecycle/publish", "value/publish", "refresh", "refresh/schedule"):
        assert client.post(f"/w/shop/{path}", RFM).status_code == 403


def test_going_back_publishes_again(workspace: Workspace, client_as: Signed, member) -> None:
    by = member("owner")
    first = publish(Settings().with_changes({"value": {"margin": 0.3}}), "", by=by)
    publish(Settings(), "", by=by)
    answer = client_as("owner").post(RESTORE, {"settings": first.pk, "back": "value"})
    assert answer.url == "/w/shop/value/"
    assert published(workspace).value.margin == 0.3
    assert PublishedSettings.objects.of(workspace).count() == 3


def test_settings_of_others_cannot_be_restored(
    workspace: Workspace, other_workspace: Workspace, client_as: Signed
) -> None:
    theirs = PublishedSettings.objects.create(workspace=other_workspace, values=Settings().to_dict())
    assert client_as("owner").post(RESTORE, {"settings": theirs.pk}).status_code == 404


def test_forms_show_what_is_in_force() -> None:
    base = Settings().with_changes({"value": {"margin": 0.29}, "rfm": {"thresholds": [0.8, 0.6, 0.3]}})
    assert ValueForm(base=base).initial["margin"] == 29
    assert RfmForm(base=base).initial["general"] == 0.3
    assert LifecycleForm(base=base).initial["churn_after"] == 3.0


def test_differences_in_words() -> None:
    changed = Settings().with_changes({"rfm": {"mode": "quantile"}, "value": {"margin": 0.3}})
    assert differences(Settings().to_dict(), changed.to_dict()) == [
        "mode: min-max → quantile",
        "gross margin: not set → 0.3",
    ]
    assert differences({"rfm": {"weights": (1, 2)}}, {"rfm": {"weights": [1, 2]}}) == []


@pytest.mark.parametrize(
    ("values", "cron", "words"),
    [
        ({"often": "day", "at": "03:00"}, "0 3 * * *", "every day at 03:00"),
        ({"often": "week", "weekday": "0", "at": "22:30"}, "30 22 * * 0", "every week on Sunday at 22:30"),
        ({"often": "month", "at": "06:05"}, "5 6 1 * *", "on the first day of every month at 06:05"),
        ({"often": "day", "at": ""}, "0 3 * * *", "every day at 03:00"),
        ({"often": ""}, "", "when somebody presses Refresh"),
    ],
)
def test_schedule_in_words(values: dict[str, str], cron: str, words: str) -> None:
    form = ScheduleForm(values)
    assert form.is_valid(), form.errors
    assert form.cron() == cron
    assert in_words(cron) == words
    assert ScheduleForm(cron=cron).initial["often"] == values["often"]


def test_foreign_time_tables_are_shown_as_they_are() -> None:
    assert in_words("*/5 * * * *") == "at the times of */5 * * * *"


def test_schedule_is_kept_and_switched_off(workspace: Workspace, client_as: Signed, member) -> None:
    client = client_as("owner")
    client.post("/w/shop/refresh/schedule", {"often": "day", "at": "04:15"})
    kept = scheduled(workspace)
    assert (kept.cron, kept.enabled) == ("15 4 * * *", True)
    assert kept.next_at is not None
    assert "every day at 04:15" in client.get("/w/shop/refresh/schedule").content.decode()
    client.post("/w/shop/refresh/schedule", {"often": ""})
    assert not scheduled(workspace).enabled
    with pytest.raises(ValidationError):
        schedule_refresh("nonsense", by=member("owner"))
