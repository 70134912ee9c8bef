"""RSA keys and signatures of the gateway's side, written with the library alone and not with the shop's code."""

from __future__ import annotations

import base64
import binascii

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
    load_der_public_key,
)

Pair = tuple[str, str]


def new_pair() -> Pair:
    """Return a private key (PKCS#8) and its public key (SPKI), both as bare base64, as gateways hand them out."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(private).decode(), base64.b64encode(public).decode()


def sign(private: str, message: str) -> str:
    """Return the SHA-256 signature of a text in base64."""
    key = load_der_private_key(base64.b64decode(private), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError(type(key).__name__)
    return base64.b64encode(key.sign(message.encode(), padding.PKCS1v15(), SHA256())).decode()


def is_signed(public: str, message: str, signature: str) -> bool:
    """Whether a signature in base64 is one of this text."""
    key = load_der_public_key(base64.b64decode(public))
    if not isinstance(key, rsa.RSAPublicKey):
        raise TypeError(type(key).__name__)
    try:
        key.verify(base64.b64decode(signature), message.encode(), padding.PKCS1v15(), SHA256())
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True
