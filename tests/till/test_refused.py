"""Whatever is refused leaves no trace but its line in the log: one list of all kinds, each held to both halves of that.

No row of any table is written, not even anew as it was. The log names what was refused: each notice in a line of its
own, everything else in lines that add up to what was sent, since there may be a flood of it.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import psycopg
import pytest

from tests.cast import KEY
from tests.resilience.client import Answer, checkout_body, genuine, notice_fields, notice_path, signed
from tests.resilience.house import PATIENCE, contents_of, eventually, open_till
from tests.till.counter import Counter, some_address

_FORM = "application/x-www-form-urlencoded"
_JSON = "application/json"
_LARGE = 10_000_000


class Sent(NamedTuple):
    """One request."""

    path: str
    method: str = "GET"
    body: bytes | None = None
    kind: str = ""
    headers: tuple[tuple[str, str], ...] = ()


Make = Callable[[Counter], Sent]


@dataclass
class Lines:
    """What the till says from now on."""

    counter: Counter
    seen: int = field(init=False)

    def __post_init__(self) -> None:
        self.seen = len(self.counter.till.words())

    def all(self) -> list[dict[str, Any]]:
        """Return the whole lines since the beginning."""
        words = self.counter.till.words()[self.seen :]
        return [json.loads(line) for line in words.splitlines(keepends=True) if line.endswith("\n")]


def send(counter: Counter, sent: Sent) -> Answer | None:
    """Send it; nothing comes back where the till hangs up while a body too large is still on its way."""
    headers = {"X-Forwarded-For": some_address(), **dict(sent.headers)}
    if sent.kind:
        headers["Content-Type"] = sent.kind
    with counter.client() as client:
        try:
            return client.send(sent.method, sent.path, sent.body, headers)
        except (BrokenPipeError, ConnectionResetError):
            return None


def resigned(slug: str = "strong", key: str = KEY, **more: str) -> Make:
    """Make a notice that is rightly signed and says what no gateway of ours would."""
    return lambda counter: Sent(notice_path(signed({**notice_fields(counter.payment()), **more}, key=key), slug))


def after_signing(**more: str) -> Make:
    """Make a notice of which something was changed after it was signed."""
    return lambda counter: Sent(notice_path({**signed(notice_fields(counter.payment())), **more}))


def with_tail(text: str) -> Make:
    """Make a genuine notice with something behind it."""
    return lambda counter: Sent(genuine(counter.payment()) + text)


def posted(body: bytes, kind: str = _FORM) -> Make:
    """Make a notice of any body."""
    return lambda _: Sent("/pay/notify/strong", "POST", body, kind)


def unsigned(counter: Counter) -> Sent:
    """Make a notice that nobody signed."""
    return Sent(notice_path(notice_fields(counter.payment())))


def another_algorithm(counter: Counter) -> Sent:
    """Make a notice that names a weaker algorithm than its channel's."""
    return Sent(notice_path({**signed(notice_fields(counter.payment())), "sign_type": "MD5"}))


def weaker(counter: Counter) -> Sent:
    """Make a notice that is signed by a weaker algorithm than its channel's."""
    return Sent(notice_path(signed(notice_fields(counter.payment()), sign_type="MD5")))


def both_ways(counter: Counter) -> Sent:
    """Make a notice that says one thing in its address and another in its body."""
    body = urlencode(signed(notice_fields(counter.payment()))).encode()
    return Sent(genuine(counter.payment()), "POST", body, _FORM)


def by_another_verb(counter: Counter) -> Sent:
    """Make a genuine notice that comes as no gateway sends it."""
    return Sent(genuine(counter.payment()), "PUT")


def known_trade(*, of_another: bool) -> Make:
    """Make a notice under the number of a trade that is on record: of another payment, or with another amount."""

    def make(counter: Counter) -> Sent:
        payment = counter.payment()
        settled = send(counter, Sent(genuine(payment)))
        assert settled is not None
        assert settled.body == b"success"
        about = counter.payment() if of_another else payment
        money = "49.00" if of_another else "0.01"
        return Sent(notice_path(signed(notice_fields(about, trade_no=f"T{payment[4:]}", money=money))))

    return make


#: What is sent, and the code under which the log tells of it.
NOTICES: dict[str, tuple[Make, str]] = {
    "forged signature": (after_signing(sign="a" * 64), "bad_signature"),
    "no signature": (unsigned, "malformed_notice"),
    "another key": (resigned(key="Z" * 8 + "x" * 32), "bad_signature"),
    "another algorithm": (another_algorithm, "wrong_algorithm"),
    "weaker algorithm": (weaker, "bad_signature"),
    "amount changed": (after_signing(money="0.01"), "bad_signature"),
    "order changed": (after_signing(out_trade_no="pay_00000000000000000000000000"), "bad_signature"),
    "state changed": (after_signing(trade_status="WAIT"), "bad_signature"),
    "another merchant": (resigned(pid="2002"), "wrong_merchant"),
    "no number": (resigned(money="49,00"), "malformed_notice"),
    "nothing paid": (resigned(money="0.00"), "malformed_notice"),
    "negative": (resigned(money="-49.00"), "malformed_notice"),
    "a tenth of a fen": (resigned(money="49.001"), "malformed_notice"),
    "full-width digits": (resigned(money="４９.００"), "malformed_notice"),
    "payment of another channel": (resigned("other", "Z" * 8 + KEY, pid="2002"), "wrong_channel"),
    "signature of another channel": (resigned("other"), "bad_signature"),
    "known trade, another payment": (known_trade(of_another=True), "trade_mismatch"),
    "known trade, another amount": (known_trade(of_another=False), "trade_mismatch"),
    "field twice": (with_tail("&money=0.01"), "malformed_notice"),
    "not UTF-8": (with_tail("&a=%ff%fe"), "malformed_notice"),
    "GBK": (with_tail("&a=%D6%D0%B9%FA"), "malformed_notice"),
    "half an escape": (with_tail("&a=%zz"), "malformed_notice"),
    "NUL": (with_tail("&%00=1"), "malformed_notice"),
    "line of its own": (with_tail("&param=%0d%0aSet-Cookie:x"), "malformed_notice"),
    "address and body": (both_ways, "malformed_notice"),
    "no pairs": (posted(b"hello"), "malformed_notice"),
    "nothing": (posted(b""), "malformed_notice"),
    "JSON": (posted(b"{}", _JSON), "malformed_notice"),
    "XML": (
        posted(b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>", "text/xml"),
        "malformed_notice",
    ),
    "parts": (posted(b"--x\r\n\r\n--x--", "multipart/form-data; boundary=x"), "malformed_notice"),
    "ten megabytes": (posted(b"a" * _LARGE), "body_too_large"),
    "another verb": (by_another_verb, "malformed_notice"),
}


@pytest.mark.parametrize(("make", "code"), NOTICES.values(), ids=NOTICES)
def test_a_refused_notice_leaves_no_trace_but_one_line(counter: Counter, make: Make, code: str) -> None:
    sent = make(counter)
    lines = Lines(counter)
    with counter.untouched():
        answer = send(counter, sent)
        eventually(lines.all, "the till to say that it refused")
    if answer is not None:
        assert answer.status in range(400, 500)
        assert answer.body == b"fail"
    assert [(line["event"], line["code"]) for line in lines.all()] == [("notice.refused", code)]


def test_a_notice_that_comes_again_leaves_neither_rows_nor_words(counter: Counter) -> None:
    payment = counter.payment()
    first = send(counter, Sent(genuine(payment)))
    lines = Lines(counter)
    with counter.untouched():
        again = [send(counter, Sent(genuine(payment))) for _ in range(3)]
    assert {(each.status, each.body) for each in (first, *again) if each} == {(200, b"success")}
    assert lines.all() == []


def json_of(**change: object) -> Make:
    """Make a checkout by a program."""
    return lambda counter: Sent(
        "/checkout", "POST", json.dumps({**checkout_body(counter.sku), **change}).encode(), _JSON
    )


def form_of(**change: object) -> Make:
    """Make a checkout by a browser."""
    return lambda counter: Sent(
        "/checkout", "POST", urlencode({**checkout_body(counter.sku), **change}).encode(), _FORM
    )


def raw(body: bytes, kind: str) -> Make:
    """Make a checkout of any body."""
    return lambda _: Sent("/checkout", "POST", body, kind)


def from_elsewhere(make: Make) -> Make:
    """Make the same on a page of another site."""
    return lambda counter: make(counter)._replace(headers=(("Origin", "https://evil.example"),))


CHECKOUTS: dict[str, tuple[Make, str]] = {
    f"{name}, {'JSON' if kind == _JSON else 'form'}": (make, code)
    for name, kind, make, code in [
        ("nothing", _JSON, raw(b"", _JSON), "bad_input"),
        ("nothing", _FORM, raw(b"", _FORM), "bad_input"),
        ("not UTF-8", _JSON, raw(b'{"contact":"\xff"}', _JSON), "bad_input"),
        ("not UTF-8", _FORM, raw(b"sku=1&contact=%ff%fe", _FORM), "bad_input"),
        ("GBK", _FORM, raw("sku=1&contact=中文".encode("gbk"), _FORM), "bad_input"),
        ("lone surrogate", _JSON, raw(b'{"contact":"\\ud800"}', _JSON), "bad_input"),
        ("deep", _JSON, raw(b"[" * 16_000, _JSON), "bad_input"),
        ("field twice", _FORM, raw(b"sku=1&sku=2", _FORM), "bad_input"),
        ("many fields", _FORM, raw(b"&".join(b"f%d=1" % n for n in range(1000)), _FORM), "bad_input"),
        ("ten megabytes", _JSON, raw(b"a" * _LARGE, _JSON), "body_too_large"),
        ("ten megabytes", _FORM, raw(b"a" * _LARGE, _FORM), "body_too_large"),
        ("parts", _FORM, raw(b"--x\r\n\r\n--x--", "multipart/form-data; boundary=x"), "bad_input"),
        ("a field of staff", _JSON, json_of(is_staff=1), "bad_input"),
        ("a field of staff", _FORM, form_of(is_staff=1), "bad_input"),
        ("NUL", _JSON, json_of(contact="a\x00@example.com"), "bad_input"),
        ("NUL", _FORM, form_of(contact="a\x00@example.com"), "bad_input"),
        ("wrong amount", _JSON, json_of(expected=1), "price_changed"),
        ("wrong amount", _FORM, form_of(expected=1), "price_changed"),
        ("none of it", _JSON, json_of(quantity=0), "bad_quantity"),
        ("nothing of ours", _JSON, json_of(sku=10**17), "product_gone"),
        ("nothing of ours", _FORM, form_of(sku=10**17), "product_gone"),
        ("no such channel", _JSON, json_of(channel="nobody"), "no_such_channel"),
        ("no such channel", _FORM, form_of(channel="nobody"), "no_such_channel"),
        ("another site", _JSON, from_elsewhere(json_of()), "foreign_origin"),
        ("another site", _FORM, from_elsewhere(form_of()), "foreign_origin"),
    ]
}


@pytest.mark.parametrize(("make", "code"), CHECKOUTS.values(), ids=CHECKOUTS)
def test_a_refused_checkout_leaves_no_trace(counter: Counter, make: Make, code: str) -> None:
    with counter.untouched():
        answer = send(counter, make(counter))
    if answer is None:
        return
    if answer.status == 303:
        assert f"code={code}" in answer.headers["location"]
    else:
        assert answer.json()["code"] == code


#: What is no request, or comes where nothing is; and how the log calls it.
NOWHERE: dict[str, tuple[bytes, tuple[str, str]]] = {
    "no HTTP": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"a" * 200, ("till.no_request", "bad_request")),
    "two lengths": (
        b"POST /checkout HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        ("till.no_request", "bad_request"),
    ),
    "a head without end": (
        b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: " + b"a" * 100_000 + b"\r\n\r\n",
        ("till.no_request", "request_header_fields_too_large"),
    ),
    "a channel there is not": (
        b"GET /pay/notify/%s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n" % (b"n" * 300),
        ("notice.refused", "no_such_channel"),
    ),
}


@pytest.mark.parametrize("message", [each for each, _ in NOWHERE.values()], ids=NOWHERE)
def test_what_is_no_request_or_comes_to_nowhere_leaves_no_trace(counter: Counter, message: bytes) -> None:
    with counter.untouched(), socket.create_connection(("127.0.0.1", counter.port), timeout=PATIENCE) as line:
        _say(line, message)


def _say(line: socket.socket, message: bytes) -> bytes:
    try:
        line.sendall(message)
        line.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: line.recv(65_536), b""))
    except OSError:
        return b""


def test_each_kind_of_refusal_is_told_of_by_its_name_and_address(counter: Counter, tmp_path: Path) -> None:
    """A till that has told of nothing yet tells of the first of each kind at once, of the rest how many they were."""
    checkouts = {("till.refused", code): make for make, code in CHECKOUTS.values()}
    with open_till(counter.url, tmp_path / "till.log", PYTHONUNBUFFERED="1") as till:
        fresh = Counter(counter.url, till, counter.sku, counter.other_sku)
        lines = Lines(fresh)
        for make in checkouts.values():
            send(fresh, make(fresh))
        for message, _ in NOWHERE.values():
            with socket.create_connection(("127.0.0.1", till.port), timeout=PATIENCE) as line:
                _say(line, message)
        told = [(line["event"], line["code"]) for line in lines.all()]
        assert sorted(told) == sorted([*checkouts, *{name for _, name in NOWHERE.values()}])
        assert {(line["address"], line["n"]) for line in lines.all()} == {("127.0.0.1", 1)}


def test_only_a_guessed_code_is_counted(counter: Counter) -> None:
    """The count is what keeps guessing slow; nothing else is left of it."""
    before = contents_of(counter.url)
    answer = send(counter, json_of(coupon="NOSUCHCODE")(counter))
    assert answer is not None
    assert answer.json()["code"] == "code_unknown"
    after = contents_of(counter.url)
    assert {table for table in after if after[table] != before[table]} == {"ratelimit_counter"}


def test_control_a_row_that_is_written_as_it_was_is_a_trace(counter: Counter) -> None:
    with pytest.raises(AssertionError, match="left a trace"), counter.untouched():  # noqa: SIM117 - one after the other
        with psycopg.connect(counter.url) as connection:
            connection.execute("UPDATE catalog_sku SET price = price WHERE id = %s", [counter.sku])
