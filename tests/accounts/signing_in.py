"""What people do to sign in, and how they read their mail."""

from __future__ import annotations

import re

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core import mail
from django.test import Client

from xinka.accounts.models import Notice, User
from xinka.accounts.notifying import send_notice

PASSWORD = "quiet-lantern-orbit-77"
NEW_PASSWORD = "harbour.violet.seven.kites"


def sign_in(client: Client, user: User, password: str = PASSWORD) -> None:
    """Sign in by password and check that it worked."""
    answer = client.post("/account/login/", {"login": user.email, "password": password})
    assert answer.status_code == 302, answer.content.decode()[:2000]


def hand_over_notices() -> None:
    """Do what the worker does with the mails about accounts that wait."""
    for notice in Notice.objects.order_by("at"):
        send_notice(notice.pk)


def mailed_code() -> str:
    """Return the code in the newest mail."""
    found = re.search(r"Your code: (\S+)", str(mail.outbox[-1].body))
    assert found, mail.outbox[-1].body
    return found[1]


def app_code(secret: str, drift: int = 0) -> str:
    """Return what an authenticator app shows now, or ``drift`` periods from now."""
    counters = list(yield_hotp_counters_from_time())
    return format_hotp_value(hotp_value(secret, counters[len(counters) // 2] + drift))


def confirm_it_is_me(client: Client, password: str = PASSWORD) -> None:
    """Type the password once more before something sensitive."""
    answer = client.post("/account/reauthenticate/", {"password": password, "next": "/account/"})
    assert answer.status_code == 302, answer.content.decode()[:2000]
