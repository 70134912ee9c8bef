"""The counter where every call is received: who asks, is it signed, and the answer signed in return."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from xinka.sandbox import trades
from xinka.sandbox.errors import Declined, Silence, Why
from xinka.sandbox.models import SandboxMerchant
from xinka.sandbox.wechat import accounts, wire

_P = ParamSpec("_P")
_MOUNTED_AT = "/sandbox/wechat"
#: The status and code of real answers for each refusal.
_CODES: Mapping[Why, tuple[int, str]] = {
    Why.NO_MERCHANT: (401, "SIGN_ERROR"),
    Why.BAD_SIGNATURE: (401, "SIGN_ERROR"),
    Why.NUMBER_REUSED: (403, "OUT_TRADE_NO_USED"),
    Why.NO_TRADE: (404, "ORDER_NOT_EXIST"),
    Why.NO_REFUND: (404, "RESOURCE_NOT_EXISTS"),
    Why.NOT_REFUNDABLE: (403, "NOT_ENOUGH"),
    Why.ALREADY_PAID: (400, "ORDERPAID"),
    Why.ALREADY_CLOSED: (400, "ORDER_CLOSED"),
    Why.NO_TRANSFER: (404, "NOT_FOUND"),
    Why.NO_BALANCE: (403, "NOT_ENOUGH"),
    Why.REPEATED: (400, "ALREADY_EXISTS"),
    Why.UNKNOWN_CALL: (404, "RESOURCE_NOT_EXISTS"),
}


class Said(Exception):
    """A refusal that has a code of its own."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True)
class Asked:
    """A call whose signature was checked: whose it is, the fields of its query or body, and where it came in.

    ``serial`` names the key that its sealed fields are sealed with.
    """

    merchant: SandboxMerchant
    fields: Mapping[str, object]
    base_url: str
    serial: str = ""

    def text(self, name: str, *, needed: bool = True) -> str:
        """Return a field that is text; raises ``Declined``."""
        value = self.fields.get(name, "")
        if not isinstance(value, str) or (needed and not value):
            raise Declined(Why.MISSING, f"参数错误 {name}")
        return value

    def whole(self, name: str, within: str = "") -> int:
        """Return a field that is a whole number above zero, perhaps within an object; raises ``Declined``."""
        place = self.fields.get(within) if within else self.fields
        value = place.get(name) if isinstance(place, Mapping) else None
        if type(value) is not int or value <= 0:
            raise Declined(Why.BAD_AMOUNT, f"参数错误 {name}")
        return value


def counter(
    *methods: str,
) -> Callable[[Callable[Concatenate[Asked, _P], object]], Callable[Concatenate[HttpRequest, _P], HttpResponse]]:
    """Make a view of a function that answers a signed call with facts, ``None`` (204) or a ready response."""

    def wrap(
        answer: Callable[Concatenate[Asked, _P], object],
    ) -> Callable[Concatenate[HttpRequest, _P], HttpResponse]:
        @csrf_exempt
        @wraps(answer)
        def view(request: HttpRequest, /, *args: _P.args, **kwargs: _P.kwargs) -> HttpResponse:
            try:
                asked = _receive(request, methods)
                found = answer(asked, *args, **kwargs)
            except Declined as refusal:
                status, code = _CODES.get(refusal.why, (400, "PARAM_ERROR"))
                return JsonResponse({"code": code, "message": str(refusal)}, status=status)
            except Said as refusal:
                return JsonResponse({"code": refusal.code, "message": str(refusal)}, status=refusal.status)
            except Silence:
                return HttpResponse(status=504)
            return found if isinstance(found, HttpResponse) else _signed(asked.merchant, request, found)

        return view

    return wrap


def _receive(request: HttpRequest, methods: tuple[str, ...]) -> Asked:
    """Return the call if one of our merchants signed it within the last minutes; raises ``Declined`` or ``Said``."""
    if request.method not in methods:
        raise Said(405, "PARAM_ERROR", "HTTP 方法不对 (wrong method)")
    given = wire.authorization_fields(request.headers.get("Authorization", ""))
    merchant = trades.merchant_of(given["mchid"], accounts.NAME)
    account = merchant.secrets
    if given["serial_no"].upper() != account["merchant_serial"]:
        raise Declined(Why.BAD_SIGNATURE, "证书序列号不对 (unknown certificate)")
    if not given["timestamp"].isdigit() or abs(time.time() - int(given["timestamp"])) > wire.CLOCK_MAY_DIFFER_BY:
        raise Declined(Why.BAD_SIGNATURE, "时间戳已过期 (stale timestamp)")
    _check_signature(request, given, account["merchant_public"])
    base = request.build_absolute_uri("/").rstrip("/") + _MOUNTED_AT
    fields = request.GET.dict() if request.method == "GET" else _body(request.body)
    return Asked(merchant, fields, base, request.headers.get("Wechatpay-Serial", ""))


def _check_signature(request: HttpRequest, given: Mapping[str, str], public_pem: str) -> None:
    """Accept a signature over the path; a client may take this gateway's mount for a part of the host."""
    whole = request.get_full_path()
    for target in (whole.removeprefix(_MOUNTED_AT), whole):
        lines = (str(request.method), target, given["timestamp"], given["nonce_str"])
        try:
            return wire.check_signature(public_pem, lines, request.body, given["signature"])
        except Declined:
            if target == whole:
                raise
    return None


def _body(body: bytes) -> dict[str, object]:
    if not body:
        return {}  # taking a transfer back needs none
    try:
        found = json.loads(body)
    except ValueError:
        raise Declined(Why.MALFORMED, "不是 JSON (not JSON)") from None
    if not isinstance(found, dict):
        raise Declined(Why.MALFORMED, "不是 JSON 对象 (not an object)")
    return found


def _signed(merchant: SandboxMerchant, request: HttpRequest, found: object) -> HttpResponse:
    body = b"" if found is None else json.dumps(found, ensure_ascii=False).encode()
    response = HttpResponse(body, status=204 if found is None else 200, content_type="application/json")
    wanted = request.headers.get("Wechatpay-Serial", "")
    for name, value in accounts.signature_headers(merchant, body, wanted_serial=wanted).items():
        response.headers[name] = value
    return response
