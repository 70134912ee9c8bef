"""Browsers of people at the desk, in English."""

from __future__ import annotations

from django.test import Client

from xinka.accounts.models import User


def browser(email: str) -> Client:
    """Return a browser in which the person with this address is signed in."""
    made = Client()
    made.force_login(User.objects.get(email=email))
    made.cookies["xk_lang"] = "en"
    return made
