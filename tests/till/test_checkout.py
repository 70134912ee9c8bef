"""``POST /checkout`` on a real socket: what is right is placed, what is wrong is named and leaves nothing."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from tests.resilience.client import Answer, checkout_body
from tests.till.counter import CANARY_CODE, CANARY_CONTACT, CANARY_PASSWORD, Counter, some_address
from xinka.flows.checkout import UNPAID_PER_ADDRESS
from xinka.kernel import ids
from xinka.platform.vault.envelope import BlindIndex
from xinka.till.checkout import request_hash, stored_request_key

Refused = Callable[[Answer, int], None]


def test_a_program_places_an_order_and_the_same_key_gets_the_same_answer(counter: Counter) -> None:
    key = secrets.token_hex(16)
    first = counter.order(contact="12345678", request_key=key)
    assert (first.status, first.headers["content-type"]) == (200, "application/json")
    body = first.json()
    assert body["amount"] == 4900
    assert body["pay_url"] == f"/order/{body['order']}/pay"
    with counter.untouched():
        assert counter.order(contact="12345678", request_key=key).json() == body


def test_nothing_is_ordered_under_a_name_that_is_not_the_shops(counter: Counter) -> None:
    """Whoever points a name of theirs at the shop could sell its goods under it; no matching Origin helps them."""
    evil = {"Host": "evil.example", "Origin": "http://evil.example", "Sec-Fetch-Site": "same-origin"}
    with counter.untouched(), counter.client() as client:
        answer = client.post_form("/checkout", checkout_body(counter.sku), evil)
    assert answer.status >= 400


def test_keys_as_pages_make_them_keep_their_time_in_front_and_nothing_else() -> None:
    index = BlindIndex(b"k" * 32)
    moment, chance = "0192f3a4b5c6", "0123456789abcdef0123"
    stored = stored_request_key(index, moment + chance)
    assert stored.startswith(moment)
    assert len(stored) == 32
    assert chance not in stored
    assert stored == stored_request_key(index, moment + chance)
    assert stored != stored_request_key(index, moment + chance[::-1])
    assert stored != stored_request_key(BlindIndex(b"j" * 32), moment + chance)


@pytest.mark.parametrize(
    "text", ["order-17", "0192F3A4B5C60123456789ABCDEF0123", "0" * 31, "0" * 33, "٠" * 32, "0" * 31 + "\n"]
)
def test_any_other_key_is_hashed_whole(text: str) -> None:
    index = BlindIndex(b"k" * 32)
    assert stored_request_key(index, text) == index.hex(text.encode())


def test_nobody_who_reads_the_orders_alone_tries_out_whose_they_are(counter: Counter) -> None:
    """What else was asked for stands beside it, and there are few QQ numbers: without a key each could be tried."""
    order = counter.order(contact="23456789", request_key=secrets.token_hex(16)).json()["order"]
    from xinka.orders.models import Order  # models need the settings, which are read after this file
    from xinka.payments.models import Payment

    kept = Order.objects.get(id=ids.parse("ord", order))
    (channel,) = Payment.objects.filter(order_id=kept.id).values_list("channel_id", flat=True)
    facts = f"{counter.sku}|1|0|{kept.amount}|{channel}||23456789@qq.com".encode()
    unkeyed = hashlib.blake2b(facts, digest_size=8).digest()
    assert kept.request_hash != int.from_bytes(unkeyed, "big", signed=True)
    other = BlindIndex(b"k" * 32)
    assert kept.request_hash not in {0, request_hash(other, facts)}
    assert request_hash(other, facts) == request_hash(other, facts) != request_hash(BlindIndex(b"j" * 32), facts)


def test_a_form_is_sent_on_to_its_payment_page_with_the_orders_own_cookie(counter: Counter) -> None:
    with counter.client() as client:
        answer = client.post_form("/checkout", checkout_body(counter.sku), {"X-Forwarded-For": some_address()})
    assert answer.status == 303
    path = answer.headers["location"].removesuffix("/pay")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("xk_order=")
    assert {"HttpOnly", "SameSite=Lax", f"Path={path}"} <= {part.strip() for part in cookie.split(";")}
    assert answer.headers["cache-control"] == "no-store"


WRONG_JSON: list[tuple[str, bytes]] = [
    ("nothing", b""),
    ("no JSON", b"hello"),
    ("a list", b"[]"),
    ("null", b"null"),
    ("deep", b'{"a":' * 2500 + b"1" + b"}" * 2500),
    ("deep lists", b"[" * 16000),
    ("NaN", b'{"sku":NaN,"quantity":1,"contact":"a@b.cc","channel":"strong","expected":4900}'),
    ("Infinity", b'{"sku":1,"quantity":Infinity,"contact":"a@b.cc","channel":"strong","expected":4900}'),
    ("exponent", b'{"sku":1,"quantity":1e9,"contact":"a@b.cc","channel":"strong","expected":4900}'),
    ("half a piece", b'{"sku":1,"quantity":1.5,"contact":"a@b.cc","channel":"strong","expected":4900}'),
    ("huge number", b'{"sku":1,"quantity":' + b"9" * 400 + b',"contact":"a@b.cc","channel":"strong","expected":1}'),
    ("number as text", b'{"sku":"1","quantity":1,"contact":"a@b.cc","channel":"strong","expected":4900}'),
    ("unknown field", b'{"sku":1,"quantity":1,"contact":"a@b.cc","channel":"strong","expected":4900,"price":1}'),
    ("not UTF-8", b'{"sku":1,"quantity":1,"contact":"\xff@b.cc","channel":"strong","expected":4900}'),
    ("lone surrogate", b'{"sku":1,"quantity":1,"contact":"\\ud800@b.cc","channel":"strong","expected":4900}'),
    ("BOM", b'\xef\xbb\xbf{"sku":1}'),
    ("two documents", b'{"sku":1}{"sku":2}'),
]


@pytest.mark.parametrize("body", [body for _, body in WRONG_JSON], ids=[name for name, _ in WRONG_JSON])
def test_malformed_json_is_refused_and_leaves_nothing(counter: Counter, refused: Refused, body: bytes) -> None:
    with counter.untouched(), counter.client() as client:
        refused(client.post_json("/checkout", body), 422)


@pytest.mark.parametrize("name", ["state", "amount", "merchant_id", "is_staff", "price", "order_id", "language"])
def test_fields_that_are_not_the_buyers_to_say_are_refused(counter: Counter, refused: Refused, name: str) -> None:
    with counter.untouched():
        refused(counter.order(**{name: 1}), 422)


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"quantity": 0}, 422, "bad_quantity"),
        ({"quantity": -1}, 422, "bad_input"),
        ({"quantity": 11}, 422, "bad_quantity"),
        ({"quantity": 2**31}, 422, "bad_input"),
        ({"quantity": 2**63}, 422, "bad_input"),
        ({"expected": -4900}, 422, "bad_input"),
        ({"expected": 0}, 409, "price_changed"),
        ({"expected": 49}, 409, "price_changed"),
        ({"sku": 0}, 410, "product_gone"),
        ({"sku": 2**63 - 1}, 410, "product_gone"),
        ({"sku": 2**64}, 422, "bad_input"),
        ({"chosen": 1}, 410, "product_gone"),
        ({"chosen": -1}, 422, "bad_input"),
        ({"channel": "nobody"}, 409, "no_such_channel"),
        ({"channel": "strong\x00"}, 409, "no_such_channel"),
        ({"channel": "../strong"}, 409, "no_such_channel"),
        ({"contact": ""}, 422, "bad_input"),
        ({"contact": "   "}, 422, "bad_input"),
        ({"contact": "1234"}, 422, "bad_input"),
        ({"contact": "a@b"}, 422, "bad_input"),
        ({"contact": "a\x00@example.com"}, 422, "bad_input"),
        ({"contact": "a@example.com\r\nBcc: eve@example.com"}, 422, "bad_input"),
        ({"contact": "<script>@example.com"}, 422, "bad_input"),
        ({"contact": "a" * 300 + "@example.com"}, 422, "bad_input"),
        ({"contact": "' OR 1=1 --@example.com"}, 422, "bad_input"),
        ({"password": "x" * 65}, 422, "bad_input"),
        ({"password": "1"}, 422, "bad_input"),
        ({"password": " 12345 "}, 422, "bad_input"),
        ({"request_key": "x" * 65}, 422, "bad_input"),
        ({"request_key": "1"}, 422, "bad_input"),
        ({"request_key": "x" * 15}, 422, "bad_input"),
    ],
)
def test_wrong_values_are_refused_by_name_and_leave_nothing(
    counter: Counter, refused: Refused, change: dict[str, Any], status: int, code: str
) -> None:
    with counter.untouched():
        answer = counter.order(**change)
        refused(answer, status)
    assert answer.json()["code"] == code


@pytest.mark.parametrize(
    "text",
    ["1'); DROP TABLE orders_order; --", "💳" * 10, "\u202eevil!", "{{{}}}", '"," ","', "\x00" * 6, "a" * 64, "NULL::"],
)
def test_strange_but_allowed_texts_are_taken_as_they_are(counter: Counter, text: str) -> None:
    key = f"{secrets.token_hex(8)}{text}"[:64]
    first = counter.order(password=text, request_key=key, contact="odd@example.com")
    assert first.status == 200, first.body
    n_before = counter.number("SELECT count(*) FROM orders_order")
    assert counter.order(password=text, request_key=key, contact="odd@example.com").json() == first.json()
    assert counter.number("SELECT count(*) FROM orders_order") == n_before
    from xinka.orders.models import Order  # here, because only this test tidies up: five unpaid are one contact's most
    from xinka.stock.models import Reservation

    Reservation.objects.all().update(contact_key=secrets.token_hex(16), address_key=secrets.token_hex(16))
    assert Order.objects.count() == n_before


def test_a_password_that_is_too_short_is_refused_with_how_long_it_must_be(counter: Counter) -> None:
    with counter.untouched():
        answer = counter.order(password="12345")
    assert "6 to 64 characters are needed" in answer.json()["message_en"]
    assert counter.order(password="123456").status == 200
    assert counter.order(password="   ").status == 200  # none at all: the shop makes one


def test_a_password_typed_in_full_width_is_kept_as_the_same_one_in_half_width(counter: Counter) -> None:
    from xinka.kernel import ids  # here, as above: what the till wrote is read by Django
    from xinka.orders.models import Order

    answers = [
        counter.order(password=text, contact=f"{n}@wide.example") for n, text in enumerate(("Ａｂ１２３４", "ab1234"))
    ]
    numbers = [ids.parse("ord", answer.json()["order"]) for answer in answers]
    assert Order.objects.filter(id__in=numbers).values("password_key").distinct().count() == 1


WRONG_FORMS: list[tuple[str, bytes]] = [
    ("nothing", b""),
    ("no pairs", b"hello"),
    ("not UTF-8", b"sku=1&quantity=1&contact=%ff%fe@b.cc&channel=strong&expected=4900"),
    ("a field twice", b"sku=1&sku=2&quantity=1&contact=a@b.cc&channel=strong&expected=4900"),
    ("many fields", b"&".join(b"f%d=1" % n for n in range(1000))),
    ("full-width digits", "sku=１&quantity=１&contact=a@b.cc&channel=strong&expected=４９００".encode()),
    ("exponent", b"sku=1&quantity=1e9&contact=a@b.cc&channel=strong&expected=4900"),
    ("sign", b"sku=1&quantity=%2B1&contact=a@b.cc&channel=strong&expected=4900"),
    ("negative", b"sku=1&quantity=-1&contact=a@b.cc&channel=strong&expected=4900"),
    ("nan", b"sku=1&quantity=nan&contact=a@b.cc&channel=strong&expected=4900"),
    ("space", b"sku=1&quantity=%201&contact=a@b.cc&channel=strong&expected=4900"),
    ("empty number", b"sku=&quantity=1&contact=a@b.cc&channel=strong&expected=4900"),
    ("no number", b"quantity=1&contact=a@b.cc&channel=strong&expected=4900"),
    ("unknown field", b"sku=1&quantity=1&contact=a@b.cc&channel=strong&expected=4900&is_staff=1"),
    ("array", b"sku[]=1&quantity=1&contact=a@b.cc&channel=strong&expected=4900"),
    ("NUL", b"sku=1%00&quantity=1&contact=a@b.cc&channel=strong&expected=4900"),
]


@pytest.mark.parametrize("body", [body for _, body in WRONG_FORMS], ids=[name for name, _ in WRONG_FORMS])
def test_malformed_forms_are_sent_to_the_page_that_explains(counter: Counter, body: bytes) -> None:
    with counter.untouched(), counter.client() as client:
        answer = client.post_form("/checkout", body, {"Accept": "text/html"})
    target = urlsplit(answer.headers["location"])
    assert (answer.status, target.path) == (303, "/checkout/refused")
    assert parse_qs(target.query)["code"] == ["bad_input"]
    assert "set-cookie" not in answer.headers


def test_what_was_looked_for_among_the_numbers_to_choose_is_not_the_orders_business(counter: Counter) -> None:
    fields = checkout_body(counter.sku)
    with counter.client() as client:
        answer = client.post_form("/checkout", {**fields, "code": "888"}, {"Accept": "text/html"})
        assert (answer.status, answer.headers["location"].endswith("/pay")) == (303, True)
    with counter.untouched():
        assert counter.order(code="888").status == 422, "programs have no such field"


def test_the_page_that_explains_hears_which_code_was_chosen(counter: Counter) -> None:
    fields = checkout_body(counter.other_sku, chosen=7, expected=4900)
    with counter.untouched(), counter.client() as client:
        answer = client.post_form("/checkout", fields, {"Accept": "text/html"})
    assert parse_qs(urlsplit(answer.headers["location"]).query)["chosen"] == ["7"]


def test_what_is_refused_never_puts_contact_or_password_into_an_address(counter: Counter) -> None:
    fields = checkout_body(counter.sku, contact=CANARY_CONTACT, expected=1, password=CANARY_PASSWORD)
    with counter.client() as client:
        answers = [
            client.post_form("/checkout", fields),
            client.post_form("/checkout", {**fields, "expected": "x"}),
            client.post_form("/checkout", {**fields, "evil": "1"}),
        ]
    for answer in answers:
        assert answer.status == 303
        assert "canary" not in answer.headers["location"]


def test_an_unknown_field_of_any_length_makes_no_endless_address(counter: Counter) -> None:
    with counter.client() as client:
        answer = client.post_form("/checkout", urlencode({"x" * 15_000: "1"}).encode())
    assert answer.status == 303
    assert len(answer.headers["location"]) < 2_000


@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded"])
def test_a_body_of_ten_megabytes_is_refused_unread(counter: Counter, kind: str) -> None:
    with counter.untouched(), counter.client() as client:
        try:
            answer = client.send("POST", "/checkout", b"a" * 10_000_000, {"Content-Type": kind})
        except (BrokenPipeError, ConnectionResetError):
            return  # it hung up while we were still sending, which is as good
    assert answer.status in (303, 413)
    if answer.status == 303:
        assert "body_too_large" in answer.headers["location"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1.evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://127.0.0.1:{port}"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1:{port}"},
    ],
)
@pytest.mark.parametrize("as_form", [True, False], ids=["form", "json"])
def test_a_form_on_another_site_orders_nothing(counter: Counter, headers: dict[str, str], *, as_form: bool) -> None:
    body = checkout_body(counter.sku)
    with counter.untouched(), counter.client() as client:
        post = client.post_form if as_form else client.post_json
        answer = post("/checkout", body, {name: value.format(port=counter.port) for name, value in headers.items()})
    if as_form:
        assert answer.status == 303
        assert parse_qs(urlsplit(answer.headers["location"]).query)["code"] == ["foreign_origin"]
    else:
        assert (answer.status, answer.json()["code"]) == (403, "foreign_origin")
    assert '{"code": "foreign_origin", "address": "127.0.0.1", "n": 1, "event": "till.refused"' in counter.till.words()


def test_the_shops_own_pages_may_order(counter: Counter) -> None:
    with counter.client() as client:
        for headers in (
            {"Origin": "http://127.0.0.1:8000", "Sec-Fetch-Site": "same-origin"},
            {"Origin": f"http://127.0.0.1:{counter.port}"},
            {"Sec-Fetch-Site": "none"},
        ):
            body = checkout_body(counter.sku, contact=f"{secrets.token_hex(5)}@example.com")
            answer = client.post_json("/checkout", body, {**headers, "X-Forwarded-For": some_address()})
            assert answer.status == 200, answer.body


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_verbs_order_nothing(counter: Counter, method: str) -> None:
    body = json.dumps(checkout_body(counter.sku)).encode()
    with counter.untouched(), counter.client() as client:
        answer = client.send(method, "/checkout", body, {"Content-Type": "application/json"})
    assert answer.status in (303, 405)
    assert "set-cookie" not in answer.headers


def test_refusals_speak_the_language_of_who_asks(counter: Counter) -> None:
    with counter.client() as client:
        body = checkout_body(counter.sku, expected=1)
        english = client.post_json("/checkout", body, {"Cookie": "xk_lang=en"}).json()
        chinese = client.post_json("/checkout", body).json()
    assert english["title"] == english["message_en"]
    assert chinese["title"] == chinese["message_zh"]


def test_no_answer_and_no_log_line_tells_a_code_a_contact_or_a_password(counter: Counter) -> None:
    answers = [
        counter.order(contact=CANARY_CONTACT, password=CANARY_PASSWORD),
        counter.order(contact=CANARY_CONTACT, password=CANARY_PASSWORD, expected=1),
        counter.order(contact=CANARY_CONTACT, password=CANARY_PASSWORD, sku=2**63 - 1),
        counter.order(contact=CANARY_CONTACT + "\n", password=CANARY_PASSWORD, quantity="x"),
    ]
    told = b"".join(answer.body + str(answer.headers).encode() for answer in answers)
    for canary in (CANARY_CONTACT, CANARY_PASSWORD, CANARY_CODE):
        assert canary.encode() not in told
        assert canary not in counter.till.words()


def test_one_customer_of_an_ipv6_network_is_one_place_however_many_addresses_he_has(counter: Counter) -> None:
    with counter.client() as client:
        statuses = []
        for n in range(UNPAID_PER_ADDRESS + 1):
            body = checkout_body(counter.sku, contact=f"{secrets.token_hex(6)}@example.com")
            answer = client.post_json("/checkout", body, {"X-Forwarded-For": f"2001:db8:7:1::{n:x}"})
            statuses.append(answer.status)
        assert statuses == [200] * UNPAID_PER_ADDRESS + [429]
        assert answer.json()["code"] == "too_many_unpaid"
        body = checkout_body(counter.sku, contact=f"{secrets.token_hex(6)}@example.com")
        assert client.post_json("/checkout", body, {"X-Forwarded-For": "2001:db8:7:2::1"}).status == 200
