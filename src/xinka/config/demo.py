"""Opens the demo: accounts at the pretend gateway, then people, goods and orders, and a note of how to sign in."""

from __future__ import annotations

from django.conf import settings

from xinka.accounts.demo_people import PASSWORD, PEOPLE
from xinka.config import demo_direct, demo_foreign
from xinka.config.demo_past import tell_gateway
from xinka.config.environment import read
from xinka.flows.demo import loading
from xinka.flows.demo.loading import PayWay
from xinka.sandbox.epay.accounts import open_merchant
from xinka.sandbox.models import SandboxMerchant
from xinka.sandbox.wechat import accounts as wechat_accounts

_ACCOUNT = "Xinka demo"
#: Name of the note in the data directory; ``xinka run --demo`` prints it.
LOGINS = "demo-logins.txt"


def load() -> bool:
    """Fill an empty shop with the demo; return whether there was anything to do.

    Raises:
        ShopInUse: if the shop holds data of its own.
    """
    new = loading.load(_ways())
    tell_gateway({slug: _epay_account(sign_type) for slug, sign_type in _SOLD_BY.items()})
    rows = [f"  {person.part_zh} {person.part:9} {person.email}" for person in PEOPLE]
    text = "\n".join(["  Demo log-ins 演示账号", *rows, f"  Password 密码   {PASSWORD}", ""])
    (settings.ENVIRONMENT.data_dir / LOGINS).write_text(text, encoding="utf-8")
    return new


def close() -> None:
    """Put away what only a demo may have, in a shop that is not one."""
    loading.close_ways((*_SLUGS, *demo_direct.SLUGS, *demo_foreign.SLUGS))
    (settings.ENVIRONMENT.data_dir / LOGINS).unlink(missing_ok=True)


_SLUGS = ("alipay-sandbox", "wechat-sandbox", "wechatpay-sandbox")
#: The channels of the demo's past, and how their accounts at the gateway sign.
_SOLD_BY = {_SLUGS[0]: "HMAC-SHA256", _SLUGS[1]: "MD5"}


def _ways() -> list[PayWay]:
    """Return both kinds of channel: one that settles on its notice and shows a QR code, one that is asked first."""
    alipay, wechat, wechatpay = _SLUGS
    strong = _settings("HMAC-SHA256") | {"by_api": True}
    return [
        PayWay(alipay, "支付宝（沙盒）", "Alipay (sandbox)", "qr", "alipay", strong),
        PayWay(wechat, "微信支付（沙盒）", "WeChat Pay (sandbox)", "phone", "wxpay", _settings("MD5")),
        PayWay(wechatpay, "微信支付 v3（沙盒）", "WeChat Pay v3 (sandbox)", "phone", "", _wechat_settings(), "wechat"),
        *demo_direct.ways(_ACCOUNT, _gateway_from_here()),
        *demo_foreign.ways(_ACCOUNT),
    ]


def _wechat_settings() -> dict[str, object]:
    known = SandboxMerchant.objects.filter(name=_ACCOUNT, protocol="wechat")
    account = known.first() or wechat_accounts.open_merchant(_ACCOUNT)
    return wechat_accounts.shop_settings(account, f"{_gateway_from_here()}/sandbox/wechat")


def _settings(sign_type: str) -> dict[str, object]:
    account = _epay_account(sign_type)
    found: dict[str, object] = {
        "base_url": f"{settings.SITE_URL}/sandbox/",
        "pid": account.pid,
        "key": account.secrets["key"],
        "sign_type": sign_type,
        "plain_http": True,
    }
    if _gateway_from_here() != settings.SITE_URL:
        found["api_url"] = f"{_gateway_from_here()}/sandbox/"
    return found


def _epay_account(sign_type: str) -> SandboxMerchant:
    known = SandboxMerchant.objects.filter(name=_ACCOUNT, protocol="epay", secrets__sign_type=sign_type)
    return known.first() or open_merchant(_ACCOUNT, sign_type=sign_type)


def _gateway_from_here() -> str:
    """Return where this machine itself reaches the gateway: behind a proxy, without the detour."""
    port = read("XINKA_PORT")
    return f"http://127.0.0.1:{port}" if port and settings.ENVIRONMENT.secure else str(settings.SITE_URL)
