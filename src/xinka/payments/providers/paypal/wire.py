"""What is said to PayPal, as data; the client adds the access token."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlencode

from xinka.kernel.errors import BadInput
from xinka.payments.providers.errors import MethodUnavailable
from xinka.payments.providers.http import Call
from xinka.payments.providers.paypal.amounts import to_paypal
from xinka.payments.providers.paypal.config import PayPalConfig
from xinka.payments.providers.paypal.signing import HEADERS
from xinka.payments.providers.protocol import PaymentRequest, RawNotice, RefundRequest

_MAX_DESCRIPTION = 127
_NUMBER = re.compile(r"[A-Za-z0-9\-]{1,64}", re.ASCII)
_WHOLE_ANSWER = {"Prefer": "return=representation"}
PAGE_SIZE = 500


def token_call(config: PayPalConfig) -> Call:
    """Return the request for an access token."""
    pair = base64.b64encode(f"{config.client_id}:{config.client_secret}".encode()).decode()
    headers = {"Authorization": f"Basic {pair}"}
    return Call("POST", config.address("/v1/oauth2/token"), form={"grant_type": "client_credentials"}, headers=headers)


def create_call(config: PayPalConfig, payment: PaymentRequest) -> Call:
    """Return the request to make an order; PayPal knows it again by our number.

    Raises:
        MethodUnavailable: if the channel is set to anything but PayPal's own page.
        BadInput: if PayPal cannot take this amount or currency.
    """
    if payment.method not in ("", "paypal"):
        raise MethodUnavailable(method=payment.method)
    if payment.amount_minor <= 0 or payment.currency != config.currency:
        raise BadInput(field="amount", why_zh="金额或货币不对", why_en="the amount or currency is not possible here")
    back = f"{payment.return_url}?{urlencode({'out_trade_no': payment.out_trade_no})}"
    unit = {
        "custom_id": payment.out_trade_no,
        "invoice_id": payment.out_trade_no,
        "description": payment.title[:_MAX_DESCRIPTION] or "-",
        "amount": to_paypal(payment.amount_minor, payment.currency),
    }
    page = {
        "return_url": back,
        "cancel_url": back,
        "user_action": "PAY_NOW",
        "shipping_preference": "NO_SHIPPING",
    }
    order = {"intent": "CAPTURE", "purchase_units": [unit], "payment_source": {"paypal": {"experience_context": page}}}
    return _post(config, "/v2/checkout/orders", order, key=payment.out_trade_no)


def order_call(config: PayPalConfig, order: str) -> Call:
    """Return the question about an order."""
    return Call("GET", config.address(f"/v2/checkout/orders/{_number(order)}"))


def capture_call(config: PayPalConfig, order: str, out_trade_no: str) -> Call:
    """Return the request to take the money that a buyer agreed to; asked twice, it is taken once."""
    return _post(config, f"/v2/checkout/orders/{_number(order)}/capture", {}, key=f"capture-{out_trade_no}")


def capture_query_call(config: PayPalConfig, capture: str) -> Call:
    """Return the question about a capture."""
    return Call("GET", config.address(f"/v2/payments/captures/{_number(capture)}"))


def refund_call(config: PayPalConfig, refund: RefundRequest) -> Call:
    """Return the request to give money back; our number makes it happen once."""
    if refund.amount_minor <= 0 or not refund.trade_no:
        raise BadInput(field="amount", why_zh="退款金额或流水号不对", why_en="the refund has no amount or no number")
    body: dict[str, object] = {"amount": to_paypal(refund.amount_minor, refund.currency)}
    if refund.refund_no:
        body |= {"custom_id": refund.refund_no, "invoice_id": refund.refund_no}
    path = f"/v2/payments/captures/{_number(refund.trade_no)}/refund"
    return _post(config, path, body, key=refund.refund_no)


def webhook_call(config: PayPalConfig) -> Call:
    """Return the question about the webhook that is set up for this channel."""
    return Call("GET", config.address(f"/v1/notifications/webhooks/{config.webhook_id}"))


def verify_call(config: PayPalConfig, notice: RawNotice) -> Call:
    """Return the question whether a webhook is PayPal's; the event goes back byte by byte."""
    number, at, signature, url, algorithm = (notice.headers.get(name, "") for name in HEADERS)
    told = {
        "transmission_id": number,
        "transmission_time": at,
        "transmission_sig": signature,
        "cert_url": url,
        "auth_algo": algorithm,
        "webhook_id": config.webhook_id,
    }
    content = json.dumps(told).encode().removesuffix(b"}") + b', "webhook_event": ' + notice.body + b"}"
    return Call("POST", config.address("/v1/notifications/verify-webhook-signature"), content=content)


def certificate_call(url: str) -> Call:
    """Return the request for a certificate; the address was judged before."""
    return Call("GET", url, headers={"Accept": "*/*"})


def report_call(config: PayPalConfig, day: date, page: int) -> Call:
    """Return the request for a page of one day's transactions, in UTC."""
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    end = start + timedelta(days=1) - timedelta(seconds=1)
    query = {
        "start_date": f"{start:%Y-%m-%dT%H:%M:%SZ}",
        "end_date": f"{end:%Y-%m-%dT%H:%M:%SZ}",
        "fields": "transaction_info",
        "page_size": str(PAGE_SIZE),
        "page": str(page),
    }
    return Call("GET", config.address("/v1/reporting/transactions"), query=query)


def _post(config: PayPalConfig, path: str, body: Mapping[str, object], *, key: str) -> Call:
    headers = _WHOLE_ANSWER | ({"PayPal-Request-Id": key} if key else {})
    return Call("POST", config.address(path), content=json.dumps(body).encode(), headers=headers)


def _number(text: str) -> str:
    if not _NUMBER.fullmatch(text):
        raise BadInput(field="trade_no", why_zh="流水号里有不允许的字符", why_en="it holds characters not allowed")
    return text
