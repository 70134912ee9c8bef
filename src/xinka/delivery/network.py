"""From which network a code was opened: enough to tell a town or a provider from another, too little to name a home."""

from __future__ import annotations

import ipaddress
from ipaddress import IPv4Address, IPv4Network, IPv6Network

#: How many leading bits of an address are kept: 256 homes of the older kind share a /24; one /48 is one site or more.
_OLDER, _NEWER = 24, 48
_NOBODY = ipaddress.ip_network("100::/64")  # the discard prefix (RFC 6666), which stands for "not known"


def coarse_network(address: str) -> str:
    """Return the network around an address (``203.0.113.0/24``, ``2001:db8:7::/48``); nothing if it tells nothing."""
    try:
        found = ipaddress.ip_address(address.strip())
    except ValueError:
        return ""
    found = getattr(found, "ipv4_mapped", None) or found
    if found.is_loopback or found.is_unspecified or found in _NOBODY:
        return ""
    if isinstance(found, IPv4Address):
        return str(IPv4Network((int(found), _OLDER), strict=False))
    return str(IPv6Network((int(found), _NEWER), strict=False))
