"""What takes long to build, such as automata over thousands of terms, is kept in the user's cache folder.

``XINKA_CACHE`` names another folder; empty, nothing is kept. A file is believed only if it is the user's own and its
sum is right. Where no file can be read or written, everything is built anew at each start and nobody is told.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from hashlib import sha256
from pathlib import Path

import daachorse

_MAGIC = b"XKTGP1\n"
_SUM = 32
#: So many files of a kind stay; the oldest go when one is added.
_MOST_KEPT = 6


def prepared(kind: str, source: bytes, make: Callable[[], bytes]) -> bytes:
    """Return what ``make`` makes of ``source``, from the cache folder if it was made before.

    Args:
        kind: what it is, in letters; part of the file's name.
        source: everything that it depends on but the code and the tables of this package.
        make: builds it; must return the same for the same source.
    """
    folder = _folder()
    if folder is None:
        return make()
    place = folder / f"{kind}-{sha256(_code() + source).hexdigest()[:32]}.bin"
    content = _read(place)
    if content is None:
        content = make()
        _write(place, content)
        _drop_old(folder, kind)
    return content


def _folder() -> Path | None:
    named = os.environ.get("XINKA_CACHE")
    if named is not None:
        return Path(named) if named else None
    base = os.environ.get("XDG_CACHE_HOME") or ""
    if Path(base).is_absolute():
        return Path(base) / "xinka"
    try:
        return Path.home() / ".cache" / "xinka"
    except RuntimeError:  # this user has no home
        return None


@cache
def _code() -> bytes:
    """Return a sum over this package's code and tables and the library of automata: another of them, another file."""
    digest = sha256()
    here = Path(__file__).parent
    for place in sorted([*here.glob("*.py"), *here.glob("model/*.py"), *here.glob("tables/*")]):
        if place.is_file():
            digest.update(place.name.encode() + place.read_bytes())
    for place in sorted(Path(daachorse.__file__).parent.glob("*.*")):
        state = place.stat()
        digest.update(f"{place.name} {state.st_size} {state.st_mtime_ns}".encode())
    return digest.digest()


def _read(place: Path) -> bytes | None:
    try:
        with place.open("rb") as file:
            if hasattr(os, "geteuid") and os.fstat(file.fileno()).st_uid != os.geteuid():
                return None
            content = file.read()
    except OSError:
        return None
    head = len(_MAGIC) + _SUM
    kept = content[head:]
    return kept if content[:head] == _MAGIC + sha256(kept).digest() else None


def _write(place: Path, content: bytes) -> None:
    unfinished = place.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
    try:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished.write_bytes(_MAGIC + sha256(content).digest() + content)
        unfinished.replace(place)  # nobody ever sees half a file
    except OSError:  # the disk is full, or is not ours to write to
        with suppress(OSError):
            unfinished.unlink()


def _drop_old(folder: Path, kind: str) -> None:
    with suppress(OSError):  # another process may tidy up at the same time
        kept = sorted(folder.glob(f"{kind}-*"), key=lambda place: place.stat().st_mtime_ns)
        for place in kept[:-_MOST_KEPT]:
            place.unlink()
