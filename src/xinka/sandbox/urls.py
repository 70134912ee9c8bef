"""The sandbox gateway's addresses, mounted under ``/sandbox/`` only with ``XINKA_SANDBOX=1``."""

from __future__ import annotations

from django.urls import path

from xinka.sandbox import cashier, gateway

app_name = "sandbox"
urlpatterns = [
    path("submit.php", gateway.submit, name="submit"),
    path("mapi.php", gateway.mapi, name="mapi"),
    path("api.php", gateway.api, name="api"),
    path("pay/<str:token>", cashier.show, name="cashier"),
    path("pay/<str:token>/<slug:ending>", cashier.end, name="end"),
]
