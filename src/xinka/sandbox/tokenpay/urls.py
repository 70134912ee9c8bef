"""The addresses of TokenPay, below the account they belong to."""

from __future__ import annotations

from django.urls import path

from xinka.sandbox.tokenpay import gateway

urlpatterns = [
    path("<str:pid>/CreateOrder", gateway.create, name="tokenpay-create"),
    path("<str:pid>/Query", gateway.query, name="tokenpay-query"),
]
