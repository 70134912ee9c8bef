"""What would go over a network in clear is refused at the start, unless the operator says that the way there is safe.

Mails carry sign-in codes and goods, evidence is somebody's own, and the database is all of it; TLS that does not check
whom it talks to keeps out only those who look on (ASVS 5.0, V12.3.1 and V12.3.4).
"""

from __future__ import annotations

import os
from ipaddress import ip_address
from urllib.parse import parse_qsl, unquote, urlsplit

from xinka.config.environment import BadEnvironment, read

#: Ways of libpq that check whose certificate it is.
_CHECKED = {"verify-full", "verify-ca"}


def refuse_clear_text(name: str, host: str, *, better_en: str, better_zh: str) -> None:
    """Refuse a setting that leads to another machine without TLS.

    Raises:
        BadEnvironment: with what to write instead.
    """
    if _is_this_machine(host) or host.lower() in read("XINKA_CLEAR_TEXT_TO").lower().split():
        return
    raise BadEnvironment(
        name,
        f"what goes to {host} could be read on the way: {better_en}. Is the way there your own (a private network, "
        f"a tunnel)? Then set XINKA_CLEAR_TEXT_TO={host}",
        f"发往 {host} 的内容会在路上被看到：{better_zh}。"
        f"如果那段路是你自己的（内网、隧道），请设 XINKA_CLEAR_TEXT_TO={host}",
    )


def refuse_clear_database(url: str) -> None:
    """Refuse a database on another machine whose certificate would not be looked at; a malformed URL is not our matter.

    What stands in no URL, libpq takes from its own variables (PostgreSQL manual, 34.15). Without a URL there is no
    database yet: the shop's own is named later.

    Raises:
        BadEnvironment: with what to write instead.
    """
    try:
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query))
    except ValueError:
        return
    if options.get("sslmode", os.environ.get("PGSSLMODE", "")) in _CHECKED:
        return
    address = options.get("hostaddr") or os.environ.get("PGHOSTADDR", "")
    named = options.get("host") or unquote(parts.hostname or "") or os.environ.get("PGHOST", "")
    hosts = (address or named) if url else ""
    for host in hosts.split(","):
        refuse_clear_text(
            "DATABASE_URL",
            host,
            better_en="write ?sslmode=verify-full&sslrootcert=system behind the name of the database",
            better_zh="在数据库名后面写 ?sslmode=verify-full&sslrootcert=system",
        )


def _is_this_machine(host: str) -> bool:
    if not host or host.startswith(("/", "@")) or host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
