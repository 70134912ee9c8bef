"""Whoever proves an address owns its account: a password that somebody else set before that is thrown away.

Otherwise Eve could sign up with Cy's address, wait until Cy signs in by code, and still know the password.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.signals import email_confirmed, user_signed_up

if TYPE_CHECKING:
    from allauth.account.models import EmailAddress
    from django.http import HttpRequest

    from xinka.accounts.models import User

_SIGNED_UP_HERE = "_xinka_signed_up"


def connect() -> None:
    """Listen to sign-ups and confirmations."""
    user_signed_up.connect(_remember, dispatch_uid="accounts.first_confirmation.remember")
    email_confirmed.connect(_check, dispatch_uid="accounts.first_confirmation.check")


def _remember(request: HttpRequest, user: User, **_: Any) -> None:
    request.session[_SIGNED_UP_HERE] = user.pk


def _check(request: HttpRequest, email_address: EmailAddress, **_: Any) -> None:
    user = email_address.user
    if user.last_login is None and request.session.get(_SIGNED_UP_HERE) != user.pk:
        user.set_unusable_password()
        user.save(update_fields=["password"])
