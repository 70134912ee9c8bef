"""The keyring of this process: data keys are made on first need, read from the database and kept open in memory.

Django-side: workers and pages use this module, the till loads the one key it needs by itself.
"""

from __future__ import annotations

from functools import cache

from django.conf import settings
from django.db import IntegrityError, transaction

from xinka.platform.vault.envelope import BlindIndex, EnvelopeError, Keyring, WrappedKey
from xinka.platform.vault.envelope import DataKey as OpenKey
from xinka.platform.vault.models import DataKey

#: Scope of the key that seals buyers' mail addresses.
CONTACTS = "contacts"
#: Scope of the key that seals payment channels' secrets.
CHANNELS = "channels"


def merchant_scope(merchant_id: int) -> str:
    """Return the scope of one merchant's codes."""
    return f"merchant:{merchant_id}"


@cache
def _ring() -> Keyring:
    return Keyring(settings.ENVIRONMENT.master_key)


def forget() -> None:
    """Drop the open keys (tests and key rotation)."""
    _ring.cache_clear()


def _load(**which: object) -> None:
    rows = DataKey.objects.filter(**which)
    _ring().add(WrappedKey(row.id, row.scope, bytes(row.wrapped), row.retired_at is None) for row in rows)


def sealing_key(scope: str) -> OpenKey:
    """Return the key that seals for ``scope``, making it if this is its first use."""
    key = _ring().current(scope)
    if key is None:
        _load(scope=scope)
        key = _ring().current(scope)
    if key is None:
        try:
            with transaction.atomic():
                DataKey.objects.create(scope=scope, wrapped=_ring().wrap_new(scope))
        except IntegrityError:
            pass  # another process made it between our look and our insert: use that one
        _load(scope=scope)
        key = _ring().current(scope)
    if key is None:
        raise EnvelopeError(f"no data key for {scope}")
    return key


def open_envelope(envelope: bytes | memoryview, where: bytes) -> bytes:
    """Open an envelope, fetching its key when this process has not used it yet.

    Raises:
        EnvelopeError: if it does not open in this place.
    """
    raw = bytes(envelope)
    if not _ring().knows(raw):
        _load(id=int.from_bytes(raw[1:5], "big"))
    return _ring().open(raw, where)


@cache
def blind_index(purpose: str) -> BlindIndex:
    """Return the keyed hash for one purpose, for example ``code`` or ``contact``."""
    return BlindIndex(settings.ENVIRONMENT.derive(f"blind-index/{purpose}"))
