"""Where QR codes in a picture lead, and whether that passes for an official place."""

from __future__ import annotations

from PIL import Image

from xinka.engines.lookalike.domains import DomainIndex
from xinka.engines.lookalike.verdict import Reason, Verdict

#: What payment codes begin with; a payment outside of the platform is no impostor, and a person should look.
_PAYMENTS = (
    "wxp://",
    "weixin://wxpay",
    "https://qr.alipay.com",
    "alipays://",
    "https://payapp.weixin.qq.com",
    "bitcoin:",
)


def read_codes(picture: Image.Image) -> list[str]:
    """Return the texts of the QR codes in a picture."""
    import zxingcpp  # only those who look at pictures pay for it

    return [found.text for found in zxingcpp.read_barcodes(picture) if found.valid and found.text]


def judge_code(text: str, domains: DomainIndex, owner: str | None = None) -> Verdict:
    """Judge the text of a QR code: a payment code is for review, an address is judged by its domain."""
    if text.strip().lower().startswith(_PAYMENTS):
        return Verdict("review", 0.6, None, (Reason("payment", "这是收款码", "this is a payment code"),))
    return domains.judge(text, owner)
