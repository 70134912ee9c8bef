"""``xinka account`` closes an account on request and takes a lost second factor off."""

from __future__ import annotations

from contextlib import nullcontext

import pytest
from click.testing import CliRunner, Result
from pytest_django import Settings

from xinka.config.cli import accounts

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _the_open_shop_is_the_tests(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    monkeypatch.setattr(accounts, "open_shop", nullcontext)
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def call(*words: str, answer: str = "") -> Result:
    return CliRunner().invoke(accounts.account, [*words], input=answer)


def test_an_account_is_closed_after_a_question() -> None:
    from tests import cast
    from xinka.accounts.models import User

    cy = cast.person(cast.CY)
    assert call("close", cast.CY, answer="n\n").exit_code == 1
    assert User.objects.get(pk=cy.pk).closed_at is None
    assert call("close", cast.CY.upper(), answer="y\n").exit_code == 0
    assert User.objects.get(pk=cy.pk).closed_at is not None
    assert "there is no account of" in call("close", cast.CY, "--yes").output


def test_what_has_to_be_done_first_is_named() -> None:
    from tests import cast
    from xinka.accounts.models import User

    shop = cast.adas_shop()
    cast.buy(cast.ware(shop, 3).sku, cast.channel())
    answer = call("close", "ada@ada-cards.example", "--yes")
    assert answer.exit_code == 1
    assert (
        "has 1 order that is not finished. Deliver it, or wait until it expires. /desk/ada-cards/orders"
        in answer.output
    )
    assert "还有 1 笔未完成的订单" in answer.output
    assert User.objects.filter(email="ada@ada-cards.example").exists()


def test_a_lost_second_factor_is_taken_off_and_its_person_told() -> None:
    from allauth.mfa.models import Authenticator
    from django.core import mail

    from tests import cast
    from xinka.accounts.models import Notice
    from xinka.accounts.notifying import send_notice

    cy = cast.person(cast.CY)
    Authenticator.objects.create(user=cy, type="webauthn", data={"name": "phone", "credential": {}})
    answer = call("drop-second-factor", cast.CY, "--now", "--yes")
    assert (answer.exit_code, answer.output) == (0, "1 taken off, signed out everywhere / 去掉 1 个，所有设备已退出\n")
    assert not Authenticator.objects.exists()
    assert send_notice(Notice.objects.get().id)
    assert mail.outbox[-1].to == [cast.CY]


def test_a_lost_second_factor_is_taken_off_after_days_in_which_it_can_be_kept() -> None:
    from allauth.mfa.models import Authenticator

    from tests import cast
    from xinka.accounts.models import User

    cy = cast.person(cast.CY)
    assert "there is no second step" in call("drop-second-factor", cast.CY, "--yes").output
    assert "nobody wanted it off" in call("keep-second-factor", cast.CY).output
    Authenticator.objects.create(user=cy, type="webauthn", data={"name": "phone", "credential": {}})
    assert call("drop-second-factor", cast.CY, answer="n\n").exit_code == 1
    assert User.objects.get(pk=cy.pk).second_step_ends_at is None
    answer = call("drop-second-factor", cast.CY, answer="y\n")
    assert answer.exit_code == 0
    assert "and its person is told" in answer.output
    assert Authenticator.objects.exists()
    assert User.objects.get(pk=cy.pk).second_step_ends_at is not None
    assert call("keep-second-factor", cast.CY).output == "it stays / 保留\n"
    assert User.objects.get(pk=cy.pk).second_step_ends_at is None
