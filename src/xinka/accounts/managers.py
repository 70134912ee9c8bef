"""How people come into the database: always with a normalised address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.base_user import BaseUserManager
from django.db import transaction

from xinka.accounts.email_addresses import normalise_email
from xinka.accounts.staff_roles import StaffRole

if TYPE_CHECKING:
    from xinka.accounts.models import User


class UserManager(BaseUserManager["User"]):
    """Creates people and finds them by any spelling of their address."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Create a person; without a password they sign in by code or passkey only."""
        user = self.model(email=normalise_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Create an operator, who gives all other roles; for ``manage createsuperuser`` and tests.

        Whoever runs commands on the server vouches for the address. Were it to be confirmed by mail first, the
        password chosen here would be thrown away as one that somebody else had set, and no mail server, no operator.
        """
        from allauth.account.models import EmailAddress  # here, because models are read while the apps are loading

        powers = {"is_staff": True, "is_superuser": True, "staff_roles": [StaffRole.OPERATOR.value]}
        with transaction.atomic(using=self._db):
            user = self.create_user(email, password, **{**powers, **fields})
            EmailAddress.objects.using(self._db).create(user=user, email=user.email, verified=True, primary=True)
        return user

    def find(self, address: str) -> User | None:
        """Return whose account has this address, however it is spelt; an account that was closed is nobody's."""
        return self.filter(email=normalise_email(address), closed_at=None).first()

    def get_by_natural_key(self, username: str | None) -> User:
        """Return the person with this address, however it is spelt."""
        return self.get(email=normalise_email(username or ""))
