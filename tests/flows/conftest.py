"""The other sides of the flows: a gateway, a mail server, and a shop with real commits for tests with processes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from django.db import connections
from pytest_django import DjangoDbBlocker, Settings

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
def committed_shop(shop_database: str, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """The address of an empty shop's database, which Django uses too: other processes see what a test writes."""
    from xinka.platform.vault import keys  # models need the settings, which are read after this file

    keys.forget()
    with django_db_blocker.unblock():
        before = connections["default"].settings_dict["NAME"]
        connections.close_all()
        connections.settings["default"]["NAME"] = urlsplit(shop_database).path.lstrip("/")
        connections["default"].settings_dict["NAME"] = urlsplit(shop_database).path.lstrip("/")
        try:
            yield shop_database
        finally:
            connections.close_all()
            connections.settings["default"]["NAME"] = before
            connections["default"].settings_dict["NAME"] = before
            keys.forget()


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
