"""Where a request comes from, as limits and the log count it."""

from __future__ import annotations

import ipaddress

from django.http import HttpRequest

_UNKNOWN_CLIENT = "100::"  # the discard prefix (RFC 6666) stands for "not known"


def client_address(request: HttpRequest) -> str:
    """Return the address of the person's browser.

    Django sits behind the till on a unix socket, and the till alone sets ``X-Xinka-Client`` (it removes the header from
    what comes in). A request that came over the network itself speaks for itself, except from this machine.
    """
    peer = _parse(request.META.get("REMOTE_ADDR", ""))
    if peer is None or peer.is_loopback:
        told = _parse(request.headers.get("X-Xinka-Client", ""))
        return str(told or peer or _UNKNOWN_CLIENT)
    return str(peer)


def _parse(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text.strip())
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address
