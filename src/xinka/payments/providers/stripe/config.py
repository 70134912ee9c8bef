"""The settings of one Stripe channel, refused loudly when they would not be safe."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from xinka.payments.providers.errors import BadChannel
from xinka.payments.providers.protocol import SettingField
from xinka.payments.providers.settings import check_address, check_currency, stored_settings

API = "https://api.stripe.com"
_KEY = re.compile(r"(?:sk|rk)_(?P<mode>live|test)_[A-Za-z0-9]{16,256}", re.ASCII)
_SECRET = re.compile(r"whsec_[A-Za-z0-9+/=]{24,128}", re.ASCII)
_MOST_SECRETS = 3


@dataclass(frozen=True, slots=True)
class StripeConfig:
    """One Stripe account in one currency.

    ``webhook_secrets`` may be several while one is being replaced. ``api_url`` and ``plain_http`` are for the sandbox.

    Raises:
        BadChannel: if a key, a secret, the currency or the address is malformed.
    """

    secret_key: str = field(repr=False)
    webhook_secrets: tuple[str, ...] = field(repr=False)
    currency: str = "CNY"
    api_url: str = API
    plain_http: bool = False

    def __post_init__(self) -> None:
        check_address(self.api_url, plain_http=self.plain_http)
        check_currency(self.currency)
        if not _KEY.fullmatch(self.secret_key):
            raise BadChannel(why_zh="API 密钥应以 sk_ 或 rk_ 开头", why_en="the API key should begin with sk_ or rk_")
        good = all(_SECRET.fullmatch(secret) for secret in self.webhook_secrets)
        if not good or not 0 < len(self.webhook_secrets) <= _MOST_SECRETS:
            raise BadChannel(
                why_zh="Webhook 签名密钥应以 whsec_ 开头，一行一个",
                why_en="webhook signing secrets begin with whsec_, one a line",
            )

    @property
    def is_live(self) -> bool:
        """Whether the key moves real money."""
        found = _KEY.fullmatch(self.secret_key)
        return found is not None and found["mode"] == "live"

    @classmethod
    def from_settings(cls, settings: Mapping[str, object]) -> Self:
        """Return the channel described by stored settings (decrypted JSON); unknown names are refused."""
        known: dict[str, Any] = stored_settings(settings, _STORED, ("secret_key", "webhook_secret"))
        return cls(webhook_secrets=tuple(known.pop("webhook_secret").split()), **known)


_STORED: Mapping[str, type] = {
    "secret_key": str,
    "webhook_secret": str,
    "currency": str,
    "api_url": str,
    "plain_http": bool,
}

SETTING_FIELDS = (
    SettingField(
        "secret_key",
        "API 密钥",
        "API key",
        secret=True,
        help_zh="sk_live_… 或受限密钥 rk_live_…",
        help_en="sk_live_… or a restricted key rk_live_…",
    ),
    SettingField(
        "webhook_secret",
        "Webhook 签名密钥",
        "Webhook signing secret",
        secret=True,
        multiline=True,
        help_zh="whsec_…；轮换期间可以一行一个填两个",
        help_en="whsec_…; two, one a line, while you replace it",
    ),
)
