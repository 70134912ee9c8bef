"""What is said to an epay V2 gateway, as data."""

from __future__ import annotations

from urllib.parse import urlencode

from xinka.kernel.errors import BadInput
from xinka.kernel.money import plain_amount
from xinka.payments.providers.epay.wire import plain_title, plain_url, trade_number
from xinka.payments.providers.epay_v2.config import EpayV2Config, Way
from xinka.payments.providers.epay_v2.signing import seal
from xinka.payments.providers.errors import MethodUnavailable
from xinka.payments.providers.http import Call
from xinka.payments.providers.protocol import PaymentRequest, RefundRequest


def _payment_fields(config: EpayV2Config, payment: PaymentRequest) -> dict[str, str]:
    if payment.method not in config.types:
        raise MethodUnavailable(method=payment.method)
    return {
        "type": config.types[payment.method],
        "out_trade_no": trade_number(payment.out_trade_no),
        "notify_url": plain_url(payment.notify_url),
        "return_url": plain_url(payment.return_url),
        "name": plain_title(payment.title),
        "money": _money(config, payment.amount_minor, payment.currency),
    }


def page_url(config: EpayV2Config, payment: PaymentRequest, now: float) -> str:
    """Return the address of the gateway's cashier.

    Raises:
        MethodUnavailable: if the channel does not offer the way to pay.
        BadInput: if an order number, amount, currency or address would be ambiguous on this wire.
    """
    return f"{config.address('api/pay/submit')}?{urlencode(seal(config, _payment_fields(config, payment), now))}"


def create_call(config: EpayV2Config, payment: PaymentRequest, now: float) -> Call:
    """Return the call that opens a payment; raises as ``page_url``."""
    fields = _payment_fields(config, payment)
    fields |= {"method": str(config.way if config.way is not Way.PAGE else Way.WEB)}
    fields |= {"clientip": payment.client_ip or "127.0.0.1", "device": payment.device or "pc"}
    return _post(config, "api/pay/create", fields, now)


def order_call(config: EpayV2Config, now: float, out_trade_no: str, trade_no: str = "") -> Call:
    """Return the question about one payment, by the gateway's number where there is one."""
    return _post(config, "api/pay/query", _number(out_trade_no, trade_no), now)


def close_call(config: EpayV2Config, now: float, out_trade_no: str, trade_no: str = "") -> Call:
    """Return the request to close an unpaid payment."""
    return _post(config, "api/pay/close", _number(out_trade_no, trade_no), now)


def refund_call(config: EpayV2Config, refund: RefundRequest, now: float) -> Call:
    """Return the request to give money back; ``out_refund_no`` makes it happen once."""
    fields = _number(refund.out_trade_no, refund.trade_no)
    fields |= {"money": _money(config, refund.amount_minor, refund.currency)}
    if refund.refund_no:
        fields |= {"out_refund_no": trade_number(refund.refund_no)}
    return _post(config, "api/pay/refund", fields, now)


def refund_query_call(config: EpayV2Config, refund: RefundRequest, now: float) -> Call:
    """Return the question about one refund."""
    return _post(config, "api/pay/refundquery", {"out_refund_no": trade_number(refund.refund_no)}, now)


def merchant_call(config: EpayV2Config, now: float) -> Call:
    """Return the question about our own account."""
    return _post(config, "api/merchant/info", {}, now)


def _post(config: EpayV2Config, path: str, fields: dict[str, str], now: float) -> Call:
    return Call("POST", config.api_address(path), form=seal(config, fields, now))


def _number(out_trade_no: str, trade_no: str) -> dict[str, str]:
    return {"trade_no": trade_number(trade_no)} if trade_no else {"out_trade_no": trade_number(out_trade_no)}


def _money(config: EpayV2Config, amount_minor: int, currency: str) -> str:
    if amount_minor <= 0 or currency != config.currency:
        raise BadInput(field="amount", why_zh="金额或货币不对", why_en="the amount or currency is not possible here")
    return plain_amount(amount_minor, currency)
