"""Who signed in, how, from where, who did not manage to, and what was changed of it: lines of the log.

ASVS 5.0, V16.3.1 asks for the sign-ins, and whoever looks into a stolen account for the changes.

People stand there by their number. What was typed stands nowhere: in the field of the address are passwords, too.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from allauth.account import signals as account
from allauth.mfa import signals as factors
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed

from xinka.accounts.client_addresses import client_address

if TYPE_CHECKING:
    from allauth.mfa.models import Authenticator
    from django.http import HttpRequest

    from xinka.accounts.models import User

log = logging.getLogger(__name__)

#: Where a mailed code was wrong, by what it was for.
_CODES = {
    account.login_code_rejected: "sign_in",
    account.password_reset_code_rejected: "new_password",
    account.email_verification_code_rejected: "address",
}
#: What of the ways into an account was changed.
_CHANGES = {
    account.password_set: "password_set",
    account.password_changed: "password_changed",
    account.password_reset: "password_reset",
    account.email_changed: "address_changed",
    factors.authenticator_added: "factor_added",
    factors.authenticator_removed: "factor_removed",
    factors.authenticator_reset: "factor_renewed",
}
Listener = Callable[..., None]


def connect() -> None:
    """Listen to what Django and allauth say of sign-ins."""
    user_logged_in.connect(_signed_in, dispatch_uid="accounts.sign_in_log.in")
    user_logged_out.connect(_signed_out, dispatch_uid="accounts.sign_in_log.out")
    user_login_failed.connect(_failed, dispatch_uid="accounts.sign_in_log.failed")
    account.authentication_step_completed.connect(_proved, dispatch_uid="accounts.sign_in_log.proved")
    for signal, purpose in _CODES.items():
        signal.connect(_code_refused(purpose), dispatch_uid=f"accounts.sign_in_log.code_{purpose}")
    for signal, what in _CHANGES.items():
        signal.connect(_changed(what), dispatch_uid=f"accounts.sign_in_log.{what}")


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


@cache  # a signal keeps its listeners weakly
def _code_refused(purpose: str) -> Listener:
    def told(request: HttpRequest, user: User, *, last_attempt: bool, **_: Any) -> None:
        facts = {"for": purpose, "user": user.pk, "last": last_attempt, "address": _place(request)}
        log.warning("account.code_refused", extra=facts)

    return told


@cache  # as above
def _changed(what: str) -> Listener:
    def told(request: HttpRequest, user: User, authenticator: Authenticator | None = None, **_: Any) -> None:
        kind = {} if authenticator is None else {"kind": authenticator.type}
        log.info("account.changed", extra={"what": what, "user": user.pk, **kind, "address": _place(request)})

    return told


def _place(request: HttpRequest | None) -> str:
    return client_address(request) if request is not None else ""
