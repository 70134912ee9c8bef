"""The settings of one epay V2 channel, refused loudly when they would not be safe."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Self

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from xinka.payments.providers import keys
from xinka.payments.providers.errors import BadChannel
from xinka.payments.providers.keys import Named
from xinka.payments.providers.protocol import SettingField
from xinka.payments.providers.settings import check_address, check_currency, stored_settings

#: Ways to pay that gateways commonly offer: our name → the value of the field ``type``.
COMMON_TYPES: Mapping[str, str] = MappingProxyType({"alipay": "alipay", "wxpay": "wxpay", "qqpay": "qqpay"})
_PID = re.compile(r"[A-Za-z0-9_\-]{1,32}", re.ASCII)
_TYPE = re.compile(r"[A-Za-z0-9_.\-]{1,32}", re.ASCII)


class Way(StrEnum):
    """How a payment is begun: the gateway's page, its API with the way it thinks best, or its API with an address."""

    PAGE = "page"
    WEB = "web"
    JUMP = "jump"


@dataclass(frozen=True, slots=True)
class EpayV2Config:
    """One channel of one gateway; ``api_url`` is the same gateway seen from this server where that differs.

    The platform's keys may be several while it replaces one: what any of them signed is believed.

    Raises:
        BadChannel: if an address, the merchant number, a type or a key is not usable.
    """

    base_url: str
    pid: str
    merchant_private_key: str = field(repr=False)
    platform_public_key: str = field(repr=False)
    types: Mapping[str, str] = field(default_factory=lambda: COMMON_TYPES, hash=False)
    currency: str = "CNY"
    way: Way = Way.WEB
    api_url: str = ""
    plain_http: bool = False
    private_key: RSAPrivateKey = field(init=False, repr=False, compare=False)
    public_keys: tuple[RSAPublicKey, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for url in (self.base_url, self.api_url or self.base_url):
            check_address(url, plain_http=self.plain_http)
        if not _PID.fullmatch(self.pid):
            raise BadChannel(
                why_zh="商户号只能有字母、数字", why_en="the merchant number may only hold letters and digits"
            )
        if not self.types or not all(_TYPE.fullmatch(name) for name in self.types.values()):
            raise BadChannel(why_zh="支付方式写得不对", why_en="a payment type is malformed")
        check_currency(self.currency)
        private = keys.private_key(self.merchant_private_key, Named("商户私钥", "merchant private key"))
        public = keys.public_keys(self.platform_public_key, Named("平台公钥", "platform public key"))
        if keys.is_among(private, public):
            raise BadChannel(
                why_zh="平台公钥：这是您自己的商户公钥，请填网关后台给出的平台公钥",
                why_en="platform public key: this is your own; enter the one the gateway shows as the platform's",
            )
        for name, key in (("private_key", private), ("public_keys", public)):
            object.__setattr__(self, name, key)  # the one way to set a derived field of a frozen dataclass

    @classmethod
    def from_settings(cls, settings: Mapping[str, object]) -> Self:
        """Return the channel described by stored settings (decrypted JSON); unknown names are refused."""
        known = stored_settings(settings, _STORED, ("base_url", "pid", "merchant_private_key", "platform_public_key"))
        try:
            known["way"] = Way(str(known.get("way") or Way.WEB))
        except ValueError:
            raise BadChannel(why_zh="下单方式写得不对", why_en="the way to begin a payment is not known") from None
        types = known.get("types")
        if isinstance(types, dict):
            known["types"] = MappingProxyType({str(name): str(value) for name, value in types.items()})
        return cls(**known)  # type: ignore[arg-type]  # each value was checked against _STORED above

    def address(self, path: str) -> str:
        """Return the address of one of the gateway's pages, for a browser."""
        return f"{self.base_url.rstrip('/')}/{path}"

    def api_address(self, path: str) -> str:
        """Return the address of one of the gateway's pages, for this server."""
        return f"{(self.api_url or self.base_url).rstrip('/')}/{path}"


_STORED: dict[str, type] = {
    "base_url": str,
    "pid": str,
    "merchant_private_key": str,
    "platform_public_key": str,
    "types": dict,
    "currency": str,
    "way": str,
    "api_url": str,
    "plain_http": bool,
}

SETTING_FIELDS = (
    SettingField(
        "base_url", "网关地址", "Gateway address", help_zh="网关给的接口地址", help_en="as the gateway gives it"
    ),
    SettingField("pid", "商户号", "Merchant number"),
    SettingField(
        "merchant_private_key",
        "商户私钥",
        "Merchant private key",
        secret=True,
        multiline=True,
        help_zh="网关后台生成密钥对时给出，PKCS#8 或 PKCS#1 都可以",
        help_en="from the gateway's page where the pair was made; PKCS#8 or PKCS#1",
    ),
    SettingField(
        "platform_public_key",
        "平台公钥",
        "Platform public key",
        multiline=True,
        help_zh="是平台的，不是您自己的公钥；平台更换期间可以填两个，每个都带 BEGIN 和 END 行",
        help_en="the platform's, not your own; two while it is replaced, each with its lines BEGIN and END",
    ),
    SettingField(
        "way",
        "下单方式",
        "Begin a payment by",
        required=False,
        choices={
            "web": ("接口，由网关决定二维码或跳转", "API, the gateway chooses QR code or page"),
            "jump": ("接口，总是跳转", "API, always a page"),
            "page": ("跳转到网关收银台", "sending the buyer to the gateway's cashier"),
        },
    ),
)
