"""Signed notices of crypto gateways: flat JSON whose values are signed in the very letters they were written in.

``100.00`` and ``100`` are one number and two signatures, so nothing here is ever read as a number. As with every
``k=v&k=v`` signature, what could be read in two ways is refused.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

from xinka.payments.providers.errors import MalformedNotice
from xinka.payments.providers.protocol import RawNotice
from xinka.payments.providers.strict_json import read_object

MAX_BYTES = 16 * 1024
MAX_FIELDS = 40
_NAME = re.compile(r"[A-Za-z0-9_]{1,40}", re.ASCII)
_CONFUSING = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029&=]")
_NUMBER = re.compile(r"[A-Za-z0-9._|\-]{1,64}", re.ASCII)


def read_scalars(notice: RawNotice) -> dict[str, str]:
    """Return the fields of a notice as they were written; null is empty.

    Raises:
        MalformedNotice: if it is not one flat JSON object by POST, or could be read in two ways.
    """
    kind = notice.content_type.lower().partition(";")[0].strip()
    if notice.method != "POST" or notice.query or len(notice.body) > MAX_BYTES or kind != "application/json":
        raise MalformedNotice(why="method, query, size or content type")
    try:
        found = read_object(notice.body, numbers_as_text=True)
    except ValueError:
        raise MalformedNotice(why="json") from None
    if len(found) > MAX_FIELDS or not all(_NAME.fullmatch(name) for name in found):
        raise MalformedNotice(why="field names")
    fields = {name: "" if value is None else value for name, value in found.items()}
    if not all(isinstance(value, str) for value in fields.values()):
        raise MalformedNotice(why="a value that is no text and no number")
    if any(_CONFUSING.search(value) for value in fields.values()):
        raise MalformedNotice(why="separator or control character in a value")
    return fields


def joined(fields: Mapping[str, str], without: str) -> str:
    """Return ``k=v&k=v`` of all non-empty fields but the signature, sorted by name."""
    return "&".join([f"{name}={fields[name]}" for name in sorted(fields) if fields[name] and name != without])


def md5_of(text: str, token: str) -> str:
    """Return the MD5 of a text with the token behind it, which these protocols prescribe."""
    return hashlib.md5((text + token).encode(), usedforsecurity=False).hexdigest()


def check_number(text: str, name: str) -> str:
    """Return a number of ours or of the gateway's; raises ``MalformedNotice`` for anything else."""
    if not _NUMBER.fullmatch(text):
        raise MalformedNotice(why=name)
    return text
