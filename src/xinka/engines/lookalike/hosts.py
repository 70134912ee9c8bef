"""Reads the host out of a domain, an address of the web or of mail, however it is written."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import NamedTuple
from urllib.parse import unquote

from publicsuffixlist import PublicSuffixList

#: Read of a text; browsers read as much, and a trick may stand behind a user name of many thousand letters.
_LONGEST = 1_000_000
#: Read of a host, from its end, and of what stands before the ``@``: no name is longer (RFC 1035, section 2.3.4).
_LONGEST_NAME = 253
#: No part of a name between dots is longer (RFC 1035, section 2.3.4); more of it leads nowhere, and costs time.
_LONGEST_PART = 63
#: Other signs for a dot; and what is coded or looks like a sign that ends a host, as if it ended there.
_DOTS = str.maketrans("。．｡․·" + "/\\?#@⁄∕╱⧸／？＃＠", "....." + "-" * 13)
#: A name with a dot before a colon is a host with its port or a user name, unless slashes follow.
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:[/\\]+|[a-z][a-z0-9+-]*:(?!\d*(?:[/\\?#]|$))|[/\\]{2,}", re.IGNORECASE)
_END = re.compile(r"[/\\?#]")
_PORT = re.compile(r":\d*$")
_IPV6 = re.compile(r"\[[0-9a-f]*:[0-9a-f:.]*\]", re.IGNORECASE)
#: Parts of a number that is an address, in tens, eights or sixteens; alone it is one from eight digits on.
_NUMBER = re.compile(r"(?:0x[0-9a-f]{0,8}|\d{1,12})(?:\.(?:0x[0-9a-f]{0,8}|\d{1,12})){1,3}|0x[0-9a-f]{6,8}|\d{8,12}")
#: How people write an address that nobody shall press on by mistake; and what is read as its real sign.
_DISARMED = re.compile(r"\[(?:\.|dot)\]|\((?:\.|dot)\)|\{(?:\.|dot)\}", re.IGNORECASE)
_CODED_SCHEME = re.compile(r"[a-z][a-z0-9+-]*(?::[/\\]*%(?:25)*2f|%(?:25)*3a)", re.IGNORECASE)
#: Percent signs are undone so many times; who codes more often hides something that no browser finds.
_CODED_TIMES = 3


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


def decode(text: str) -> str:
    """Return a text without percent signs, also those coded again; bytes that are no text become U+FFFD."""
    for _ in range(_CODED_TIMES):
        if "%" not in text or (plain := unquote(text)) == text:
            break
        text = plain
    return text


def is_invisible(letter: str) -> bool:
    """Say whether nothing is seen of a letter: spaces, signs for the direction of writing, joiners, controls."""
    return letter.isspace() or unicodedata.category(letter) in {"Cf", "Cc", "Cs"}


def split_address(text: str) -> tuple[str, str]:
    """Return the host of an address with user name and port, and what follows it."""
    text = text[:_LONGEST].strip().strip("<>\"'")
    text = text[next((at for at, letter in enumerate(text) if not is_invisible(letter)), len(text)) :]
    if _CODED_SCHEME.match(text):
        text = decode(text)
    if text[:9].lower().startswith(("http[:]", "https[:]", "hxxp[:]", "hxxps[:]")):
        text = text.replace("[:]", ":", 1)
    begin = found.end() if (found := _SCHEME.match(text)) else 0
    end = found.start() if (found := _END.search(text, begin)) else len(text)
    return text[begin:end], text[end:]


def read_host(text: str) -> Host:
    """Return where an address of the web or of mail, or a bare domain, leads."""
    before, at, host = split_address(text)[0].rpartition("@")
    before, host = before[:_LONGEST_NAME], host[-4 * _LONGEST_NAME :]
    if _IPV6.match(host):
        name = _PORT.sub("", host.lower())
        return Host(name, name, name, "", before, is_number=True)
    decoded = decode(host)
    name = "".join(letter for letter in _DISARMED.sub(".", decoded).translate(_DOTS) if not is_invisible(letter))
    name = _PORT.sub("", name.lower()).strip(".")[-_LONGEST_NAME:]
    if _NUMBER.fullmatch(name):
        return Host(name, name, name, "", before, is_number=True)
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
