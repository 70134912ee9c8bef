"""What WeChat encrypts inside its messages: AES-256-GCM under the APIv3 key, and JSON read in one way only."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from xinka.payments.providers.errors import MalformedNotice

_ALGORITHM = "AEAD_AES_256_GCM"
_NONCE_BYTES = 12


def read_object(body: bytes) -> dict[str, object]:
    """Return the one object a JSON text holds.

    Raises:
        MalformedNotice: if it is no such text, names a field twice, or holds a number that is not a whole one.
    """
    try:
        found = json.loads(
            body.decode(), parse_float=_not_whole, parse_constant=_not_whole, object_pairs_hook=_without_duplicates
        )
    except (ValueError, RecursionError):
        raise MalformedNotice(why="json") from None
    if not isinstance(found, dict):
        raise MalformedNotice(why="json")
    return found


def open_resource(resource: object, api_key: bytes) -> dict[str, object]:
    """Return what a message's ``resource`` holds.

    Raises:
        MalformedNotice: if it is not encrypted as agreed, or not with this key.
    """
    if not isinstance(resource, Mapping) or resource.get("algorithm") != _ALGORITHM:
        raise MalformedNotice(why="resource")
    nonce, aad, text = (resource.get(name, "") for name in ("nonce", "associated_data", "ciphertext"))
    if not isinstance(nonce, str) or not isinstance(aad, str | None) or not isinstance(text, str):
        raise MalformedNotice(why="resource")
    if len(nonce.encode()) != _NONCE_BYTES:
        raise MalformedNotice(why="resource nonce")
    try:
        plain = AESGCM(api_key).decrypt(
            nonce.encode(), base64.b64decode(text.encode(), validate=True), (aad or "").encode()
        )
    except (InvalidTag, binascii.Error, ValueError):
        raise MalformedNotice(why="resource does not open") from None
    return read_object(plain)


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("duplicate field")
    return fields


def _not_whole(text: str) -> object:
    raise ValueError(text)
