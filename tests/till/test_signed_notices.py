"""Notices that are signed and sealed (WeChat Pay) at the till: money settles at once, refunds become events."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from pytest_django import DjangoDbBlocker

from tests.payments.providers.wechat.wechat_side import (
    API_KEY,
    APPID,
    MCHID,
    PAID,
    PUBLIC_KEY_ID,
    REFUNDED,
    SERIAL,
    Platform,
    certify,
    private_pem,
    public_pem,
)
from tests.resilience.client import Answer
from tests.till.counter import Counter
from xinka.till.pages import CHANNEL

PATH = "/pay/notify/wechatpay"


@pytest.fixture(scope="module")
def platform(counter: Counter, django_db_blocker: DjangoDbBlocker) -> Platform:
    """WeChat, and the channel that the till has learnt of."""
    from xinka.payments.channels import seal_config
    from xinka.payments.models import Channel

    ours, theirs = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
    now, year = datetime.now(UTC), timedelta(days=365)
    settings = {
        "mchid": MCHID,
        "appid": APPID,
        "serial_no": SERIAL,
        "private_key": private_pem(ours),
        "api_v3_key": API_KEY,
        "public_key_id": PUBLIC_KEY_ID,
        "public_key": public_pem(theirs),
    }
    with django_db_blocker.unblock():
        sealed = seal_config("wechatpay", settings)
        Channel.objects.create(slug="wechatpay", name="微信", name_en="WeChat", provider="wechat", config=sealed)
    with psycopg.connect(counter.url, autocommit=True) as connection:
        connection.execute(f"NOTIFY {CHANNEL}, ''".encode())
    deadline = time.monotonic() + 60
    with counter.client() as client:
        while client.send("POST", PATH, b"{}").status == 404:
            assert time.monotonic() < deadline, "the till did not hear of the channel"
            time.sleep(0.05)
    return Platform(theirs, theirs, certify(theirs, since=now - year, until=now + year, serial=7))


def tell(counter: Counter, platform: Platform, facts: object, **more: str) -> Answer:
    """Send a notice as WeChat does."""
    event = more.pop("event_type", "TRANSACTION.SUCCESS")
    envelope = platform.envelope(facts, event_type=event) | more
    notice = platform.notice(envelope)
    with counter.client() as client:
        return client.send("POST", PATH, notice.body, {**notice.headers, "content-type": "application/json"})


def paid(payment: str, fen: int = 4900) -> dict[str, object]:
    """What WeChat says of a payment of ours."""
    amount = {"total": fen, "payer_total": fen, "currency": "CNY"}
    return PAID | {"out_trade_no": payment, "transaction_id": f"42{payment[4:]}", "amount": amount}


def test_a_genuine_notice_delivers_and_its_copies_change_nothing(counter: Counter, platform: Platform) -> None:
    payment = counter.payment(channel="wechatpay")
    for _ in range(3):
        answer = tell(counter, platform, paid(payment))
        assert (answer.status, json.loads(answer.body)["code"]) == (200, "SUCCESS")
    assert counter.state_of_payment(payment) == "delivered"
    number = "SELECT count(*) FROM payments_receipt WHERE trade_no = %s"
    assert counter.number(number, f"42{payment[4:]}") == 1


def test_a_wrong_amount_is_recorded_and_does_not_deliver(counter: Counter, platform: Platform) -> None:
    payment = counter.payment(channel="wechatpay")
    assert tell(counter, platform, paid(payment, 1)).status == 200
    assert counter.state_of_payment(payment) == "part_paid"


def test_a_payment_of_another_channel_is_refused(counter: Counter, platform: Platform) -> None:
    payment = counter.payment()
    with counter.untouched():
        answer = tell(counter, platform, paid(payment))
        assert (answer.status, json.loads(answer.body)["code"]) == (400, "FAIL")
    assert counter.state_of_payment(payment) == "awaiting_payment"


def test_forged_old_and_foreign_notices_leave_nothing(counter: Counter, platform: Platform) -> None:
    payment = counter.payment(channel="wechatpay")
    eve = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    with counter.untouched():
        for changed in (
            {"signs_with": eve},
            {"serial": "DEADBEEF" * 5},
            {"timestamp": str(int(time.time()) - 10 * 86400)},
        ):
            broken = Platform(platform.key, platform.certified, platform.certificate, **changed)  # type: ignore[arg-type]
            answer = tell(counter, broken, paid(payment))
            assert (answer.status, json.loads(answer.body)["code"]) == (400, "FAIL")
        assert tell(counter, platform, paid(payment) | {"mchid": "1900009192"}).status == 400
    assert counter.state_of_payment(payment) == "awaiting_payment"


def test_a_refund_becomes_one_event_and_one_job(counter: Counter, platform: Platform) -> None:
    facts = REFUNDED | {"transaction_id": "4200000099"}
    for _ in range(2):
        assert tell(counter, platform, facts, event_type="REFUND.SUCCESS", id="EV-REFUND-1").status == 200
    events = "SELECT count(*) FROM payments_providerevent WHERE trade_no = '4200000099' AND about = 'refund'"
    jobs = "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'provider.event'"
    assert (counter.number(events), counter.number(jobs)) == (1, 1)


def test_what_a_worker_need_not_see_leaves_nothing(counter: Counter, platform: Platform) -> None:
    with counter.untouched():
        assert tell(counter, platform, {"x": "y"}, event_type="PROFITSHARING", id="EV-OTHER-1").status == 200
