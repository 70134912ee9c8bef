"""Django's registration of this app."""

from __future__ import annotations

from django.apps import AppConfig


class OfficeConfig(AppConfig):
    """The app ``office``."""

    name = "xinka.office"
    label = "office"
