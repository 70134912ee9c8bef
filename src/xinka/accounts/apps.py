"""How Django knows the app of accounts."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """The app ``accounts``."""

    name = "xinka.accounts"
    label = "accounts"
    verbose_name = _("Accounts")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect what follows from sign-in events."""
        # models exist only now
        from xinka.accounts import first_confirmation, losing_second_factor, renewing, sign_in_log

        first_confirmation.connect()
        losing_second_factor.connect()
        renewing.connect()
        sign_in_log.connect()
