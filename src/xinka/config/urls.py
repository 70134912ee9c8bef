"""Every address that Django answers; the till answers its few before they get here."""

from __future__ import annotations

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("account/", include("xinka.accounts.urls")),
    path("look/", include("xinka.platform.look.urls")),
    path("desk/", include("xinka.desk.urls")),
    path("office/", include("xinka.office.urls")),
    path("", include("xinka.shop.urls")),
]
if settings.SANDBOX:
    urlpatterns.insert(0, path("sandbox/", include("xinka.sandbox.urls")))

handler400 = "xinka.platform.look.views.bad_request"
handler403 = "xinka.platform.look.views.forbidden"
handler404 = "xinka.platform.look.views.not_found"
handler429 = "xinka.platform.look.views.too_many"  # allauth asks for it where its limits are reached
handler500 = "xinka.platform.look.views.server_error"
