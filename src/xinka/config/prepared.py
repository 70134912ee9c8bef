"""Remembers what a shop was last prepared with: an unchanged one opens without loading Django to find that out."""

from __future__ import annotations

import hashlib
import sysconfig
from pathlib import Path

from xinka.config.environment import read

PACKAGE = Path(__file__).resolve().parent.parent


def fingerprint(package: Path = PACKAGE) -> str:
    """Return a mark of everything that preparing depends on: migrations, static files, and the installed packages."""
    digest = hashlib.sha256(str(package).encode())
    for path in sorted(package.rglob("*")):
        if {"migrations", "static"} & set(path.parts) and path.suffix != ".pyc" and path.is_file():
            found = path.stat()
            digest.update(f"{path}:{found.st_mtime_ns}:{found.st_size}\n".encode())
    installed = Path(sysconfig.get_path("purelib")).glob("*.dist-info")
    digest.update("\n".join(sorted(path.name for path in installed)).encode())
    return digest.hexdigest()


def _applied(database_url: str) -> int:
    """Return how many migrations the database has seen, which tells a restored one from the one we left."""
    import psycopg  # here, because `xinka --help` does without

    with psycopg.connect(database_url) as connection:
        try:
            row = connection.execute("SELECT count(*) FROM django_migrations").fetchone()
        except psycopg.errors.UndefinedTable:
            return 0
    return int(row[0]) if row else 0


def _line(database_url: str, *, demo: bool) -> str:
    # The pretend gateway's accounts hold the address at which the shop is open.
    mode = f"demo {read('XINKA_SITE_URL')} {read('XINKA_PORT')}" if demo else "plain"
    return f"{fingerprint()} {_applied(database_url)} {mode}"


def is_prepared(data_dir: Path, database_url: str, *, demo: bool) -> bool:
    """Whether nothing has changed since ``note_prepared``."""
    mark = data_dir / "run" / "prepared"
    if not mark.exists() or not (data_dir / "static").is_dir():
        return False
    return mark.read_text(encoding="ascii") == _line(database_url, demo=demo)


def note_prepared(data_dir: Path, database_url: str, *, demo: bool) -> None:
    """Remember that the shop is prepared with what is there now."""
    (data_dir / "run" / "prepared").write_text(_line(database_url, demo=demo), encoding="ascii")
