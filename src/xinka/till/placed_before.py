"""The same asked again in one browser is one order: what it ordered last stands for it.

A page's own key does so for its tab alone, and a page without scripts has none: a second tab would be a second charge.
The cookie goes to the checkout alone, lasts as long as stock is kept, and counts only with the order's own proof.
"""

from __future__ import annotations

from uuid import UUID

from xinka.flows.checkout import RESERVED_FOR, CheckoutRequest
from xinka.kernel import ids
from xinka.kernel.cookies import Cookie
from xinka.kernel.errors import BadIdentifier
from xinka.kernel.flow import Query
from xinka.orders import sql as orders_sql
from xinka.platform.database.drive import fetch_async
from xinka.till.context import Till
from xinka.till.http import Request

COOKIE = Cookie("xk_placed", is_of_all=False)
_PATH = "/checkout"


async def key_of_the_same(till: Till, wanted: CheckoutRequest, request: Request) -> str:
    """Return the key of the unpaid order in which this browser asked for just the same, or nothing if there is none."""
    shown, _, proof = request.kept(COOKIE).partition(".")
    try:
        order_id = ids.parse("ord", shown)
    except BadIdentifier:
        return ""
    if not till.access.allows_cookie(order_id, proof):
        return ""
    async with till.pool.connection() as connection:
        rows = await fetch_async(connection, Query(orders_sql.OPEN_REQUEST, (order_id, wanted.request_hash)))
    return str(rows[0][0].hex) if rows else ""


def remember(till: Till, order_id: UUID) -> tuple[str, str]:
    """Return the header by which a browser remembers what it ordered."""
    secure = till.environment.secure
    value = f"{ids.show('ord', order_id)}.{till.access.cookie_value(order_id)}"
    more = "; Secure" if secure else ""
    name = COOKIE.name(secure=secure)
    return ("set-cookie", f"{name}={value}; Path={_PATH}; Max-Age={RESERVED_FOR}; HttpOnly; SameSite=Lax{more}")
