"""The settings of one Alipay channel, in key mode or certificate mode, refused loudly when they would not be safe."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Self

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from xinka.payments.providers import keys
from xinka.payments.providers.alipay.certificates import root_serial_of, serial_of, signers
from xinka.payments.providers.errors import BadChannel
from xinka.payments.providers.keys import Named
from xinka.payments.providers.protocol import SettingField
from xinka.payments.providers.settings import check_address, stored_settings

GATEWAY = "https://openapi.alipay.com/gateway.do"
CURRENCY = "CNY"
_APP_ID = re.compile(r"[0-9]{16,32}", re.ASCII)
_SELLER_ID = re.compile(r"2088[0-9]{12}", re.ASCII)
_APP_KEY = Named("应用私钥", "application private key")
_ALIPAY_KEY = Named("支付宝公钥", "Alipay public key")
_APP_CERT = Named("应用公钥证书", "application certificate")
_ALIPAY_CERT = Named("支付宝公钥证书", "Alipay certificate")
_ROOT_CERT = Named("支付宝根证书", "Alipay root certificate")


class Desktop(StrEnum):
    """How buyers at a computer pay: a QR code on our page (当面付), or Alipay's page (电脑网站支付)."""

    QR = "qr"
    PAGE = "page"


class Phone(StrEnum):
    """How buyers on a phone pay: Alipay's page that opens its app (手机网站支付), or as at a computer."""

    WAP = "wap"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Certificates:
    """The numbers that certificate mode adds to messages, and the day from which one is missing.

    Alipay's may be several while it replaces its own.
    """

    app_serial: str
    alipay_serials: frozenset[str]
    root_serial: str
    until: date


@dataclass(frozen=True, slots=True)
class AlipayConfig:
    """One application at Alipay; with ``app_cert`` it is in certificate mode.

    ``api_url`` is the same gateway seen from this server where that differs. Alipay's keys or certificates may be
    several while one is being replaced: what any of them signed is believed.

    Raises:
        BadChannel: if a number, an address, a key or a certificate is not usable, or they do not belong together.
    """

    app_id: str
    app_private_key: str = field(repr=False)
    alipay_public_key: str = field(default="", repr=False)
    app_cert: str = field(default="", repr=False)
    alipay_cert: str = field(default="", repr=False)
    alipay_root_cert: str = field(default="", repr=False)
    seller_id: str = ""
    desktop: Desktop = Desktop.QR
    phone: Phone = Phone.SAME
    profit_sharing: bool = False
    gateway_url: str = GATEWAY
    api_url: str = ""
    plain_http: bool = False
    private_key: RSAPrivateKey = field(init=False, repr=False, compare=False)
    public_keys: tuple[RSAPublicKey, ...] = field(init=False, repr=False, compare=False)
    certificates: Certificates | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for url in (self.gateway_url, self.api_url or self.gateway_url):
            check_address(url, plain_http=self.plain_http)
        if not _APP_ID.fullmatch(self.app_id):
            raise BadChannel(why_zh="应用 APPID 是 16 位以上数字", why_en="the APPID is a number of 16 or more digits")
        if self.seller_id and not _SELLER_ID.fullmatch(self.seller_id):
            raise BadChannel(why_zh="商户号（PID）是 2088 开头的 16 位数字", why_en="the PID has 16 digits, 2088 first")
        private = keys.private_key(self.app_private_key, _APP_KEY)
        if any((self.app_cert, self.alipay_cert, self.alipay_root_cert)):
            public, certificates = self._read_certificates(private)
        else:
            public, certificates = keys.public_keys(self.alipay_public_key, _ALIPAY_KEY), None
        if keys.is_among(private, public):
            raise BadChannel(
                why_zh="支付宝公钥：这是您自己的应用公钥，请填开放平台页面上的“支付宝公钥”",
                why_en="Alipay public key: this is your application's own; enter the one shown as Alipay's",
            )
        for name, value in (("private_key", private), ("public_keys", public), ("certificates", certificates)):
            object.__setattr__(self, name, value)  # the one way to set a derived field of a frozen dataclass

    def _read_certificates(self, private: RSAPrivateKey) -> tuple[tuple[RSAPublicKey, ...], Certificates]:
        app = keys.certificates(self.app_cert, _APP_CERT)[0]
        alipay = signers(keys.certificates(self.alipay_cert, _ALIPAY_CERT))
        roots = keys.certificates(self.alipay_root_cert, _ROOT_CERT)
        if keys.public_key_of(app, _APP_CERT).public_numbers() != private.public_key().public_numbers():
            raise BadChannel(
                why_zh="应用公钥证书和应用私钥不是一对",
                why_en="the application certificate does not belong to the application private key",
            )
        until = min(app.not_valid_after_utc, max(one.not_valid_after_utc for one in alipay)).date()
        found = Certificates(serial_of(app), frozenset(map(serial_of, alipay)), root_serial_of(roots), until)
        return tuple(keys.public_key_of(one, _ALIPAY_CERT) for one in alipay), found

    @classmethod
    def from_settings(cls, settings: Mapping[str, object]) -> Self:
        """Return the channel described by stored settings (decrypted JSON); unknown names are refused."""
        known = stored_settings(settings, _STORED, ("app_id", "app_private_key"))
        try:
            known["desktop"] = Desktop(str(known.get("desktop") or Desktop.QR))
            known["phone"] = Phone(str(known.get("phone") or Phone.SAME))
        except ValueError:
            raise BadChannel(why_zh="付款产品写得不对", why_en="the way to pay is not known") from None
        known["gateway_url"] = known.get("gateway_url") or GATEWAY
        return cls(**known)  # type: ignore[arg-type]  # each value was checked against _STORED above

    @property
    def api(self) -> str:
        """The gateway's address, for this server."""
        return self.api_url or self.gateway_url


_STORED: dict[str, type] = {
    "app_id": str,
    "app_private_key": str,
    "alipay_public_key": str,
    "app_cert": str,
    "alipay_cert": str,
    "alipay_root_cert": str,
    "seller_id": str,
    "desktop": str,
    "phone": str,
    "profit_sharing": bool,
    "gateway_url": str,
    "api_url": str,
    "plain_http": bool,
}

SETTING_FIELDS = (
    SettingField("app_id", "应用 APPID", "APPID"),
    SettingField(
        "app_private_key",
        "应用私钥",
        "Application private key",
        secret=True,
        multiline=True,
        help_zh="RSA2，2048 位；PKCS#8 或 PKCS#1 都可以",
        help_en="RSA2, 2048 bits; PKCS#8 or PKCS#1",
    ),
    SettingField(
        "alipay_public_key",
        "支付宝公钥（密钥模式）",
        "Alipay public key (key mode)",
        required=False,
        multiline=True,
        help_zh="上传应用公钥后页面上显示的“支付宝公钥”，不是应用公钥；更换期间可以填两个，每个都带 BEGIN 和 END 行",
        help_en="shown after your own was uploaded, not your own; two while it is replaced, each with BEGIN and END",
    ),
    SettingField(
        "app_cert",
        "应用公钥证书（证书模式）",
        "Application certificate (certificate mode)",
        required=False,
        multiline=True,
    ),
    SettingField(
        "alipay_cert",
        "支付宝公钥证书（证书模式）",
        "Alipay certificate (certificate mode)",
        required=False,
        multiline=True,
        help_zh="更换期间新旧两个都放进来",
        help_en="both the old and the new one while it is replaced",
    ),
    SettingField(
        "alipay_root_cert",
        "支付宝根证书（证书模式）",
        "Alipay root certificate (certificate mode)",
        required=False,
        multiline=True,
        help_zh="三个证书都填时用证书模式",
        help_en="with all three certificates, certificate mode is used",
    ),
    SettingField(
        "seller_id",
        "商户号 PID",
        "Seller number (PID)",
        required=False,
        help_zh="2088 开头；填了就只认付给它的款",
        help_en="begins with 2088; if given, only money paid to it counts",
    ),
    SettingField(
        "desktop",
        "电脑上",
        "On computers",
        required=False,
        choices={
            "qr": ("二维码（当面付）", "QR code (precreate)"),
            "page": ("支付宝页面（电脑网站支付）", "Alipay's page"),
        },
    ),
    SettingField(
        "phone",
        "手机上",
        "On phones",
        required=False,
        choices={
            "same": ("和电脑一样", "as on computers"),
            "wap": ("打开支付宝（手机网站支付）", "Alipay's app (wap)"),
        },
    ),
    SettingField(
        "profit_sharing",
        "货款先冻结、再分账",
        "Freeze the money and share it later",
        required=False,
        is_flag=True,
        help_zh="需要签约分账产品",
        help_en="needs the profit-sharing product",
    ),
)
