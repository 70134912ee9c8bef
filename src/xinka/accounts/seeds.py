"""Seeds of authenticator apps and recovery codes, encrypted at rest and bound to the person they belong to."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache

from allauth.mfa.models import Authenticator
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from xinka.platform.vault.deriving import derive

_PURPOSE = "mfa-seeds"
_VERSION = b"v1"
#: Where allauth keeps a seed, by the kind of the second factor.
_FIELDS = {Authenticator.Type.TOTP: "secret", Authenticator.Type.RECOVERY_CODES: "seed"}
_NONCE_BYTES = 12
_owner: ContextVar[int | None] = ContextVar("owner_of_seeds", default=None)


class SeedNotTheirs(Exception):
    """A stored seed does not open for this person: the row was moved, or the master key is another one."""


@contextmanager
def seeds_of(user_id: int) -> Iterator[None]:
    """Say whose seeds are opened inside this block, where nobody is signed in yet."""
    token = _owner.set(user_id)
    try:
        yield
    finally:
        _owner.reset(token)


def owner_of_seeds() -> int | None:
    """Return the person named by ``seeds_of``, if any."""
    return _owner.get()


def seal(seed: str, user_id: int) -> str:
    """Return the envelope of a seed: version, nonce and AES-256-GCM text, associated with the person."""
    return _seal(_cipher(), seed, user_id)


def _seal(cipher: AESGCM, seed: str, user_id: int) -> str:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    sealed = cipher.encrypt(nonce, seed.encode(), _bound_to(user_id))
    return base64.b64encode(_VERSION + nonce + sealed).decode("ascii")


def open_sealed(envelope: str, user_id: int) -> str:
    """Return the seed in an envelope.

    Raises:
        SeedNotTheirs: if the envelope is malformed or was made for someone else.
    """
    return _open(_cipher(), envelope, user_id)


def _open(cipher: AESGCM, envelope: str, user_id: int) -> str:
    try:
        raw = base64.b64decode(envelope, validate=True)
        nonce, sealed = raw[2 : 2 + _NONCE_BYTES], raw[2 + _NONCE_BYTES :]
        if not raw.startswith(_VERSION):
            raise SeedNotTheirs
        return cipher.decrypt(nonce, sealed, _bound_to(user_id)).decode()
    except (ValueError, InvalidTag):
        raise SeedNotTheirs from None


def seal_all_anew(old_master: bytes, new_master: bytes) -> list[str]:
    """Seal every seed for another master key, in the caller's transaction; return the addresses of those whose did not.

    A seed that does not open stays: it was of no use before either, and staff can take the factor off.
    """
    old, new = (AESGCM(derive(master, _PURPOSE)) for master in (old_master, new_master))
    damaged = set()
    factors = Authenticator.objects.filter(type__in=list(_FIELDS)).select_for_update().select_related("user")
    for factor in factors.order_by("pk"):
        field = _FIELDS[Authenticator.Type(factor.type)]
        try:
            seed = _open(old, factor.data[field], factor.user_id)
        except SeedNotTheirs:
            damaged.add(factor.user.email)
            continue
        factor.data[field] = _seal(new, seed, factor.user_id)
        factor.save(update_fields=["data"])
    return sorted(damaged)


@cache
def _cipher() -> AESGCM:
    return AESGCM(settings.ENVIRONMENT.derive(_PURPOSE))


def _bound_to(user_id: int) -> bytes:
    return b"xinka/mfa-seed/" + str(user_id).encode("ascii")
