"""What WeChat's own browser does when a page calls ``requestMerchantTransfer``: it asks its user to take the money.

WeChat lets nobody but the payee confirm. A visitor of the sandbox has an openid of each app too; a transfer to an
openid that no visitor has, because somebody made it up for a test or a demo, may be confirmed by anybody.
"""

from __future__ import annotations

import json
from base64 import b64decode

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from xinka.platform.look.templatetags.look import amount
from xinka.sandbox import transfers
from xinka.sandbox.models import SandboxTransfer
from xinka.sandbox.transfers import Said, Stage
from xinka.sandbox.wechat import accounts, open_platform
from xinka.sandbox.wechat.transfers import package_of

CALL = "requestMerchantTransfer"
_FIELDS = {"mchId", "appId", "package"}
_SAID = {"ok": Said.YES, "lapse": Said.LAPSED}


@csrf_exempt  # the page whose script calls it has a token of another form only; nothing is confirmed here yet
@require_POST
@never_cache
def show(request: HttpRequest) -> HttpResponse:
    """Check what a page hands to the function; return what the window says, or why there is none."""
    try:
        found = _transfer(json.loads(request.body))
    except (ValueError, TypeError, AttributeError):
        found = None
    if found is None:
        return _no("package 参数有误 (package, mchId or appId is wrong)")
    if transfers.stage(found, timezone.now()) is not Stage.PENDING or "said" in found.facts:
        return _no("单据已失效 (there is nothing to confirm any more)")
    if not _may_confirm(request, found):
        return _no("你的微信号与商家指定的微信号不一致 (you are not the payee)")
    choices = {
        "ok": gettext("Confirm and take the money"),
        "cancel": gettext("Close without confirming"),
        "lapse": gettext("Let the time run out"),
    }
    return JsonResponse(
        {
            "title": gettext("Pretended WeChat: no real money"),
            "payee": found.merchant.name,
            "amount": amount(found.money, found.currency),
            "closed": f"{CALL}:cancel",
            "choices": [
                {"words": words, "url": reverse("sandbox:wechat_confirm_end", args=[package_of(found), said])}
                for said, words in choices.items()
            ],
        }
    )


@csrf_exempt  # as above; the package in the address is what only the payee's page was told
@require_POST
@never_cache
def end(request: HttpRequest, package: str, said: str) -> HttpResponse:
    """Bring it about, and return what WeChat then says to the page: that its own page was shown, and no more."""
    found = _of_package(package)
    if found is None or not _may_confirm(request, found):
        raise Http404
    if said in _SAID:
        transfers.say(found, _SAID[said], timezone.now())
    return JsonResponse({"err_msg": f"{CALL}:{'cancel' if said == 'cancel' else 'ok'}"})


def _transfer(fields: dict[str, str]) -> SandboxTransfer | None:
    """Return the transfer that a page's call is about, if its three fields belong together."""
    if fields.keys() != _FIELDS or not all(isinstance(value, str) for value in fields.values()):
        return None
    found = _of_package(fields["package"])
    if found is None or (found.merchant.pid, found.merchant.secrets["appid"]) != (fields["mchId"], fields["appId"]):
        return None
    return found


def _of_package(package: str) -> SandboxTransfer | None:
    try:
        number = b64decode(package, validate=True).decode().partition(" ")[0]
    except ValueError:
        return None
    theirs = SandboxTransfer.objects.select_related("merchant").filter(merchant__protocol=accounts.NAME)
    found = theirs.filter(transfer_no=number).first()
    return found if found is not None and package_of(found) == package else None


def _may_confirm(request: HttpRequest, found: SandboxTransfer) -> bool:
    is_made_up = not open_platform.is_known(found.merchant, found.account)
    return is_made_up or open_platform.openid_of(request, found.merchant) == found.account


def _no(why: str) -> HttpResponse:
    return JsonResponse({"err_msg": f"{CALL}:fail", "err_desc": why})
