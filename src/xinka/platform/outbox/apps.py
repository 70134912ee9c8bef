"""Django's registration of this app."""

from __future__ import annotations

from django.apps import AppConfig


class OutboxConfig(AppConfig):
    """The app ``outbox``."""

    name = "xinka.platform.outbox"
    label = "outbox"
