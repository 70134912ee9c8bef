"""The header ``Stripe-Signature``: a time, and HMAC-SHA256 over that time and the raw body.

Source: Stripe, "Check the webhook signatures". Any ``v1`` may match, since there are several while a secret is being
replaced; ``v0`` is for test clocks and proves nothing.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence

from xinka.payments.providers.errors import BadSignature, MalformedNotice

TOLERANCE = 300
MAX_HEADER = 4096
_TIME = re.compile(r"[0-9]{9,11}", re.ASCII)
_HEX = re.compile(r"[0-9a-f]{64}", re.ASCII)


def signature(secret: str, at: int, body: bytes) -> str:
    """Return the ``v1`` signature of a body sent at ``at`` (Unix seconds)."""
    return hmac.digest(secret.encode(), f"{at}.".encode() + body, "sha256").hex()


def check_signature(header: str, body: bytes, secrets: Sequence[str], *, now: float) -> None:
    """Accept a body signed with one of the secrets no more than five minutes ago, or ahead by a clock that runs fast.

    Raises:
        MalformedNotice: if the header is not of this form, or too old.
        BadSignature: if no signature agrees.
    """
    at, given = _parse(header)
    expected = [signature(secret, at, body) for secret in secrets]
    # Every pair is compared, so the time tells nothing about which came close.
    agreeing = [hmac.compare_digest(mine, theirs) for mine in expected for theirs in given]
    if not any(agreeing):
        raise BadSignature
    if abs(now - at) > TOLERANCE:
        raise MalformedNotice(why="stale timestamp")


def _parse(header: str) -> tuple[int, list[str]]:
    if not header or len(header) > MAX_HEADER:
        raise MalformedNotice(why="signature header")
    times, given = [], []
    for part in header.split(","):
        scheme, equals, value = part.strip().partition("=")
        if not equals:
            raise MalformedNotice(why="signature header")
        if scheme == "t":
            times.append(value)
        elif scheme == "v1":
            given.append(value)
    if len(times) != 1 or not _TIME.fullmatch(times[0]):
        raise MalformedNotice(why="signature time")
    return int(times[0]), [value for value in given if _HEX.fullmatch(value)]
