"""A real SMTP server with the moods of real ones."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class Mailbox:
    """``mood`` is ``ok``, or the line a recipient is answered with, or ``hang_up``: takes a mail, then drops the line.

    ``unknown`` are addresses that are refused for good whatever the mood.
    ``hang_up`` goes back to ``ok`` by itself, so that the repeated attempt arrives.
    """

    mood: str = "ok"
    delay: float = 0.0
    port: int = 0
    unknown: set[str] = field(default_factory=set)
    raw: list[tuple[float, str, bytes]] = field(default_factory=list)

    @property
    def mails(self) -> list[EmailMessage]:
        """Everything that was taken, parsed."""
        return [message_from_bytes(content, policy=policy.default) for _, _, content in self.raw]  # type: ignore[misc]

    @property
    def message_ids(self) -> list[str]:
        """The Message-ID of everything that was taken, repetitions included."""
        return [str(mail["Message-ID"]) for mail in self.mails]

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self,
        server: SMTP,  # noqa: ARG002 - aiosmtpd's shape
        session: Session,  # noqa: ARG002 - as above
        envelope: Envelope,
        address: str,
        options: list[str],  # noqa: ARG002 - as above
    ) -> str:
        """Answer for a recipient."""
        if address in self.unknown:
            return "550 5.1.1 unknown"
        if self.mood not in {"ok", "hang_up"}:
            return self.mood.replace("{address}", address)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802, ARG002 - as above
        """Take a mail."""
        if self.delay:
            await asyncio.sleep(self.delay)
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        self.raw.append((time.time(), envelope.rcpt_tos[0], content))
        if self.mood == "hang_up":
            self.mood = "ok"
            transport = server.transport
            assert transport is not None
            transport.abort()
        return "250 OK"


@contextmanager
def open_mailbox() -> Iterator[Mailbox]:
    """Run a mail server on a free port of this machine."""
    mailbox = Mailbox()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        mailbox.port = probe.getsockname()[1]
    controller = Controller(mailbox, hostname="127.0.0.1", port=mailbox.port)
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()


def wait_until(holds: Callable[[], bool], *, seconds: float = 150.0) -> None:
    """Wait until something holds; fail when it does not in time."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
