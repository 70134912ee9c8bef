"""The gateway's side of the epusdt wire, written from the protocol: numbers are parsed and signed in shortest form."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from xinka.sandbox.errors import Declined, Why

DIALECTS = ("epusdt", "bepusdt", "gmpay")


def read_json(body: bytes) -> dict[str, Any]:
    """Return a request's fields; numbers are exact."""
    try:
        found = json.loads(body, parse_float=Decimal, parse_int=Decimal)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Declined(Why.MALFORMED, "参数错误 (bad JSON)")
    return found


def as_signed(value: object) -> str:
    """Return a value as it stands in the signed text."""
    if isinstance(value, Decimal):
        text = format(value.normalize(), "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    return "" if value is None else str(value)


def make_signature(fields: Mapping[str, object], token: str, dialect: str) -> str:
    """Return the signature over every non-empty field but the signature itself."""
    texts = {name: as_signed(value) for name, value in fields.items() if name != "signature"}
    message = "&".join("=".join(pair) for pair in sorted(texts.items()) if pair[1])
    if dialect == "gmpay":
        keyed = hmac.new(token.encode(), digestmod=hashlib.sha256)
        keyed.update(message.encode())
        return keyed.hexdigest()
    plain = hashlib.md5(usedforsecurity=False)  # prescribed by the protocol
    plain.update(message.encode())
    plain.update(token.encode())
    return plain.hexdigest()


def check_signature(fields: Mapping[str, object], token: str, dialect: str) -> None:
    """Raise ``Declined`` unless the fields are signed with this token."""
    expected = make_signature(fields, token, dialect)
    if not hmac.compare_digest(str(fields.get("signature", "")).encode(), expected.encode()):
        raise Declined(Why.BAD_SIGNATURE, "签名错误 (signature verification failed)")


def written(fields: Mapping[str, object]) -> str:
    """Return a JSON text whose decimals are numbers in shortest form."""
    return "{" + ",".join(f"{json.dumps(name)}:{_written(value)}" for name, value in fields.items()) + "}"


def _written(value: object) -> str:
    return as_signed(value) if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False)
