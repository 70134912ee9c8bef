"""The gateway's side of the epay V1 wire, written from the protocol and not from the shop's code."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping

from xinka.sandbox.errors import Declined, Why

SIGN_TYPES = ("MD5", "HMAC-SHA256")
_YUAN = re.compile(r"(?P<yuan>[0-9]{1,8})(?:\.(?P<fen>[0-9]{1,2}))?", re.ASCII)


def make_signature(fields: Mapping[str, str], key: str, sign_type: str, *, label: bool = False) -> str:
    """Return the signature over every non-empty field but ``sign`` and ``sign_type``, in the order of their names."""
    message = bytearray()
    for name in sorted(fields, key=lambda text: text.encode()):
        if name in {"sign", "sign_type"} or fields[name] == "":
            continue
        if message:
            message.extend(b"&")
        message.extend(name.encode() + b"=" + fields[name].encode())
    if sign_type == "HMAC-SHA256":
        keyed = hmac.new(key.encode(), digestmod=hashlib.sha256)
        keyed.update(message)
        return keyed.hexdigest()
    plain = hashlib.md5(usedforsecurity=False)  # prescribed by the protocol
    plain.update(message)
    plain.update(b"&key=" if label else b"")
    plain.update(key.encode())
    return plain.hexdigest()


def signed(fields: Mapping[str, str], key: str, sign_type: str, *, label: bool = False) -> dict[str, str]:
    """Return the fields with their signature."""
    return {**fields, "sign": make_signature(fields, key, sign_type, label=label), "sign_type": sign_type}


def check_signature(fields: Mapping[str, str], key: str, sign_type: str, *, label: bool = False) -> None:
    """Raise ``Declined`` unless the fields are signed with this key."""
    expected = make_signature(fields, key, sign_type, label=label)
    given = fields.get("sign", "")
    if fields.get("sign_type") != sign_type or not hmac.compare_digest(given.encode(), expected.encode()):
        raise Declined(Why.BAD_SIGNATURE, "签名校验失败 (bad signature)")


def to_fen(text: str) -> int:
    """Return the fen of an amount in yuan; raises ``Declined``."""
    found = _YUAN.fullmatch(text)
    fen = int(found["yuan"]) * 100 + int((found["fen"] or "0").ljust(2, "0")) if found else 0
    if fen < 1:
        raise Declined(Why.BAD_AMOUNT, "金额不合法 (bad amount)")
    return fen


def to_yuan(fen: int) -> str:
    """Return an amount as the gateway writes it."""
    return f"{fen // 100}.{fen % 100:02d}"
