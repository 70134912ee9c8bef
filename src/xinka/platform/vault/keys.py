"""The keyring of this process: data keys are made on first need, read from the database and kept open in memory.

Django-side: workers and pages use this module, the till loads the one key it needs by itself.
"""

from __future__ import annotations

from functools import cache

from django.conf import settings
from django.db import IntegrityError, transaction

from xinka.platform.vault.envelope import (
    INDEXES,
    BlindIndex,
    EnvelopeError,
    Keyring,
    WrappedKey,
    derived_for_index,
    index_scope,
    key_id_of,
)
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
    """Drop the open keys (tests, and a change of the master key)."""
    _ring.cache_clear()
    blind_index.cache_clear()


def stored_keys(**which: object) -> list[WrappedKey]:
    """Return the stored data keys for which this holds, oldest first."""
    rows = DataKey.objects.filter(**which).order_by("id")
    return [WrappedKey(row.id, row.scope, bytes(row.wrapped), row.retired_at is None) for row in rows]


def _load(**which: object) -> None:
    _ring().add(stored_keys(**which))


def sealing_key(scope: str) -> OpenKey:
    """Return the key that seals for ``scope``, making it if this is its first use."""
    key = _ring().current(scope)
    if key is None:
        _load(scope=scope)
        key = _ring().current(scope)
    if key is None:
        try:
            with transaction.atomic():
                made = DataKey.objects.create(scope=scope, wrapped=_ring().wrap_new(scope))
                # If the master key was changed while we waited to write, another key tells us before ours is kept.
                for other in stored_keys(pk__in=DataKey.objects.exclude(pk=made.pk).order_by("id").values("pk")[:1]):
                    _ring().unwrap(other)
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
        _load(id=key_id_of(raw))
    return _ring().open(raw, where)


@cache
def blind_index(purpose: str) -> BlindIndex:
    """Return the keyed hash for one purpose, for example ``code`` or ``contact``."""
    if purpose not in INDEXES:
        raise ValueError(purpose)  # a change of the master key would lose it
    for stored in stored_keys(scope=index_scope(purpose)):
        return BlindIndex(_ring().unwrap(stored))
    return BlindIndex(settings.ENVIRONMENT.derive(derived_for_index(purpose)))
