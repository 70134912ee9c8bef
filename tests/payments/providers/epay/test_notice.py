"""A notice is read in one way or not at all, and only a genuine one is believed (attacks A40 to A53)."""

from __future__ import annotations

from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xinka.payments.providers.epay import wire
from xinka.payments.providers.epay.config import EpayConfig
from xinka.payments.providers.epay.notice import REQUIRED, parse_notice
from xinka.payments.providers.epay.provider import EpayProvider
from xinka.payments.providers.epay.signing import Signer, SignType, canonical
from xinka.payments.providers.errors import (
    BadSignature,
    MalformedNotice,
    NoticeRefused,
    WrongAlgorithm,
    WrongMerchant,
)
from xinka.payments.providers.forms import MAX_BYTES
from xinka.payments.providers.protocol import PaymentRequest, RawNotice, VerifiedNotice

FORM = "application/x-www-form-urlencoded"
KEY = "b7Kq2Rz9Xw4Lm8Tn6Vc3Hd5Yp1Js0Gf7"
#: A busy machine is no fault of the code.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def by_get(query: bytes | dict[str, str]) -> RawNotice:
    return RawNotice("GET", query if isinstance(query, bytes) else urlencode(query).encode(), b"", "")


def by_post(body: bytes | dict[str, str], content_type: str = FORM) -> RawNotice:
    return RawNotice("POST", b"", body if isinstance(body, bytes) else urlencode(body).encode(), content_type)


@pytest.fixture(params=["strong", "weak"])
def provider(request: pytest.FixtureRequest) -> EpayProvider:
    found: EpayProvider = request.getfixturevalue(request.param)
    return found


# Genuine notices


def test_a_genuine_notice_is_read(provider: EpayProvider, paid_notice: dict[str, str]) -> None:
    sealed = provider.config.signer.seal(paid_notice)
    expected = VerifiedNotice(
        paid_notice["out_trade_no"], paid_notice["trade_no"], 9310, "CNY", "TRADE_SUCCESS", is_paid=True
    )
    assert provider.judge_notice(by_get(sealed)) == expected
    assert provider.judge_notice(by_post(sealed)) == expected
    assert provider.judge_notice(by_post(sealed, f"{FORM}; charset=UTF-8")) == expected


@pytest.mark.parametrize(("money", "minor"), [("1", 100), ("1.0", 100), ("1.00", 100), ("0.01", 1), ("1.000", 100)])
def test_amounts_are_compared_as_numbers(
    strong: EpayProvider, paid_notice: dict[str, str], money: str, minor: int
) -> None:
    notice = by_get(strong.config.signer.seal(paid_notice | {"money": money}))
    assert strong.judge_notice(notice).amount_minor == minor


def test_links_written_for_html_are_understood(strong: EpayProvider, paid_notice: dict[str, str]) -> None:
    query = urlencode(strong.config.signer.seal(paid_notice)).replace("&", "&amp;")
    assert strong.judge_notice(by_get(query.encode())).is_paid


def test_fields_that_clones_add_are_accepted_because_the_signature_covers_them(
    strong: EpayProvider, paid_notice: dict[str, str]
) -> None:
    sealed = strong.config.signer.seal(paid_notice | {"buyer": "cy@mail.example", "endtime": "2026-11-21 12:00:00"})
    assert strong.judge_notice(by_get(sealed)).is_paid
    with pytest.raises(BadSignature):
        strong.judge_notice(by_get(sealed | {"api_trade_no": "1"}))


@pytest.mark.parametrize("status", ["WAIT_BUYER_PAY", "TRADE_CLOSED", "TRADE_FINISHED", "trade_success", "REFUND"])
def test_only_one_status_means_paid(strong: EpayProvider, paid_notice: dict[str, str], status: str) -> None:
    verified = strong.judge_notice(by_get(strong.config.signer.seal(paid_notice | {"trade_status": status})))
    assert (verified.is_paid, verified.status) == (False, status)


# Forgeries


def test_every_changed_field_is_refused(provider: EpayProvider, paid_notice: dict[str, str]) -> None:
    sealed = provider.config.signer.seal(paid_notice | {"param": "p"})
    for name, value in sealed.items():
        for other in (f"{value}0", value[1:] or "1", value.swapcase() + "x"):
            with pytest.raises(NoticeRefused):
                provider.judge_notice(by_get(sealed | {name: other}))


def test_every_missing_or_emptied_field_is_refused(provider: EpayProvider, paid_notice: dict[str, str]) -> None:
    for name in REQUIRED:
        without = {key: value for key, value in paid_notice.items() if key != name}
        resigned = provider.config.signer.seal(without)
        if name in {"sign", "sign_type"}:
            del resigned[name]
        for forged in (resigned, resigned | {name: ""}):
            with pytest.raises(MalformedNotice):
                provider.judge_notice(by_get(forged))


def test_an_added_empty_field_is_refused_since_nothing_signs_it(
    strong: EpayProvider, paid_notice: dict[str, str]
) -> None:
    sealed = strong.config.signer.seal(paid_notice)
    with pytest.raises(MalformedNotice):
        strong.judge_notice(by_get(sealed | {"buyer": ""}))
    assert strong.judge_notice(by_get(sealed | {"param": ""})).is_paid


def test_the_algorithm_is_ours_to_choose(strong: EpayProvider, weak: EpayProvider, paid_notice: dict[str, str]) -> None:
    with pytest.raises(BadSignature):
        strong.judge_notice(by_get(weak.config.signer.seal(paid_notice)))
    relabelled = weak.config.signer.seal(paid_notice) | {"sign_type": "HMAC-SHA256"}
    with pytest.raises(BadSignature):
        strong.judge_notice(by_get(relabelled))
    with pytest.raises(WrongAlgorithm):
        strong.judge_notice(by_get(strong.config.signer.seal(paid_notice) | {"sign_type": "MD5"}))


def test_a_notice_for_another_merchant_of_the_same_gateway_is_refused(
    strong: EpayProvider, paid_notice: dict[str, str]
) -> None:
    with pytest.raises(WrongMerchant):
        strong.judge_notice(by_get(strong.config.signer.seal(paid_notice | {"pid": "1002"})))


def test_another_merchants_key_is_refused(strong: EpayProvider, paid_notice: dict[str, str]) -> None:
    eves = Signer(b"Zq8Wn3Vb6Mx1Lc9Kj4Hg7Fd2Sa5Po0Iu", SignType.HMAC_SHA256)
    with pytest.raises(BadSignature):
        strong.judge_notice(by_get(eves.seal(paid_notice)))


def test_our_own_request_sent_back_to_us_is_refused(provider: EpayProvider, payment: PaymentRequest) -> None:
    with pytest.raises(MalformedNotice):
        provider.judge_notice(by_get(wire.payment_fields(provider.config, payment)))
    with pytest.raises(MalformedNotice):
        provider.judge_notice(by_post(dict(wire.create_call(provider.config, payment).form)))


def test_a_sellers_title_cannot_turn_our_request_into_a_notice(strong: EpayProvider, payment: PaymentRequest) -> None:
    """Eve names her product so that the signed request holds the fields of a notice."""
    title = "x&trade_no=1&trade_status=TRADE_SUCCESS"
    eves = PaymentRequest(**{name: getattr(payment, name) for name in payment.__slots__} | {"title": title})
    fields = wire.payment_fields(strong.config, eves)
    forged = {**fields, "name": "x", "trade_no": "1", "trade_status": "TRADE_SUCCESS"}
    with pytest.raises(BadSignature):
        strong.judge_notice(by_get(forged))


@pytest.mark.parametrize(
    "money", ["1e9", "+1", "-1", "１.00", "NaN", "Infinity", "1,00", "0x10", "1.001", " 1", "0", "0.00"]
)
def test_amounts_that_are_not_plain_are_refused(strong: EpayProvider, paid_notice: dict[str, str], money: str) -> None:
    with pytest.raises(MalformedNotice):
        strong.judge_notice(by_get(strong.config.signer.seal(paid_notice | {"money": money})))


@pytest.mark.parametrize("number", ["a b", "订单", "x" * 65, "a/b", "'--"])
def test_order_numbers_of_other_letters_are_refused(
    strong: EpayProvider, paid_notice: dict[str, str], number: str
) -> None:
    for name in ("out_trade_no", "trade_no"):
        with pytest.raises(MalformedNotice):
            strong.judge_notice(by_get(strong.config.signer.seal(paid_notice | {name: number})))


# Boundary confusion


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"name": "x&out_trade_no=A1"}, {"name": "x", "out_trade_no": "A1"}),
        (
            {"name": "x", "param": "p&trade_status=TRADE_SUCCESS"},
            {"name": "x", "param": "p", "trade_status": "TRADE_SUCCESS"},
        ),
        ({"money": "1", "name": "x=y&pid=2"}, {"money": "1", "name": "x=y", "pid": "2"}),
    ],
)
def test_fields_that_sign_alike_are_not_both_readable(one: dict[str, str], other: dict[str, str]) -> None:
    assert canonical(one) == canonical(other)
    with pytest.raises(MalformedNotice):
        parse_notice(by_get(one))


@pytest.mark.parametrize(
    "query",
    [
        b"pid=1&pid=1",
        b"pid=1&pid=2",
        b"sign[]=1",
        b"sign%5B%5D=1",
        b"sign[a]=1",
        b"p%69d=1",
        b"pid",
        b"=1",
        b"",
        b"a=1&&b=2",
        b"a=1&",
        b"a=1;b=2&c=%",
        b"a=%zz",
        b"a=%4",
        b"a=%ff",
        b"a=%c0%af",
        b"a=%ed%a0%80",
        b"a=\xff",
        b"a=%00",
        b"a=%0d%0aX",
        b"a=%26b",
        b"a=%3D",
        b"a=b=c",
        b"a=%c2%85",
        b"a=%e2%80%a8",
        b"\xef\xbc\x81=1",
        b"&".join(b"f%d=1" % number for number in range(33)),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(query: bytes) -> None:
    for notice in (by_get(query), by_post(query)):
        with pytest.raises(MalformedNotice):
            parse_notice(notice)


@pytest.mark.parametrize(
    "notice",
    [
        RawNotice("POST", b"a=1", b"b=2", FORM),
        RawNotice("POST", b"a=1", b"", FORM),
        RawNotice("GET", b"a=1", b"b=2", FORM),
        RawNotice("GET", b"a=1", b"b=2", ""),
        RawNotice("HEAD", b"a=1", b"", ""),
        RawNotice("PUT", b"", b"a=1", FORM),
        RawNotice("get", b"a=1", b"", ""),
        RawNotice("POST", b"", b"a=1", ""),
        RawNotice("POST", b"", b"a=1", "application/json"),
        RawNotice("POST", b"", b"a=1", "multipart/form-data; boundary=x"),
        RawNotice("POST", b"", b"a=1", f"{FORM}; charset=utf-7"),
        RawNotice("POST", b"", b"a=1", f"{FORM}; charset=gbk"),
    ],
)
def test_only_a_plain_get_or_a_plain_form_is_a_notice(notice: RawNotice) -> None:
    with pytest.raises(MalformedNotice):
        parse_notice(notice)


def test_plus_and_percent_twenty_are_the_same_space_and_percent_two_b_is_a_plus() -> None:
    assert parse_notice(by_get(b"a=x+y&b=x%20y&c=x%2By")) == {"a": "x y", "b": "x y", "c": "x+y"}


def test_ten_megabytes_are_refused_without_being_read() -> None:
    flood = b"%" * (10 * 1024 * 1024)  # had it been read, the complaint would be about the percent signs
    for notice in (by_get(flood), by_post(flood)):
        with pytest.raises(MalformedNotice, match="too large"):
            parse_notice(notice)
    assert parse_notice(by_get(b"a=" + b"x" * (MAX_BYTES - 2)))


@PATIENT
@given(
    st.dictionaries(
        st.from_regex(r"[A-Za-z0-9_]{1,32}", fullmatch=True),
        st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"], exclude_characters="&="), max_size=40),
        min_size=1,
        max_size=20,
    )
)
def test_whatever_is_written_properly_is_read_back(fields: dict[str, str]) -> None:
    assert parse_notice(by_get(urlencode(fields).encode())) == fields
    assert parse_notice(by_post(urlencode(fields, quote_via=quote).encode())) == fields


@PATIENT
@given(st.binary(max_size=400))
def test_random_bytes_are_refused_or_read_and_nothing_else(query: bytes) -> None:
    provider = EpayProvider(EpayConfig("https://pay.example/", "1001", KEY))
    for notice in (by_get(query), by_post(query)):
        with pytest.raises(NoticeRefused):
            provider.judge_notice(notice)


def test_a_refusal_tells_the_gateway_nothing(strong: EpayProvider) -> None:
    assert strong.failure_body == b"fail"
    assert {refusal.status for refusal in (MalformedNotice, BadSignature, WrongAlgorithm, WrongMerchant)} == {400}
