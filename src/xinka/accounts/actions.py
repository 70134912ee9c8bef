"""What happens to accounts outside the sign-in pages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django.db import transaction
from django.utils import timezone

from xinka.accounts.models import User

#: How long an address may stay unconfirmed before the account is forgotten.
UNCONFIRMED_FOR = timedelta(days=7)


@transaction.atomic
def create_person(email: str, password: str | None = None, **fields: Any) -> User:
    """Create someone whose address is known to be theirs (demo shops, invitations); they can sign in at once."""
    user = User.objects.create_user(email, password, **fields)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def forget_unconfirmed() -> int:
    """Delete accounts that never signed in and whose address was not confirmed in time; return how many.

    Whoever was given a part in a merchant stays: the operator vouched for them, and a shop would lose its owner.
    """
    before = timezone.now() - UNCONFIRMED_FOR
    stale = User.objects.filter(last_login=None, created_at__lt=before, is_staff=False, memberships=None)
    _, per_model = stale.exclude(emailaddress__verified=True).filter(emailaddress__verified=False).delete()
    return per_model.get("accounts.User", 0)
