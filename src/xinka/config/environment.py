"""Settings from the environment, read once and typed; a wrong value names itself and stops the start.

This module has no Django in it, because the till reads it too. Every variable may instead be given as ``NAME_FILE``,
the path of a file that holds the value (how container platforms hand over secrets).
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_KEY_BYTES = 32


class BadEnvironment(SystemExit):
    """A setting is missing or malformed; the message names it and says how to mend it, in both languages."""

    def __init__(self, name: str, why_en: str, why_zh: str) -> None:
        super().__init__(f"xinka: {name}: {why_en}\n信卡：{name}：{why_zh}")


def read(name: str, default: str = "") -> str:
    """Return a setting, from the variable itself or from the file that ``NAME_FILE`` points at."""
    path = os.environ.get(f"{name}_FILE")
    if path:
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise BadEnvironment(f"{name}_FILE", f"cannot be read ({error.strerror})", "文件读不了") from None
    return os.environ.get(name, default)


def read_flag(name: str, *, default: bool = False) -> bool:
    """Return a yes/no setting (``1 true yes on`` / ``0 false no off``)."""
    text = read(name, "1" if default else "0").strip().lower()
    if text in {"1", "true", "yes", "on"}:
        return True
    if text in {"0", "false", "no", "off", ""}:
        return False
    raise BadEnvironment(name, "must be 1 or 0", "只能是 1 或 0")


def read_int(name: str, default: int, *, least: int = 0) -> int:
    """Return a whole number not smaller than ``least``."""
    text = read(name, str(default))
    if not text.isascii() or not text.isdigit() or int(text) < least:
        raise BadEnvironment(name, f"must be a whole number, at least {least}", f"要填不小于 {least} 的整数")
    return int(text)


@dataclass(frozen=True)
class Environment:
    """Everything the processes of one shop share."""

    data_dir: Path
    database_url: str
    site_url: str
    debug: bool
    trusted_proxies: tuple[str, ...]
    metrics_from: tuple[str, ...] = ()

    @property
    def site_host(self) -> str:
        """The host people type, without port."""
        return urlsplit(self.site_url).hostname or "127.0.0.1"

    @property
    def secure(self) -> bool:
        """Whether the shop is reached by TLS, which decides cookie flags and HSTS."""
        return self.site_url.startswith("https://")

    @property
    def web_socket(self) -> Path:
        """The unix socket behind which Django answers what the till does not."""
        return self.data_dir / "run" / "web.sock"

    @cached_property
    def master_key(self) -> bytes:
        """The 32 bytes that wrap every data key; made at the first start when none is given."""
        text = read("XINKA_MASTER_KEY")
        if text:
            return _decode_key(text)
        path = self.data_dir / "master.key"
        if not path.exists():
            _write_secret(path, secrets.token_hex(_KEY_BYTES))
        return _decode_key(path.read_text(encoding="ascii"))

    def derive(self, purpose: str, length: int = _KEY_BYTES) -> bytes:
        """Return a key for one purpose, derived from the master key by HKDF-SHA256 (RFC 5869)."""
        return HKDF(SHA256(), length, salt=None, info=f"xinka/{purpose}".encode()).derive(self.master_key)


def _decode_key(text: str) -> bytes:
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        raise BadEnvironment("XINKA_MASTER_KEY", "must be 64 hexadecimal digits", "要填 64 位十六进制数")
    return key


def _write_secret(path: Path, text: str) -> None:
    """Write a secret that only its owner may read; of two processes starting at once, the first one's stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _list(name: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in read(name).split(",") if part.strip())


def load() -> Environment:
    """Read the environment of this process.

    Raises:
        BadEnvironment: if a value is malformed.
    """
    site_url = read("XINKA_SITE_URL", "http://127.0.0.1:8000").rstrip("/")
    if urlsplit(site_url).scheme not in {"http", "https"} or not urlsplit(site_url).hostname:
        raise BadEnvironment("XINKA_SITE_URL", "must be like https://shop.example", "要写成 https://shop.example 这样")
    return Environment(
        data_dir=Path(read("XINKA_DATA_DIR", "var")).resolve(),
        database_url=read("DATABASE_URL"),
        site_url=site_url,
        debug=read_flag("XINKA_DEBUG"),
        trusted_proxies=_list("XINKA_TRUSTED_PROXIES"),
        metrics_from=_list("XINKA_METRICS_FROM"),
    )
