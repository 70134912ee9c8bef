"""Django's registration of this app."""

from __future__ import annotations

from django.apps import AppConfig


class VaultConfig(AppConfig):
    """The app ``vault``."""

    name = "xinka.platform.vault"
    label = "vault"
