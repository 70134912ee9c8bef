"""Promotions over real sockets: what forms and cookies may say, and what they may not."""

from __future__ import annotations

import secrets
import time
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings

from tests.promotions import offers
from tests.resilience.client import Answer, checkout_body
from tests.till.counter import Counter, some_address
from xinka.catalog.models import Sku
from xinka.promotions.models import Coupon, FlashSale, GiftCard, Referral, ReferralTerms
from xinka.promotions.passes import MemberPass, Passes

SESSION = "s" * 32


def passes() -> Passes:
    """Return the shop's own passes."""
    return Passes(settings.ENVIRONMENT.derive("promotion-passes"))


def order(counter: Counter, *, cookie: str = "", address: str = "", **more: object) -> Answer:
    """Place an order of one piece for ¥49 as somebody new."""
    headers = {"X-Forwarded-For": address or some_address()} | ({"Cookie": cookie} if cookie else {})
    body = checkout_body(counter.sku, contact=f"{secrets.token_hex(6)}@example.com")
    with counter.client() as client:
        return client.post_json("/checkout", {**body, **more}, headers)


def member_cookie(off_bps: int, *, session: str = SESSION) -> str:
    """Return the cookies of somebody who is signed in with a level."""
    value = passes().member(MemberPass(7, off_bps), session, int(time.time()))
    return f"xk_session={SESSION}; xk_member={value}"


def test_a_program_orders_with_a_code_and_is_told_the_price(counter: Counter) -> None:
    offers.coupon("HELLO")
    wrong = order(counter, coupon="hello")
    assert (wrong.status, wrong.json()["code"], wrong.json()["amount"]) == (409, "price_changed", 4400)
    right = order(counter, coupon="hello", expected=4400)
    assert (right.status, right.json()["amount"]) == (200, 4400)
    assert Coupon.objects.get(codes__code="HELLO").n_used == 1


def test_the_same_key_with_and_without_a_code_is_another_order(counter: Counter) -> None:
    offers.coupon("AGAIN")
    key, contact = secrets.token_hex(16), "again@example.com"
    first = order(counter, request_key=key, contact=contact, coupon="AGAIN", expected=4400)
    assert order(counter, request_key=key, contact=contact, coupon="AGAIN", expected=4400).json() == first.json()
    other = order(counter, request_key=key, contact=contact, expected=4900)
    assert other.json()["code"] == "request_key_reused"


@pytest.mark.parametrize("code", ["abc", "x" * 33, "' OR 1=1 --", "<script>", "é" * 5 + "!"])
def test_what_cannot_be_a_code_is_refused_and_leaves_nothing(counter: Counter, code: str) -> None:
    with counter.untouched():
        answer = order(counter, coupon=code)
    assert (answer.status, answer.json()["code"]) == (409, "code_unknown")


@pytest.mark.parametrize("change", [{"coupon": "x" * 81}, {"coupon": 5}, {"sale": -1}, {"sale": 2**63}, {"sale": "1"}])
def test_a_malformed_wish_is_refused(counter: Counter, change: dict[str, object]) -> None:
    with counter.untouched():
        assert order(counter, **change).status == 422


def test_an_empty_field_is_no_wish(counter: Counter) -> None:
    with counter.client() as client:
        body = {**checkout_body(counter.sku, contact="plain@example.com"), "coupon": "", "sale": ""}
        answer = client.post_form("/checkout", body, {"X-Forwarded-For": some_address()})
    assert (answer.status, answer.headers["location"].endswith("/pay")) == (303, True)


def test_no_code_is_ever_in_an_address(counter: Counter) -> None:
    offers.coupon("SECRET1")
    with counter.client() as client:
        body = {**checkout_body(counter.sku), "coupon": "secret-1"}
        answer = client.post_form("/checkout", body, {"X-Forwarded-For": some_address()})
    asked = parse_qs(urlsplit(answer.headers["location"]).query)
    assert (asked["code"], asked["amount"], asked["shown"]) == (["price_changed"], ["4400"], ["4900"])
    assert "secret" not in answer.headers["location"].lower()
    cookie = answer.headers["set-cookie"]
    assert passes().read_code(cookie.partition("=")[2].partition(";")[0]) == "SECRET1"
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= {part.strip() for part in cookie.split(";")}


def test_guessing_is_counted_by_network_however_many_contacts(counter: Counter) -> None:
    kinds = []
    for n in range(12):
        answer = order(counter, coupon=f"GUESS{n}", address=f"2001:db8:5:5::{n:x}")
        kinds.append(answer.json()["code"])
    assert kinds == ["code_unknown"] * 10 + ["too_many_codes"] * 2


def test_a_flash_price_is_had_by_naming_its_sale(counter: Counter) -> None:
    sold = offers.sale(Sku.objects.get(id=counter.sku), units=2, per_buyer=1)
    assert order(counter, sale=sold.id, expected=3900).json()["amount"] == 3900
    assert order(counter, sale=sold.id, expected=1).json()["code"] == "price_changed"
    assert order(counter, expected=3900).json()["code"] == "price_changed"
    assert order(counter, sale=sold.id, quantity=2, expected=7800).json()["code"] == "flash_gone"
    assert FlashSale.objects.get(id=sold.id).n_taken == 1


def test_a_level_holds_beside_its_own_session_only(counter: Counter) -> None:
    assert order(counter, cookie=member_cookie(1000), expected=4410).json()["amount"] == 4410
    stolen = member_cookie(1000, session="t" * 32)
    assert order(counter, cookie=stolen, expected=4410).json()["code"] == "price_changed"
    forged = member_cookie(0).replace("7.0.", "7.5000.")
    assert order(counter, cookie=forged, expected=2450).json()["code"] == "price_changed"
    assert order(counter, cookie="xk_member=7.5000.99999999999.aa", expected=4900).status == 200


def test_who_sent_the_buyer_is_noted_from_a_genuine_link_only(counter: Counter) -> None:
    ReferralTerms.objects.update_or_create(merchant=None, defaults={"bps": 300})
    before = Referral.objects.count()
    assert order(counter, cookie=f"xk_ref={passes().referral(9)}").status == 200
    assert order(counter, cookie="xk_ref=9.0123456789abcdef01234567").status == 200
    own = f"{member_cookie(0)}; xk_ref={passes().referral(7)}"
    assert order(counter, cookie=own).status == 200
    assert Referral.objects.count() - before == 1
    assert Referral.objects.latest("at").referrer_id == 9


def test_a_gift_card_pays_at_the_till(counter: Counter) -> None:
    made = offers.card("TILL-CARD-2345-6789", value=900)
    assert order(counter, coupon="till-card-2345-6789", expected=4000).json()["amount"] == 4000
    assert GiftCard.objects.get(id=made.id).balance == 0
