"""Tell a browser that has signed in before from one that has not, and say so to its owner once."""

from __future__ import annotations

import hashlib
import re
import secrets
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from xinka.accounts.models import KnownDevice
from xinka.accounts.user_agents import device_label

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from xinka.accounts.models import User

#: Devices remembered per person; the ones unseen longest are forgotten first.
MOST_DEVICES = 20
_COOKIE_AGE = 400 * 24 * 3600
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


def cookie_name() -> str:
    """Return the name of the cookie that a browser is known by."""
    return "__Host-xk_device" if settings.ENVIRONMENT.secure else "xk_device"


def recognise(request: HttpRequest, response: HttpResponse, user: User) -> KnownDevice | None:
    """Remember the browser of a sign-in; return it if it is new to someone who already had others.

    The first browser of an account is not news: it is where the account was made.
    """
    token = request.COOKIES.get(cookie_name(), "")
    if not _TOKEN.fullmatch(token):
        token = secrets.token_urlsafe(32)
    _keep_cookie(response, token)
    now = timezone.now()
    with transaction.atomic():
        had_others = user.known_devices.exists()
        device, is_new = KnownDevice.objects.get_or_create(
            user=user,
            cookie_hash=hashlib.sha256(token.encode("ascii")).digest(),
            defaults={"label": device_label(request.headers.get("User-Agent", "")), "last_seen_at": now},
        )
        if is_new:
            _forget_oldest(user)
        else:
            KnownDevice.objects.filter(pk=device.pk).update(last_seen_at=now)
    return device if is_new and had_others else None


def _forget_oldest(user: User) -> None:
    kept = user.known_devices.order_by("-last_seen_at").values("pk")[:MOST_DEVICES]
    user.known_devices.exclude(pk__in=list(kept.values_list("pk", flat=True))).delete()


def _keep_cookie(response: HttpResponse, token: str) -> None:
    response.set_cookie(
        cookie_name(), token, max_age=_COOKIE_AGE, secure=settings.ENVIRONMENT.secure, httponly=True, samesite="Lax"
    )
