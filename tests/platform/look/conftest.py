"""A site of a few views, so that the look is tested without any shop behind it."""

from __future__ import annotations

from types import ModuleType

import pytest
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.test import Client
from django.urls import include, path
from pytest_django import Settings

from xinka.kernel.errors import BadInput, Refusal
from xinka.platform.look import policy, views


class SoldOut(Refusal):
    """The example of a refusal."""

    code = "sold_out"
    status = 409
    zh = "只剩 {left} 件 <b>。"
    en = "Only {left} left <b>."


class TooOften(Refusal):
    """The example of a refusal that passes."""

    code = "too_often"
    status = 429


def page(request: HttpRequest) -> HttpResponse:
    return render(request, "base.html")


def public(request: HttpRequest) -> HttpResponse:
    policy.mark_public(request, "home", "product:7")
    return render(request, "base.html")


def public_but_personal(request: HttpRequest) -> HttpResponse:
    policy.mark_public(request, "home")
    response = render(request, "base.html")
    response.set_cookie("xk_cart", "1")
    return response


def public_but_missing(request: HttpRequest) -> HttpResponse:
    policy.mark_public(request, "home")
    return HttpResponse("gone", status=404)


def paying(request: HttpRequest) -> HttpResponse:
    policy.allow_form_to(request, "https://gateway.example")
    policy.allow_data_images(request)
    return HttpResponse("pay")


def own_cache(request: HttpRequest) -> HttpResponse:
    response = JsonResponse({})
    response["Cache-Control"] = "public, max-age=60"
    return response


def sold_out(request: HttpRequest) -> HttpResponse:
    raise SoldOut(left=3)


def too_often(request: HttpRequest) -> HttpResponse:
    raise TooOften(retry_after=30)


def bad_input(request: HttpRequest) -> HttpResponse:
    raise BadInput(field="<script>x</script>", why_zh="<img src=x>", why_en="<img src=x>")


def closed(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied


def broken(request: HttpRequest) -> HttpResponse:
    raise ZeroDivisionError


@pytest.fixture
def site(settings: Settings) -> Client:
    """A client of the little site; it does not stop at server errors, as browsers do not."""
    addresses = ModuleType("little_site")
    shown = [page, public, public_but_personal, public_but_missing, paying, own_cache, sold_out, too_often, bad_input]
    addresses.urlpatterns = [  # type: ignore[attr-defined]  # a module made here
        path("look/", include("xinka.platform.look.urls")),
        *[path(view.__name__, view) for view in [*shown, closed, broken]],
    ]
    addresses.handler400 = views.bad_request  # type: ignore[attr-defined]  # as above
    addresses.handler403 = views.forbidden  # type: ignore[attr-defined]  # as above
    addresses.handler404 = views.not_found  # type: ignore[attr-defined]  # as above
    addresses.handler500 = views.server_error  # type: ignore[attr-defined]  # as above
    settings.ROOT_URLCONF = addresses
    return Client(raise_request_exception=False)
