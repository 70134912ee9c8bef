"""How the three dialects sign: MD5 over string and token, or HMAC-SHA256 over the same string."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from xinka.payments.providers.scalars import joined, md5_of

SIGNATURE = "signature"


class Dialect(StrEnum):
    """Which of the family a gateway is."""

    EPUSDT = "epusdt"
    BEPUSDT = "bepusdt"
    GMPAY = "gmpay"


@dataclass(frozen=True, slots=True)
class Signer:
    """One channel's token and dialect."""

    token: str = field(repr=False)
    dialect: Dialect

    def sign(self, fields: Mapping[str, str]) -> str:
        """Return the signature of fields in lower-case hexadecimal."""
        text = joined(fields, SIGNATURE)
        if self.dialect is Dialect.GMPAY:
            return hmac.digest(self.token.encode(), text.encode(), "sha256").hex()
        return md5_of(text, self.token)

    def agrees(self, fields: Mapping[str, str]) -> bool:
        """Return whether the signature of fields is ours; takes the same time wherever it differs."""
        return hmac.compare_digest(fields.get(SIGNATURE, "").encode(), self.sign(fields).encode())
