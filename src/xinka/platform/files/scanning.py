"""Asks a virus scanner about files as they came in, before anything here decodes them: clamd's INSTREAM (clamd(8)).

A command that ends with a zero byte, then the file in pieces, each behind its length in four bytes (network order),
then a length of zero; the answer ends with a zero byte too. Once a scanner is named, a file it says nothing about is
not taken: a scanner that is down must not be a way in.
"""

from __future__ import annotations

import logging
import re
import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass

from xinka.platform.files.errors import FileInfected, ScannerSilent

log = logging.getLogger(__name__)

CONNECT_SECONDS = 3.0
#: For all files that are handed in together.
TOTAL_SECONDS = 20.0
_PIECE = 64 * 1024
_LONGEST_ANSWER = 1024
_COMMAND = b"zINSTREAM\0"
_FOUND = re.compile(rb"stream: (.{1,200}) FOUND", re.DOTALL)
_TCP = re.compile(r"(?:tcp://)?(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+):([0-9]{1,5})", re.ASCII)


@dataclass(frozen=True)
class Scanner:
    """Where a clamd listens: a unix socket (``path``), or a host and a port."""

    path: str = ""
    host: str = ""
    port: int = 0

    def connect(self) -> socket.socket:
        """Return a fresh connection; raises ``OSError``."""
        if not self.path:
            return socket.create_connection((self.host, self.port), timeout=CONNECT_SECONDS)
        found = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            found.settimeout(CONNECT_SECONDS)
            found.connect(self.path)
        except OSError:
            found.close()
            raise
        return found


def scanner_at(text: str) -> Scanner | None:
    """Return the scanner a setting names: an absolute path, or ``host:port``; ``None`` for an empty one.

    Raises:
        ValueError: if it is neither.
    """
    text = text.strip()
    if not text:
        return None
    path = text.removeprefix("unix:")
    if path.startswith("/"):
        return Scanner(path=path)
    found = _TCP.fullmatch(text)
    if not found or not 0 < int(found[2]) < 65536:
        raise ValueError(text)
    return Scanner(host=found[1].strip("[]"), port=int(found[2]))


def scan(scanner: Scanner, files: Iterable[tuple[str, bytes]], *, total_seconds: float = TOTAL_SECONDS) -> None:
    """Return if the scanner finds nothing in any of the files (name, content).

    Raises:
        FileInfected: if it finds something; the name of what it found is for the log.
        ScannerSilent: if it does not answer, or not with a plain yes or no.
    """
    until = time.monotonic() + total_seconds
    for name, content in files:
        try:
            answer = _ask(scanner, content, until)
        except OSError as error:
            log.warning("file.scanner_silent", extra={"why": type(error).__name__})
            raise ScannerSilent from None
        if answer == b"stream: OK":
            continue
        if found := _FOUND.fullmatch(answer):
            log.warning("file.infected", extra={"found": found[1].decode("ascii", "replace")})
            raise FileInfected(name=name)
        log.warning("file.scanner_silent", extra={"why": answer[:120].decode("ascii", "replace")})
        raise ScannerSilent


def _ask(scanner: Scanner, content: bytes, until: float) -> bytes:
    """Return the scanner's answer about one file, without its last byte; raises ``OSError``."""
    with scanner.connect() as peer:
        _give_until(peer, until)
        try:
            peer.sendall(_COMMAND)
            for start in range(0, len(content), _PIECE):
                piece = content[start : start + _PIECE]
                _give_until(peer, until)
                peer.sendall(len(piece).to_bytes(4, "big") + piece)
            peer.sendall(bytes(4))
        except (BrokenPipeError, ConnectionResetError):
            pass  # it has read enough, and may have said why: a file beyond its limit ends so
        return _answer(peer, until)


def _answer(peer: socket.socket, until: float) -> bytes:
    heard = b""
    while not heard.endswith(b"\0") and len(heard) < _LONGEST_ANSWER:
        _give_until(peer, until)
        piece = peer.recv(_LONGEST_ANSWER)
        if not piece:
            raise ConnectionError  # half an answer is none
        heard += piece
    return heard[:-1]


def _give_until(peer: socket.socket, until: float) -> None:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    peer.settimeout(left)
