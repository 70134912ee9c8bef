"""The settings of one WeChat Pay channel, refused loudly when they would not be safe."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Self

from xinka.payments.providers import keys
from xinka.payments.providers.errors import BadChannel, WeakKey
from xinka.payments.providers.keys import Named
from xinka.payments.providers.protocol import SettingField
from xinka.payments.providers.settings import check_address, stored_settings
from xinka.payments.providers.wechat.signing import MerchantKey, PlatformKey, PlatformKeys, plain_serial

GATEWAY = "https://api.mch.weixin.qq.com"
#: Where buyers' browsers say who they are, and where the shop hears it (the open platform, not the gateway).
OPEN_PLATFORM, SNS = "https://open.weixin.qq.com", "https://api.weixin.qq.com"
_MCHID = re.compile(r"[0-9]{8,10}", re.ASCII)
_APPID = re.compile(r"wx[0-9a-zA-Z]{16}", re.ASCII)
_SERIAL = re.compile(r"[0-9A-Fa-f]{16,64}", re.ASCII)
_PUBLIC_KEY_ID = re.compile(r"PUB_KEY_ID_[0-9A-Za-z]{8,52}", re.ASCII)
_API_KEY = re.compile(r"[0-9A-Za-z]{32}", re.ASCII)
_APP_SECRET = re.compile(r"[0-9a-f]{32}", re.ASCII)
_SCENE = re.compile(r"[0-9]{1,36}", re.ASCII)
_LEAST_DISTINCT = 8

_PRIVATE_KEY = Named("商户 API 私钥", "merchant API private key")
_PUBLIC_KEY = Named("微信支付公钥", "WeChat Pay public key")
_CERTIFICATES = Named("微信支付平台证书", "WeChat Pay platform certificate")


@dataclass(frozen=True, slots=True)
class WechatConfig:
    """One channel: a merchant number with an app of it, our keys and WeChat's.

    WeChat's side is known by its public key, by platform certificates, or by both while a merchant moves from the old
    to the new.

    Raises:
        BadChannel: if something is missing, malformed, or a key is not what it should be.
        WeakKey: if the APIv3 key could be guessed.
    """

    mchid: str
    appid: str
    serial_no: str
    private_key: str = field(repr=False)
    api_v3_key: str = field(repr=False)
    public_key_id: str = ""
    public_key: str = field(default="", repr=False)
    certificates: str = field(default="", repr=False)
    app_secret: str = field(default="", repr=False)
    h5: bool = False
    profit_sharing: bool = False
    transfer_scene_id: str = ""
    transfer_report: str = ""
    base_url: str = GATEWAY
    open_url: str = OPEN_PLATFORM
    sns_url: str = SNS
    plain_http: bool = False
    merchant: MerchantKey = field(init=False, repr=False, compare=False)
    platform: PlatformKeys = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        _check_names(self)
        for url in (self.base_url, self.open_url, self.sns_url):
            check_address(url, plain_http=self.plain_http)
        _check_api_key(self.api_v3_key)
        _check_transfers(self)
        private = keys.private_key(self.private_key, _PRIVATE_KEY)
        # object.__setattr__ is the one way to set a derived field of a frozen dataclass.
        object.__setattr__(self, "merchant", MerchantKey(self.mchid, self.serial_no.upper(), private))
        object.__setattr__(self, "platform", PlatformKeys(_platform_keys(self)))

    @classmethod
    def from_settings(cls, settings: Mapping[str, object]) -> Self:
        """Return the channel described by stored settings (decrypted JSON); unknown names are refused."""
        return cls(**stored_settings(settings, _STORED, _REQUIRED))  # type: ignore[arg-type]  # each value was checked against _STORED above

    @property
    def transfer_reports(self) -> list[tuple[str, str]]:
        """What merchant transfers report about their scene: kinds and contents, from lines of ``kind=content``."""
        pairs = (line.partition("=") for line in self.transfer_report.splitlines() if line.strip())
        return [(kind.strip(), content.strip()) for kind, _, content in pairs]

    @property
    def api_key(self) -> bytes:
        """The key that opens what WeChat encrypts."""
        return self.api_v3_key.encode()

    def address(self, target: str) -> str:
        """Return the whole address of one of the gateway's paths."""
        return self.base_url.rstrip("/") + target


_STORED: Mapping[str, type] = {
    **dict.fromkeys(
        ("mchid", "appid", "serial_no", "private_key", "api_v3_key", "public_key_id", "public_key", "certificates"), str
    ),
    **dict.fromkeys(("app_secret", "base_url", "open_url", "sns_url", "transfer_scene_id", "transfer_report"), str),
    **dict.fromkeys(("h5", "profit_sharing", "plain_http"), bool),
}
_REQUIRED = ("mchid", "appid", "serial_no", "private_key", "api_v3_key")


def _check_names(config: WechatConfig) -> None:
    if not _MCHID.fullmatch(config.mchid):
        raise BadChannel(why_zh="商户号是 8 到 10 位数字", why_en="the merchant number has 8 to 10 digits")
    if not _APPID.fullmatch(config.appid):
        raise BadChannel(why_zh="AppID 以 wx 开头，共 18 位", why_en="the AppID begins with wx and has 18 characters")
    if not _SERIAL.fullmatch(config.serial_no):
        raise BadChannel(
            why_zh="商户证书序列号是一串十六进制字符", why_en="the certificate's serial number is a hexadecimal text"
        )
    if bool(config.public_key) != bool(config.public_key_id):
        raise BadChannel(
            why_zh="微信支付公钥和公钥 ID 要一起填", why_en="WeChat Pay's public key and its ID belong together"
        )
    if config.public_key_id and not _PUBLIC_KEY_ID.fullmatch(config.public_key_id):
        raise BadChannel(why_zh="公钥 ID 以 PUB_KEY_ID_ 开头", why_en="the public key's ID begins with PUB_KEY_ID_")
    if config.app_secret and not _APP_SECRET.fullmatch(config.app_secret):
        raise BadChannel(
            why_zh="AppSecret 是 32 位小写十六进制字符", why_en="the AppSecret has 32 lower-case hexadecimal characters"
        )


def _check_transfers(config: WechatConfig) -> None:
    if config.transfer_scene_id and not _SCENE.fullmatch(config.transfer_scene_id):
        raise BadChannel(why_zh="转账场景 ID 是几位数字", why_en="the scene of transfers is a number of a few digits")
    if not all(kind and content for kind, content in config.transfer_reports):
        raise BadChannel(
            why_zh="转账场景报备信息每行写成 类型=内容", why_en="each line of the report is written as kind=content"
        )


def _check_api_key(key: str) -> None:
    if not _API_KEY.fullmatch(key):
        raise BadChannel(why_zh="APIv3 密钥是 32 位字母和数字", why_en="the APIv3 key has 32 letters and digits")
    if len(set(key)) < _LEAST_DISTINCT or key in (key + key)[1:-1]:
        raise WeakKey(why_zh="只是重复的字符", why_en="it only repeats itself")


def _platform_keys(config: WechatConfig) -> dict[str, PlatformKey]:
    """Return every key WeChat may sign with, by serial."""
    found: dict[str, PlatformKey] = {}
    if config.public_key:
        key = keys.public_key(config.public_key, _PUBLIC_KEY)
        found[plain_serial(config.public_key_id)] = PlatformKey(key, -inf, inf)
    for certificate in keys.certificates(config.certificates, _CERTIFICATES) if config.certificates else ():
        found[f"{certificate.serial_number:X}"] = PlatformKey(
            keys.public_key_of(certificate, _CERTIFICATES),
            certificate.not_valid_before_utc.timestamp(),
            certificate.not_valid_after_utc.timestamp(),
        )
    if not found:
        raise BadChannel(
            why_zh="微信支付公钥和平台证书至少要有一个",
            why_en="WeChat Pay's public key or a platform certificate is needed",
        )
    if any(known.key.public_numbers() == _own_numbers(config) for known in found.values()):
        raise BadChannel(
            why_zh="填成了自己的证书，这里要微信支付的",
            why_en="this is your own certificate; WeChat Pay's belongs here",
        )
    return found


def _own_numbers(config: WechatConfig) -> object:
    return config.merchant.key.public_key().public_numbers()


SETTING_FIELDS = (
    SettingField("mchid", "商户号", "Merchant number (mchid)"),
    SettingField(
        "appid",
        "AppID",
        "AppID",
        help_zh="绑定了这个商户号的公众号、小程序或应用",
        help_en="the official account, mini program or app bound to this merchant number",
    ),
    SettingField(
        "serial_no", "商户 API 证书序列号", "Serial number of the merchant API certificate",
        help_zh="商户平台 → 账户中心 → API 安全", help_en="merchant platform → account centre → API security",
    ),
    SettingField(
        "private_key", "商户 API 私钥", "Merchant API private key", secret=True, multiline=True,
        help_zh="apiclient_key.pem 的全部内容", help_en="all of apiclient_key.pem",
    ),
    SettingField("api_v3_key", "APIv3 密钥", "APIv3 key", secret=True, help_zh="32 位", help_en="32 characters"),
    SettingField(
        "public_key_id", "微信支付公钥 ID", "WeChat Pay public key ID", required=False,
        help_zh="以 PUB_KEY_ID_ 开头；新商户必填", help_en="begins with PUB_KEY_ID_; new merchants have one",
    ),
    SettingField("public_key", "微信支付公钥", "WeChat Pay public key", required=False, multiline=True),
    SettingField(
        "certificates", "微信支付平台证书", "WeChat Pay platform certificates", required=False, multiline=True,
        help_zh="老商户填；可以放多张。更换为公钥期间两样都要留着",
        help_en="for older merchants, one or several; keep them beside the public key while you move to it",
    ),
    SettingField(
        "app_secret", "AppSecret（在微信里付款用）", "AppSecret (for payments inside WeChat)",
        secret=True, required=False,
        help_zh="公众号后台 → 设置与开发 → 基本配置。不填时，微信里的买家看到二维码",
        help_en="official account → basic configuration. Without it, buyers inside WeChat see a QR code",
    ),
    SettingField(
        "h5", "已开通 H5 支付（手机浏览器）", "H5 payments are enabled (phone browsers)", required=False, is_flag=True
    ),
    SettingField(
        "profit_sharing", "付款先冻结，用分账放款", "Hold payments and release them by profit sharing", required=False,
        is_flag=True, help_zh="需要商户号开通分账", help_en="needs profit sharing on the merchant number",
    ),
    SettingField(
        "transfer_scene_id", "商家转账场景 ID", "Scene of merchant transfers", required=False,
        help_zh="用这个商户号给商家打款时填，例如 1005", help_en="for paying merchants out of this account; e.g. 1005",
    ),
    SettingField(
        "transfer_report", "商家转账场景报备信息", "Report about that scene", required=False, multiline=True,
        help_zh="每行一条：类型=内容", help_en="one per line: kind=content",
    ),
)  # fmt: skip
