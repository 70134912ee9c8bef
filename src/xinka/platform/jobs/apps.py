"""Django's registration of this app."""

from __future__ import annotations

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """The app ``jobs``."""

    name = "xinka.platform.jobs"
    label = "jobs"
