"""The permission of a page in WeChat's browser to call more than paying: WeChat's JS-SDK, signed for one address.

The app's id and secret buy a token, the token a ticket, and the ticket signs the page's address. Both last two hours,
WeChat counts how often they are asked for, and the same is given while it lasts: so it is kept in this process's
memory, and nowhere else. Source: WeChat, "JS-SDK 说明文档", appendix 1; "获取稳定版接口调用凭据" (``stable_token``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha1, sha256

from xinka.kernel.errors import ProviderError
from xinka.payments.providers.http import Call, Reply, ask
from xinka.payments.providers.wechat.config import WechatConfig
from xinka.payments.providers.wechat.wire import fresh_nonce

#: WeChat's own script, which asks the app for the permission.
SCRIPT = "https://res.wx.qq.com/open/js/jweixin-1.6.0.js"
_SECRET = re.compile(r"[0-9A-Za-z_\-!=.]{8,1024}", re.ASCII)
_MOST_BYTES = 4096
#: "Invalid credential", "invalid appid", "invalid appsecret".
_WRONG_KEYS = {"40001", "40013", "40125"}
#: Seconds before its end at which a ticket is used no more, and how long one is kept at most.
_MARGIN, _LONGEST = 300, 7200


@dataclass(frozen=True, slots=True)
class _Ticket:
    value: str = field(repr=False)
    until: float


_tickets: dict[bytes, _Ticket] = {}


def page_config(config: WechatConfig, page_url: str, call: str, *, now: float) -> dict[str, object]:
    """Return what the page hands to ``wx.config`` so that it may make one call; ``now`` is Unix seconds.

    Raises:
        ProviderError: if WeChat gives no ticket; permanent if the channel has no AppSecret or it is refused.
    """
    if not config.app_secret:
        raise ProviderError("the channel has no AppSecret, which WeChat's page of confirming needs", permanent=True)
    ticket, nonce, moment = _ticket(config, now), fresh_nonce(), int(now)
    return {
        "appId": config.appid,
        "timestamp": moment,
        "nonceStr": nonce,
        "signature": signature(ticket, nonce, moment, page_url),
        "jsApiList": [call],
    }


def signature(ticket: str, nonce: str, moment: int, page_url: str) -> str:
    """Return the signature of a page: SHA-1 over the sorted fields; the address counts without its fragment."""
    url = page_url.partition("#")[0]
    text = f"jsapi_ticket={ticket}&noncestr={nonce}&timestamp={moment}&url={url}"
    return sha1(text.encode()).hexdigest()  # noqa: S324 - prescribed


def forget() -> None:
    """Forget every ticket that is kept."""
    _tickets.clear()


def _ticket(config: WechatConfig, now: float) -> str:
    place = sha256(f"{config.sns_url} {config.appid} {config.app_secret}".encode()).digest()
    known = _tickets.get(place)
    if known is None or known.until <= now:
        token, _ = _bought(_token_call(config), "access_token")
        value, lasts = _bought(_ticket_call(config, token), "ticket")
        known = _tickets[place] = _Ticket(value, now + min(lasts, _LONGEST) - _MARGIN)
    return known.value


def _token_call(config: WechatConfig) -> Call:
    """Return the call for a token that does not end the one other programs of this app have."""
    fields = {"grant_type": "client_credential", "appid": config.appid, "secret": config.app_secret}
    url = f"{config.sns_url.rstrip('/')}/cgi-bin/stable_token"
    headers = {"content-type": "application/json"}
    return Call("POST", url, headers=headers, content=json.dumps(fields).encode())


def _ticket_call(config: WechatConfig, token: str) -> Call:
    url = f"{config.sns_url.rstrip('/')}/cgi-bin/ticket/getticket"
    return Call("GET", url, query={"access_token": token, "type": "jsapi"})


def _bought(call: Call, name: str) -> tuple[str, int]:
    """Return what was asked for and how many seconds it lasts; the error names neither secret nor token."""
    answer = _answer(ask(call, max_reply_bytes=_MOST_BYTES))
    if answer.get("errcode"):
        code = str(answer["errcode"])[:12]
        raise ProviderError("WeChat gave the page no permission", permanent=code in _WRONG_KEYS, quote=code)
    value, lasts = answer.get(name), answer.get("expires_in")
    if not isinstance(value, str) or not _SECRET.fullmatch(value) or type(lasts) is not int or lasts <= 0:
        raise ProviderError("WeChat gave nothing usable", quote=name)
    return value, lasts


def _answer(reply: Reply) -> Mapping[str, object]:
    try:
        answer = json.loads(reply.body) if reply.status == 200 else None
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise ProviderError("WeChat gave the page no permission", quote=f"HTTP {reply.status}")
    return answer
