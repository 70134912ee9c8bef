"""The addresses of the epusdt family, below the account they belong to."""

from __future__ import annotations

from django.urls import path

from xinka.sandbox.epusdt import gateway

urlpatterns = [
    path("<str:pid>/api/v1/order/create-transaction", gateway.create, name="epusdt-create"),
    path("<str:pid>/payments/gmpay/v1/order/create-transaction", gateway.create_gmpay, name="epusdt-create-gmpay"),
    path("<str:pid>/api/v1/order/cancel-transaction", gateway.cancel, name="epusdt-cancel"),
    path("<str:pid>/pay/check-status/<str:trade_id>", gateway.status, name="epusdt-status"),
]
