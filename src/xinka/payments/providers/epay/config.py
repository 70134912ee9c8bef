"""The settings of one epay channel, refused loudly when they would not be safe."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Self

from xinka.kernel.money import MINOR_DIGITS
from xinka.payments.providers.epay.keys import check_key
from xinka.payments.providers.epay.signing import Signer, SignType
from xinka.payments.providers.errors import BadChannel
from xinka.payments.providers.protocol import SettingField
from xinka.payments.providers.settings import check_address, stored_settings

#: Ways to pay that gateways commonly offer: our name → the value of the field ``type``.
COMMON_TYPES: Mapping[str, str] = MappingProxyType({"alipay": "alipay", "wxpay": "wxpay", "qqpay": "qqpay"})
_PID = re.compile(r"[A-Za-z0-9_\-]{1,32}", re.ASCII)
_TYPE = re.compile(r"[A-Za-z0-9_.\-]{1,32}", re.ASCII)


@dataclass(frozen=True, slots=True)
class EpayConfig:
    """One channel of one gateway.

    ``base_url`` is what the gateway gives out, and ``api_url`` the same gateway seen from this server where that
    differs. ``by_api`` asks ``mapi.php`` for a QR code or link instead of sending the buyer to ``submit.php``. Plain
    HTTP would show the key to everyone on the way; ``plain_http`` is for the sandbox on the same machine.

    Raises:
        BadChannel: if an address, the merchant number or a type is malformed.
        WeakKey: if the key could be guessed.
    """

    base_url: str
    pid: str
    key: str = field(repr=False)
    sign_type: SignType = SignType.MD5
    append_key_label: bool = False
    types: Mapping[str, str] = field(default_factory=lambda: COMMON_TYPES, hash=False)
    currency: str = "CNY"
    by_api: bool = False
    api_url: str = ""
    plain_http: bool = False
    signer: Signer = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for url in (self.base_url, self.api_url or self.base_url):
            check_address(url, plain_http=self.plain_http)
        if not _PID.fullmatch(self.pid):
            raise BadChannel(
                why_zh="商户号只能有字母、数字", why_en="the merchant number may only hold letters and digits"
            )
        if not self.types or not all(_TYPE.fullmatch(name) for name in self.types.values()):
            raise BadChannel(why_zh="支付方式写得不对", why_en="a payment type is malformed")
        if self.currency not in MINOR_DIGITS:
            raise BadChannel(why_zh="不支持这种货币", why_en="this currency is not supported")
        check_key(self.key)
        signer = Signer(self.key.encode(), self.sign_type, self.append_key_label)
        object.__setattr__(self, "signer", signer)  # the one way to set a derived field of a frozen dataclass

    @classmethod
    def from_settings(cls, settings: Mapping[str, object]) -> Self:
        """Return the channel described by stored settings (decrypted JSON); unknown names are refused."""
        known = stored_settings(settings, _STORED, ("base_url", "pid", "key"))
        if "sign_type" in known:
            known["sign_type"] = _sign_type(str(known["sign_type"]))
        if "types" in known:
            known["types"] = _types(known["types"])
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
    "key": str,
    "sign_type": str,
    "append_key_label": bool,
    "types": dict,
    "currency": str,
    "by_api": bool,
    "api_url": str,
    "plain_http": bool,
}


def _sign_type(text: str) -> SignType:
    try:
        return SignType(text)
    except ValueError:
        raise BadChannel(why_zh="签名方式只能是 MD5 或 HMAC-SHA256", why_en="sign with MD5 or HMAC-SHA256") from None


def _types(value: object) -> Mapping[str, str]:
    if not isinstance(value, dict) or not all(isinstance(text, str) for pair in value.items() for text in pair):
        raise BadChannel(why_zh="支付方式写得不对", why_en="a payment type is malformed")
    return MappingProxyType(dict(value))


SETTING_FIELDS = (
    SettingField(
        "base_url", "网关地址", "Gateway address", help_zh="网关给的接口地址", help_en="as the gateway gives it"
    ),
    SettingField("pid", "商户号", "Merchant number"),
    SettingField("key", "商户密钥", "Merchant key", secret=True),
    SettingField(
        "sign_type",
        "签名方式",
        "Signature",
        required=False,
        choices={"MD5": ("MD5", "MD5"), "HMAC-SHA256": ("HMAC-SHA256", "HMAC-SHA256")},
        help_zh="MD5 较弱：发货前会主动向网关核实",
        help_en="MD5 is weak: the gateway is asked before anything is delivered",
    ),
    SettingField("by_api", "用接口取二维码（mapi）", "Ask the API for a QR code (mapi)", required=False, is_flag=True),
    SettingField(
        "append_key_label", "签名串用 &key= 连接密钥", "Append &key= before the key", required=False, is_flag=True
    ),
)
