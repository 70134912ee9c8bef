"""Django's registration of this app."""

from __future__ import annotations

from django.apps import AppConfig


class DeliveryConfig(AppConfig):
    """The app ``delivery``."""

    name = "xinka.delivery"
    label = "delivery"
