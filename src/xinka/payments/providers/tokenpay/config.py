"""The settings of one TokenPay channel, refused loudly when they would not be safe."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Self

from xinka.payments.providers.epay.keys import check_key
from xinka.payments.providers.errors import BadChannel
from xinka.payments.providers.protocol import SettingField
from xinka.payments.providers.settings import check_address, check_currency, stored_settings

#: Our name of a way to pay → TokenPay's ``Currency``; a channel may name others itself.
COINS: Mapping[str, str] = MappingProxyType(
    {
        "usdt-trc20": "USDT_TRC20",
        "trx": "TRX",
        "usdt-erc20": "EVM_ETH_USDT_ERC20",
        "usdt-bep20": "EVM_BSC_USDT_BEP20",
        "usdt-polygon": "EVM_Polygon_USDT_ERC20",
        "eth": "EVM_ETH_ETH",
    }
)
CURRENCIES = frozenset({"CNY", "USD", "EUR", "GBP", "HKD", "TWD"})
_COIN = re.compile(r"[A-Za-z0-9_]{2,40}", re.ASCII)


@dataclass(frozen=True, slots=True)
class TokenPayConfig:
    """One TokenPay gateway; ``currency`` is its ``BaseCurrency``, ``plain_http`` for the sandbox beside us.

    Raises:
        BadChannel: if an address, the currency or a coin is malformed.
        WeakKey: if the token could be guessed.
    """

    base_url: str
    token: str = field(repr=False)
    currency: str = "CNY"
    coin: str = ""
    plain_http: bool = False

    def __post_init__(self) -> None:
        check_address(self.base_url, plain_http=self.plain_http)
        check_currency(self.currency, CURRENCIES)
        check_key(self.token)
        if self.coin and not _COIN.fullmatch(self.coin):
            raise BadChannel(why_zh="币种写得不对", why_en="the coin is malformed")

    @classmethod
    def from_settings(cls, settings: Mapping[str, object]) -> Self:
        """Return the channel described by stored settings (decrypted JSON); unknown names are refused."""
        known: dict[str, Any] = stored_settings(settings, _STORED, ("base_url", "token"))
        return cls(**known)

    def address(self, path: str) -> str:
        """Return the address of one of the gateway's pages."""
        return f"{self.base_url.rstrip('/')}/{path}"


_STORED: Mapping[str, type] = {"base_url": str, "token": str, "currency": str, "coin": str, "plain_http": bool}

SETTING_FIELDS = (
    SettingField(
        "base_url",
        "网关地址",
        "Gateway address",
        help_zh="BaseCurrency 要和通道的货币一致；链上退款做不到自动，会转给工作人员手工处理",
        help_en="Its BaseCurrency must be the channel's. Coins cannot be sent back automatically: refunds go to staff.",
    ),
    SettingField(
        "token",
        "异步通知密钥（ApiToken）",
        "ApiToken",
        secret=True,
        help_zh="至少 32 位随机字符；MD5 签名较弱，发货前会主动向网关核实，请把单笔上限设低",
        help_en="32 random letters. MD5 is weak: the gateway is asked before anything is delivered, and the channel's "
        "largest amount should be low.",
    ),
    SettingField(
        "coin",
        "币种",
        "Coin",
        required=False,
        help_zh="留空按通道的付款方式；其它币种照 TokenPay 的写法填",
        help_en="empty: by the channel's method; others as TokenPay writes them",
    ),
)
