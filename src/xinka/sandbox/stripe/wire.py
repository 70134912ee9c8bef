"""Stripe's side of the wire: forms with brackets come in, webhooks with an HMAC go out."""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Any
from urllib.parse import parse_qsl

from xinka.sandbox.errors import Declined, Why

_PART = re.compile(r"\[([^\[\]]*)\]")
_MOST_FIELDS = 200


def read_form(body: bytes) -> dict[str, Any]:
    """Return nested fields: ``line_items[0][price_data][currency]=usd`` is a dictionary three deep."""
    found: dict[str, Any] = {}
    for name, value in parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS):
        head, _, rest = name.partition("[")
        path = [head, *_PART.findall(f"[{rest}")] if rest else [head]
        _put(found, path, value)
    return found


def _put(into: dict[str, Any], path: list[str], value: str) -> None:
    for part in path[:-1]:
        into = into.setdefault(part or str(len(into)), {})
        if not isinstance(into, dict):
            raise Declined(Why.MALFORMED, "a parameter is both a value and a group")
    into[path[-1] or str(len(into))] = value


def whole(fields: dict[str, Any], name: str, least: int = 1) -> int:
    """Return a whole number of a form; raises ``Declined``."""
    text = fields.get(name)
    if not isinstance(text, str) or not text.isascii() or not text.isdigit() or int(text) < least:
        raise Declined(Why.BAD_AMOUNT, f"Invalid integer: {name}")
    return int(text)


def signature_header(secret: str, body: str, at: int) -> str:
    """Return the header ``Stripe-Signature`` of a webhook."""
    keyed = hmac.new(secret.encode(), digestmod=hashlib.sha256)
    keyed.update(str(at).encode())
    keyed.update(b".")
    keyed.update(body.encode())
    return f"t={at},v1={keyed.hexdigest()}"
