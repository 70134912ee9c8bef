"""Accounts that speak WeChat Pay v3, with the keys of both sides, and how the gateway signs with its own.

The gateway holds a public-key pair and a platform certificate for each account, as real merchants have while they move
from the old to the new: ``signs_with`` says which it uses, or ``either`` at random.
"""

from __future__ import annotations

import secrets
import string
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from django.conf import settings
from django.utils.crypto import get_random_string

from xinka.sandbox import trades
from xinka.sandbox.models import SandboxMerchant
from xinka.sandbox.wechat import wire

NAME = "wechat"
PUBLIC_KEY, CERTIFICATE, EITHER = "public_key", "certificate", "either"
#: What the gateway takes of each payment, in basis points.
FEE_BPS = 60
_CERTIFIED_FOR = timedelta(days=5 * 365)


def open_merchant(name: str, *, signs_with: str = EITHER) -> SandboxMerchant:
    """Open a merchant account with fresh keys of both sides."""
    if signs_with not in (PUBLIC_KEY, CERTIFICATE, EITHER):
        raise ValueError(signs_with)
    merchant, platform, certified = (_fresh_key() for _ in range(3))
    certificate = _certify(certified)
    account = {
        "appid": "wx" + secrets.token_hex(8),
        "app_secret": secrets.token_hex(16),
        "api_v3_key": get_random_string(32, string.ascii_letters + string.digits),
        "merchant_serial": secrets.token_hex(20).upper(),
        "merchant_private": _private_pem(merchant),
        "merchant_public": _public_pem(merchant),
        "public_key_id": "PUB_KEY_ID_0" + get_random_string(32, string.digits),
        "public_key_private": _private_pem(platform),
        "public_key": _public_pem(platform),
        "certificate_serial": f"{certificate.serial_number:X}",
        "certificate_private": _private_pem(certified),
        "certificate": certificate.public_bytes(serialization.Encoding.PEM).decode(),
        "signs_with": signs_with,
    }
    return trades.open_merchant(name, NAME, account)


def shop_settings(merchant: SandboxMerchant, base_url: str) -> dict[str, object]:
    """Return what the shop enters for this account, as a merchant in the middle of the move to the public key."""
    account = merchant.secrets
    # Accounts of older demos have no secret of the app: they pay inside WeChat by a QR code.
    inside = {"app_secret": account["app_secret"]} if "app_secret" in account else {}
    return {
        **inside,
        "mchid": merchant.pid,
        "appid": account["appid"],
        "serial_no": account["merchant_serial"],
        "private_key": account["merchant_private"],
        "api_v3_key": account["api_v3_key"],
        "public_key_id": account["public_key_id"],
        "public_key": account["public_key"],
        "certificates": account["certificate"],
        "h5": True,
        "transfer_scene_id": "1005",
        "transfer_report": "岗位类型=商家\n报酬说明=货款结算",
        "base_url": base_url,
        "open_url": f"{settings.SITE_URL}/sandbox/wechat",
        "sns_url": base_url,
        "plain_http": True,
    }


def signature_headers(
    merchant: SandboxMerchant, body: bytes, *, wanted_serial: str = "", at: float | None = None
) -> dict[str, str]:
    """Return the headers that sign a message of the gateway's, with the key the shop asked for or the account's."""
    account = merchant.secrets
    way = account["signs_with"]
    if way == EITHER:
        way = secrets.choice((PUBLIC_KEY, CERTIFICATE))
    if wanted_serial == account["public_key_id"]:
        way = PUBLIC_KEY
    serial = account["public_key_id"] if way == PUBLIC_KEY else account["certificate_serial"]
    private = account["public_key_private"] if way == PUBLIC_KEY else account["certificate_private"]
    lines = (str(int(time.time() if at is None else at)), secrets.token_urlsafe(24))
    return {
        "Wechatpay-Timestamp": lines[0],
        "Wechatpay-Nonce": lines[1],
        "Wechatpay-Signature": wire.sign(private, lines, body),
        "Wechatpay-Serial": serial,
        "Wechatpay-Signature-Type": wire.SCHEME,
    }


def sealed_certificate(account: Mapping[str, str]) -> dict[str, object]:
    """Return the platform certificate as ``/v3/certificates`` lists it."""
    certificate = x509.load_pem_x509_certificate(account["certificate"].encode())
    return {
        "serial_no": account["certificate_serial"],
        "effective_time": certificate.not_valid_before_utc.isoformat(),
        "expire_time": certificate.not_valid_after_utc.isoformat(),
        "encrypt_certificate": wire.seal(account["certificate"], account["api_v3_key"], aad="certificate"),
    }


def _fresh_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _private_pem(key: rsa.RSAPrivateKey) -> str:
    pkcs8, none = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, pkcs8, none).decode()


def _public_pem(key: rsa.RSAPrivateKey) -> str:
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, spki).decode()


def _certify(key: rsa.RSAPrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Sandbox platform")])
    now = datetime.now(UTC)
    draft = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    draft = draft.serial_number(x509.random_serial_number())
    draft = draft.not_valid_before(now - timedelta(days=1)).not_valid_after(now + _CERTIFIED_FOR)
    return draft.sign(key, hashes.SHA256())
