"""Django's registration of this app."""

from __future__ import annotations

from django.apps import AppConfig


class OrdersConfig(AppConfig):
    """The app ``orders``."""

    name = "xinka.orders"
    label = "orders"
