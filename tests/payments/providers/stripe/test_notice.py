"""Webhooks: the genuine one says what was paid, and every other is refused."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime

import pytest

from tests.payments.providers.stripe.conftest import KEY, NUMBER, OLD_SECRET, SECRET, SETTINGS, event, notice, session
from xinka.payments.providers.errors import BadSignature, MalformedNotice, NoticeRefused, WrongMerchant
from xinka.payments.providers.protocol import NoticeAbout, RawNotice
from xinka.payments.providers.stripe.provider import StripeProvider
from xinka.payments.providers.stripe.signing import signature


@pytest.mark.parametrize("kind", ["checkout.session.completed", "checkout.session.async_payment_succeeded"])
def test_a_paid_session_is_money(stripe: StripeProvider, kind: str) -> None:
    said = stripe.judge_notice(notice(event(session(), kind)))
    assert (said.out_trade_no, said.trade_no, said.amount_minor, said.currency) == (NUMBER, "pi_3Q", 1990, "USD")
    assert (said.is_paid, said.about, said.event_id) == (True, NoticeAbout.PAYMENT, "evt_1Q")


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("checkout.session.completed", "unpaid"),
        ("checkout.session.completed", "no_payment_required"),
        ("checkout.session.expired", "unpaid"),
        ("checkout.session.expired", "paid"),
        ("checkout.session.async_payment_failed", "unpaid"),
    ],
)
def test_a_session_that_is_not_paid_is_no_money(stripe: StripeProvider, kind: str, status: str) -> None:
    said = stripe.judge_notice(notice(event(session(payment_status=status), kind)))
    assert (said.is_paid, said.status) == (False, kind)


@pytest.mark.parametrize(
    ("kind", "about", "subject"),
    [
        ("charge.refunded", NoticeAbout.REFUND, {"id": "ch_1", "amount": 1990, "currency": "usd"}),
        ("refund.updated", NoticeAbout.REFUND, {"id": "re_1", "amount": 500, "currency": "usd"}),
        ("charge.dispute.created", NoticeAbout.DISPUTE, {"id": "dp_1", "amount": 1990, "currency": "usd"}),
        ("charge.dispute.closed", NoticeAbout.DISPUTE, {"id": "dp_1", "amount": 1990, "currency": "usd"}),
    ],
)
def test_refunds_and_disputes_are_told_with_their_numbers(
    stripe: StripeProvider, kind: str, about: NoticeAbout, subject: dict[str, object]
) -> None:
    body = event({**subject, "payment_intent": "pi_3Q", "status": "needs_response", "metadata": {}}, kind)
    said = stripe.judge_notice(notice(body))
    assert (said.about, said.subject_no, said.trade_no, said.is_paid) == (about, subject["id"], "pi_3Q", False)
    assert (said.amount_minor, said.status, said.event_id) == (subject["amount"], "needs_response", "evt_1Q")


@pytest.mark.parametrize(
    ("details", "due"),
    [
        ({"due_by": 1767225600}, datetime(2026, 1, 1, tzinfo=UTC)),
        ({"due_by": None}, None),
        ({"due_by": -1}, None),
        ({"due_by": "soon"}, None),
        (None, None),
    ],
)
def test_a_dispute_says_until_when_it_waits(stripe: StripeProvider, details: object, due: datetime | None) -> None:
    dispute = {"id": "dp_1", "amount": 1990, "currency": "usd", "status": "needs_response", "evidence_details": details}
    assert stripe.judge_notice(notice(event(dispute, "charge.dispute.created"))).due_at == due


def test_what_we_do_not_know_is_acknowledged_and_no_more(stripe: StripeProvider) -> None:
    for body in (event({"id": "cus_1"}, "customer.created"), event(session(client_reference_id=None))):
        said = stripe.judge_notice(notice(body))
        assert (said.about, said.is_paid, said.is_hint) == (NoticeAbout.OTHER, False, False)


@pytest.mark.parametrize(
    ("kind", "subject"),
    [
        ("checkout.session.completed", session(currency="aud")),
        ("refund.updated", {"id": "re_1", "amount": 500, "currency": "aud"}),
        ("charge.dispute.created", {"id": "dp_1", "amount": 1990, "currency": "sgd"}),
    ],
)
def test_money_that_no_order_can_be_of_is_acknowledged_and_pays_nothing(
    stripe: StripeProvider, kind: str, subject: dict[str, object]
) -> None:
    said = stripe.judge_notice(notice(event(subject, kind)))
    assert (said.about, said.is_paid, said.amount_minor, said.out_trade_no) == (NoticeAbout.OTHER, False, 0, "")


def test_an_old_and_a_new_secret_are_both_good_while_one_replaces_the_other() -> None:
    both = StripeProvider.from_settings({**SETTINGS, "webhook_secret": f"{SECRET}\n{OLD_SECRET}"})
    body = event(session())
    for secret in (SECRET, OLD_SECRET):
        assert both.judge_notice(notice(body, secret=secret)).is_paid


def test_any_of_several_signatures_may_agree_and_v0_never_does(stripe: StripeProvider) -> None:
    body, at = event(session()), int(time.time())
    good = signature(SECRET, at, body)
    assert stripe.judge_notice(notice(body, f"t={at},v1={'0' * 64},v1={good},v0=abc")).is_paid
    for header in (
        f"t={at},v0={good}",
        f"t={at},v1={'0' * 64},v0={good}",
        f"t={at}",
        f"t={at},v1=",
        f"t={at},v2={good}",
    ):
        with pytest.raises(BadSignature):
            stripe.judge_notice(notice(body, header))


@pytest.mark.parametrize(
    "header",
    [
        "",
        "v1=",
        "t=,v1=0",
        "t=abc,v1=0",
        "nonsense",
        "t=1767225600;v1=0",
        "t=1,t=2,v1=0",
        "t=1767225600,v1",
        "x" * 5000,
    ],
)
def test_a_header_of_another_form_is_refused(stripe: StripeProvider, header: str) -> None:
    with pytest.raises(NoticeRefused):
        stripe.judge_notice(notice(event(session()), header))


def test_a_missing_header_is_refused(stripe: StripeProvider) -> None:
    with pytest.raises(NoticeRefused):
        stripe.judge_notice(RawNotice("POST", b"", event(session()), "application/json"))


@pytest.mark.parametrize("age", [301, 3600, 864_000, -301, -864_000])
def test_a_stale_webhook_is_refused_however_well_it_is_signed(stripe: StripeProvider, age: int) -> None:
    with pytest.raises(MalformedNotice):
        stripe.judge_notice(notice(event(session()), age=age))


def test_a_time_that_was_changed_after_signing_is_refused(stripe: StripeProvider) -> None:
    body, then = event(session()), int(time.time()) - 900
    old = signature(SECRET, then, body)
    with pytest.raises(BadSignature):
        stripe.judge_notice(notice(body, f"t={int(time.time())},v1={old}"))


def test_any_flipped_byte_is_refused(stripe: StripeProvider) -> None:
    body = event(session())
    header = notice(body).headers["stripe-signature"]
    for place in range(0, len(body), 7):
        changed = bytearray(body)
        changed[place] ^= 1
        with pytest.raises(BadSignature):
            stripe.judge_notice(notice(bytes(changed), header))


def test_reordered_or_reformatted_json_is_refused(stripe: StripeProvider) -> None:
    body = event(session())
    header = notice(body).headers["stripe-signature"]
    for other in (json.dumps(json.loads(body), sort_keys=True), json.dumps(json.loads(body), indent=1)):
        with pytest.raises(BadSignature):
            stripe.judge_notice(notice(other.encode(), header))


def test_another_accounts_secret_is_refused(stripe: StripeProvider) -> None:
    with pytest.raises(BadSignature):
        stripe.judge_notice(notice(event(session()), secret=OLD_SECRET))


def test_test_money_never_pays_in_a_live_channel_and_the_other_way_round(stripe: StripeProvider) -> None:
    live = StripeProvider.from_settings({**SETTINGS, "secret_key": KEY.replace("_test_", "_live_")})
    assert live.judge_notice(notice(event(session(), livemode=True))).is_paid
    for channel, body in ((live, event(session())), (stripe, event(session(), livemode=True))):
        with pytest.raises(WrongMerchant):
            channel.judge_notice(notice(body))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b'{"object":"event"}',
        b"\xff",
        event(session(), object="v2.core.event"),
        event(session()).replace(b'"id": "evt_1Q"', b'"id": "evt_1Q", "id": "evt_2"'),
        event(session()).replace(b"1990", b"NaN"),
        event(session()).replace(b"1990", b"19.90"),
        event(session()).replace(b"1990", b'"1990"'),
        event(session()).replace(b"1990", b"-1990"),
        event(session()).replace(b"1990", b"true"),
        event(session(amount_total=0)),
        event(session(currency="us")),
        event(session(currency="us dollars")),
        event(session(currency="USD2")),
        event(session(currency=["usd"])),
        event(session(mode="setup")),
        event(session(payment_intent="")),
        event(session(client_reference_id="a&b=c")),
        event(session(), id="../../etc"),
        b"[" * 60_000,
    ],
)
def test_a_signed_body_that_can_be_misread_is_refused(stripe: StripeProvider, body: bytes) -> None:
    with pytest.raises(NoticeRefused):
        stripe.judge_notice(notice(body))


def test_a_get_a_query_or_ten_megabytes_are_refused(stripe: StripeProvider) -> None:
    good = notice(event(session()))
    for other in (good._replace(method="GET"), good._replace(query=b"a=1"), notice(event(session(x="a" * 10_000_000)))):
        with pytest.raises(NoticeRefused):
            stripe.judge_notice(other)


def test_braces_and_chinese_in_texts_change_nothing(stripe: StripeProvider) -> None:
    body = event(session(metadata={"note": "}{ 会员 ✓"}))
    assert stripe.judge_notice(notice(body)).is_paid


def test_other_currencies_count_in_their_own_units(stripe: StripeProvider) -> None:
    for code, amount, minor in (("jpy", 1990, 1990), ("krw", 1990, 1990), ("kwd", 12340, 12340)):
        said = stripe.judge_notice(notice(event(session(currency=code, amount_total=amount))))
        assert (said.amount_minor, said.currency) == (minor, code.upper())
