"""How many recovery codes somebody has left, and the mail that says one was used.

The last of them shuts its owner out on the day the phone is lost, and one that a thief has found opens the account as
well as the phone does: both are to be noticed while something can still be done.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from allauth.account.adapter import get_adapter
from allauth.core import context as current
from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator

from xinka.accounts.client_addresses import client_address

if TYPE_CHECKING:
    from xinka.accounts.models import User

log = logging.getLogger(__name__)

#: So many, or fewer, are few: pages say so.
FEW = 3


def n_left(user: User) -> int | None:
    """Return how many codes are unused; ``None`` if somebody has none at all, because there is no second step."""
    kept = Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).first()
    if kept is None:
        return None
    return int(app_settings.RECOVERY_CODE_COUNT) - int(kept.data["used_mask"]).bit_count()


def tell_one_was_used(user: User) -> None:
    """Have the owner told that a code has just been used, and how many are left."""
    left = n_left(user) or 0
    log.info(
        "account.recovery_code_used", extra={"user": user.pk, "left": left, "address": client_address(current.request)}
    )
    get_adapter().send_notification_mail("accounts/email/recovery_code_used", user, {"left": str(left)})
