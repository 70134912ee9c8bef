"""A shop is set up from the command line: a channel whose key is sealed, a merchant with its owner."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from django.db import connection

from xinka.config.cli import setting_up

KEY = "kT4vXq9LmZ2rWc7HsYb5NdPg8JfAeUoR"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _the_open_shop_is_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setting_up, "open_shop", nullcontext)


def set_channel(tmp_path: Path, *more: str, base_url: str = "https://pay.example/") -> Result:
    key = tmp_path / "key"
    key.write_text(f"{KEY}\n", encoding="ascii")
    names = ["--name", "支付宝", "--name-en", "Alipay", "--pid", "1001"]
    place = ["--base-url", base_url, "--key-file", str(key)]
    return CliRunner().invoke(setting_up.channel, ["set", "alipay", *names, *place, *more])


def test_a_channel_is_sealed_and_set_again_under_the_same_name(tmp_path: Path) -> None:
    from xinka.payments.channels import provider_of
    from xinka.payments.models import Channel

    assert set_channel(tmp_path).exit_code == 0
    channel = Channel.objects.get()
    assert KEY.encode() not in bytes(channel.config)
    assert provider_of(channel).is_weak
    assert channel.on
    assert set_channel(tmp_path, "--sign-type", "HMAC-SHA256", "--off").exit_code == 0
    channel = Channel.objects.get()
    assert not provider_of(channel).is_weak
    assert not channel.on


def test_a_channel_set_by_command_is_in_the_audit_and_staff_hear_of_it(tmp_path: Path) -> None:
    from django.conf import settings
    from django.core import mail

    from tests.cast import person
    from xinka.flows.channels.mailing import mail_channel_on_server
    from xinka.platform.audit.models import AuditEntry

    dee = person("dee@shop.example", staff=True)
    answer = set_channel(tmp_path)
    assert f"notify_url: {settings.SITE_URL}/pay/notify/alipay" in answer.output
    assert "nothing is other" in set_channel(tmp_path).output
    set_channel(tmp_path, "--off")
    made, switched = AuditEntry.objects.filter(action="channel.save").order_by("id")
    assert (made.actor_id, made.subject, made.details["by"]) == (None, "channel alipay", "command")
    assert (switched.details["settings"], switched.details["on"]) == ("on", 0)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (args ->> 'entry_id')::int FROM procrastinate_jobs WHERE task_name = 'mail.channel_on_server'"
        )
        assert sorted(cursor.fetchall()) == [(made.pk,), (switched.pk,)]
    assert [mail_channel_on_server(made.pk), mail_channel_on_server(made.pk)] == [1, 0]
    assert mail.outbox[0].to == [dee.email]
    assert not [one for one in [str(mail.outbox[0].message()), answer.output, str(made.details)] if KEY in one]


def test_a_channel_of_another_gateway_keeps_its_gateway(tmp_path: Path) -> None:
    """What was paid through it is asked about, and given back, at the gateway that has the money."""
    from tests import cast
    from xinka.payments.models import Channel

    known = cast.channel("alipay")
    Channel.objects.filter(id=known.id).update(provider="wechat")
    before = Channel.objects.filter(id=known.id).values().get()
    answer = set_channel(tmp_path)
    assert answer.exit_code == 1
    assert "alipay is a channel of wechat" in answer.output
    assert Channel.objects.filter(id=known.id).values().get() == before


def test_an_unsafe_channel_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    from xinka.payments.models import Channel

    answer = set_channel(tmp_path, base_url="http://pay.example/")
    assert answer.exit_code == 1
    assert "https://" in answer.output
    assert KEY not in answer.output
    assert not Channel.objects.exists()


def test_a_merchant_is_opened_for_somebody_who_has_an_account() -> None:
    from tests.cast import person
    from xinka.merchants.models import Membership

    person("ada@shop.example")
    answer = CliRunner().invoke(
        setting_up.merchant, ["open", "ada", "--name", "艾达卡铺", "--owner", "Ada@shop.example"]
    )
    assert answer.exit_code == 0, answer.output
    made = Membership.objects.select_related("merchant", "user").get()
    assert (made.merchant.slug, made.merchant.verified_at, made.user.email, made.role) == (
        "ada",
        None,
        "ada@shop.example",
        "owner",
    )


@pytest.mark.parametrize(
    ("slug", "owner", "why"), [("x", "eve@shop.example", "nobody"), ("ada", "ada@shop.example", "taken")]
)
def test_a_merchant_without_owner_or_with_a_taken_name_is_refused(slug: str, owner: str, why: str) -> None:
    from tests.cast import person
    from xinka.merchants.models import Merchant

    person("ada@shop.example")
    Merchant.objects.create(slug="ada", name="艾达卡铺")
    answer = CliRunner().invoke(setting_up.merchant, ["open", slug, "--name", "铺", "--owner", owner])
    assert answer.exit_code == 1
    assert why in answer.output
    assert Merchant.objects.count() == 1


@pytest.mark.parametrize(
    ("slug", "name"),
    [("Ada's shop", "艾达卡铺"), ("", "艾达卡铺"), ("a" * 41, "艾达卡铺"), ("ada", " "), ("ada", "卡" * 61)],
)
def test_a_name_that_makes_no_address_or_cannot_be_shown_opens_nothing(slug: str, name: str) -> None:
    from tests.cast import person
    from xinka.merchants.models import Merchant

    person("ada@shop.example")
    answer = CliRunner().invoke(setting_up.merchant, ["open", slug, "--name", name, "--owner", "ada@shop.example"])
    assert answer.exit_code == 2
    assert "最多" in answer.output
    assert not Merchant.objects.exists()


def test_a_team_grows_changes_and_shrinks_but_never_loses_its_last_owner() -> None:
    from tests.cast import person
    from xinka.merchants.actions import open_merchant
    from xinka.merchants.models import Merchant

    def run(*words: str) -> Result:
        return CliRunner().invoke(setting_up.merchant, [*words])

    def team() -> list[list[str]]:
        return [line.split() for line in run("team", "ada").output.splitlines()]

    ada, bo = person("ada@shop.example"), person("bo@shop.example")
    open_merchant(Merchant(slug="ada", name="艾达卡铺"), owner=ada)
    assert run("join", "ada", "Bo@shop.example").exit_code == 0
    assert team() == [["clerk", bo.email], ["owner", ada.email]]
    for refused in (run("leave", "ada", ada.email), run("join", "ada", ada.email)):
        assert refused.exit_code == 1
        assert "last owner" in refused.output
        assert "最后一位店主" in refused.output
    assert team() == [["clerk", bo.email], ["owner", ada.email]]
    assert run("join", "ada", bo.email, "--owner").exit_code == 0
    assert run("leave", "ada", ada.email).exit_code == 0
    assert team() == [["owner", bo.email]]
    for words in (("leave", "ada", ada.email), ("join", "ada", "eve@shop.example"), ("team", "nobody")):
        assert run(*words).exit_code == 1
    assert team() == [["owner", bo.email]]


def test_a_file_that_is_no_text_is_no_key(tmp_path: Path) -> None:
    from xinka.payments.models import Channel

    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    answer = set_channel(tmp_path, "--key-file", str(tmp_path / "binary"))
    assert answer.exit_code == 1
    assert "holds no key in plain text" in answer.output
    assert not Channel.objects.exists()
