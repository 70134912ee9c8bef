"""Finding an order again: by contact and order password, by a mailed link, or by signing in."""

from __future__ import annotations

import math
import time

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language, gettext, gettext_noop
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from xinka.flows.mailing import ask_for_order_links
from xinka.kernel import ids
from xinka.kernel.errors import BadIdentifier
from xinka.orders.access import meant_passwords, order_path
from xinka.orders.errors import OrderNotFound
from xinka.orders.models import Order
from xinka.orders.queries import contact_key, orders_of_contacts, orders_opened_by
from xinka.orders.states import OrderState
from xinka.shop import lookup_limits
from xinka.shop.access import grant, keys_of_person, order_access, password_key
from xinka.shop.forms import FindOrderForm
from xinka.stock.back_notes import notes_of

_PER_PAGE = 20
#: How many orders one look-up opens: each is a cookie.
_OPENED = 15
_ONLY_BY_MAIL = gettext_noop(
    "Many wrong passwords are being tried just now, so for %(n)d min. none is looked at here, the right one included. "
    "Have a link mailed to you with the button below. In a browser where you have seen goods of yours, the password "
    "works as always."
)


@sensitive_post_parameters("password", "contact")
@require_http_methods(["GET", "HEAD", "POST"])
def find_order(request: HttpRequest) -> HttpResponse:
    """Open the orders of a contact and order password. Whatever is wrong, the answer is the same."""
    form = FindOrderForm(request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        return _page(request, form)
    contact, password = form.cleaned_data["contact"], form.cleaned_data["password"]
    if not password:
        form.add_error("password", gettext("Fill it in, or have a link mailed to you."))
        return _page(request, form)
    if wait := lookup_limits.wait_to_find(request, contact):
        return _wait(
            request, form, wait, gettext("Too many tries. Try again in %(n)d min., or have a link mailed to you.")
        )
    if wait := lookup_limits.only_by_mail_for(request, contact):
        return _wait(request, form, wait, gettext(_ONLY_BY_MAIL))
    keys = [password_key(meant) for meant in meant_passwords(password)]
    found = orders_opened_by(contact_key(contact), keys)[:_OPENED]
    if not found:
        lookup_limits.count_wrong(contact)
        form.add_error(None, gettext("No order opens with these two. Check both, or have a link mailed to you."))
        return _page(request, form)
    response: HttpResponse
    if len(found) == 1:
        response = HttpResponseRedirect(order_path(found[0].id), status=303)
    else:
        response = render(request, "shop/orders.html", {"rows": _rows(found), "is_found": True})
    for order in found:
        grant(response, order.id)
    return response


@sensitive_post_parameters("contact")
@require_POST
def mail_links(request: HttpRequest) -> HttpResponse:
    """Have links mailed to a contact, if it has orders; whether it has, only its mailbox learns."""
    form = FindOrderForm(request.POST)
    if not form.is_valid():
        return _page(request, form)
    contact = form.cleaned_data["contact"]
    if wait := lookup_limits.wait_to_mail(request, contact):
        return _wait(request, form, wait, gettext("Too many tries. Try again in %(n)d min."))
    ask_for_order_links(contact, get_language() or "zh-hans")
    return render(request, "shop/links_mailed.html", {"contact": contact})


@require_safe
def open_by_link(request: HttpRequest, shown_id: str) -> HttpResponse:
    """Open an order by its mailed link: the browser gets the cookie, the address loses the secret.

    Raises:
        OrderNotFound: if the link is not genuine or too old; the same as for a number that was made up.
    """
    try:
        order_id = ids.parse("ord", shown_id)
    except BadIdentifier:
        raise OrderNotFound from None
    token = request.GET.get("t") or request.GET.get("key") or ""
    if not order_access().allows_link(order_id, token, int(time.time())):
        raise OrderNotFound
    response = HttpResponseRedirect(order_path(order_id), status=303)
    grant(response, order_id)
    return response


@require_safe
def my_orders(request: HttpRequest) -> HttpResponse:
    """List the orders that were sent to the signed-in person's verified addresses, and what they wait for."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    text = request.GET.get("page", "1")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 5 else 1
    keys = keys_of_person(request)
    page = Paginator(orders_of_contacts(keys), _PER_PAGE).get_page(number)
    notes = notes_of(keys, timezone.now())
    return render(request, "shop/orders.html", {"rows": _rows(list(page.object_list)), "page": page, "notes": notes})


def _page(request: HttpRequest, form: FindOrderForm, status: int = 200) -> HttpResponse:
    context = {"form": form, "months": settings.CONTACTS_KEPT_DAYS // 30, "years": settings.CONTACTS_KEPT_DAYS // 365}
    return render(request, "shop/find_order.html", context, status=status)


def _wait(request: HttpRequest, form: FindOrderForm, seconds: int, words: str) -> HttpResponse:
    """Refuse a try too many; the sentence is the same whatever was tried."""
    form.add_error(None, words % {"n": math.ceil(seconds / 60)})
    response = _page(request, form, status=429)
    response["Retry-After"] = str(seconds)
    return response


def _rows(orders: list[Order]) -> list[dict[str, object]]:
    return [
        {
            "order": order,
            "path": order_path(order.id),
            "state": order.state,
            "is_open": OrderState(order.state).is_open and order.expires_at > timezone.now(),
        }
        for order in orders
    ]
