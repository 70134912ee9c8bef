"""A mail server that keeps of each letter only whom it is for and its Message-ID, and has moods."""

from __future__ import annotations

import socket
import time
from collections import Counter, defaultdict

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

_SLOW = 8.0


class Mailbox:
    """``mood`` is ok, full (asks to be tried later) or slow; ``close`` and ``open`` are an outage."""

    def __init__(self) -> None:
        """Listen on a free port of this machine."""
        self.mood = "ok"
        self.letters: defaultdict[str, Counter[str]] = defaultdict(Counter)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._controller: Controller | None = None
        self.open()

    def open(self) -> None:
        """Take letters."""
        if self._controller is None:
            self._controller = Controller(self, hostname="127.0.0.1", port=self.port)
            self._controller.start()

    def close(self) -> None:
        """Be gone."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802 - its shape
        """Take a letter, or not just now."""
        if self.mood == "slow":
            time.sleep(_SLOW)  # noqa: ASYNC251 - the whole server is slow
        if self.mood == "full":
            return "452 4.3.1 no room just now"
        head = (envelope.original_content or b"").partition(b"\r\n\r\n")[0]
        named = [line for line in head.split(b"\r\n") if line.lower().startswith(b"message-id:")]
        for address in envelope.rcpt_tos:
            self.letters[address][named[0].decode().partition(":")[2].strip() if named else ""] += 1
        return "250 OK"
