"""Notices: ours are believed by every implementation, theirs by us, and what they accept and we refuse."""

from __future__ import annotations

import base64
from datetime import timedelta
from urllib.parse import parse_qsl, urlencode

import pytest
import time_machine
from django.utils import timezone

from tests.interop.alipay.conftest import customer, pem, pkcs1, platform, public_pem
from tests.interop.sides import OtherSide
from tests.notices import planned_notices
from xinka.payments.providers.alipay import wire
from xinka.payments.providers.alipay.provider import AlipayProvider
from xinka.payments.providers.errors import BadSignature, MalformedNotice, StaleNotice, WrongAlgorithm, WrongMerchant
from xinka.payments.providers.protocol import PaymentRequest, RawNotice
from xinka.sandbox import endings
from xinka.sandbox.models import SandboxMerchant, SandboxTrade

pytestmark = [pytest.mark.interop, pytest.mark.django_db(transaction=True)]
NUMBER = "pay_01jd3v5w8qk2m4n6p8r0s2t4v6"
_FORM = "application/x-www-form-urlencoded; charset=utf-8"


def test_our_notices_are_believed_by_every_implementation(
    community: OtherSide,
    official: OtherSide,
    npm: OtherSide,
    provider: AlipayProvider,
    merchant: SandboxMerchant,
    payment: PaymentRequest,
) -> None:
    provider.prepare(payment)
    trade = SandboxTrade.objects.get()
    for ending in ("forge", "pay"):
        assert endings.bring_about(trade, ending, now=timezone.now())
    account = customer(merchant, "http://127.0.0.1")
    verdicts = []
    for notice in planned_notices():
        fields = dict(parse_qsl(notice.body.decode(), keep_blank_values=True))
        signed = {k: v for k, v in fields.items() if k not in {"sign", "sign_type"}}
        text = official.ask("joined", fields=signed)
        theirs = account | {"private": pem(merchant.secrets["app_private"]), "public": public_pem(account["public"])}
        verdicts.append(
            (
                community.ask("believes_notice", account=theirs, fields=fields),
                official.ask("believes", public=account["public"], text=text, signature=fields["sign"]),
                npm.ask("believesNotice", account=account, fields=fields),
            )
        )
    assert verdicts == [(False, False, False), (True, True, True)]


def notice_of(merchant: SandboxMerchant, **change: str) -> dict[str, str]:
    """Return the fields of a notice as Alipay writes one, with an empty value and letters beyond ASCII."""
    return {
        "app_id": merchant.pid,
        "seller_id": merchant.secrets["seller_id"],
        "out_trade_no": NUMBER,
        "trade_no": "2026112122001400001",
        "trade_status": "TRADE_SUCCESS",
        "total_amount": "93.10",
        "subject": "云听 }{ 会员 𠮷",
        "passback_params": "",
        "fund_bill_list": '[{"amount":"93.10","fundChannel":"PCREDIT"}]',
        "notify_id": "ac05099524730693a8b330c5ecf72da9",
        "notify_time": wire_time(),
        "charset": "utf-8",
    } | change


def wire_time(seconds: float = 0) -> str:
    """Return a moment on Alipay's clock, some seconds ago."""
    at = timezone.now().astimezone(wire.BEIJING) - timedelta(seconds=seconds)
    return f"{at:%Y-%m-%d %H:%M:%S}"


def raw(fields: dict[str, str], signature: str, sign_type: str = "RSA2") -> RawNotice:
    return RawNotice("POST", b"", urlencode(fields | {"sign": signature, "sign_type": sign_type}).encode(), _FORM)


def signed_by(side: str, sides: dict[str, OtherSide], merchant: SandboxMerchant, fields: dict[str, str]) -> str:
    """Have an implementation sign a notice with the platform's key."""
    keys = platform(merchant)
    text = sides["official"].ask("joined", fields=fields)
    if side == "community":
        return str(sides[side].ask("sign_fields", account=keys, fields=fields))
    if side == "official":
        return str(sides[side].ask("sign", private=pkcs1(merchant.secrets["alipay_private"]), text=text))
    return str(sides[side].ask("sign", privateKey=merchant.secrets["alipay_private"], text=text))


@pytest.mark.parametrize("side", ["community", "official", "npm"])
def test_notices_signed_by_other_implementations_are_believed_here(
    provider: AlipayProvider, merchant: SandboxMerchant, sides: dict[str, OtherSide], side: str
) -> None:
    fields = notice_of(merchant)
    said = provider.judge_notice(raw(fields, signed_by(side, sides, merchant, fields)))
    assert (said.out_trade_no, said.trade_no, said.amount_minor, said.is_paid) == (
        NUMBER, "2026112122001400001", 9310, True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"app_id": "2021000000000000"}, WrongMerchant),
        ({"seller_id": "2088000000000000"}, WrongMerchant),
        ({"notify_time": wire_time(27 * 3600)}, StaleNotice),
        ({"notify_time": wire_time(-3600)}, StaleNotice),
        ({"notify_time": "yesterday"}, MalformedNotice),
        ({"total_amount": "0.00"}, MalformedNotice),
        ({"total_amount": "93.1 "}, MalformedNotice),
        ({"out_trade_no": "a b"}, MalformedNotice),
        ({"charset": "gbk"}, MalformedNotice),
        ({"subject": "x&trade_status=TRADE_SUCCESS"}, MalformedNotice),
    ],
)
def test_a_genuine_notice_that_is_not_for_us_or_not_of_now_is_refused(
    provider: AlipayProvider,
    merchant: SandboxMerchant,
    sides: dict[str, OtherSide],
    change: dict[str, str],
    error: type[Exception],
) -> None:
    fields = notice_of(merchant, **change)
    with pytest.raises(error):
        provider.judge_notice(raw(fields, signed_by("official", sides, merchant, fields)))


def test_a_notice_of_a_refund_is_not_a_payment(
    provider: AlipayProvider, merchant: SandboxMerchant, sides: dict[str, OtherSide]
) -> None:
    fields = notice_of(merchant, refund_fee="30.00", gmt_refund="2026-11-21 12:00:00.123", out_biz_no="r1")
    said = provider.judge_notice(raw(fields, signed_by("npm", sides, merchant, fields)))
    assert (said.is_paid, said.about, said.subject_no, said.event_id) == (False, "refund", "r1", fields["notify_id"])


def test_a_notice_signed_with_sha1_is_refused_though_an_sdk_accepts_it(
    provider: AlipayProvider, merchant: SandboxMerchant, official: OtherSide
) -> None:
    fields = notice_of(merchant)
    text = official.ask("joined", fields=fields)
    weak = official.ask("sign", private=pkcs1(merchant.secrets["alipay_private"]), text=text, sha1=True)
    assert official.ask("believes", public=merchant.secrets["alipay_public"], text=text, signature=weak)
    with pytest.raises(BadSignature):
        provider.judge_notice(raw(fields, weak))
    with pytest.raises(WrongAlgorithm):
        provider.judge_notice(raw(fields, weak, "RSA"))


def test_a_notice_signed_without_its_empty_values_is_refused_as_by_the_community(
    provider: AlipayProvider, merchant: SandboxMerchant, community: OtherSide
) -> None:
    fields = notice_of(merchant)
    full = {name: value for name, value in fields.items() if value}
    signature = community.ask("sign_fields", account=platform(merchant), fields=full)
    account = customer(merchant, "") | {"private": pem(merchant.secrets["app_private"])}
    account["public"] = public_pem(account["public"])
    sent = fields | {"sign": signature, "sign_type": "RSA2"}
    assert not community.ask("believes_notice", account=account, fields=sent)
    with pytest.raises(BadSignature):
        provider.judge_notice(raw(fields, signature))


def test_flipped_swapped_and_foreign_signatures_are_refused(
    provider: AlipayProvider, merchant: SandboxMerchant, certified: SandboxMerchant, sides: dict[str, OtherSide]
) -> None:
    fields = notice_of(merchant)
    good = signed_by("official", sides, merchant, fields)
    flipped = bytearray(base64.b64decode(good))
    flipped[100] ^= 1
    foreign = signed_by("official", sides, certified, fields)
    own = sides["official"].ask(
        "sign", private=pkcs1(merchant.secrets["app_private"]), text=sides["official"].ask("joined", fields=fields)
    )
    for signature in (base64.b64encode(flipped).decode(), foreign, own, "", good[:-4], f"{good}\n"):
        with pytest.raises((BadSignature, MalformedNotice)):
            provider.judge_notice(raw(fields, signature))
    for change in ({"total_amount": "0.01"}, {"trade_status": "TRADE_FINISHED"}, {"passback_params": "x"}):
        with pytest.raises(BadSignature):
            provider.judge_notice(raw(fields | change, good))


def test_the_same_notice_again_says_the_same(
    provider: AlipayProvider, merchant: SandboxMerchant, sides: dict[str, OtherSide]
) -> None:
    fields = notice_of(merchant)
    notice = raw(fields, signed_by("npm", sides, merchant, fields))
    assert provider.judge_notice(notice) == provider.judge_notice(notice)
    with time_machine.travel(timezone.now() + timedelta(days=10)), pytest.raises(StaleNotice):
        provider.judge_notice(notice)
