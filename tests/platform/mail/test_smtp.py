"""A mail server that hangs half-way, a byte now and then, is given up on; one that is only slow is not."""

from __future__ import annotations

import smtplib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.smtp import EmailBackend as Djangos

from xinka.platform.mail import smtp

_OURS = "xinka.platform.mail.smtp.EmailBackend"
#: What a server answers to each line, in turn; the letter's own lines get none.
_ANSWERS = [b"220 mail.example", b"250 mail.example", b"250 OK", b"250 OK", b"354 go on", b"250 taken", b"221 bye"]


@contextmanager
def server(drips_at: int | None) -> Iterator[tuple[int, threading.Event]]:
    """Serve one letter; from an answer on it only drips. Yields the port, and what is set once it has dripped."""
    over, has_dripped = threading.Event(), threading.Event()
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        line, _ = listening.accept()
        with line, line.makefile("rb") as said, suppress(OSError):
            for number, answer in enumerate(_ANSWERS):
                if number == drips_at:
                    while not over.wait(0.02):
                        line.sendall(b"2")
                        has_dripped.set()
                    return
                line.sendall(answer + b"\r\n")
                while (heard := said.readline()) and answer[:3] == b"354" and heard != b".\r\n":
                    pass

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listening.getsockname()[1], has_dripped
    finally:
        over.set()
        listening.close()
        thread.join()


def send(port: int, backend: str = _OURS) -> int | None:
    """Send a letter."""
    line = get_connection(backend, host="127.0.0.1", port=port, timeout=5)
    return EmailMessage("Goods", "Here.", "shop@shop.example", ["cy@shop.example"], connection=line).send()


@pytest.mark.parametrize("drips_at", [0, 1, 3, 5], ids=["greeting", "hello", "recipient", "letter"])
def test_a_server_that_only_drips_is_given_up_on(drips_at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "WITHIN", 0.3)
    with server(drips_at) as (port, has_dripped):
        with pytest.raises(smtplib.SMTPServerDisconnected, match=r"^the server took longer than 0\.3 seconds$"):
            send(port)
        assert has_dripped.is_set()


def test_control_a_timeout_alone_never_comes_to_an_end_with_it() -> None:
    with server(5) as (port, has_dripped):
        line = Djangos(host="127.0.0.1", port=port, timeout=1)
        message = EmailMessage("Goods", "Here.", "shop@shop.example", ["cy@shop.example"], connection=line)
        failed: list[Exception] = []

        def wait() -> None:
            try:
                message.send()
            except OSError as error:
                failed.append(error)

        waiting = threading.Thread(target=wait)
        waiting.start()
        assert has_dripped.wait(60)
        waiting.join(2)
        assert waiting.is_alive(), "it is not silent, so it is waited for, twice as long as it might be silent"
    waiting.join(60)
    assert len(failed) == 1


def test_a_server_that_takes_the_letter_is_not_hung_up_on_later(monkeypatch: pytest.MonkeyPatch) -> None:
    with server(None) as (port, _):
        assert send(port) == 1
    alarms = [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)]
    for alarm in alarms:
        alarm.join(10)  # one that was stopped is on its way out; any other waits for longer than that
    assert [alarm for alarm in alarms if alarm.is_alive()] == []
