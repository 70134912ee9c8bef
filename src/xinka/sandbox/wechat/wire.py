"""The gateway's signatures and encryption of WeChat Pay v3, written from the protocol and not from the shop's code."""

from __future__ import annotations

import base64
import re
import secrets

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from xinka.sandbox.errors import Declined, Why

SCHEME = "WECHATPAY2-SHA256-RSA2048"
CLOCK_MAY_DIFFER_BY = 300
_PAIR = re.compile(r'(?:^|,)\s*([a-z_]+)="([^"]*)"', re.ASCII)


def authorization_fields(header: str) -> dict[str, str]:
    """Return the fields of a request's ``Authorization``, in whatever order they come; raises ``Declined``."""
    scheme, _, rest = header.partition(" ")
    if scheme != SCHEME:
        raise Declined(Why.BAD_SIGNATURE, "Http头缺少认证信息 (no such authorization)")
    fields = {found[1]: found[2] for found in _PAIR.finditer(rest)}
    if fields.keys() != {"mchid", "nonce_str", "signature", "timestamp", "serial_no"}:
        raise Declined(Why.BAD_SIGNATURE, "认证信息不完整 (authorization is not complete)")
    return fields


def check_signature(public_pem: str, lines: tuple[str, ...], body: bytes, signature: str) -> None:
    """Accept a signature over lines and a body, each ended by a line feed; raises ``Declined``."""
    key = serialization.load_pem_public_key(public_pem.encode())
    if not isinstance(key, rsa.RSAPublicKey):
        raise TypeError(type(key))
    try:
        raw = base64.b64decode(signature, validate=True)
        key.verify(raw, _message(lines, body), padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, ValueError):
        raise Declined(Why.BAD_SIGNATURE, "签名错误 (bad signature)") from None


def sign(private_pem: str, lines: tuple[str, ...], body: bytes) -> str:
    """Return the signature over lines and a body, each ended by a line feed."""
    key = serialization.load_pem_private_key(private_pem.encode(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError(type(key))
    return base64.b64encode(key.sign(_message(lines, body), padding.PKCS1v15(), hashes.SHA256())).decode()


def seal(text: str, api_key: str, *, aad: str) -> dict[str, str]:
    """Return a text encrypted for a merchant (AES-256-GCM, the tag behind the text)."""
    nonce = secrets.token_hex(6)
    machine = Cipher(algorithms.AES(api_key.encode()), modes.GCM(nonce.encode())).encryptor()
    machine.authenticate_additional_data(aad.encode())
    sealed = machine.update(text.encode()) + machine.finalize() + machine.tag
    return {
        "algorithm": "AEAD_AES_256_GCM",
        "ciphertext": base64.b64encode(sealed).decode(),
        "associated_data": aad,
        "nonce": nonce,
    }


def unseal(private_pem: str, text: str) -> str:
    """Return what a shop sealed for the gateway (RSA, OAEP with SHA-1); raises ``Declined``."""
    key = serialization.load_pem_private_key(private_pem.encode(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError(type(key))
    way = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)  # noqa: S303 - as the protocol prescribes
    try:
        return key.decrypt(base64.b64decode(text, validate=True), way).decode()
    except ValueError:
        raise Declined(Why.MALFORMED, "敏感信息解密失败 (a sealed field does not open)") from None


def _message(lines: tuple[str, ...], body: bytes) -> bytes:
    return b"".join(line.encode() + b"\n" for line in lines) + body + b"\n"
