"""Whoever proves an address owns its account, with the password chosen in the browser that proved it and no other.

Otherwise Eve could sign up with Cy's address, wait until Cy signs in by code, and still know the password; or the
address would be hers for the week until it is forgotten. So an account that nobody has proved yet is open to everybody
who signs up with its address: each is mailed a code of their own, each password waits in the session of its browser,
and whoever types a code first has the account. The others' codes are worth nothing from then on (``pending``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.signals import email_confirmed, user_signed_up
from django.utils import timezone
from django.utils.translation import get_language

from xinka.accounts.models import User

if TYPE_CHECKING:
    from allauth.account.models import EmailAddress
    from django.http import HttpRequest

_SIGNED_UP_HERE = "_xinka_signed_up"


def connect() -> None:
    """Listen to sign-ups and confirmations."""
    user_signed_up.connect(_remember, dispatch_uid="accounts.first_confirmation.remember")
    email_confirmed.connect(_check, dispatch_uid="accounts.first_confirmation.check")


def sign_up_again(request: HttpRequest, email: str, hashed: str) -> User | None:
    """Return the account of an address that nobody has proved yet, as if it began now; ``None`` where there is none.

    Its row keeps the password of whoever came first, for their browser; ``hashed``, chosen now, waits in this session.
    """
    waiting = User.objects.filter(email=email, last_login=None, is_staff=False, is_active=True)
    waiting = waiting.filter(emailaddress__email=email).exclude(emailaddress__verified=True)
    if not waiting.update(created_at=timezone.now(), language=get_language() or ""):
        return None
    user = User.objects.get(email=email)
    request.session[_SIGNED_UP_HERE] = {"user": user.pk, "password": hashed}
    return user


def _remember(request: HttpRequest, user: User, **_: Any) -> None:
    if _signed_up_here(request) != user.pk:
        request.session[_SIGNED_UP_HERE] = {"user": user.pk, "password": user.password}


def _check(request: HttpRequest, email_address: EmailAddress, **_: Any) -> None:
    user = email_address.user
    if user.last_login is not None:
        return
    if _signed_up_here(request) == user.pk:
        user.password = request.session.pop(_SIGNED_UP_HERE)["password"]
    else:
        user.set_unusable_password()
    user.save(update_fields=["password"])


def _signed_up_here(request: HttpRequest) -> int | None:
    chosen = request.session.get(_SIGNED_UP_HERE)
    return chosen["user"] if isinstance(chosen, dict) else None
