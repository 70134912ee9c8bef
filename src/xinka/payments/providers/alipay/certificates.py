"""How Alipay names certificates in its messages (certificate mode).

The number of one is the MD5 of its issuer, last part first, and its decimal serial number; that of the root file joins
those of its RSA roots. It only names a certificate and proves nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from cryptography import x509
from cryptography.x509.oid import NameOID

from xinka.payments.providers.errors import BadChannel

_SHORT = {
    NameOID.COMMON_NAME: "CN",
    NameOID.ORGANIZATIONAL_UNIT_NAME: "OU",
    NameOID.ORGANIZATION_NAME: "O",
    NameOID.COUNTRY_NAME: "C",
    NameOID.STATE_OR_PROVINCE_NAME: "ST",
    NameOID.LOCALITY_NAME: "L",
}
_RSA_SIGNATURES = "1.2.840.113549.1.1."


def serial_of(certificate: x509.Certificate) -> str:
    """Return ``app_cert_sn`` or ``alipay_cert_sn`` of a certificate."""
    parts = [f"{_SHORT.get(one.oid, one.oid.dotted_string)}={one.value!s}" for one in certificate.issuer]
    text = ",".join(reversed(parts)) + str(certificate.serial_number)
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def signers(certificates: Sequence[x509.Certificate]) -> list[x509.Certificate]:
    """Return those of a file that sign messages: Alipay's file also holds the authority's that vouches for its own."""
    return [one for one in certificates if not _is_authority(one)] or list(certificates[:1])


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return bool(certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca)
    except (x509.ExtensionNotFound, ValueError):
        return False


def root_serial_of(certificates: Iterable[x509.Certificate]) -> str:
    """Return ``alipay_root_cert_sn`` of the root file; raises ``BadChannel`` if no RSA root is in it."""
    found = [
        serial_of(one) for one in certificates if one.signature_algorithm_oid.dotted_string.startswith(_RSA_SIGNATURES)
    ]
    if not found:
        raise BadChannel(
            why_zh="支付宝根证书：里面没有 RSA 证书",
            why_en="Alipay root certificate: there is no RSA certificate in it",
        )
    return "_".join(found)
