"""A database server that falls silent is given up: over a network nobody says that the other end is gone.

Without these limits a statement whose server's machine died, or that a firewall forgot, waits as long as the kernel
repeats its packets: 924.6 seconds (Linux documentation, tcp_retries2), or two hours if there is nothing to repeat.
All that time the till would take orders in and answer none. What libpq is told makes the connection fail instead; then
the work is run again on another one, as after any lost connection.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

#: Parameters of libpq (PostgreSQL documentation, section 34.1.2): seconds, but for the last, which is milliseconds.
LIMITS: Mapping[str, str] = {
    "connect_timeout": "10",
    "keepalives_idle": "15",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "20000",
}


def with_limits(url: str) -> str:
    """Return a database's URL with the limits it does not name itself.

    Left as they are: one that reaches its server by a unix socket, whose other end cannot go without saying so, and one
    that is malformed, about which its reader complains.
    """
    try:
        parts = urlsplit(url)
        named = parse_qsl(parts.query, keep_blank_values=True)
    except ValueError:
        return url
    options = dict(named)
    host = options.get("host") or unquote(parts.hostname or "")
    if not host or host.startswith(("/", "@")) or parts.scheme not in {"postgresql", "postgres"}:
        return url
    added = [(name, value) for name, value in LIMITS.items() if name not in options]
    return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, urlencode(added))))))
