"""Addresses under /account/."""

from __future__ import annotations

from allauth.account.urls import urlpatterns as allauth_pages
from django.urls import URLPattern, URLResolver, include, path

from xinka.accounts import fresh_proof, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.overview, name="account_overview"),
    path("password/strength", views.password_strength, name="account_password_strength"),
    path("still-here", views.still_here, name="account_still_here"),
    path("reauthenticate/code/", fresh_proof.mailed_code, name="account_reauthenticate_code"),
    path("refunds", views.set_refunds, name="account_refunds"),
    path("sessions/<int:pk>/end", views.end_session, name="account_end_session"),
    path("logout/", views.sign_out, name="account_logout"),
    path("sessions/", views.sessions, name="usersessions_list"),
    *[page for page in allauth_pages if page.name != "account_logout"],
    path("two-factor/keep", views.keep_second_step, name="account_keep_second_step"),
    path("two-factor/", include("allauth.mfa.urls")),
]
