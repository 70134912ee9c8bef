"""Django's registration of this app."""

from __future__ import annotations

from django.apps import AppConfig


class StockConfig(AppConfig):
    """The app ``stock``."""

    name = "xinka.stock"
    label = "stock"
