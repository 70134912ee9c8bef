"""Django's registration of this app."""

from __future__ import annotations

from django.apps import AppConfig


class FlowsConfig(AppConfig):
    """The app ``flows``."""

    name = "xinka.flows"
    label = "flows"
