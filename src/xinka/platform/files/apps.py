"""Django's registration of this app."""

from __future__ import annotations

from django.apps import AppConfig


class FilesConfig(AppConfig):
    """The app ``files``."""

    name = "xinka.platform.files"
    label = "files"
