"""Django's registration of this app."""

from __future__ import annotations

from django.apps import AppConfig


class MaintenanceConfig(AppConfig):
    """The app ``maintenance``."""

    name = "xinka.platform.maintenance"
    label = "maintenance"
