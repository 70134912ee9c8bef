"""The sandbox gateway's addresses, mounted under ``/sandbox/`` only with ``XINKA_SANDBOX=1``."""

from __future__ import annotations

from django.urls import include, path

from xinka.sandbox import cashier
from xinka.sandbox.protocols import ROOMS

app_name = "sandbox"
urlpatterns = [
    path("pay/<str:token>", cashier.show, name="cashier"),
    path("pay/<str:token>/<slug:ending>", cashier.end, name="end"),
    *(path(room.prefix, include(f"xinka.sandbox.{room.room}.urls")) for room in ROOMS.values()),
]
