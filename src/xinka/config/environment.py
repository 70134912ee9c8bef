"""Settings from the environment, read once and typed; a wrong value names itself and stops the start.

This module has no Django in it, because the till reads it too. Every variable may instead be given as ``NAME_FILE``,
the path of a file that holds the value (how container platforms hand over secrets).
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from functools import cached_property
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from xinka.kernel.money import HOME, MINOR_DIGITS
from xinka.kernel.per_currency import PerCurrency, per_currency
from xinka.platform.database.silence import with_limits
from xinka.platform.vault.deriving import KEY_BYTES, derive

_LAST_PORT = 65_535
#: How long browsers come back by TLS alone, once they have come by it (RFC 6797).
HSTS_SECONDS = 31_536_000


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
        except UnicodeDecodeError:
            raise BadEnvironment(f"{name}_FILE", "must be a text in UTF-8", "文件要是 UTF-8 文本") from None
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


def read_per_currency(name: str, default: str, *, otherwise: int = 0, least: int = 0) -> PerCurrency:
    """Return amounts in minor units: ``CNY:500000 USD:70000``, or a number alone for the shop's own currency.

    ``otherwise`` is for the currencies that are not named, ``least`` what no amount may be below.
    """
    try:
        found = per_currency(read(name, default), otherwise=otherwise)
    except ValueError:
        found = PerCurrency({})
    if not found.named or min(found.named.values()) < least:
        known = ", ".join(MINOR_DIGITS)
        raise BadEnvironment(
            name,
            f"must be a whole number of minor units, at least {least}, for {HOME}, or one for each currency, such as "
            f"CNY:500000 USD:70000 (of {known})",
            f"要填不小于 {least} 的整数（{HOME} 的最小货币单位），或每个币种各填一个，如 CNY:500000 USD:70000"
            f"（可用 {known}）",
        )
    return found


def read_port() -> int | None:
    """Return the port that ``XINKA_PORT`` names, if it names one."""
    text = read("XINKA_PORT")
    if text and not (text.isascii() and text.isdigit() and 1 <= int(text) <= _LAST_PORT):
        raise BadEnvironment("XINKA_PORT", "must be a port, 1 to 65535", "要填端口号，1 到 65535")
    return int(text) if text else None


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
    def hosts(self) -> tuple[str, ...]:
        """The names under which there are pages and orders; notices of payments are taken under any."""
        return (self.site_host, *(() if self.secure else ("127.0.0.1", "localhost", "[::1]")))

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
        return key_in(self.key_file)

    @property
    def key_file(self) -> Path:
        """Where the master key lies when no variable names it."""
        return self.data_dir / "master.key"

    @property
    def next_key_file(self) -> Path:
        """Where the next master key lies until it has taken the place of the one before."""
        return self.key_file.with_name("master.key.next")

    @property
    def has_key(self) -> bool:
        """Whether there is a master key already, so that asking for it makes none."""
        return bool(read("XINKA_MASTER_KEY")) or self.key_file.exists()

    def derive(self, purpose: str, length: int = KEY_BYTES) -> bytes:
        """Return a key for one purpose, derived from the master key."""
        return derive(self.master_key, purpose, length)


def cannot_be_written(error: OSError) -> BadEnvironment:
    """Return what to say where the data directory, or something in it, belongs to somebody else."""
    name, words = error.filename, error.strerror
    return BadEnvironment(
        "XINKA_DATA_DIR",
        f"{name} cannot be written ({words}); it must belong to the user who runs the shop, "
        "and commands must be run by that user",
        f"{name} 写不了；它要归运行商店的用户所有，命令也要用这个用户来执行",
    )


def key_in(file: Path) -> bytes:
    """Return the key in a file, which is made with a new one where there is none."""
    if not file.exists():
        _write_secret(file, secrets.token_hex(KEY_BYTES))
    return _decode_key(_read_key(file))


def _decode_key(text: str) -> bytes:
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise BadEnvironment("XINKA_MASTER_KEY", "must be 64 hexadecimal digits", "要填 64 位十六进制数")
    return key


def _read_key(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except OSError as error:
        why = f"{path} cannot be read ({error.strerror}); it must belong to the user who runs the shop"
        raise BadEnvironment("XINKA_MASTER_KEY", why, f"{path} 读不了；它要归运行商店的用户所有") from None
    except UnicodeDecodeError:
        return ""


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
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)  # its name too: what is sealed with it must not outlive it
    finally:
        os.close(directory)


def _addresses(name: str) -> tuple[str, ...]:
    """Return a list of addresses; a name or a network would never match a visitor's, and nobody would notice."""
    found = tuple(part.strip() for part in read(name).split(",") if part.strip())
    for one in found:
        try:
            ip_address(one)
        except ValueError:
            raise BadEnvironment(
                name,
                f"{one} is no address; write addresses with commas, like 127.0.0.1,10.0.0.2",
                f"{one} 不是地址；要写成 127.0.0.1,10.0.0.2 这样，不能写域名或网段",
            ) from None
    return found


def _site_url() -> str:
    url = read("XINKA_SITE_URL", "http://127.0.0.1:8000").strip().rstrip("/")
    parts = urlsplit(url)
    try:
        is_whole = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # the port
        is_whole = False
    if not is_whole or parts.path or parts.query or parts.fragment or parts.username is not None:
        raise BadEnvironment(
            "XINKA_SITE_URL",
            "must be like https://shop.example, with nothing behind the host or its port",
            "要写成 https://shop.example 这样，主机或端口后面不能再有内容",
        )
    return url


def _debug() -> bool:
    """Whether faults are shown with settings and values; only where nobody but this machine can look at them."""
    on = read_flag("XINKA_DEBUG")
    if on and urlsplit(_site_url()).hostname not in {"127.0.0.1", "::1", "localhost"}:
        raise BadEnvironment(
            "XINKA_DEBUG",
            "shows every visitor what is inside; it works under an XINKA_SITE_URL of this machine only (http://127.0.0.1:8000)",
            "会让每个访客看到内部的内容；只有 XINKA_SITE_URL 是本机（如 http://127.0.0.1:8000）时才能开",
        )
    return on


def load() -> Environment:
    """Read the environment of this process.

    Raises:
        BadEnvironment: if a value is malformed.
    """
    return Environment(
        data_dir=Path(read("XINKA_DATA_DIR", "var")).resolve(),
        database_url=with_limits(read("DATABASE_URL")),
        site_url=_site_url(),
        debug=_debug(),
        trusted_proxies=_addresses("XINKA_TRUSTED_PROXIES"),
        metrics_from=_addresses("XINKA_METRICS_FROM"),
    )
