"""What a request asks for, by its first line (RFC 9112, section 3.2)."""

from __future__ import annotations

import re
from urllib.parse import quote

_ASCII = "".join(map(chr, range(0x21, 0x7F)))
#: The absolute form, which every server must take. Its authority ends where a path or a query begins.
_ABSOLUTE = re.compile(r"https?://(?P<host>[^/?@]+)(?P<rest>(?:[/?].*)?)", re.IGNORECASE | re.DOTALL)


def read_target(raw: bytes) -> tuple[str, str] | None:
    """Return path and query as one text, and the host that the absolute form names, if it is that one.

    Some programs send addresses as they are typed; HTTP wants them in ASCII (RFC 3986, section 2). The other forms are
    for proxies, and a fragment is the browser's own: with them it is no target of ours, and nothing is returned.
    """
    target = raw.decode("ascii") if raw.isascii() else quote(raw, safe=_ASCII)
    if "#" in target:
        return None
    if target.startswith("/"):
        return target, ""
    absolute = _ABSOLUTE.fullmatch(target)
    if absolute is None:
        return None
    rest = absolute["rest"]
    return (rest if rest.startswith("/") else f"/{rest}"), absolute["host"]
