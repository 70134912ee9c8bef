"""Registers the look: its templates, tags, static files and translations."""

from __future__ import annotations

from django.apps import AppConfig


class LookConfig(AppConfig):
    """The Django app behind every page."""

    name = "xinka.platform.look"
    label = "look"

    def ready(self) -> None:
        """Have every form look at the direction of its texts."""
        from xinka.platform.look.one_way import watch_every_text_field  # here: forms want the applications to be ready

        watch_every_text_field()
