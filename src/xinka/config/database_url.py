"""Turn ``DATABASE_URL`` into Django's settings and back into what libpq reads."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from xinka.config.environment import BadEnvironment, Environment
from xinka.config.in_clear import refuse_clear_database


def as_django(environment: Environment) -> dict[str, Any]:
    """Return the ``DATABASES`` entry for the shop's database.

    Without ``DATABASE_URL`` the entry names no server: commands that need one start the embedded PostgreSQL first and
    set the variable, so that only they pay for it.

    Raises:
        BadEnvironment: if the URL is not one of PostgreSQL, or leads over a network in clear.
    """
    url = urlsplit(environment.database_url or "postgresql:///xinka")
    try:
        port = url.port
    except ValueError:
        raise BadEnvironment(
            "DATABASE_URL",
            "the host or the port is malformed; write @ / ? # in a password as %40 %2F %3F %23",
            "主机或端口写得不对；密码里的 @ / ? # 要写成 %40 %2F %3F %23",
        ) from None
    if url.scheme not in {"postgresql", "postgres"}:
        raise BadEnvironment("DATABASE_URL", "must begin with postgresql://", "要以 postgresql:// 开头")
    refuse_clear_database(environment.database_url)
    options: dict[str, Any] = dict(parse_qsl(url.query))
    host = options.pop("host", "") or unquote(url.hostname or "")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(url.path.lstrip("/")) or "xinka",
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": host,
        "PORT": str(port or options.pop("port", "")),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {**options, "application_name": "xinka-web"},
    }
