"""WeChat's JS-SDK as far as a page that lets a payee confirm needs it: token, ticket, and the signature of a page.

The app's secret buys a token, the token a ticket; both last two hours and stay the same while they last. Errors come
with HTTP 200, as the real ones do.
"""

from __future__ import annotations

import hmac
import json
import secrets
import time
from hashlib import sha1

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from xinka.sandbox.models import SandboxMerchant
from xinka.sandbox.wechat import accounts
from xinka.sandbox.wechat.open_platform import error, merchant_with

_LASTS = 7200
_CLOCK_MAY_DIFFER_BY = 300
_SIGNED = ("noncestr", "timestamp", "url")


@csrf_exempt  # a server calls it
@require_POST
@never_cache
def stable_token(request: HttpRequest) -> HttpResponse:
    """Sell a token to an app."""
    try:
        asked = json.loads(request.body)
    except ValueError:
        asked = None
    if not isinstance(asked, dict):
        return error(47001, "data format error")
    merchant = merchant_with(str(asked.get("appid", "")))
    if merchant is None:
        return error(40013, "invalid appid")
    if not hmac.compare_digest(str(asked.get("secret", "")).encode(), merchant.secrets["app_secret"].encode()):
        return error(40125, "invalid appsecret")
    if asked.get("grant_type") != "client_credential":
        return error(40002, "invalid grant_type")
    token, lasts = _kept(merchant, "js_token")
    return JsonResponse({"access_token": token, "expires_in": lasts})


@require_GET
@never_cache
def get_ticket(request: HttpRequest) -> HttpResponse:
    """Sell a ticket to whoever has a token."""
    token = request.GET.get("access_token", "")
    owners = SandboxMerchant.objects.filter(protocol=accounts.NAME, secrets__js_token__value=token) if token else None
    merchant = owners.first() if owners is not None else None
    if merchant is None or merchant.secrets["js_token"]["until"] < time.time():
        return error(40001, "invalid credential, access_token is invalid or not latest")
    if request.GET.get("type") != "jsapi":
        return error(40097, "invalid args")
    ticket, lasts = _kept(merchant, "js_ticket")
    return JsonResponse({"errcode": 0, "errmsg": "ok", "ticket": ticket, "expires_in": lasts})


@csrf_exempt  # the pretended function of WeChat's browser calls it; nothing is changed
@require_POST
@never_cache
def config(request: HttpRequest) -> HttpResponse:
    """Do what ``wx.config`` has the app do: judge a page's signature, and say which calls it may make."""
    try:
        fields = json.loads(request.body)
        merchant = merchant_with(str(fields["appId"]))
        told = {"noncestr": fields["nonceStr"], "timestamp": fields["timestamp"], "url": fields["url"]}
        given, calls = str(fields["signature"]), [str(call) for call in fields["jsApiList"]]
        is_fresh = abs(time.time() - int(fields["timestamp"])) < _CLOCK_MAY_DIFFER_BY
    except (ValueError, TypeError, KeyError):
        return JsonResponse({"allowed": [], "errMsg": "config:fail"})
    ticket = merchant.secrets.get("js_ticket", {}) if merchant is not None else {}
    if not ticket or not is_fresh or ticket["until"] < time.time():
        return JsonResponse({"allowed": [], "errMsg": "config:invalid signature"})
    text = "&".join([f"jsapi_ticket={ticket['value']}", *(f"{name}={told[name]}" for name in _SIGNED)])
    if not hmac.compare_digest(sha1(text.encode()).hexdigest().encode(), given.encode()):  # noqa: S324 - prescribed
        return JsonResponse({"allowed": [], "errMsg": "config:invalid signature"})
    return JsonResponse({"allowed": calls, "errMsg": "config:ok"})


@transaction.atomic
def _kept(merchant: SandboxMerchant, name: str) -> tuple[str, int]:
    """Return what an app has of a kind, made anew when it is over, and for how many seconds it lasts."""
    row = SandboxMerchant.objects.select_for_update().get(pk=merchant.pk)
    known, now = row.secrets.get(name), int(time.time())
    if known is None or known["until"] <= now:
        known = row.secrets[name] = {"value": secrets.token_urlsafe(64), "until": now + _LASTS}
        row.save(update_fields=["secrets"])
    return known["value"], known["until"] - now
