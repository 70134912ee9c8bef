"""Django's registration of this app."""

from __future__ import annotations

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """The app ``ledger``."""

    name = "xinka.ledger"
    label = "ledger"
