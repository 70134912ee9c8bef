"""Going on in a browser: apps that show web pages themselves (WeChat, QQ) save no files and open no other app to pay.

Only the browser that placed an order has its cookie, so an address alone would open nothing there. The page that says
what to press therefore carries a key, as mailed links do; it works for half an hour, long enough to press twice.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from xinka.kernel import ids
from xinka.kernel.errors import BadIdentifier
from xinka.orders.access import order_path
from xinka.orders.errors import OrderNotFound
from xinka.shop.access import grant, order_access, order_for

if TYPE_CHECKING:
    from xinka.payments.models import Channel

#: How long the key in the address works, in seconds.
_KEY_FOR = 30 * 60
#: Each app's own way to pay, as gateways that offer several call it: their pages know what to do inside it.
_AT_HOME = {"wechat": "wxpay", "qq": "qqpay"}
_HAS_PAGES = {"epay", "epay_v2"}
#: Paid on a page of the shop's own.
_HERE = {"balance", "manual"}
#: QQ itself; a browser of its maker says "MQQBrowser" and saves files like any other.
_QQ = re.compile(r"(?:^| )QQ/\d")


def app_of(request: HttpRequest) -> str:
    """Return the app that shows the page, ``wechat`` or ``qq``; an empty text in a browser."""
    agent = request.headers.get("User-Agent", "")
    if "MicroMessenger" in agent:
        return "wechat"
    return "qq" if _QQ.search(agent) else ""


def app_that_stops(request: HttpRequest, channel: Channel) -> str:
    """Return the app that may not let its user pay this way, or an empty text."""
    app = app_of(request)
    is_at_home = channel.provider in _HAS_PAGES and channel.method == _AT_HOME.get(app)
    return "" if is_at_home or channel.provider in _HERE else app


@never_cache
@require_safe
def elsewhere(request: HttpRequest, shown_id: str) -> HttpResponse:
    """Say what to press to go on in a browser; asked for by that browser, open the order there.

    Raises:
        OrderNotFound: if neither this browser nor the key in the address opens the order.
    """
    key = request.GET.get("key", "")
    if not key:
        key = order_access().link_token(order_for(request, shown_id).id, int(time.time()) + _KEY_FOR)
        return HttpResponseRedirect(
            f"{reverse('shop:elsewhere', args=[shown_id])}?{urlencode({'key': key})}", status=303
        )
    try:
        order_id = ids.parse("ord", shown_id)
    except BadIdentifier:
        raise OrderNotFound from None
    if not order_access().allows_link(order_id, key, int(time.time())):
        raise OrderNotFound
    if app := app_of(request):
        link = f"{settings.SITE_URL}{request.get_full_path()}"
        return render(request, "shop/elsewhere.html", {"app": app, "link": link, "way_back": order_path(order_id)})
    response = HttpResponseRedirect(f"{order_path(order_id)}/pay", status=303)
    grant(response, order_id)
    return response
