"""Four gateways pay merchants out, each with every ending that a payout can have; none is ever made twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings as django_settings
from django.db import connection
from django.utils import timezone
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from tests.flows.paying import ACCOUNTS, Place, open_account
from tests.flows.payouts import account, approved, finance, money_of
from tests.flows.rows import broken
from xinka.flows.payouts import gateway
from xinka.flows.payouts.asking import shown
from xinka.flows.payouts.gateway import (
    MAY_STILL_ARRIVE,
    NUMBERS_ARE_KNOWN_FOR,
    execute,
    send_all_through,
    send_through,
)
from xinka.flows.payouts.payers import channels_that_pay, payer_of
from xinka.kernel.errors import ProviderError
from xinka.payments.channels import config_place, seal_config
from xinka.payments.models import Channel
from xinka.payments.providers.errors import BadChannel
from xinka.payouts.details import AccountDetails, AccountKind, open_details, payout_place
from xinka.payouts.errors import NothingToSend
from xinka.payouts.models import Payout
from xinka.payouts.providers.protocol import TransferRequest, TransferStatus
from xinka.payouts.states import PayoutState
from xinka.platform.vault import keys
from xinka.sandbox import transfers
from xinka.sandbox.models import SandboxTransfer
from xinka.sandbox.wechat import accounts as wechat

pytestmark = pytest.mark.django_db(transaction=True)

GATEWAYS = sorted(ACCOUNTS)
ROUND = 40_000


@pytest.fixture(params=GATEWAYS)
def place(request: pytest.FixtureRequest, live_server: LiveServer, settings: Settings) -> Place:
    keys.forget()  # other processes read the keys that are in the database
    settings.SITE_URL = live_server.url
    return Place(request.param, live_server.url)


def until_done(payout: Payout, *, minutes: int = 30) -> Iterator[tuple[datetime, PayoutState]]:
    """Look every two minutes, as the worker does, until it has ended or time is up; tell when each look began."""
    begin = timezone.now()
    for minute in range(0, minutes, 2):
        moment = begin + timedelta(minutes=minute, seconds=1)
        with time_machine.travel(moment):
            state = execute(payout.id)
            yield moment, state
        if state.is_over:
            return


def ends(payout: Payout) -> PayoutState:
    """Return where it ends."""
    return list(until_done(payout))[-1][1]


def test_what_arrives_is_booked_once_and_the_payee_is_the_right_one(place: Place) -> None:
    payout = place.sending(ROUND)
    assert ends(payout) == PayoutState.PAID
    made = SandboxTransfer.objects.get()
    assert (made.money, made.currency, made.account) == (ROUND, place.currency, ACCOUNTS[place.provider].number)
    assert made.holder == ("" if place.provider == "paypal" else "林小满")
    payout.refresh_from_db()
    assert payout.reference.endswith(made.transfer_no)
    assert (place.left(), made.tries) == (ROUND, 1)
    assert broken() == []


@pytest.mark.parametrize(("digits", "end"), [(1, "failed"), (2, "failed"), (3, "paid"), (4, "paid"), (7, "paid")])
def test_each_ending_is_told_apart_and_asked_about_first(place: Place, digits: int, end: str) -> None:
    payout = place.sending(ROUND + digits)
    assert ends(payout) == end
    assert place.left() == (ROUND + digits if end == "paid" else 0)
    if place.currency == "CNY":
        assert money_of(place.shop) == (1_000_000 - (ROUND + digits if end == "paid" else 0), 0, 0)
    if place.provider != "paypal":  # which cannot be asked by our number
        assert sum(made.tries for made in SandboxTransfer.objects.all()) == (0 if digits == 2 else 1)
    assert broken() == []


@pytest.mark.parametrize("digits", [5, 6])
def test_what_is_not_known_at_first_is_sent_again_only_when_it_cannot_arrive_any_more(
    place: Place, digits: int
) -> None:
    payout = place.sending(ROUND + digits)
    seen = list(until_done(payout))
    assert seen[-1][1] == PayoutState.PAID
    assert place.left() == ROUND + digits
    made = SandboxTransfer.objects.get()
    resent = digits == 5 or place.provider == "paypal"
    assert made.tries == (2 if resent else 1)
    assert (seen[-1][0] - seen[0][0] >= MAY_STILL_ARRIVE) is resent
    assert broken() == []


def test_nothing_is_sent_again_when_the_gateway_may_have_forgotten_its_number(place: Place) -> None:
    payout = place.sending(ROUND + 5)
    assert execute(payout.id) == PayoutState.SENDING
    with time_machine.travel(timezone.now() + NUMBERS_ARE_KNOWN_FOR + timedelta(days=2)):
        for _ in range(3):
            assert execute(payout.id) == PayoutState.SENDING
    payout.refresh_from_db()
    assert "too old to be sent again" in payout.problem
    assert SandboxTransfer.objects.get().tries == 1


def test_the_worker_dies_between_sending_and_writing_down_and_it_is_paid_once(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    payout = place.sending(ROUND)

    def die(*_: object) -> None:
        raise SystemExit

    with monkeypatch.context() as dying:
        dying.setattr(gateway, "_enter", die)
        with pytest.raises(SystemExit):
            execute(payout.id)
    assert SandboxTransfer.objects.count() == 1
    assert ends(payout) == PayoutState.PAID
    assert place.left() == ROUND
    assert broken() == []


_KILLED = """
import sys, uuid, django
django.setup()
from xinka.flows.payouts.gateway import execute
execute(uuid.UUID(sys.argv[1]))
"""


@pytest.mark.crash
def test_the_worker_is_killed_while_the_gateway_answers_and_it_is_paid_once(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    payout, victims = place.sending(ROUND), list[subprocess.Popen[bytes]]()
    submit = transfers.submit

    def submit_and_kill(*arguments: Any) -> SandboxTransfer:
        made = submit(*arguments)
        os.kill(victims[0].pid, signal.SIGKILL)
        return made

    monkeypatch.setattr(transfers, "submit", submit_and_kill)
    database = connection.get_connection_params()
    url = f"postgresql://{database['user']}@/{database['dbname']}?host={database['host']}"
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "XINKA_MASTER_KEY": django_settings.ENVIRONMENT.master_key.hex(),
        "DJANGO_SETTINGS_MODULE": "xinka.config.settings",
    }
    victims.append(subprocess.Popen([sys.executable, "-c", _KILLED, str(payout.id)], env=environment))
    assert victims[0].wait(60) == -signal.SIGKILL
    monkeypatch.undo()
    payout.refresh_from_db()
    assert (payout.state, payout.attempts) == (PayoutState.SENDING, 1)
    assert ends(payout) == PayoutState.PAID
    assert place.left() == ROUND
    assert broken() == []


def test_a_no_at_the_second_attempt_proves_nothing_where_nobody_can_be_asked(
    live_server: LiveServer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SITE_URL = live_server.url
    place = Place("paypal", live_server.url)
    payout = place.sending(ROUND + 4)
    assert execute(payout.id) == PayoutState.SENDING

    def refuse(*_: object) -> None:
        raise ProviderError("PayPal: AUTHORIZATION_ERROR (HTTP 403)", permanent=True)

    with monkeypatch.context() as refusing, time_machine.travel(timezone.now() + MAY_STILL_ARRIVE * 2):
        refusing.setattr("xinka.flows.payouts.paypal.PayPalPayouts.send", refuse)
        assert execute(payout.id) == PayoutState.SENDING
    with time_machine.travel(timezone.now() + MAY_STILL_ARRIVE * 4):
        assert execute(payout.id) == PayoutState.PAID
    assert place.left() == ROUND + 4


def test_a_gateway_that_tells_of_another_amount_is_not_believed(place: Place) -> None:
    payout = place.sending(ROUND + 4)
    execute(payout.id)
    SandboxTransfer.objects.update(money=ROUND)
    if place.provider == "paypal":
        return  # it finds the batch by sending again, which takes until its number is known
    assert execute(payout.id) == PayoutState.SENDING
    payout.refresh_from_db()
    assert "another amount: 40000" in payout.problem


def test_eve_cannot_pay_herself_and_another_payout_does_not_take_a_known_number(place: Place) -> None:
    payout = place.sending(ROUND)
    to = open_details(payout.account_sealed, payout_place(payout.id))
    request = TransferRequest(shown(payout), to, ROUND, place.currency, "Ada & Co")
    payer_of(place.channel).send(request)
    eve, config = open_account(place.provider, place.url)
    Channel.objects.filter(id=place.channel.id).update(config=seal_config(place.provider, _mixed(place, config)))
    place.channel.refresh_from_db()
    with pytest.raises(ProviderError):
        payer_of(place.channel).send(TransferRequest("out_eve", to, 1_000, place.currency, "Eve"))
    assert list(SandboxTransfer.objects.values_list("merchant_id", "money")) == [(place.bank.id, ROUND)]
    assert eve.transfers.count() == 0


def _mixed(place: Place, eves: dict[str, object]) -> dict[str, object]:
    """Return the shop's settings with Eve's key, who knows everything else."""
    names = {"epay_v2": "merchant_private_key", "wechat": "private_key"}
    own: dict[str, object] = json.loads(keys.open_envelope(place.channel.config, config_place(place.channel.slug)))
    name = names.get(place.provider, "client_secret")
    if place.provider == "alipay":
        return {**own, **{each: eves[each] for each in ("app_private_key", "app_cert")}}
    return own | {name: eves[name]}


def test_another_payout_under_a_known_number_is_refused_or_is_the_first(place: Place) -> None:
    payout = place.sending(ROUND)
    to = open_details(payout.account_sealed, payout_place(payout.id))
    payer = payer_of(place.channel)
    payer.send(TransferRequest("out_one", to, ROUND, place.currency, "Ada"))
    try:
        found = payer.send(TransferRequest("out_one", to, ROUND * 2, place.currency, "Ada"))
    except ProviderError:
        found = None
    assert found is None or found.amount_minor == ROUND
    assert SandboxTransfer.objects.get().money == ROUND


def test_the_office_sends_all_of_a_kind_through_what_it_picked(place: Place) -> None:
    kind = AccountKind(ACCOUNTS[place.provider].kind)
    first, second = place.approved(ROUND), place.approved(ROUND + 100)
    assert [channel.id for channel in channels_that_pay(kind, place.currency)] == [place.channel.id]
    assert send_all_through(kind, (place.channel.id, place.currency), by=finance()) == 2
    assert {ends(first), ends(second)} == {PayoutState.PAID}
    assert place.left() == 2 * ROUND + 100
    for other in (AccountKind.BANK, kind):
        with pytest.raises(NothingToSend):
            send_all_through(other, (place.channel.id, place.currency), by=finance())


def test_a_wechat_number_that_is_no_openid_comes_back_at_once(live_server: LiveServer, settings: Settings) -> None:
    settings.SITE_URL = live_server.url
    place = Place("wechat", live_server.url)
    to = account(place.shop, AccountDetails(AccountKind.WECHAT, "林小满", "linxiaoman"))
    payout = send_through(approved(to, ROUND).id, place.channel.id, by=finance())
    assert execute(payout.id) == PayoutState.FAILED
    payout.refresh_from_db()
    assert "openid" in payout.problem
    assert SandboxTransfer.objects.count() == 0


def test_a_wechat_channel_without_a_scene_is_not_picked(live_server: LiveServer, settings: Settings) -> None:
    settings.SITE_URL = live_server.url
    place = Place("wechat", live_server.url)
    config = wechat.shop_settings(place.bank, f"{live_server.url}/sandbox/wechat")
    del config["transfer_scene_id"]
    Channel.objects.update(config=seal_config("wechat", config))
    payout = place.approved(ROUND)
    with pytest.raises(BadChannel):
        send_through(payout.id, place.channel.id, by=finance())
    payout.refresh_from_db()
    assert payout.state == PayoutState.APPROVED


def test_no_secret_and_no_name_is_printed(place: Place) -> None:
    payer = payer_of(place.channel)
    secrets = [value for name, value in place.bank.secrets.items() if "private" in name or name == "client_secret"]
    assert not [secret for secret in secrets if str(secret) in repr(payer)]
    assert payer.query("out_nobody").status in {TransferStatus.NOT_FOUND, TransferStatus.UNTOLD}
