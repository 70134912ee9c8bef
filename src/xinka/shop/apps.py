"""Django's registration of this app."""

from __future__ import annotations

from django.apps import AppConfig


class ShopConfig(AppConfig):
    """The app ``shop``."""

    name = "xinka.shop"
    label = "shop"
