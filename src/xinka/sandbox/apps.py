"""Django's registration of this app."""

from __future__ import annotations

from django.apps import AppConfig


class SandboxConfig(AppConfig):
    """The app ``sandbox``."""

    name = "xinka.sandbox"
    label = "sandbox"
