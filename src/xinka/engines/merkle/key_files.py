"""Private keys in files that only their owner can read."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from xinka.engines.merkle.errors import KeyUnusable
from xinka.engines.merkle.files import sync, write_whole
from xinka.engines.merkle.keys import Signer, Verifier


def write_key(path: Path, signer: Signer) -> None:
    """Write a private key into a new file, mode 0600.

    Raises:
        KeyUnusable: there is a file already.
    """
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise KeyUnusable(f"{path} is there already", f"{path} 已存在") from None
    try:
        write_whole(file, signer.secret.encode() + b"\n")
        os.fsync(file)
    except OSError:
        path.unlink()  # half a key would be in the way of a whole one
        raise
    finally:
        os.close(file)
    sync(path.parent)


def read_key(path: Path) -> Signer:
    """Read a private key from a file.

    Raises:
        KeyUnusable: it cannot be read, others can read it, or it is no key.
    """
    try:
        mode = path.stat().st_mode
        text = path.read_bytes()[:10_000].decode("ascii", "replace").strip()
    except OSError as error:
        raise KeyUnusable(f"{path}: {error.strerror}", f"{path} 无法读取") from None
    if stat.S_IMODE(mode) & 0o077:
        raise KeyUnusable(f"others can read {path}; chmod 600 it", f"其他用户可读 {path}，请执行 chmod 600")
    return Signer.parse(text)


def read_verifier(text: str) -> Verifier:
    """Return the public key in a text, or in the file the text names.

    Raises:
        KeyUnusable: the file cannot be read.
        BadFormat: it is no public key.
    """
    if "+" not in text:
        try:
            text = Path(text).read_bytes()[:10_000].decode("utf-8", "replace")
        except OSError as error:
            raise KeyUnusable(f"{text}: {error.strerror}", f"{text} 无法读取") from None
    return Verifier.parse(text)
