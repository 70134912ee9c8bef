"""The settings of one PayPal channel, refused loudly when they would not be safe."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Self
from urllib.parse import urlsplit

from xinka.payments.providers.errors import BadChannel
from xinka.payments.providers.paypal.amounts import CURRENCIES
from xinka.payments.providers.protocol import SettingField
from xinka.payments.providers.settings import check_address, check_currency, stored_settings

_CREDENTIAL = re.compile(r"[A-Za-z0-9_\-]{20,128}", re.ASCII)
_WEBHOOK = re.compile(r"[A-Za-z0-9]{10,50}", re.ASCII)
_CERTIFICATE_PATH = re.compile(r"/v1/notifications/certs/[A-Za-z0-9._\-]{1,128}", re.ASCII)
_APIS: Mapping[str, str] = MappingProxyType(
    {"live": "https://api-m.paypal.com", "sandbox": "https://api-m.sandbox.paypal.com"}
)
#: The only places a certificate is fetched from, whatever a webhook says.
_CERTIFICATE_HOSTS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "live": frozenset({"api.paypal.com", "api-m.paypal.com"}),
        "sandbox": frozenset({"api.sandbox.paypal.com", "api-m.sandbox.paypal.com"}),
    }
)
_SIGNERS: Mapping[str, str] = MappingProxyType(
    {"live": "messageverificationcerts.paypal.com", "sandbox": "messageverificationcerts.sandbox.paypal.com"}
)


@dataclass(frozen=True, slots=True)
class PayPalConfig:
    """One PayPal app in one currency.

    ``asks_paypal`` has PayPal itself judge each webhook, instead of us by its certificate. ``api_url``, ``plain_http``
    and ``root`` (a certificate in PEM) are for the shop's own sandbox.

    Raises:
        BadChannel: if a credential, the currency or the address is malformed.
    """

    client_id: str
    client_secret: str = field(repr=False)
    webhook_id: str
    mode: str = "live"
    currency: str = "CNY"
    asks_paypal: bool = False
    api_url: str = ""
    plain_http: bool = False
    root: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if self.mode not in _APIS:
            raise BadChannel(why_zh="模式只能是 live 或 sandbox", why_en="the mode is live or sandbox")
        if self.api_url:
            check_address(self.api_url, plain_http=self.plain_http)
        if bool(self.root) != bool(self.api_url):
            raise BadChannel(why_zh="自备证书只用于沙盒", why_en="a root of its own belongs to the sandbox only")
        check_currency(self.currency, CURRENCIES)
        if not _CREDENTIAL.fullmatch(self.client_id) or not _CREDENTIAL.fullmatch(self.client_secret):
            raise BadChannel(why_zh="Client ID 或 Secret 写得不对", why_en="the client id or the secret is malformed")
        if not _WEBHOOK.fullmatch(self.webhook_id):
            raise BadChannel(why_zh="Webhook ID 写得不对", why_en="the webhook id is malformed")

    @classmethod
    def from_settings(cls, settings: Mapping[str, object]) -> Self:
        """Return the channel described by stored settings (decrypted JSON); unknown names are refused."""
        known: dict[str, Any] = stored_settings(settings, _STORED, ("client_id", "client_secret", "webhook_id"))
        return cls(**known)

    def address(self, path: str) -> str:
        """Return the address of one of PayPal's calls."""
        return f"{(self.api_url or _APIS[self.mode]).rstrip('/')}{path}"

    @property
    def signer(self) -> str:
        """The name on the certificate that signs webhooks."""
        return _SIGNERS[self.mode]

    def may_fetch(self, url: str) -> bool:
        """Whether a certificate may be fetched from an address that a webhook names."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            return False
        if parts.query or parts.fragment or parts.username or not url.isascii() or not url.isprintable():
            return False
        if self.api_url:
            base = self.api_url.rstrip("/")
            return url.startswith(f"{base}/v1/") and bool(_CERTIFICATE_PATH.fullmatch(url.removeprefix(base)))
        return (
            parts.scheme == "https"
            and port in (None, 443)
            and host in _CERTIFICATE_HOSTS[self.mode]
            and bool(_CERTIFICATE_PATH.fullmatch(parts.path))
        )


_STORED: Mapping[str, type] = {
    "client_id": str,
    "client_secret": str,
    "webhook_id": str,
    "mode": str,
    "currency": str,
    "asks_paypal": bool,
    "api_url": str,
    "plain_http": bool,
    "root": str,
}

SETTING_FIELDS = (
    SettingField("client_id", "Client ID", "Client ID"),
    SettingField("client_secret", "Client Secret", "Client secret", secret=True),
    SettingField(
        "webhook_id",
        "Webhook ID",
        "Webhook ID",
        help_zh="PayPal 开发者后台 Webhooks 里显示的编号",
        help_en="as shown under Webhooks in PayPal's developer pages",
    ),
    SettingField(
        "mode",
        "模式",
        "Mode",
        required=False,
        choices={"live": ("正式", "Live"), "sandbox": ("PayPal 沙箱", "PayPal's sandbox")},
    ),
    SettingField(
        "asks_paypal",
        "由 PayPal 验签",
        "Let PayPal verify webhooks",
        required=False,
        is_flag=True,
        help_zh="每条通知都问 PayPal 一次；一般不用开",
        help_en="asks PayPal about each webhook; rarely needed",
    ),
)
