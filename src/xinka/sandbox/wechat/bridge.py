"""What WeChat's own browser does when a page calls ``getBrandWCPayRequest``: it checks the signature, then asks.

The pretended function (``bridge.js``) sends here what the page handed to it, and shows what it is told.
"""

from __future__ import annotations

import json

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from xinka.platform.look.templatetags.look import amount
from xinka.sandbox import endings
from xinka.sandbox.errors import Declined, Why
from xinka.sandbox.models import SandboxMerchant, SandboxTrade
from xinka.sandbox.states import TradeState
from xinka.sandbox.wechat import accounts, wire
from xinka.sandbox.wechat.gateway import PREPAY

CALL = "get_brand_wcpay_request"
_NAMES = {"appId", "timeStamp", "nonceStr", "package", "signType", "paySign"}


@csrf_exempt  # the page whose script calls it has a token of another form only; nothing is paid here yet
@require_POST
@never_cache
def show(request: HttpRequest) -> HttpResponse:
    """Check what a page hands to the function; return what the payment's window says, or why there is none."""
    try:
        trade = _trade(json.loads(request.body))
    except (ValueError, TypeError, AttributeError, Declined) as error:
        return JsonResponse({"err_msg": f"{CALL}:fail", "err_desc": str(error)})
    if trade.state != TradeState.WAITING or trade.expires_at <= timezone.now():
        return JsonResponse({"err_msg": f"{CALL}:fail", "err_desc": "订单已失效 (the order is over)"})
    token = trade.token
    choices = {"ok": gettext("Pay"), "cancel": gettext("Close without paying"), "fail": gettext("Let it fail")}
    return JsonResponse(
        {
            "title": gettext("Pretended WeChat: no real money"),
            "payee": trade.merchant.name,
            "amount": amount(trade.money, trade.currency),
            "closed": f"{CALL}:cancel",
            "choices": [
                {"words": words, "url": reverse("sandbox:wechat_bridge_end", args=[token, said])}
                for said, words in choices.items()
            ],
        }
    )


@csrf_exempt  # as above; the token in the address is the secret of this trade's cashier
@require_POST
@never_cache
def end(request: HttpRequest, token: str, said: str) -> HttpResponse:  # noqa: ARG001 - every view gets the request
    """Bring the payment about or not, and return what WeChat then says to the page."""
    trade = get_object_or_404(SandboxTrade.objects.select_related("merchant"), token=token)
    if said == "ok":
        paid = endings.bring_about(trade, "pay", now=timezone.now())
        return JsonResponse({"err_msg": f"{CALL}:{'ok' if paid else 'fail'}"})
    return JsonResponse({"err_msg": f"{CALL}:{'cancel' if said == 'cancel' else 'fail'}"})


def _trade(fields: dict[str, str]) -> SandboxTrade:
    """Return the trade that signed fields are about; raises ``Declined``."""
    if fields.keys() != _NAMES or not all(isinstance(value, str) for value in fields.values()):
        raise Declined(Why.MALFORMED, "调用支付JSAPI缺少参数 (fields are missing)")
    merchant = SandboxMerchant.objects.filter(protocol=accounts.NAME, secrets__appid=fields["appId"]).first()
    if merchant is None or fields["signType"] != "RSA":
        raise Declined(Why.NO_MERCHANT, "appId 或签名方式不对 (wrong appId or signType)")
    lines = (fields["appId"], fields["timeStamp"], fields["nonceStr"])
    package = fields["package"].encode()
    wire.check_signature(merchant.secrets["merchant_public"], lines, package, fields["paySign"])
    number = fields["package"].removeprefix("prepay_id=").removeprefix(PREPAY)
    trade = SandboxTrade.objects.select_related("merchant").filter(merchant=merchant, trade_no=number).first()
    if trade is None or trade.type != "JSAPI":
        raise Declined(Why.NO_TRADE, "prepay_id 不存在 (no such prepay_id)")
    return trade
