"""Where a QR code leads: a payment to somebody's own account, a chat elsewhere, a programme, or a page."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote, urlsplit

from publicsuffixlist import PublicSuffixList

Kind = Literal["payment", "chat", "programme", "page", "wallet", "wifi", "text"]
Decision = Literal["allow", "review", "block"]

#: Beginnings of what payment apps write into the code with which a person is paid. Without scheme and "www.".
_PAYMENTS = (
    *(
        "wxp://",
        "weixin://wxpay",
        "alipays://",
        "alipay://",
        "upwapi://",
        "qr.alipay.com",
        "qr.95516.com",
        "mobile.qq.com/qrcode/pay",
    ),
    *("i.qianbao.qq.com", "payapp.weixin.qq.com", "wx.tenpay.com", "paypal.me", "venmo.com", "cash.app"),
)
_CHATS = (
    *(
        "u.wechat.com",
        "weixin.qq.com/g",
        "weixin.qq.com/r",
        "work.weixin.qq.com",
        "weixin://dl",
        "qm.qq.com",
        "jq.qq.com",
        "mqqapi://",
    ),
    *(
        "mqqopensdkapi://",
        "qun.qq.com",
        "t.me",
        "telegram.me",
        "tg://",
        "wa.me",
        "chat.whatsapp.com",
        "line.me",
        "discord.gg",
    ),
    *("discord.com/invite", "v.douyin.com", "xhslink.com"),
)
_WALLETS = ("bitcoin:", "ethereum:", "tron:", "litecoin:", "solana:", "usdt:", "lightning:")
_PROGRAMMES = (".apk", ".exe", ".msi", ".ipa", ".dmg", ".scr", ".bat", ".mobileconfig")
_SHORTENERS = frozenset(
    [
        "bit.ly",
        "t.cn",
        "dwz.cn",
        "url.cn",
        "suo.im",
        "tinyurl.com",
        "goo.gl",
        "is.gd",
        "t.co",
        "u.nu",
        "rb.gy",
        "cutt.ly",
        "suo.nz",
    ]
)
_suffixes: list[PublicSuffixList] = []


@dataclass(frozen=True, slots=True)
class Target:
    """Where something leads and whether that may stand in a listing.

    Attributes:
        kind: what it does when a person follows it.
        decision: `block` for what takes money past the platform, `review` for what a person must look at.
        domain: the registrable domain of a page, in ASCII; None for what is no page.
        zh, en: why, for a person.
    """

    kind: Kind
    decision: Decision
    domain: str | None
    zh: str
    en: str


def judge_target(content: str, own_domains: Collection[str] = ()) -> Target:
    """Say where the content of a QR code (or a link) leads.

    Args:
        content: what the code holds.
        own_domains: registrable domains whose pages are always welcome, for example the shop's own.
    """
    content = content.strip()[:4096]
    plain = content.lower()
    bare = plain.removeprefix("https://").removeprefix("http://").removeprefix("www.")
    if plain.startswith(_WALLETS):
        return Target(
            "wallet", "block", None, "指向加密货币钱包，绕过平台付款", "leads to a crypto wallet, past the platform"
        )
    if _leads_to(bare, _PAYMENTS):
        return Target(
            "payment", "block", None, "个人收款码，绕过平台付款", "a personal payment code, past the platform"
        )
    if _leads_to(bare, _CHATS):
        return Target(
            "chat", "review", None, "引导到站外聊天或加好友", "leads to a chat or contact outside the platform"
        )
    if plain.startswith("wifi:"):
        return Target("wifi", "review", None, "连接无线网络", "joins a wireless network")
    if not plain.startswith(("http://", "https://")):
        return Target("text", "allow", None, "纯文本", "plain text")
    return _judge_page(content, own_domains)


def _leads_to(bare: str, places: tuple[str, ...]) -> bool:
    """Tell whether the text begins with a place and goes on with a part of its own, not with more of a host's name."""
    return any(
        bare.startswith(place) and (place.endswith("/") or bare[len(place) :][:1] in {"", "/", "?", "#", ":"})
        for place in places
    )


def _judge_page(address: str, own_domains: Collection[str]) -> Target:
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").rstrip(".").encode("idna").decode("ascii") if parts.hostname else ""
    except (ValueError, UnicodeError):
        return Target("page", "review", None, "网址格式不正确", "the address is malformed")
    if not host:
        return Target("page", "review", None, "网址没有主机名", "the address names no host")
    if _is_number(host):
        return Target("page", "review", host, "直接使用 IP 地址", "a bare IP address")
    domain = _registrable(host)
    if domain in own_domains:
        return Target("page", "allow", domain, "本站链接", "a page of the platform")
    path = unquote(parts.path).lower()
    if path.endswith(_PROGRAMMES):
        return Target("programme", "review", domain, "直接下载程序", "downloads a programme")
    if parts.username is not None:
        return Target(
            "page", "review", domain, "网址里的 @ 会让人看错目的地", "an @ in the address hides where it leads"
        )
    if domain in _SHORTENERS:
        return Target("page", "review", domain, "短网址，看不到目的地", "a short link hides where it leads")
    if host.startswith("xn--") or ".xn--" in host:
        return Target(
            "page", "review", domain, "域名含有易混淆的特殊字符", "the host is written in letters that may deceive"
        )
    return Target("page", "review", domain, f"指向站外网页 {domain}", f"leads to a page outside the platform, {domain}")


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return host.isdigit()  # an IPv4 address may be written as one number
    return True


def _registrable(host: str) -> str:
    if not _suffixes:  # the list takes a moment to read, and most codes never need it
        _suffixes.append(PublicSuffixList())
    return str(_suffixes[0].privatesuffix(host) or host)
