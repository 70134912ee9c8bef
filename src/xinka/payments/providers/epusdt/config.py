"""The settings of one channel of an epusdt gateway, refused loudly when they would not be safe."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Self

from xinka.payments.providers.epay.keys import check_key
from xinka.payments.providers.epusdt.signing import Dialect, Signer
from xinka.payments.providers.errors import BadChannel
from xinka.payments.providers.protocol import SettingField
from xinka.payments.providers.settings import check_address, check_currency, stored_settings

#: Our name of a way to pay → BEpusdt's trade type, or GMPay's token and network.
COINS: Mapping[str, str] = MappingProxyType(
    {
        "usdt-trc20": "usdt.trc20",
        "usdt-bep20": "usdt.bep20",
        "usdt-erc20": "usdt.erc20",
        "usdt-polygon": "usdt.polygon",
        "usdc-trc20": "usdc.trc20",
        "trx": "tron.trx",
    }
)
GMPAY_COINS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "usdt-trc20": ("usdt", "tron"),
        "usdt-bep20": ("usdt", "bsc"),
        "usdt-erc20": ("usdt", "ethereum"),
        "usdt-polygon": ("usdt", "polygon"),
        "usdc-trc20": ("usdc", "tron"),
        "trx": ("trx", "tron"),
    }
)
_PID = re.compile(r"[A-Za-z0-9_\-]{1,32}", re.ASCII)
_CURRENCIES = frozenset({"CNY", "USD", "EUR", "GBP", "HKD", "TWD"})


@dataclass(frozen=True, slots=True)
class EpusdtConfig:
    """One channel of one gateway; ``pid`` is GMPay's merchant number, ``plain_http`` for the sandbox beside us.

    Raises:
        BadChannel: if an address, the currency or the merchant number is malformed.
        WeakKey: if the token could be guessed.
    """

    base_url: str
    token: str = field(repr=False)
    dialect: Dialect = Dialect.BEPUSDT
    pid: str = ""
    currency: str = "CNY"
    plain_http: bool = False
    signer: Signer = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_address(self.base_url, plain_http=self.plain_http)
        check_currency(self.currency, _CURRENCIES)
        check_key(self.token)
        if (self.dialect is Dialect.GMPAY) != bool(self.pid) or (self.pid and not _PID.fullmatch(self.pid)):
            raise BadChannel(
                why_zh="只有 GMPay 需要填商户号（pid）", why_en="GMPay, and only GMPay, needs a merchant number"
            )
        if self.dialect is Dialect.EPUSDT and self.currency != "CNY":
            raise BadChannel(why_zh="原版 epusdt 只收人民币标价", why_en="the original epusdt prices in yuan only")
        signer = Signer(self.token, self.dialect)
        object.__setattr__(self, "signer", signer)  # the one way to set a derived field of a frozen dataclass

    @classmethod
    def from_settings(cls, settings: Mapping[str, object]) -> Self:
        """Return the channel described by stored settings (decrypted JSON); unknown names are refused."""
        known: dict[str, Any] = stored_settings(settings, _STORED, ("base_url", "token"))
        if "dialect" in known:
            known["dialect"] = _dialect(known["dialect"])
        return cls(**known)

    @property
    def is_weak(self) -> bool:
        """Whether notices are signed with MD5."""
        return self.dialect is not Dialect.GMPAY

    def address(self, path: str) -> str:
        """Return the address of one of the gateway's pages."""
        return f"{self.base_url.rstrip('/')}/{path}"


def _dialect(text: str) -> Dialect:
    try:
        return Dialect(text)
    except ValueError:
        raise BadChannel(why_zh="不认识的网关版本", why_en="an unknown dialect") from None


_STORED: Mapping[str, type] = {
    "base_url": str,
    "token": str,
    "dialect": str,
    "pid": str,
    "currency": str,
    "plain_http": bool,
}

SETTING_FIELDS = (
    SettingField(
        "base_url",
        "网关地址",
        "Gateway address",
        help_zh="链上退款做不到自动：退款会转给工作人员手工处理",
        help_en="Coins cannot be sent back automatically: refunds go to staff.",
    ),
    SettingField(
        "dialect",
        "网关版本",
        "Dialect",
        choices={
            "bepusdt": ("BEpusdt", "BEpusdt"),
            "epusdt": ("epusdt（原版）", "epusdt (the original)"),
            "gmpay": ("GMPay（新版 epusdt）", "GMPay (the new epusdt)"),
        },
        help_zh="前两种用 MD5 签名，较弱：发货前会主动向网关核实，请把单笔上限设低；GMPay 用 HMAC，无此限制",
        help_en="The first two sign with MD5, which is weak: the gateway is asked before anything is delivered; "
        "keep the channel's largest amount low. GMPay signs with an HMAC.",
    ),
    SettingField(
        "token", "API 密钥", "API token", secret=True, help_zh="至少 32 位随机字符", help_en="32 random letters"
    ),
    SettingField("pid", "商户号（仅 GMPay）", "Merchant number (GMPay only)", required=False),
)
