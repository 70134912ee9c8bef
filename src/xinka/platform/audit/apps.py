"""Django's registration of this app."""

from __future__ import annotations

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """The app ``audit``."""

    name = "xinka.platform.audit"
    label = "audit"
