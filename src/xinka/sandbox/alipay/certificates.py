"""Certificates for certificate mode: a root, and one each for the platform and the application."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_der_private_key
from cryptography.x509.oid import NameOID

_NAMES = {
    NameOID.COUNTRY_NAME: "C",
    NameOID.ORGANIZATION_NAME: "O",
    NameOID.ORGANIZATIONAL_UNIT_NAME: "OU",
    NameOID.COMMON_NAME: "CN",
}
_LASTS = timedelta(days=730)


class Issued(NamedTuple):
    """The three files that the platform shows for download, as PEM."""

    app: str
    alipay: str
    root: str


def issue(app_private: str, alipay_private: str) -> Issued:
    """Return certificates for two keys (bare base64), from a root made for them."""
    authority = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = _name("Sandbox Root Authority")
    root = _certificate(authority, name, name, authority)
    keys = [_key(app_private), _key(alipay_private)]
    app, alipay = (
        _certificate(key, _name(title), name, authority)
        for key, title in zip(keys, ("Sandbox application", "Sandbox Alipay"), strict=True)
    )
    return Issued(app, alipay, root)


def serial_of(pem: str) -> str:
    """Return the number by which messages name a certificate: CN, OU, O, C of the issuer, then the serial number."""
    found = x509.load_pem_x509_certificate(pem.encode())
    parts = {one.oid: one.value for one in found.issuer}
    text = ",".join(f"{_NAMES[oid]}={parts[oid]!s}" for oid in reversed(_NAMES))
    return hashlib.md5(f"{text}{found.serial_number}".encode(), usedforsecurity=False).hexdigest()


def _key(private: str) -> rsa.RSAPrivateKey:
    key = load_der_private_key(base64.b64decode(private), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError(type(key).__name__)
    return key


def _name(common: str) -> x509.Name:
    values = ("CN", "Sandbox Payments", "Certification Authority", common)
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in zip(_NAMES, values, strict=True)])


def _certificate(key: rsa.RSAPrivateKey, subject: x509.Name, issuer: x509.Name, by: rsa.RSAPrivateKey) -> str:
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
    if subject == issuer:
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    valid = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + _LASTS)
    return valid.sign(by, SHA256()).public_bytes(Encoding.PEM).decode()
