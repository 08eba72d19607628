"""Sessions: signing in, and when they end."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from tests.crm.conftest import PASSWORD
from zhike_crm.accounts.models import Membership, User
from zhike_crm.workspaces.models import Workspace


def sign_in(email: str, password: str, **headers: str) -> Client:
    client = Client()
    client.post(reverse("account_login"), {"login": email, "password": password}, headers=headers)
    return client


def is_in(client: Client) -> bool:
    return client.get("/w/shop/").status_code == 200


def test_signing_in_with_the_right_password_only(workspace: Workspace) -> None:
    assert is_in(sign_in("owner@example.com", PASSWORD))
    assert not is_in(sign_in("owner@example.com", "wrong"))


def test_a_new_password_ends_the_other_sessions(workspace: Workspace) -> None:
    here, elsewhere = sign_in("owner@example.com", PASSWORD), sign_in("owner@example.com", PASSWORD)
    assert is_in(elsewhere)
    new = "another correct horse"
    here.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    values = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    assert here.post(reverse("account_change_password"), values).status_code == 302
    assert is_in(here)
    assert not is_in(elsewhere)


def test_a_reset_link_names_the_installation_and_ends_all_sessions(workspace: Workspace) -> None:
    before = sign_in("owner@example.com", PASSWORD)
    forged = {"x-forwarded-host": "evil.example"}
    Client().post(reverse("account_reset_password"), {"email": "owner@example.com"}, headers=forged)
    (sent,) = mail.outbox
    assert "evil.example" not in sent.body
    link = re.search(r"(/accounts/password/reset/key/\S+)", sent.body)
    assert link
    assert Client().get(link[1], headers={"host": "evil.example"}).status_code == 400
    client = Client()
    form = client.get(link[1], follow=True)
    new = "another correct horse"
    client.post(form.request["PATH_INFO"], {"password1": new, "password2": new})
    assert not is_in(before)
    assert is_in(sign_in("owner@example.com", new))


def test_a_person_switched_off_is_out_at_once(workspace: Workspace) -> None:
    client = sign_in("owner@example.com", PASSWORD)
    User.objects.filter(email="owner@example.com").update(is_active=False)
    assert not is_in(client)


def test_guessing_ends_whatever_address_it_claims_to_come_from(workspace: Workspace) -> None:
    for i in range(12):
        sign_in("owner@example.com", f"guess {i}", **{"x-forwarded-for": f"10.0.0.{i}"})
    assert not is_in(sign_in("owner@example.com", PASSWORD, **{"x-forwarded-for": "10.1.1.1"}))


@pytest.mark.parametrize("page", ["account_signup", "account_login", "account_reset_password"])
def test_the_entrance_speaks_both_languages(db: None, page: str) -> None:
    english = Client().get(reverse(page), headers={"accept-language": "en"})
    chinese = Client().get(reverse(page), headers={"accept-language": "zh-CN,zh;q=0.9"})
    assert 'lang="en"' in english.content.decode()
    assert 'lang="zh-hans"' in chinese.content.decode()
    assert re.search("[\u4e00-\u9fff]{2}", chinese.content.decode())


def test_nobody_signs_up_uninvited_once_there_is_an_owner(workspace: Workspace) -> None:
    new = "another correct horse"
    Client().post(reverse("account_signup"), {"email": "guest@example.com", "password1": new})
    assert not User.objects.filter(email="guest@example.com").exists()


def test_passwords_are_kept_as_argon2(settings: object) -> None:
    from zhike_crm.config import settings as real

    assert real.PASSWORD_HASHERS[0].endswith("Argon2PasswordHasher")


def test_every_answer_has_a_strict_policy(client_as: Callable[..., Client]) -> None:
    answer = client_as("owner").get("/w/shop/")
    policy = dict(one.split(maxsplit=1) for one in answer.headers["Content-Security-Policy"].split(";"))
    assert policy.pop("style-src-attr") == "'unsafe-inline'"
    assert policy["script-src"] == "'self'"
    assert not [name for name, sources in policy.items() if "unsafe" in sources]
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert re.findall(r"<script(?![^>]*\b(?:src|type=.application/json.))", answer.content.decode()) == []


def test_extra_form_keys_change_nothing(client_as: Callable[..., Client], member: Callable[..., Membership]) -> None:
    client = client_as("sales")
    extra = {"role": "owner", "is_staff": "1", "is_superuser": "1", "workspace": "99", "email": "new@example.com"}
    client.post(reverse("profile"), {"name": "Sally", "language": "en", "theme": "dark"} | extra)
    sally = member("sales")
    assert (sally.user.name, sally.role, sally.user.email) == ("Sally", "sales", "sales@example.com")
