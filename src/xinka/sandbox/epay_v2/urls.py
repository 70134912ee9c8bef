"""The addresses of epay V2."""

from __future__ import annotations

from django.urls import path

from xinka.sandbox.epay_v2 import gateway

urlpatterns = [
    path("api/pay/submit", gateway.submit, name="epay_v2_submit"),
    path("api/<slug:group>/<slug:act>", gateway.call, name="epay_v2_call"),
]
