"""Who signed in, how, from where, and who did not manage to: lines of the log (ASVS 5.0, V16.3.1).

People stand there by their number. What was typed stands nowhere: in the field of the address are passwords, too.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from allauth.account.signals import authentication_step_completed
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed

from xinka.accounts.adapter import client_address

if TYPE_CHECKING:
    from django.http import HttpRequest

    from xinka.accounts.models import User

log = logging.getLogger(__name__)


def connect() -> None:
    """Listen to what Django and allauth say of sign-ins."""
    user_logged_in.connect(_signed_in, dispatch_uid="accounts.sign_in_log.in")
    user_logged_out.connect(_signed_out, dispatch_uid="accounts.sign_in_log.out")
    user_login_failed.connect(_failed, dispatch_uid="accounts.sign_in_log.failed")
    authentication_step_completed.connect(_proved, dispatch_uid="accounts.sign_in_log.proved")


def wrong_second_step(request: HttpRequest, user: User) -> None:
    """Note a wrong code of somebody whose password, or mailed code, was right."""
    log.warning("account.second_step_failed", extra={"user": user.pk, "address": _place(request)})


def _signed_in(request: HttpRequest, user: User, **_: Any) -> None:
    log.info("account.signed_in", extra={"user": user.pk, "address": _place(request)})


def _signed_out(request: HttpRequest, user: User | None, **_: Any) -> None:
    if user is not None:
        log.info("account.signed_out", extra={"user": user.pk, "address": _place(request)})


def _failed(request: HttpRequest | None = None, **_: Any) -> None:
    log.warning("account.sign_in_failed", extra={"address": _place(request)})


def _proved(request: HttpRequest, user: User, method: str, *, reauthenticated: bool = False, **_: Any) -> None:
    facts = {"user": user.pk, "how": method, "again": reauthenticated, "address": _place(request)}
    log.info("account.proved", extra=facts)


def _place(request: HttpRequest | None) -> str:
    return client_address(request) if request is not None else ""
