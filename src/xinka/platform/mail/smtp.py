"""Mail by SMTP, with an end: a server that says something now and then is not waited for as long as it likes."""

from __future__ import annotations

import smtplib
import socket
import threading
from contextlib import suppress
from typing import Any

from django.core.mail.backends import smtp

#: Seconds from the connection on within which a server must have taken what it is sent. That it is not silent
#: (``EMAIL_TIMEOUT``) is not enough: a letter a byte at a time would keep one of the worker's few places for hours.
WITHIN = 60.0


class _GivesUp(smtplib.SMTP):
    """Hangs up when the time is over; whoever waits for an answer hears why."""

    _alarm: threading.Timer | None = None
    _has_given_up = False

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        line: socket.socket = super()._get_socket(host, port, timeout)  # type: ignore[misc]  # it has no types
        self._alarm = threading.Timer(WITHIN, self._hang_up, [line])
        self._alarm.daemon = True
        self._alarm.start()
        return line

    def _hang_up(self, first: socket.socket) -> None:
        self._has_given_up = True
        with suppress(OSError):  # closed meanwhile
            # The socket's own: that of TLS would first say goodbye, and it is in use by who waits.
            socket.socket.shutdown(self.sock or first, socket.SHUT_RDWR)

    def getreply(self) -> tuple[int, bytes]:
        """Read an answer; raises ``SMTPServerDisconnected``, also for half a line that was read when it hung up."""
        try:
            answer = super().getreply()
        except smtplib.SMTPServerDisconnected:
            if not self._has_given_up:
                raise
        else:
            if not self._has_given_up:
                return answer
        self.close()  # nobody else does where this was the greeting
        raise smtplib.SMTPServerDisconnected(f"the server took longer than {WITHIN:g} seconds")

    def close(self) -> None:
        """Close the line."""
        if self._alarm is not None:
            self._alarm.cancel()
        super().close()


class _GivesUpTls(_GivesUp, smtplib.SMTP_SSL):
    """The same over TLS from the first byte on; until its handshake is done, only silence is given up on."""


class EmailBackend(smtp.EmailBackend):
    """Django's, for servers that take a letter within ``WITHIN`` seconds."""

    @property
    def connection_class(self) -> Any:
        """What speaks SMTP."""
        return _GivesUpTls if self.use_ssl else _GivesUp
