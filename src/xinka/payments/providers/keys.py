"""RSA keys as gateways hand them out and operators paste them: PEM or bare base64, PKCS#1, PKCS#8, SPKI, certificates.

Whatever cannot be used is refused when the channel is saved, in words that say which key it was and what came instead.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_der_public_key

from xinka.payments.providers.errors import BadChannel

LEAST_BITS = 2048
_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----((?:[^-]|-[^-])*)-----END \1-----", re.ASCII)
_WHITE = re.compile(r"\s+")
_MOST_TEXT = 64 * 1024
_MOST_KEYS = 3
#: What is left beside PEM blocks and is too long to be a remark, so somebody takes it for a key.
_LONG = re.compile(r"[A-Za-z0-9+/=]{40}", re.ASCII)


class Named(NamedTuple):
    """How a key is called in a refusal, as on the office's form."""

    zh: str
    en: str


def private_key(text: str, named: Named) -> RSAPrivateKey:
    """Return the RSA private key in a text; raises ``BadChannel``."""
    for data in _blocks(text, named):
        try:
            key = load_der_private_key(data, password=None)
        except TypeError:
            raise _refused(named, "它有密码，请先去掉密码", "it is locked with a password; remove that first") from None
        except (ValueError, UnsupportedAlgorithm):
            if _public_in(data) is not None:
                raise _refused(
                    named, "这是公钥，这里要填私钥", "this is a public key; the private one belongs here"
                ) from None
            continue
        if not isinstance(key, RSAPrivateKey):
            raise _refused(named, "它不是 RSA 密钥", "it is not an RSA key")
        _check_size(key.key_size, named)
        return key
    raise _refused(named, "读不出 RSA 私钥", "no RSA private key can be read from it")


def public_key(text: str, named: Named) -> RSAPublicKey:
    """Return the RSA public key in a text, which may be a certificate; raises ``BadChannel``."""
    for data in _blocks(text, named):
        key = _public_in(data)
        if key is not None:
            _check_size(key.key_size, named)
            return key
        if _is_private(data):
            raise _refused(named, "这是私钥，这里要填公钥", "this is a private key; the public one belongs here")
    raise _refused(named, "读不出 RSA 公钥", "no RSA public key can be read from it")


def public_keys(text: str, named: Named) -> tuple[RSAPublicKey, ...]:
    """Return the RSA public keys in a text: one, or as PEM blocks several while one is being replaced by the next.

    Raises:
        BadChannel: as ``public_key`` does, and for more than three, or for a key beside the blocks that would be lost.
    """
    blocks = [block.group() for block in _BLOCK.finditer(text)]
    if len(blocks) > _MOST_KEYS:
        raise _refused(named, f"最多填 {_MOST_KEYS} 个", f"{_MOST_KEYS} are the most that can be given")
    if blocks and _LONG.search(_BLOCK.sub("", text)):
        raise _refused(
            named, "填几个时，每个都要带 BEGIN 和 END 行", "of several, each needs its lines BEGIN and END around it"
        )
    return tuple(public_key(block, named) for block in blocks or [text])


def certificates(text: str, named: Named) -> list[x509.Certificate]:
    """Return the certificates in a text, in their order; raises ``BadChannel`` if there is none."""
    found = []
    for data in _blocks(text, named):
        try:
            found.append(x509.load_der_x509_certificate(data))
        except ValueError:
            raise _refused(named, "读不出证书", "no certificate can be read from it") from None
    return found


def public_key_of(certificate: x509.Certificate, named: Named) -> RSAPublicKey:
    """Return the RSA public key a certificate vouches for; raises ``BadChannel``."""
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        raise _refused(named, "证书里不是 RSA 公钥", "the certificate is not about an RSA key") from None
    if not isinstance(key, RSAPublicKey):
        raise _refused(named, "证书里不是 RSA 公钥", "the certificate is not about an RSA key")
    _check_size(key.key_size, named)
    return key


def sign(key: RSAPrivateKey, message: bytes) -> str:
    """Return the RSA-SHA256 signature (PKCS#1 v1.5) of a message in base64."""
    return base64.b64encode(key.sign(message, PKCS1v15(), SHA256())).decode()


def agrees(key: RSAPublicKey, message: bytes, signature: str) -> bool:
    """Return whether ``signature``, in base64, is the RSA-SHA256 signature of a message; never raises."""
    try:
        key.verify(base64.b64decode(signature.encode("ascii"), validate=True), message, PKCS1v15(), SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True


def is_among(private: RSAPrivateKey, public: Iterable[RSAPublicKey]) -> bool:
    """Return whether one of the public keys is the other half of a private one."""
    own = private.public_key().public_numbers()
    return any(key.public_numbers() == own for key in public)


def any_agrees(several: Iterable[RSAPublicKey], message: bytes, signature: str) -> bool:
    """Return whether ``signature`` is that of a message by one of several keys; never raises."""
    return any(agrees(key, message, signature) for key in several)


def _blocks(text: str, named: Named) -> list[bytes]:
    """Return the binary contents of each PEM block, or of the one bare base64 text."""
    text = text.strip()
    if not text or len(text) > _MOST_TEXT:
        raise _refused(named, "没有填写", "it is missing")
    found = [body for _, body in _BLOCK.findall(text)]
    if "-----BEGIN" in text and not found:
        raise _refused(named, "PEM 不完整", "its PEM text is not complete")
    try:
        return [base64.b64decode(_WHITE.sub("", body), validate=True) for body in found or [text]]
    except (binascii.Error, ValueError):
        raise _refused(named, "它不是 PEM 或 base64", "it is neither PEM nor base64") from None


def _public_in(data: bytes) -> RSAPublicKey | None:
    """Return the RSA public key in a binary text: SPKI, PKCS#1 or a certificate."""
    try:
        key = load_der_public_key(data)
    except (ValueError, UnsupportedAlgorithm):
        try:
            key = x509.load_der_x509_certificate(data).public_key()
        except (ValueError, UnsupportedAlgorithm):
            return None
    return key if isinstance(key, RSAPublicKey) else None


def _is_private(data: bytes) -> bool:
    try:
        load_der_private_key(data, password=None)
    except (TypeError, ValueError, UnsupportedAlgorithm):
        return False
    return True


def _check_size(bits: int, named: Named) -> None:
    if bits < LEAST_BITS:
        raise _refused(
            named, f"只有 {bits} 位，至少要 {LEAST_BITS} 位", f"it has {bits} bits; at least {LEAST_BITS} are needed"
        )


def _refused(named: Named, why_zh: str, why_en: str) -> BadChannel:
    return BadChannel(why_zh=f"{named.zh}：{why_zh}", why_en=f"{named.en}: {why_en}")
