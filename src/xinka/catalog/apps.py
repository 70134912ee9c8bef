"""Django's registration of this app."""

from __future__ import annotations

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    """The app ``catalog``."""

    name = "xinka.catalog"
    label = "catalog"
