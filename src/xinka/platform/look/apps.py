"""Registers the look: its templates, tags, static files and translations."""

from __future__ import annotations

from django.apps import AppConfig


class LookConfig(AppConfig):
    """The Django app behind every page."""

    name = "xinka.platform.look"
    label = "look"
