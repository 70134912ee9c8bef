"""How the stored settings of a channel are read: every name known, every value of its type, every address safe."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

from xinka.kernel.money import MINOR_DIGITS
from xinka.payments.providers.errors import BadChannel


def stored_settings(
    settings: Mapping[str, object], known: Mapping[str, type], required: Collection[str]
) -> dict[str, object]:
    """Return settings that are all known, of their type and complete.

    Raises:
        BadChannel: if one is missing, unknown or of another type; it names which.
    """
    for name, value in settings.items():
        if name not in known or not isinstance(value, known[name]):
            raise BadChannel(why_zh=f"设置项 {name} 无法识别", why_en=f"the setting {name} is not known or malformed")
    for name in required:
        if not settings.get(name):
            raise BadChannel(why_zh=f"设置项 {name} 没有填写", why_en=f"the setting {name} is missing")
    return dict(settings)


def check_address(url: str, *, plain_http: bool = False) -> None:
    """Accept the address of a gateway: HTTPS, without a name, a query or a fragment.

    Plain HTTP would show keys to everyone on the way; ``plain_http`` is for the sandbox on the same machine.

    Raises:
        BadChannel: if it is anything else.
    """
    malformed = BadChannel(why_zh="网关地址写得不对", why_en="the gateway's address is malformed")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port  # reading the port is what finds out whether it is a number
    except ValueError:
        raise malformed from None
    if not host or port == 0 or parts.username or parts.query or parts.fragment or not url.isprintable() or " " in url:
        raise malformed
    if parts.scheme != "https" and not (plain_http and parts.scheme == "http"):
        raise BadChannel(why_zh="网关地址要以 https:// 开头", why_en="the gateway's address must begin with https://")


def check_currency(currency: str, among: Collection[str] = MINOR_DIGITS) -> None:
    """Accept a currency that the gateway and Xinka both count in; raises ``BadChannel``."""
    if currency not in among or currency not in MINOR_DIGITS:
        raise BadChannel(why_zh="不支持这种货币", why_en="this currency is not supported")
