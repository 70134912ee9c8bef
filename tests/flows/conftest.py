"""The other sides of the flows: a gateway, a mail server, and workers."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from pytest_django import Settings

from tests.flows.gateway import Gateway, open_gateway
from tests.flows.mailbox import Mailbox, open_mailbox


@pytest.fixture(autouse=True)
def _cheap_hashing(settings: Settings) -> None:
    """Argon2id with its real cost is for the test that is about it (``tests/accounts``)."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    """A gateway that can be told to misbehave."""
    with open_gateway() as opened:
        yield opened


@pytest.fixture
def mailbox(settings: Settings) -> Iterator[Mailbox]:
    """A mail server that this shop sends to."""
    with open_mailbox() as opened:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", opened.port
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        settings.EMAIL_TIMEOUT = 5
        yield opened


@pytest.fixture
def hire(committed_shop: str, mailbox: Mailbox) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Start worker processes on the committed shop; whoever is still there in the end is killed."""
    hired: list[subprocess.Popen[bytes]] = []

    def start(**more: str) -> subprocess.Popen[bytes]:
        environment = {
            **os.environ,
            "DATABASE_URL": committed_shop,
            "EMAIL_URL": f"smtp://127.0.0.1:{mailbox.port}",
            "XINKA_WORKER_STALLED_AFTER": "4",
            **more,
        }
        hired.append(subprocess.Popen([sys.executable, "-m", "xinka.config.worker"], env=environment))
        return hired[-1]

    yield start
    for worker in hired:
        worker.kill()
        worker.wait()
