"""What counts as one place on the network, wherever tries or connections are counted."""

from __future__ import annotations

import ipaddress
import re
from ipaddress import IPv4Address, IPv6Network

_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
#: An IPv4 address in the only way it is written here; most are, and each order asks for the place of one.
_OLDER = re.compile(rf"{_OCTET}(?:\.{_OCTET}){{3}}", re.ASCII)


def plain_address(address: str) -> str:
    """Return an IPv4 address as such where a socket for both families names it as IPv6 (RFC 4291, 2.5.5.2)."""
    parsed = _parse(address)
    return address if parsed is None else str(parsed)


def place_of(address: str) -> str:
    """Return what counts as one place: an IPv4 address, or the /64 that one IPv6 customer has.

    What is no address counts as itself.
    """
    if _OLDER.fullmatch(address):
        return address
    parsed = _parse(address)
    if parsed is None or isinstance(parsed, IPv4Address):
        return address if parsed is None else str(parsed)
    return str(IPv6Network((int(parsed), 64), strict=False))


def _parse(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return None
    return getattr(parsed, "ipv4_mapped", None) or parsed
