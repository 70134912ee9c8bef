"""Addresses of the switches, and of the component gallery where one may look at it."""

from __future__ import annotations

from django.conf import settings
from django.urls import path

from xinka.platform.look import views

app_name = "look"
urlpatterns = [
    path("language", views.choose_language, name="language"),
    path("theme", views.choose_theme, name="theme"),
    path("keys", views.choose_keys, name="keys"),
]
if settings.DEBUG or getattr(settings, "SANDBOX", False):
    urlpatterns.append(path("gallery", views.gallery, name="gallery"))
