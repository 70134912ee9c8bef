"""WeChat's open platform as far as payments need it: who the buyer is, told silently (snsapi_base).

A browser is sent here and goes back with a code at once; the shop's server buys the openid with it. Errors come with
HTTP 200, as the real ones do. And, for people who want to see it all: a switch that makes any browser call itself
WeChat's, which lasts until it is switched back.
"""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Callable
from hashlib import sha256
from urllib.parse import urlencode

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from xinka.sandbox import trades
from xinka.sandbox.errors import Declined
from xinka.sandbox.models import SandboxMerchant
from xinka.sandbox.wechat import accounts

#: Says that a browser pretends to be WeChat's.
PRETENDS = "xk_pretend_wechat"
MARK = "MicroMessenger/8.0.50 (pretended)"
#: The pretended function of WeChat's browser, for pages that pay in it.
BRIDGE = "sandbox/bridge.js"
_CODE_FOR_SECONDS = 300
_MOST_CODES = 20


@require_GET
@never_cache
def authorize(request: HttpRequest) -> HttpResponse:
    """Send the browser back with a fresh code."""
    wanted = request.GET
    back, state = wanted.get("redirect_uri", ""), wanted.get("state", "")
    merchant = merchant_with(wanted.get("appid", ""))
    is_right = wanted.get("response_type") == "code" and wanted.get("scope") == "snsapi_base" and state.isalnum()
    if merchant is None or not back or not is_right or len(state) > 128:
        return _words("参数错误 (wrong parameters)")
    try:
        trades.check_destination(back)
    except Declined:
        return _words("redirect_uri 域名与后台配置不一致 (errcode 10003)")
    visitor = _visitor(request)
    query = urlencode({"code": _new_code(merchant, _openid(merchant, visitor)), "state": state})
    response = HttpResponseRedirect(f"{back}{'&' if '?' in back else '?'}{query}")
    response.set_cookie(_VISITOR, visitor, max_age=365 * 24 * 3600, httponly=True, samesite="Lax")
    return response


@require_GET
@never_cache
def access_token(request: HttpRequest) -> HttpResponse:
    """Say whose code it is, once, to the app it was given to."""
    merchant = merchant_with(request.GET.get("appid", ""))
    if merchant is None:
        return error(40013, "invalid appid")
    if not hmac.compare_digest(request.GET.get("secret", "").encode(), merchant.secrets["app_secret"].encode()):
        return error(40125, "invalid appsecret")
    if request.GET.get("grant_type") != "authorization_code":
        return error(40002, "invalid grant_type")
    found = _take_code(merchant, request.GET.get("code", ""))
    if isinstance(found, int):
        return error(found, "code been used" if found == _USED else "invalid code")
    said = {"access_token": secrets.token_urlsafe(64), "expires_in": 7200, "refresh_token": secrets.token_urlsafe(64)}
    return JsonResponse({**said, "openid": found["openid"], "scope": "snsapi_base"}, content_type="text/plain")


@never_cache
@require_http_methods(["GET", "POST"])
def browser(request: HttpRequest) -> HttpResponse:
    """Let this browser pretend to be WeChat's, or no more."""
    if request.method == "GET":
        return render(request, "sandbox/wechat_browser.html", {"pretends": PRETENDS in request.COOKIES})
    response = HttpResponseRedirect(reverse("sandbox:wechat_browser"), status=303)
    if request.POST.get("on") == "1":
        response.set_cookie(PRETENDS, "1", httponly=True, samesite="Lax")
    else:
        response.delete_cookie(PRETENDS, samesite="Lax")
    return response


class PretendBrowser:
    """A middleware that gives WeChat's name to browsers that pretend, and its function to pages that pay in it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Change what the shop reads of the browser."""
        if PRETENDS in request.COOKIES:
            request.META["HTTP_USER_AGENT"] = f"{request.META.get('HTTP_USER_AGENT', '')} {MARK}"
            # Whoever asked for a header before has made the request keep them as they were.
            request.__dict__.pop("headers", None)
        if "MicroMessenger" in request.META.get("HTTP_USER_AGENT", ""):
            request.pretend_bridge = BRIDGE  # type: ignore[attr-defined]  # Django's request has no slot for it
        return self._get_response(request)


def is_known(merchant: SandboxMerchant, openid: str) -> bool:
    """Whether an openid is one of this app's: those of other apps are other names of the same people."""
    return openid.startswith(_prefix(merchant))


def openid_of(request: HttpRequest, merchant: SandboxMerchant) -> str:
    """Return the openid that the visitor of this browser has with an app, or nothing for one that was never asked."""
    return _openid(merchant, request.COOKIES[_VISITOR]) if _VISITOR in request.COOKIES else ""


_VISITOR = "xk_sandbox_visitor"
_INVALID, _USED = 40029, 40163


def _visitor(request: HttpRequest) -> str:
    known = request.COOKIES.get(_VISITOR, "")
    return known if known.isalnum() and len(known) == 32 else secrets.token_hex(16)


def _prefix(merchant: SandboxMerchant) -> str:
    return "o" + sha256(merchant.secrets["appid"].encode()).hexdigest()[:7]


def _openid(merchant: SandboxMerchant, visitor: str) -> str:
    return _prefix(merchant) + sha256((merchant.secrets["appid"] + visitor).encode()).hexdigest()[:20]


def merchant_with(appid: str) -> SandboxMerchant | None:
    """Return the account of an app that has a secret."""
    found = SandboxMerchant.objects.filter(protocol=accounts.NAME, secrets__appid=appid) if appid else None
    return found.filter(secrets__has_key="app_secret").first() if found is not None else None


@transaction.atomic
def _new_code(merchant: SandboxMerchant, openid: str) -> str:
    locked = SandboxMerchant.objects.select_for_update().get(pk=merchant.pk)
    code, codes = secrets.token_hex(16), dict(locked.secrets.get("codes", {}))
    codes[code] = {"openid": openid, "until": int(time.time()) + _CODE_FOR_SECONDS, "used": False}
    locked.secrets["codes"] = dict(list(codes.items())[-_MOST_CODES:])
    locked.save(update_fields=["secrets"])
    return code


@transaction.atomic
def _take_code(merchant: SandboxMerchant, code: str) -> dict[str, str] | int:
    """Return what a code stands for, or the number of the error."""
    locked = SandboxMerchant.objects.select_for_update().get(pk=merchant.pk)
    found = locked.secrets.get("codes", {}).get(code)
    if found is None or found["until"] < time.time():
        return _INVALID
    if found["used"]:
        return _USED
    found["used"] = True
    locked.save(update_fields=["secrets"])
    return dict(found)


def error(code: int, words: str) -> HttpResponse:
    """Return a refusal as WeChat writes it: HTTP 200, and a number."""
    return JsonResponse({"errcode": code, "errmsg": words}, content_type="text/plain")


def _words(text: str) -> HttpResponse:
    return HttpResponse(text, status=400, content_type="text/plain; charset=utf-8")
