"""Django's registration of this app."""

from __future__ import annotations

from django.apps import AppConfig


class DeskConfig(AppConfig):
    """The app ``desk``."""

    name = "xinka.desk"
    label = "desk"
