"""The certificates that PayPal signs webhooks with: fetched from its own hosts only, judged, and kept.

A forger may name certificates that do not exist, so what failed is not fetched again for a while, and no more than a
few are fetched in a minute.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections import OrderedDict
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from xinka.kernel.errors import ProviderError
from xinka.payments.providers.errors import BadSignature, MalformedNotice

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.x509 import Certificate

MAX_PEM_BYTES = 32 * 1024
FORGET_AFTER = 6 * 3600.0
REFUSE_FOR = 600.0
MOST_PER_MINUTE = 6
#: Fetches beyond that for addresses that were good before, so that strangers' questions cannot shut PayPal out.
SPARE_PER_MINUTE = 2
_MOST_KEPT = 32
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----")


class Shelf:
    """What one process knows of PayPal's keys; also the webhooks that PayPal itself vouched for."""

    def __init__(self) -> None:
        self._keys: OrderedDict[str, tuple[RSAPublicKey, float]] = OrderedDict()
        self._refused: OrderedDict[str, float] = OrderedDict()
        self._vouched: OrderedDict[bytes, None] = OrderedDict()
        self._fetches: list[float] = []

    def key(self, url: str) -> RSAPublicKey | None:
        """Return the key behind an address, if it is known and was judged not long ago."""
        found = self._keys.get(url)
        if found is None or found[1] < time.monotonic():
            return None
        return found[0]

    def claim_fetch(self, url: str) -> None:
        """Allow one fetch; raises ``BadSignature`` for what failed lately, ``ProviderError`` for too many."""
        now = time.monotonic()
        if self._refused.get(url, 0.0) > now:
            raise BadSignature
        self._fetches = [at for at in self._fetches if at > now - 60]
        if len(self._fetches) >= MOST_PER_MINUTE + (SPARE_PER_MINUTE if url in self._keys else 0):
            raise ProviderError("too many certificates are asked for")
        self._fetches.append(now)

    def keep(self, url: str, key: RSAPublicKey) -> None:
        """Keep a key that was judged."""
        self._keys[url] = (key, time.monotonic() + FORGET_AFTER)
        _trim(self._keys)

    def refuse(self, url: str) -> None:
        """Remember that what lies there is no good."""
        self._refused[url] = time.monotonic() + REFUSE_FOR
        _trim(self._refused)

    def vouch(self, message: bytes) -> None:
        """Remember that PayPal said a webhook is its own."""
        self._vouched[hashlib.sha256(message).digest()] = None
        _trim(self._vouched)

    def is_vouched(self, message: bytes) -> bool:
        """Whether PayPal said so."""
        return hashlib.sha256(message).digest() in self._vouched


def _trim(
    kept: OrderedDict[str, tuple[RSAPublicKey, float]] | OrderedDict[str, float] | OrderedDict[bytes, None],
) -> None:
    while len(kept) > _MOST_KEPT:
        kept.popitem(last=False)


def judged_key(pem: bytes, *, signer: str, root: str) -> RSAPublicKey:
    """Return the key of a certificate that is PayPal's: named so, valid now, and issued by a root we trust.

    Raises:
        MalformedNotice: if it is not such a chain.
    """
    # Here, because only a channel of this kind that hears a webhook needs certificates in memory.
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    if len(pem) > MAX_PEM_BYTES:
        raise MalformedNotice(why="certificate too large")
    try:
        leaf, *rest = x509.load_pem_x509_certificates(pem)
        _check_chain(leaf, rest, root)
        key = leaf.public_key()
    except (ValueError, x509.verification.VerificationError):
        raise MalformedNotice(why="certificate") from None
    if signer not in _names(leaf) or not isinstance(key, RSAPublicKey) or key.key_size < 2048:
        raise MalformedNotice(why="certificate of somebody else")
    return key


def _check_chain(leaf: Certificate, rest: list[Certificate], root: str) -> None:
    """Verify the chain up to a trusted root. The leaf's uses are PayPal's own affair: it signs no connection."""
    from cryptography import x509
    from cryptography.x509.verification import ExtensionPolicy, PolicyBuilder, Store

    builder = PolicyBuilder().store(Store(_roots(root))).time(datetime.now(UTC))
    policies = {"ca_policy": ExtensionPolicy.webpki_defaults_ca(), "ee_policy": ExtensionPolicy.permit_all()}
    if leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
        raise ValueError("an authority signs no webhooks")
    builder.extension_policies(**policies).build_client_verifier().verify(leaf, rest)


def _roots(root: str) -> list[Certificate]:
    """Return the roots we trust: the sandbox's own, or Mozilla's but for a few malformed ones nobody here needs."""
    import warnings
    from pathlib import Path

    import certifi
    from cryptography import x509
    from cryptography.utils import CryptographyDeprecationWarning

    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("error", CryptographyDeprecationWarning)
        for pem in _PEM.findall(root.encode() if root else Path(certifi.where()).read_bytes()):
            with suppress(CryptographyDeprecationWarning):
                found.append(x509.load_pem_x509_certificate(pem))
    return found


def _names(leaf: Certificate) -> set[str]:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    found = {str(part.value) for part in leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)}
    for extension in leaf.extensions:
        if isinstance(extension.value, x509.SubjectAlternativeName):
            found |= set(extension.value.get_values_for_type(x509.DNSName))
    return found
