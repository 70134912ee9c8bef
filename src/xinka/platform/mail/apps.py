"""Django's registration of this app."""

from __future__ import annotations

from django.apps import AppConfig


class MailConfig(AppConfig):
    """The app ``mail``."""

    name = "xinka.platform.mail"
    label = "mail"
