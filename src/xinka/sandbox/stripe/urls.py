"""The addresses of Stripe's REST interface."""

from __future__ import annotations

from django.urls import path

from xinka.sandbox.stripe import gateway

urlpatterns = [
    path("v1/checkout/sessions", gateway.sessions, name="stripe-sessions"),
    path("v1/checkout/sessions/<str:number>", gateway.session, name="stripe-session"),
    path("v1/checkout/sessions/<str:number>/expire", gateway.expire, name="stripe-expire"),
    path("v1/payment_intents/<str:number>", gateway.intent, name="stripe-intent"),
    path("v1/refunds", gateway.refunds, name="stripe-refunds"),
    path("v1/balance_transactions", gateway.balance_transactions, name="stripe-balance"),
    path("v1/account", gateway.account, name="stripe-account"),
]
