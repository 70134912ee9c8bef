"""Who may see an order: the browser that placed it, or its buyer signed in. Everybody else sees no order at all.

All ways to fail give the same refusal, and so the same page, as a number that was made up.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from uuid import UUID

from allauth.account.models import EmailAddress
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from xinka.kernel import ids
from xinka.kernel.errors import BadIdentifier, BadInput
from xinka.orders.access import COOKIE, COOKIE_FOR, OrderAccess, normalise_password, order_path
from xinka.orders.contact import normalise_contact
from xinka.orders.contacts import is_forgotten
from xinka.orders.errors import OrderForgotten, OrderNotFound
from xinka.orders.models import Order
from xinka.orders.queries import contact_key, order_by_id
from xinka.platform.vault.keys import blind_index


@cache
def order_access() -> OrderAccess:
    """Return the proofs of this shop."""
    return OrderAccess(settings.ENVIRONMENT.derive("order-access"))


def password_key(password: str) -> UUID:
    """Return the key that an order password is compared by."""
    return blind_index("order-password").uuid(normalise_password(password).encode())


def order_for(request: HttpRequest, shown_id: str) -> Order:
    """Return an order to somebody who may see it.

    Raises:
        OrderForgotten: if it is theirs, but so old that its goods and contact are not kept any more.
        OrderNotFound: in every other case.
    """
    try:
        order_id = ids.parse("ord", shown_id)
    except BadIdentifier:
        raise OrderNotFound from None
    has_cookie = order_access().allows_cookie(order_id, COOKIE.of(request.COOKIES))
    order = order_by_id(order_id)
    if order is None or not (has_cookie or order.contact_key in keys_of_person(request)):
        raise OrderNotFound
    if is_forgotten(order):
        raise OrderForgotten
    return order


def keys_of_person(request: HttpRequest) -> list[UUID]:
    """Return the contact keys of the signed-in person's verified addresses; none for a guest."""
    if not request.user.is_authenticated:
        return []
    verified = EmailAddress.objects.filter(user=request.user, verified=True).values_list("email", flat=True)
    return [contact_key(address) for address in _normal(verified)]


def grant(response: HttpResponse, order_id: UUID) -> None:
    """Let this browser open the order from now on, as if it had placed it."""
    response.set_cookie(
        COOKIE.name(secure=settings.ENVIRONMENT.secure),
        order_access().cookie_value(order_id),
        max_age=COOKIE_FOR,
        path=order_path(order_id),
        secure=settings.ENVIRONMENT.secure,
        httponly=True,
        samesite="Lax",
    )


def grant_if_missing(request: HttpRequest, response: HttpResponse, order_id: UUID) -> None:
    """Give the cookie to a buyer who came in by signing in, so that the till answers their page's questions too.

    And to one whose browser still has it under the name that an earlier version of the shop wrote.
    """
    name = COOKIE.name(secure=settings.ENVIRONMENT.secure)
    if not order_access().allows_cookie(order_id, request.COOKIES.get(name, "")):
        grant(response, order_id)


def _normal(addresses: Iterable[str]) -> Iterable[str]:
    for address in addresses:
        try:
            yield normalise_contact(address)
        except BadInput:
            continue  # an address that checkout would not take either, so no order can be its
