"""Django's entry to this room."""

from __future__ import annotations

from django.apps import AppConfig


class PromotionsConfig(AppConfig):
    """Registers the models."""

    name = "xinka.promotions"
    label = "promotions"
