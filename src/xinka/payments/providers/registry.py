"""Which kinds of gateway Xinka speaks to; a new one is a folder and a line here.

A kind is imported when a channel of it is opened: the till should not hold in memory what the shop does not use.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import Protocol, cast

from xinka.payments.providers.errors import BadChannel
from xinka.payments.providers.protocol import Provider, SettingField


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of gateway: its names, and the room under ``providers/`` whose ``PROVIDER`` makes its channels."""

    zh: str
    en: str
    room: str


class ProviderClass(Protocol):
    """What the module ``providers/<room>/provider.py`` offers as ``PROVIDER``."""

    def from_settings(self, settings: Mapping[str, object]) -> Provider:
        """Return one channel from its decrypted settings; raises ``BadChannel``."""
        ...

    def setting_fields(self) -> Sequence[SettingField]:
        """Return what the office asks for when a channel of this kind is set up."""
        ...


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "alipay": Kind("支付宝", "Alipay", "alipay"),
        "balance": Kind("余额", "Balance", "balance"),
        "epay": Kind("易支付 V1", "epay V1", "epay"),
        "epay_v2": Kind("易支付 V2", "epay V2", "epay_v2"),
        "epusdt": Kind("USDT（epusdt / BEpusdt / GMPay）", "USDT (epusdt, BEpusdt, GMPay)", "epusdt"),
        "manual": Kind("人工转账", "Transfer by hand", "manual"),
        "paypal": Kind("PayPal", "PayPal", "paypal"),
        "stripe": Kind("Stripe", "Stripe", "stripe"),
        "tokenpay": Kind("加密货币（TokenPay）", "Coins (TokenPay)", "tokenpay"),
        "wechat": Kind("微信支付", "WeChat Pay", "wechat"),
    }
)


def class_of(kind: str) -> ProviderClass:
    """Return what makes channels of a kind.

    Raises:
        BadChannel: if the kind is unknown.
    """
    if kind not in KINDS:
        raise BadChannel(why_zh=f"不认识的网关类型 {kind}", why_en=f"unknown kind of gateway {kind}")
    module = import_module(f"xinka.payments.providers.{KINDS[kind].room}.provider")
    return cast(ProviderClass, module.PROVIDER)


def provider_for(kind: str, settings: Mapping[str, object]) -> Provider:
    """Return one channel from its kind and its decrypted settings.

    Raises:
        BadChannel: if the kind is unknown or the settings are incomplete or unsafe.
    """
    return class_of(kind).from_settings(settings)
