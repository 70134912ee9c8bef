"""Reads the host out of a domain, an address of the web or of mail, however it is written."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple
from urllib.parse import unquote

from publicsuffixlist import PublicSuffixList

_LONGEST = 2_000
#: No part of a name between dots is longer (RFC 1035, section 2.3.4); more of it leads nowhere, and costs time.
_LONGEST_PART = 63
_DOTS = str.maketrans("。．｡․·", ".....")
_SCHEME = re.compile(r"^\s*[a-z][a-z0-9+.-]*:[/\\]*|^\s*[/\\]{2,}", re.IGNORECASE)
_END = re.compile(r"[/\\?#]")
_NUMBERS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}|\d{8,10}|0x[0-9a-f]{6,8}|\[[0-9a-f:.]+\]", re.IGNORECASE)


class Host(NamedTuple):
    """Where an address leads.

    Attributes:
        name: the host in small letters, punycode undone.
        domain: the part somebody registered, ``example.co.uk``; the whole where there is no public suffix.
        label: its first part, ``example``.
        suffix: the public suffix; empty where there is none.
        before: what stands before an ``@`` in an address of the web, which browsers do not visit.
        is_number: whether it is an IP address.
        was_coded: whether punycode or percent signs hid its letters.
    """

    name: str
    domain: str
    label: str
    suffix: str
    before: str = ""
    is_number: bool = False
    was_coded: bool = False


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList(accept_encoded_idn=True)


def read_host(text: str) -> Host:
    """Return where an address of the web or of mail, or a bare domain, leads."""
    text = text[:_LONGEST].strip().strip("<>\"'")
    rest = _END.split(_SCHEME.sub("", text, count=1), maxsplit=1)[0]
    before, at, host = rest.rpartition("@")
    decoded = unquote(host) if "%" in host else host
    name = "".join(letter for letter in decoded.translate(_DOTS).strip().lower() if not letter.isspace())
    if _NUMBERS.match(name):
        return Host(name, name, name, "", before, is_number=True)
    name = re.sub(r":\d*$", "", name).strip(".")
    name = ".".join(part[:_LONGEST_PART] for part in name.split("."))
    plain = ".".join(_undone(part) for part in name.split("."))
    suffix = _suffixes().publicsuffix(plain, accept_unknown=True) or "" if "." in plain else ""
    domain = (_suffixes().privatesuffix(plain, accept_unknown=True) or plain) if "." in plain else plain
    label = domain.partition(".")[0]
    return Host(plain, domain, label, suffix, before if at else "", was_coded=plain != name or decoded != host)


def _undone(part: str) -> str:
    if not part.startswith("xn--"):
        return part
    try:
        return part[4:].encode("ascii").decode("punycode")
    except (UnicodeError, ValueError, OverflowError):
        return part
