"""What is asked of Stripe, as data."""

from __future__ import annotations

from urllib.parse import urlencode

from xinka.kernel import ids
from xinka.kernel.errors import BadIdentifier, BadInput
from xinka.payments.providers.errors import MethodUnavailable
from xinka.payments.providers.protocol import PaymentRequest, RefundRequest
from xinka.payments.providers.stripe.amounts import to_stripe
from xinka.payments.providers.stripe.client import Object
from xinka.payments.providers.stripe.config import StripeConfig

#: Our names for ways to pay; without one, Stripe's own settings decide what the page offers.
METHODS = frozenset({"card", "alipay", "wechat_pay", "link", "paypal", "klarna", "konbini", "kakao_pay"})
#: Stripe lets no session end within half an hour; ours are closed when the order expires, and end by themselves later.
SESSION_SECONDS = 3600
_MAX_NAME = 120


def session_params(config: StripeConfig, payment: PaymentRequest) -> Object:
    """Return the parameters of a Checkout Session, the same each time for the same payment.

    Raises:
        MethodUnavailable: if Stripe has no such way to pay.
        BadInput: if it cannot take this amount or currency.
    """
    if payment.method and payment.method not in METHODS:
        raise MethodUnavailable(method=payment.method)
    if payment.amount_minor <= 0 or payment.currency != config.currency:
        raise BadInput(field="amount", why_zh="金额或货币不对", why_en="the amount or currency is not possible here")
    back = f"{payment.return_url}?{urlencode({'out_trade_no': payment.out_trade_no})}"
    price = {
        "currency": payment.currency.lower(),
        "unit_amount": to_stripe(payment.amount_minor, payment.currency),
        "product_data": {"name": payment.title[:_MAX_NAME] or "-"},
    }
    params: dict[str, object] = {
        "mode": "payment",
        "client_reference_id": payment.out_trade_no,
        "line_items": [{"price_data": price, "quantity": 1}],
        "success_url": back,
        "cancel_url": back,
        "metadata": {"out_trade_no": payment.out_trade_no},
        "payment_intent_data": {"metadata": {"out_trade_no": payment.out_trade_no}},
    }
    if ends_at := _ends_at(payment.out_trade_no):
        params["expires_at"] = ends_at
    if payment.method:
        params["payment_method_types"] = [payment.method]
    if payment.method == "wechat_pay":
        params["payment_method_options"] = {"wechat_pay": {"client": "web"}}
    return params


def refund_params(refund: RefundRequest) -> Object:
    """Return the parameters of a refund; ours carries our number, so that it is found again."""
    if refund.amount_minor <= 0 or not refund.trade_no:
        raise BadInput(field="amount", why_zh="退款金额或流水号不对", why_en="the refund has no amount or no number")
    return {
        "payment_intent": refund.trade_no,
        "amount": to_stripe(refund.amount_minor, refund.currency),
        "metadata": {"out_trade_no": refund.out_trade_no, "refund_no": refund.refund_no},
    }


def _ends_at(out_trade_no: str) -> int | None:
    """Return when a session should end, from the moment in our number: asking twice must say the same."""
    try:
        made = ids.parse("pay", out_trade_no).int >> 80
    except BadIdentifier:
        return None
    return made // 1000 + SESSION_SECONDS
