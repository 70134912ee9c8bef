"""The addresses of PayPal's REST interface."""

from __future__ import annotations

from django.urls import path

from xinka.sandbox.paypal import gateway, payouts

urlpatterns = [
    path("v1/oauth2/token", gateway.token, name="paypal-token"),
    path("v2/checkout/orders", gateway.orders, name="paypal-orders"),
    path("v2/checkout/orders/<str:number>", gateway.order, name="paypal-order"),
    path("v2/checkout/orders/<str:number>/capture", gateway.capture_order, name="paypal-capture-order"),
    path("v2/payments/captures/<str:number>", gateway.capture, name="paypal-capture"),
    path("v2/payments/captures/<str:number>/refund", gateway.refund, name="paypal-refund"),
    path("v1/payments/payouts", payouts.batches, name="paypal-payouts"),
    path("v1/payments/payouts/<str:number>", payouts.batch, name="paypal-payout"),
    path("v1/payments/payouts-item/<str:number>", payouts.item, name="paypal-payout-item"),
    path("v1/notifications/certs/CERT-<str:pid>", gateway.certificate, name="paypal-certificate"),
    path("v1/notifications/webhooks/<str:number>", gateway.webhook, name="paypal-webhook"),
    path("v1/notifications/verify-webhook-signature", gateway.verify, name="paypal-verify"),
    path("v1/reporting/transactions", gateway.report, name="paypal-report"),
]
