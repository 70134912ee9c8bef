"""Gateways whose notices are hints, or signed with keys that must be fetched first, at a till that is a process."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psycopg
import pytest
from pytest_django import DjangoDbBlocker

from tests.payments.providers.epusdt import conftest as coins
from tests.payments.providers.paypal import conftest as paypal
from tests.payments.providers.stripe import conftest as stripe
from tests.resilience.client import Answer
from tests.till.counter import Counter
from xinka.payments.providers.protocol import RawNotice
from xinka.till.pages import CHANNEL

JOBS = "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'payment.confirm' AND args ->> 'payment_id' = %s"
RECEIPTS = "SELECT count(*) FROM payments_receipt WHERE trade_no = %s"


class Certificates:
    """PayPal's address for certificates, and how often it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        place = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                place.asked.append(self.path)
                body = paypal.issued().certificate.encode() if self.path.endswith("CERT-1") else b"nothing"
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/paypal"

    def address(self, name: str) -> str:
        """Return the address of a certificate."""
        return f"{self.url}/v1/notifications/certs/{name}"


@pytest.fixture(scope="module")
def certificates() -> Iterator[Certificates]:
    """Where PayPal's certificate lies."""
    place = Certificates()
    thread = threading.Thread(target=place.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield place
    place.server.shutdown()
    place.server.server_close()
    thread.join()


@pytest.fixture(scope="module", autouse=True)
def _channels(counter: Counter, certificates: Certificates, django_db_blocker: DjangoDbBlocker) -> None:
    """Channels of Stripe, PayPal and BEpusdt that the till has learnt of."""
    from xinka.payments.channels import seal_config
    from xinka.payments.models import Channel

    there = {"api_url": certificates.url, "plain_http": True, "root": paypal.issued().root}
    rooms = {
        "stripe": stripe.SETTINGS | {"currency": "CNY"},
        "paypal": paypal.SETTINGS | there,
        "epusdt": coins.SETTINGS | {"dialect": "bepusdt"},
    }
    with django_db_blocker.unblock():
        for room, settings in rooms.items():
            sealed = seal_config(room, settings)
            Channel.objects.create(slug=room, name=room, name_en=room, provider=room, config=sealed)
    with psycopg.connect(counter.url, autocommit=True) as connection:
        connection.execute(f"NOTIFY {CHANNEL}, ''".encode())
    deadline = time.monotonic() + 60
    with counter.client() as client:
        while 404 in [client.send("POST", f"/pay/notify/{room}", b"{}").status for room in rooms]:
            assert time.monotonic() < deadline, "the till did not hear of the channels"
            time.sleep(0.05)


def tell(counter: Counter, room: str, notice: RawNotice) -> Answer:
    """Send a notice as a gateway does."""
    with counter.client() as client:
        headers = {**notice.headers, "content-type": notice.content_type}
        return client.send("POST", f"/pay/notify/{room}", notice.body, headers)


def uuid_of(payment: str) -> str:
    """Return a payment's number as the database has it."""
    from xinka.kernel import ids

    return str(ids.parse("pay", payment))


def test_stripes_webhook_delivers_and_its_copies_change_nothing(counter: Counter) -> None:
    payment = counter.payment(channel="stripe")
    paid = stripe.session(
        amount_total=4900, currency="cny", client_reference_id=payment, payment_intent=f"pi_{payment[4:]}"
    )
    for _ in range(3):
        answer = tell(counter, "stripe", stripe.notice(stripe.event(paid)))
        assert (answer.status, answer.body) == (200, b"ok")
    assert counter.state_of_payment(payment) == "delivered"
    assert counter.number(RECEIPTS, f"pi_{payment[4:]}") == 1


def test_forged_and_stale_webhooks_of_stripes_leave_nothing(counter: Counter) -> None:
    payment = counter.payment(channel="stripe")
    body = stripe.event(stripe.session(amount_total=4900, currency="cny", client_reference_id=payment))
    with counter.untouched():
        for forged in (
            stripe.notice(body, secret=stripe.OLD_SECRET),
            stripe.notice(body, age=864_000),
            stripe.notice(body, "t=1,v1=0"),
            stripe.notice(body)._replace(body=body + b" "),
        ):
            answer = tell(counter, "stripe", forged)
            assert (answer.status, answer.body) == (400, b"fail")
    assert counter.state_of_payment(payment) == "awaiting_payment"


def test_coins_signed_with_md5_deliver_nothing_and_have_a_worker_ask(counter: Counter) -> None:
    payment = counter.payment(channel="epusdt")
    written = {**coins.PAID, "order_id": json.dumps(payment), "amount": "49"}
    provider = coins.channel("bepusdt")
    answer = tell(counter, "epusdt", coins.notice(provider, written))
    assert (answer.status, answer.body) == (200, b"ok")
    assert counter.state_of_payment(payment) == "awaiting_payment"
    assert counter.number(JOBS, uuid_of(payment)) == 1
    with counter.untouched():
        for bad in (
            coins.notice(provider, written, signature="0" * 32),
            coins.notice(provider, {**written, "block_transaction_id": '""'}),
        ):
            answer = tell(counter, "epusdt", bad)
            assert (answer.status, answer.body) == (400, b"fail")
        unknown = {**coins.PAID, "order_id": '"somebody-elses"'}
        assert tell(counter, "epusdt", coins.notice(provider, unknown)).status == 200


def test_paypals_certificate_is_fetched_once_and_an_agreement_has_a_worker_capture(
    counter: Counter, certificates: Certificates
) -> None:
    payment = counter.payment()
    unit = {"custom_id": payment, "amount": {"currency_code": "USD", "value": "19.90"}}
    order = {"id": "5O190127TN364715T", "status": "APPROVED", "purchase_units": [unit]}
    body = paypal.event(order, "CHECKOUT.ORDER.APPROVED")
    url = certificates.address("CERT-1")
    for _ in range(3):
        answer = tell(counter, "paypal", paypal.notice(body, paypal_cert_url=url))
        assert (answer.status, answer.body) == (200, b"ok")
    assert certificates.asked == ["/paypal/v1/notifications/certs/CERT-1"]
    assert counter.number(JOBS, uuid_of(payment)) == 3
    assert counter.state_of_payment(payment) == "awaiting_payment"


def test_forged_webhooks_of_paypals_leave_nothing_and_make_few_calls(
    counter: Counter, certificates: Certificates
) -> None:
    body = paypal.event(paypal.capture(custom_id=counter.payment()))
    url, missing = certificates.address("CERT-1"), certificates.address("CERT-2")
    before = len(certificates.asked)
    with counter.untouched():
        for forged in (
            paypal.notice(body, key=paypal.eves().key, paypal_cert_url=url),
            paypal.notice(body, paypal_cert_url=url, sha1=True),
            paypal.notice(body, paypal_cert_url="http://127.0.0.1:9/paypal/v1/notifications/certs/CERT-1"),
            paypal.notice(body, paypal_cert_url=missing),
            paypal.notice(body, paypal_cert_url=missing),
            paypal.notice(body, paypal_cert_url=missing),
        ):
            answer = tell(counter, "paypal", forged)
            assert (answer.status, answer.body) == (400, b"fail")
    assert len(certificates.asked) - before <= 2, "the good one if it was not known yet, and the missing one once"
