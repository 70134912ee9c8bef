"""A scanner that speaks clamd's INSTREAM by its documented framing, and knows the one harmless test virus (EICAR)."""

from __future__ import annotations

import socket
import struct
import threading
from pathlib import Path

#: In pieces, or scanners would take this very file away.
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-" + b"ANTIVIRUS-TEST-FILE!$H+H*"


class Clamd:
    """Listens on a unix socket or on TCP; keeps each file as it put it together from its pieces."""

    def __init__(self, path: Path | None = None, *, most: int = 25 << 20) -> None:
        self.most = most
        self.files: list[bytes] = []
        #: Said instead of a verdict, when a test wants so; an empty text hangs up.
        self.says: bytes | None = None
        self.silent = threading.Event()
        kind = socket.AF_UNIX if path else socket.AF_INET
        self._server = socket.socket(kind, socket.SOCK_STREAM)
        self._server.bind(str(path) if path else ("127.0.0.1", 0))
        self._server.listen()
        self.address = str(path) if path else f"127.0.0.1:{self._server.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self.silent.set()
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join(5)

    def _serve(self) -> None:
        while True:
            try:
                peer, _ = self._server.accept()
            except OSError:
                return
            with peer:
                answer = self._verdict(peer)
                if answer is None:
                    self.silent.wait(10)
                else:
                    peer.sendall(answer)

    def _verdict(self, peer: socket.socket) -> bytes | None:
        stream = peer.makefile("rb")
        command = stream.read(10)
        if command != b"zINSTREAM\0":
            return b"UNKNOWN COMMAND\0"
        content = b""
        while length := struct.unpack("!I", stream.read(4))[0]:
            if len(content) + length > self.most:
                return b"INSTREAM size limit exceeded. ERROR\0"
            content += stream.read(length)
        self.files.append(content)
        if self.says is not None:
            return None if self.says == b"never" else self.says
        return b"stream: Eicar-Test-Signature FOUND\0" if EICAR in content else b"stream: OK\0"
