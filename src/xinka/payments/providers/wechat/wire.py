"""What is said to WeChat Pay, as signed calls. There are no sockets here."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from datetime import date
from urllib.parse import urlencode, urlsplit

from xinka.kernel.errors import BadInput, ProviderError
from xinka.payments.providers.errors import MethodUnavailable
from xinka.payments.providers.http import Call
from xinka.payments.providers.protocol import PaymentRequest, RefundRequest
from xinka.payments.providers.wechat.config import WechatConfig
from xinka.payments.providers.wechat.notice import CURRENCY

NATIVE, H5, JSAPI = "native", "h5", "jsapi"
_NUMBER = re.compile(r"[A-Za-z0-9_\-]{6,64}", re.ASCII)
OPENID = re.compile(r"[0-9A-Za-z_\-]{20,64}", re.ASCII)
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_MAX_TITLE_BYTES = 127
_PLAIN_TARGET = re.compile(r"/[A-Za-z0-9_.~/\-]*(?:\?[A-Za-z0-9_.~%=&+/:\-]*)?", re.ASCII)


def signed(
    config: WechatConfig, method: str, target: str, body: Mapping[str, object] | None = None, *, now: float
) -> Call:
    """Return one signed call; ``target`` is the path with the query, as it is signed and as it is sent."""
    content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode() if body is not None else b""
    headers = {
        "authorization": config.merchant.authorization(method, target, content, now=int(now), nonce=fresh_nonce()),
        "accept": "application/json",
    }
    if config.public_key_id:
        headers["wechatpay-serial"] = config.public_key_id  # asks WeChat to sign its answer with this one
    return Call(method, config.address(target), headers=headers, content=content)


def way_of(config: WechatConfig, payment: PaymentRequest) -> str:
    """Return which of WeChat's ways a payment goes: what the channel says, or what fits the buyer's device.

    Raises:
        MethodUnavailable: if the channel does not offer it, or the buyer's openid, which ``jsapi`` needs, is not known.
    """
    known = OPENID.fullmatch(payment.payer_id) is not None
    if payment.method in ("", "wxpay", "wechat"):
        # WeChat's page for phones does not open inside WeChat itself; without an openid a QR code is what is left.
        return JSAPI if known else H5 if config.h5 and payment.device == "mobile" else NATIVE
    offered = {NATIVE} | ({H5} if config.h5 else set()) | ({JSAPI} if known else set())
    if payment.method not in offered:
        raise MethodUnavailable(method=payment.method)
    return payment.method


def create_call(config: WechatConfig, payment: PaymentRequest, way: str, *, now: float) -> Call:
    """Return the call that opens a payment.

    Raises:
        BadInput: if the number, amount or currency is not possible here.
    """
    if payment.amount_minor <= 0 or payment.currency != CURRENCY:
        raise BadInput(field="amount", why_zh="金额或货币不对", why_en="the amount or currency is not possible here")
    body: dict[str, object] = {
        "appid": config.appid,
        "mchid": config.mchid,
        "description": plain_title(payment.title),
        "out_trade_no": number(payment.out_trade_no),
        "notify_url": payment.notify_url,
        "amount": {"total": payment.amount_minor, "currency": CURRENCY},
    }
    if config.profit_sharing:
        body["settle_info"] = {"profit_sharing": True}
    if way == H5:
        body["scene_info"] = {"payer_client_ip": payment.client_ip or "127.0.0.1", "h5_info": {"type": "Wap"}}
    if way == JSAPI:
        body["payer"] = {"openid": payment.payer_id}
    return signed(config, "POST", f"/v3/pay/transactions/{way}", body, now=now)


def order_call(config: WechatConfig, out_trade_no: str, trade_no: str = "", *, now: float) -> Call:
    """Return the question about one payment, by WeChat's number where there is one."""
    kind, wanted = ("id", trade_no) if trade_no else ("out-trade-no", out_trade_no)
    return signed(config, "GET", f"/v3/pay/transactions/{kind}/{number(wanted)}?mchid={config.mchid}", now=now)


def close_call(config: WechatConfig, out_trade_no: str, *, now: float) -> Call:
    """Return the call that closes an unpaid payment."""
    target = f"/v3/pay/transactions/out-trade-no/{number(out_trade_no)}/close"
    return signed(config, "POST", target, {"mchid": config.mchid}, now=now)


def refund_call(config: WechatConfig, refund: RefundRequest, *, now: float) -> Call:
    """Return the request to give money back; the same ``refund_no`` again is the same refund."""
    if not 0 < refund.amount_minor <= refund.total_minor or refund.currency != CURRENCY:
        raise BadInput(field="amount", why_zh="金额或货币不对", why_en="the amount or currency is not possible here")
    paid = {"transaction_id": refund.trade_no} if refund.trade_no else {"out_trade_no": refund.out_trade_no}
    body: dict[str, object] = {
        **{name: number(value) for name, value in paid.items()},
        "out_refund_no": number(refund.refund_no),
        "amount": {"refund": refund.amount_minor, "total": refund.total_minor, "currency": CURRENCY},
    }
    if refund.notify_url:
        body["notify_url"] = refund.notify_url
    return signed(config, "POST", "/v3/refund/domestic/refunds", body, now=now)


def refund_query_call(config: WechatConfig, refund_no: str, *, now: float) -> Call:
    """Return the question about one refund."""
    return signed(config, "GET", f"/v3/refund/domestic/refunds/{number(refund_no)}", now=now)


def bill_call(config: WechatConfig, kind: str, day: date, *, now: float) -> Call:
    """Return the request for the address of one day's bill: ``tradebill`` or ``fundflowbill``."""
    more = {"bill_type": "ALL"} if kind == "tradebill" else {"account_type": "BASIC"}
    query = urlencode({"bill_date": day.isoformat(), **more, "tar_type": "GZIP"})
    return signed(config, "GET", f"/v3/bill/{kind}?{query}", now=now)


def download_call(config: WechatConfig, url: str, *, now: float) -> Call:
    """Return the download of a bill, only from the gateway itself: the call carries our signature.

    Raises:
        ProviderError: if the address leads elsewhere.
    """
    base, parts = urlsplit(config.base_url.rstrip("/")), urlsplit(url)
    target = parts.path.removeprefix(base.path) + (f"?{parts.query}" if parts.query else "")
    same_house = parts[:2] == base[:2] or (
        base.hostname == "api.mch.weixin.qq.com"
        and parts.scheme == "https"
        and parts.netloc == "api2.mch.weixin.qq.com"
    )
    if not same_house or not parts.path.startswith(f"{base.path}/") or not _PLAIN_TARGET.fullmatch(target):
        raise ProviderError("the bill's address is not the gateway's", permanent=True)
    call = signed(config, "GET", target, now=now)
    return Call("GET", url, headers=call.headers)


def with_way_back(h5_url: str, payment: PaymentRequest) -> str:
    """Return WeChat's page for a phone's browser, told where the buyer goes afterwards, with our number in hand."""
    back = f"{payment.return_url}?{urlencode({'out_trade_no': payment.out_trade_no})}"
    return f"{h5_url}{'&' if '?' in h5_url else '?'}{urlencode({'redirect_url': back})}"


def fresh_nonce() -> str:
    """Return a text that was never used before."""
    return secrets.token_hex(16)


def plain_title(title: str) -> str:
    """Return a title without control characters, of at most 127 bytes.

    Nor has it a backtick: behind a comma, that would part the title into two cells of the day's bill, which has no
    other way to tell where a cell ends.
    """
    text = _CONTROL.sub(" ", title).replace("`", "'").strip() or "-"
    return text.encode()[:_MAX_TITLE_BYTES].decode(errors="ignore").strip()


def number(text: str) -> str:
    """Return a number of an order or a refund that is safe in a path; raises ``BadInput``."""
    if not _NUMBER.fullmatch(text):
        raise BadInput(field="out_trade_no", why_zh="订单号里有不允许的字符", why_en="it holds characters not allowed")
    return text
