"""Django's registration of this app."""

from __future__ import annotations

from django.apps import AppConfig


class MerchantsConfig(AppConfig):
    """The app ``merchants``."""

    name = "xinka.merchants"
    label = "merchants"
