"""The addresses of the sandbox's Alipay."""

from __future__ import annotations

from django.urls import path

from xinka.sandbox.alipay import gateway

urlpatterns = [
    path("gateway.do", gateway.gateway, name="alipay_gateway"),
    path("downloadBillFile.resource", gateway.bill, name="alipay_bill"),
]
