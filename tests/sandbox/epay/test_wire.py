"""The gateway's signing agrees with the published vectors and, field for field, with the shop's own."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import xinka.sandbox
from xinka.payments.providers.epay.config import EpayConfig
from xinka.payments.providers.epay.provider import EpayProvider
from xinka.payments.providers.epay.signing import Signer, SignType
from xinka.payments.providers.protocol import RawNotice
from xinka.sandbox.epay import wire
from xinka.sandbox.errors import Declined

VECTOR = {
    "pid": "1001",
    "trade_no": "2026010112345678901",
    "out_trade_no": "20260101000001",
    "type": "alipay",
    "name": "测试卡密 x1",
    "money": "1.00",
    "trade_status": "TRADE_SUCCESS",
}
KEY = "b7Kq2Rz9Xw4Lm8Tn6Vc3Hd5Yp1Js0Gf7"
#: What the gateway may import of ours: how money is written, and how pages look.
_ALLOWED = ("xinka.sandbox", "xinka.platform.look", "xinka.kernel")
#: A busy machine is no fault of the code.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
NAMES = st.from_regex(r"[A-Za-z0-9_]{1,12}", fullmatch=True)
VALUES = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"], exclude_characters="&="), max_size=30)


def test_the_gateway_agrees_with_the_published_vector() -> None:
    assert wire.make_signature(VECTOR, "89unJUB8HZ54Hj7x4nUj56HN4nUzUJ8i", "MD5") == "f6661018164032616e1fda11a2ea3724"


def test_the_gateway_shares_no_code_with_the_shop() -> None:
    """An oracle that asks its pupil is none."""
    (place,) = xinka.sandbox.__path__
    for path in Path(place).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                assert not name.startswith("xinka") or name.startswith(_ALLOWED), path


@PATIENT
@given(st.dictionaries(NAMES, VALUES, max_size=12), st.sampled_from(SignType), st.booleans())
def test_both_sides_sign_alike(fields: dict[str, str], sign_type: SignType, label: bool) -> None:
    ours = Signer(KEY.encode(), sign_type, label)
    theirs = wire.signed(fields, KEY, sign_type.value, label=label)
    assert ours.agrees(theirs)
    wire.check_signature(ours.seal(fields), KEY, sign_type.value, label=label)


@PATIENT
@given(VALUES.filter(bool), st.integers(1, 99_999_999), st.sampled_from(SignType), st.booleans())
def test_what_the_gateway_signs_the_shop_reads(name: str, fen: int, sign_type: SignType, by_post: bool) -> None:
    from urllib.parse import urlencode

    provider = EpayProvider(EpayConfig("https://pay.example/", "1001", KEY, sign_type))
    fields = wire.signed(VECTOR | {"name": name, "money": wire.to_yuan(fen)}, KEY, sign_type.value)
    form = urlencode(fields).encode()
    content_type = "application/x-www-form-urlencoded"
    notice = RawNotice("POST", b"", form, content_type) if by_post else RawNotice("GET", form, b"", "")
    verified = provider.judge_notice(notice)
    assert (verified.amount_minor, verified.is_paid) == (fen, True)


@pytest.mark.parametrize("changed", [{"money": "2.00"}, {"sign": ""}, {"sign": "签"}, {"sign_type": "HMAC-SHA256"}])
def test_the_gateway_refuses_what_the_shop_did_not_sign(changed: dict[str, str]) -> None:
    fields = wire.signed(VECTOR, KEY, "MD5") | changed
    with pytest.raises(Declined):
        wire.check_signature(fields, KEY, "MD5")


@pytest.mark.parametrize(("text", "fen"), [("1", 100), ("1.5", 150), ("93.10", 9310), ("0.01", 1)])
def test_yuan_are_read_as_fen(text: str, fen: int) -> None:
    assert wire.to_fen(text) == fen
    assert wire.to_fen(wire.to_yuan(fen)) == fen


@pytest.mark.parametrize("text", ["", "0", "0.00", "-1", "1e3", "1.001", "１", "NaN", "1.", ".5"])
def test_amounts_that_are_not_plain_are_declined(text: str) -> None:
    with pytest.raises(Declined):
        wire.to_fen(text)
