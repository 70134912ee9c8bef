"""Who pays, inside WeChat: its web authorisation with the scope that asks for nothing but the openid (snsapi_base).

The buyer's browser goes to one address and comes back with a code; the code and the app's secret buy the openid from
another, server to server. These two are of the open platform and sign nothing: TLS is what vouches for them.
"""

from __future__ import annotations

import json
import re
from urllib.parse import urlencode

from xinka.kernel.errors import ProviderError
from xinka.payments.providers.http import TOTAL_SECONDS, Call, Reply, ask
from xinka.payments.providers.wechat.config import WechatConfig
from xinka.payments.providers.wechat.wire import OPENID

SCOPE = "snsapi_base"
_CODE = re.compile(r"[0-9A-Za-z_\-]{8,128}", re.ASCII)
_STATE = re.compile(r"[0-9A-Za-z]{1,128}", re.ASCII)
_MOST_BYTES = 4096


def question_to(config: WechatConfig, back_url: str, state: str) -> str:
    """Return the address that sends the buyer's browser back with a code.

    The order of the fields and the fragment are WeChat's rule; its page does not open otherwise.
    """
    if not _STATE.fullmatch(state):
        raise ValueError(state)
    fields = {"appid": config.appid, "redirect_uri": back_url, "response_type": "code", "scope": SCOPE, "state": state}
    return f"{config.open_url.rstrip('/')}/connect/oauth2/authorize?{urlencode(fields)}#wechat_redirect"


def payer_named(config: WechatConfig, code: str, *, total_seconds: float = TOTAL_SECONDS) -> str:
    """Return the openid that a code stands for; raises ``ProviderError``, which names neither code nor secret."""
    if not _CODE.fullmatch(code):
        raise ProviderError("WeChat's code is not usable", permanent=True)
    fields = {"appid": config.appid, "secret": config.app_secret, "code": code, "grant_type": "authorization_code"}
    url = f"{config.sns_url.rstrip('/')}/sns/oauth2/access_token"
    return _openid(ask(Call("GET", url, query=fields), total_seconds=total_seconds, max_reply_bytes=_MOST_BYTES))


def _openid(reply: Reply) -> str:
    """Return the openid of an answer. Its access token, which could ask for more, is dropped unread."""
    try:
        answer = json.loads(reply.body) if reply.status == 200 else None
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise ProviderError("WeChat did not say who pays", quote=f"HTTP {reply.status}")
    if answer.get("errcode"):
        raise ProviderError("WeChat refused to say who pays", permanent=True, quote=str(answer["errcode"])[:12])
    openid = answer.get("openid")
    if not isinstance(openid, str) or not OPENID.fullmatch(openid):
        raise ProviderError("WeChat named nobody", permanent=True)
    return openid
