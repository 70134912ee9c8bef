"""Django's registration of this app."""

from __future__ import annotations

from django.apps import AppConfig


class RateLimitsConfig(AppConfig):
    """The app ``ratelimits``."""

    name = "xinka.platform.ratelimits"
    label = "ratelimits"
