"""The addresses of epay V1."""

from __future__ import annotations

from django.urls import path

from xinka.sandbox.epay import gateway

urlpatterns = [
    path("submit.php", gateway.submit, name="submit"),
    path("mapi.php", gateway.mapi, name="mapi"),
    path("api.php", gateway.api, name="api"),
]
