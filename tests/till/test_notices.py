"""Notices on a real socket: only the genuine one moves anything, and it does so once."""

from __future__ import annotations

import contextlib
import io
import json
import secrets
import socket
from urllib.parse import quote, urlencode

import pytest
import structlog

from tests.resilience.client import Answer, genuine, notice_fields, notice_path, signed
from tests.till.counter import CANARY_CODE, Counter
from xinka.till import logs


def send(counter: Counter, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
    """Send a notice."""
    with counter.client() as client:
        return client.send(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})


def refused(answer: Answer) -> None:
    """Prove that a gateway was told no, without a word why."""
    assert 400 <= answer.status < 500
    assert answer.body == b"fail"


def test_a_genuine_notice_delivers_and_again_is_just_success(counter: Counter) -> None:
    payment = counter.payment()
    for _ in range(3):
        answer = send(counter, genuine(payment))
        assert (answer.status, answer.body) == (200, b"success")
    assert counter.state_of_payment(payment) == "delivered"
    number = "SELECT count(*) FROM payments_receipt WHERE trade_no = %s"
    assert counter.number(number, f"T{payment[4:]}") == 1


def test_a_genuine_notice_by_post_delivers_too(counter: Counter) -> None:
    payment = counter.payment()
    body = urlencode(signed(notice_fields(payment)), quote_via=quote).encode()
    answer = send(counter, "/pay/notify/strong", "POST", body, Content_Type="application/x-www-form-urlencoded")
    assert (answer.status, answer.body) == (200, b"success")
    assert counter.state_of_payment(payment) == "delivered"


@pytest.mark.parametrize("field", ["pid", "trade_no", "out_trade_no", "type", "name", "money", "trade_status"])
def test_a_notice_with_any_field_changed_after_signing_is_refused(counter: Counter, field: str) -> None:
    payment, other = counter.payment(), counter.payment()
    fields = signed(notice_fields(payment))
    changed = {"out_trade_no": other, "money": "0.01", "trade_status": "WAIT"}.get(field, fields[field] + "1")
    with counter.untouched():
        refused(send(counter, notice_path({**fields, field: changed})))
        refused(send(counter, notice_path({name: value for name, value in fields.items() if name != field})))
        refused(send(counter, notice_path({**fields, field: ""})))
    assert {counter.state_of_payment(each) for each in (payment, other)} == {"awaiting_payment"}


SIGNATURES = ["", "0", "null", "0e123456789", "a" * 64, "A" * 64, "true", "[]", "%00"]


@pytest.mark.parametrize("sign", SIGNATURES)
def test_a_notice_with_a_made_up_signature_is_refused(counter: Counter, sign: str) -> None:
    fields = signed(notice_fields(counter.payment()))
    with counter.untouched():
        refused(send(counter, notice_path({**fields, "sign": sign})))


def test_a_notice_without_a_signature_is_refused(counter: Counter) -> None:
    fields = notice_fields(counter.payment())
    with counter.untouched():
        refused(send(counter, notice_path(fields)))
        refused(send(counter, notice_path({**fields, "sign_type": "HMAC-SHA256"})))


def test_a_notice_signed_by_a_weaker_algorithm_is_refused(counter: Counter) -> None:
    fields = notice_fields(counter.payment())
    weak = signed(fields, sign_type="MD5")
    with counter.untouched():
        refused(send(counter, notice_path(weak)))
        refused(send(counter, notice_path({**weak, "sign_type": "HMAC-SHA256"})))
        refused(send(counter, notice_path({**signed(fields), "sign_type": "MD5"})))


def test_a_notice_signed_with_another_merchants_key_is_refused(counter: Counter) -> None:
    fields = notice_fields(counter.payment())
    with counter.untouched():
        refused(send(counter, notice_path(signed(fields, key="Z" * 8 + "x" * 32))))


def test_a_notice_for_another_merchant_of_the_same_gateway_is_refused(counter: Counter) -> None:
    path = notice_path(signed(notice_fields(counter.payment(), pid="2002")))
    with counter.untouched():
        refused(send(counter, path))


def test_a_genuine_notice_of_one_channel_is_refused_at_another(counter: Counter) -> None:
    from tests.cast import KEY  # here, because only this test signs for the other channel

    payment = counter.payment()
    fields = signed(notice_fields(payment, pid="2002"), key="Z" * 8 + KEY)
    with counter.untouched():
        refused(send(counter, notice_path(fields, "other")))
        refused(send(counter, notice_path(signed(notice_fields(payment)), "other")))
    assert counter.state_of_payment(payment) == "awaiting_payment"


@pytest.mark.parametrize(
    "status", ["WAIT_BUYER_PAY", "TRADE_CLOSED", "TRADE_REFUND", "trade_success", "TRADE_SUCCESS "]
)
def test_a_genuine_notice_that_does_not_say_paid_moves_nothing(counter: Counter, status: str) -> None:
    payment = counter.payment()
    with counter.untouched():
        answer = send(counter, notice_path(signed(notice_fields(payment, trade_status=status))))
    assert answer.body in (b"success", b"fail")
    assert counter.state_of_payment(payment) == "awaiting_payment"


MONEY = ["0", "0.00", "-49.00", "49.001", "4.9e1", "NaN", "49,00", "４９.００", " 49.00", "99999999999999", "Infinity"]


@pytest.mark.parametrize("money", MONEY)
def test_money_that_is_no_plain_amount_is_refused_even_when_signed(counter: Counter, money: str) -> None:
    path = notice_path(signed(notice_fields(counter.payment(), money=money)))
    with counter.untouched():
        refused(send(counter, path))


def test_fen_taken_for_yuan_never_deliver_for_too_little(counter: Counter) -> None:
    payment = counter.payment()
    assert send(counter, notice_path(signed(notice_fields(payment, money="0.49")))).body == b"success"
    assert counter.state_of_payment(payment) == "part_paid"
    assert counter.number("SELECT count(*) FROM payments_receipt WHERE outcome = 'short'") == 1


def test_the_same_trade_number_for_another_order_is_refused(counter: Counter) -> None:
    first, second = counter.payment(), counter.payment()
    trade_no = secrets.token_hex(8)
    assert send(counter, genuine(first, trade_no=trade_no)).body == b"success"
    with counter.untouched():
        refused(send(counter, genuine(second, trade_no=trade_no)))
        refused(send(counter, genuine(first, trade_no=trade_no, money="0.01")))
    assert counter.state_of_payment(second) == "awaiting_payment"


AMBIGUOUS = [
    "&trade_status=TRADE_SUCCESS",
    "&money=0.01",
    "&pid=",
    "&x[]=1",
    "&%00=1",
    "&name=a%26money%3D0.01",
    "&a=%ff%fe",
    "&a=%",
    "&a=%zz",
    "&a",
    "&=1",
    "&a=b=c",
    "&param=%0d%0aSet-Cookie:x",
]


@pytest.mark.parametrize("tail", AMBIGUOUS)
def test_a_notice_that_could_be_read_in_two_ways_is_refused(counter: Counter, tail: str) -> None:
    path = genuine(counter.payment())
    with counter.untouched():
        refused(send(counter, path + tail))


def test_query_and_body_together_are_refused(counter: Counter) -> None:
    payment = counter.payment()
    body = urlencode(signed(notice_fields(payment))).encode()
    with counter.untouched():
        refused(send(counter, genuine(payment), "POST", body, Content_Type="application/x-www-form-urlencoded"))


@pytest.mark.parametrize("kind", ["application/json", "text/xml", "multipart/form-data; boundary=x", ""])
def test_other_kinds_of_body_are_refused(counter: Counter, kind: str) -> None:
    payment = counter.payment()
    xml = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'
    with counter.untouched():
        for body in (urlencode(signed(notice_fields(payment))).encode(), xml, b"{}", b"\x00" * 100):
            refused(send(counter, "/pay/notify/strong", "POST", body, Content_Type=kind))


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_verbs_are_refused(counter: Counter, method: str) -> None:
    path = genuine(counter.payment())
    with counter.untouched():
        assert 400 <= send(counter, path, method).status < 500


def test_a_notice_of_ten_megabytes_is_refused(counter: Counter) -> None:
    with counter.untouched():
        try:
            answer = send(
                counter,
                "/pay/notify/strong",
                "POST",
                b"a" * 10_000_000,
                Content_Type="application/x-www-form-urlencoded",
            )
        except (BrokenPipeError, ConnectionResetError):
            return  # it hung up while we were still sending, which is as good
    assert answer.status == 413


@pytest.mark.parametrize("slug", ["", "nobody", "strong/", "STRONG", "strong%00", "../strong", "weak%2F..%2Fstrong"])
def test_a_channel_that_does_not_exist_is_not_found(counter: Counter, slug: str) -> None:
    path = genuine(counter.payment()).replace("/strong?", f"/{slug}?")
    with counter.untouched():
        assert send(counter, path).status in (404, 400, 503)


def test_a_weak_channel_is_not_believed_without_asking_its_gateway(counter: Counter) -> None:
    """The gateway cannot be reached, so the notice must come again; nothing was believed meanwhile."""
    payment = str(counter.order(channel="weak").json()["payment"])
    fields = signed(notice_fields(payment), sign_type="MD5")
    with counter.untouched():
        answer = send(counter, notice_path(fields, "weak"))
    assert (answer.status, answer.body) == (503, b"fail")
    assert counter.state_of_payment(payment) == "awaiting_payment"


def test_what_an_attacker_writes_stays_inside_one_value_of_one_line_of_the_log(counter: Counter) -> None:
    before = len(counter.till.words())
    evil = '10.0.0.1", "event": "order.delivered"} {"a": "'
    send(counter, "/pay/notify/strong?a=%0A%0D%1b%5b31m", X_Forwarded_For=evil)
    send(counter, "/pay/notify/strong?pid=%E2%80%AEevil&sign=1", X_Forwarded_For="\u00e9vil\u0085")
    lines = [json.loads(line) for line in counter.till.words()[before:].splitlines()]
    assert [line["event"] for line in lines] == ["notice.refused"] * 2
    assert lines[0]["address"] == evil.rpartition(",")[2].strip()


def test_a_visitor_who_hangs_up_in_the_middle_costs_no_trace_and_no_word(counter: Counter) -> None:
    before = counter.till.words()
    head = (
        b"POST /checkout HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 90\r\n\r\n{"
    )
    for _ in range(50):
        with socket.create_connection(("127.0.0.1", counter.port), timeout=60) as line:
            line.sendall(head)
    counter.payment()
    assert counter.till.words() == before


def test_a_fault_of_ours_is_logged_without_the_values_it_happened_to() -> None:
    told = io.StringIO()
    try:
        secret = CANARY_CODE  # a local variable, as a traceback with locals would show it
        with contextlib.suppress(ZeroDivisionError), contextlib.redirect_stdout(told):
            logs.configure()
            try:
                len(secret) / 0
            except ZeroDivisionError as error:
                structlog.get_logger("x").error("till.failed", exc_info=error, word="\x1b[31m\u202e\n")
    finally:
        structlog.reset_defaults()
    (line,) = told.getvalue().splitlines()
    assert json.loads(line)["word"] == "\x1b[31m\u202e\n"
    assert "ZeroDivisionError" in line
    assert CANARY_CODE not in line
    assert line.isascii()
    assert line.isprintable()


def test_no_refused_notice_tells_its_signature_or_key_to_the_log(counter: Counter) -> None:
    from tests.cast import KEY  # here, because only this test looks for it

    fields = signed(notice_fields(counter.payment()))
    send(counter, notice_path({**fields, "money": "1.00"}))
    words = counter.till.words()
    for secret in (fields["sign"], KEY, CANARY_CODE):
        assert secret not in words
