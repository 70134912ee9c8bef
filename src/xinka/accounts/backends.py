"""Who may be signed in at all, asked at the sign-in and again at every request of a session."""

from __future__ import annotations

from typing import cast

from allauth.account.auth_backends import AuthenticationBackend
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser

from xinka.accounts.demo_people import is_demo_person
from xinka.accounts.models import User


class PeopleOfThisShop(AuthenticationBackend):
    """Active people; those of the demo only while the shop is one, however they would prove who they are."""

    def user_can_authenticate(self, user: AbstractBaseUser | None) -> bool:
        """Whether this person may be signed in."""
        if user is not None and not settings.SANDBOX and is_demo_person(cast("User", user).email):
            return False
        return bool(super().user_can_authenticate(user))
