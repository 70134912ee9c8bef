"""Django's registration of this app."""

from __future__ import annotations

from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    """The app ``payments``."""

    name = "xinka.payments"
    label = "payments"
