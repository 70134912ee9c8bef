"""``/order/ORDER/status``: how far an order came, at once or as soon as it moves."""

from __future__ import annotations

from http import HTTPStatus

from xinka.kernel import ids
from xinka.orders.access import COOKIE
from xinka.orders.errors import OrderNotFound
from xinka.till.context import Till
from xinka.till.http import Request, Response, json_response, parse_form
from xinka.till.serving.heads import PRIVATE

SUFFIX = "/status"
PREFIX = "/order/"
#: How long a request may wait for a change, in seconds; shorter than the patience of proxies.
PATIENCE = 25.0


async def status(till: Till, request: Request) -> Response:
    """Answer ``{"state": …}``; with ``?after=STATE`` only once the state is another, or after 25 seconds.

    Raises:
        OrderNotFound: if there is no such order, or this browser did not place it: the answer is the same.
    """
    if request.method != "GET":
        return Response(HTTPStatus.METHOD_NOT_ALLOWED, b"", [("allow", "GET")], PRIVATE)
    order_id = ids.parse("ord", request.path[len(PREFIX) : -len(SUFFIX)])
    if not till.access.allows_cookie(order_id, request.kept(COOKIE)):
        raise OrderNotFound
    state = await till.waiting.state_of(order_id)
    if state is None:
        raise OrderNotFound
    after = _after(request.query)
    if after == state:
        state = await till.waiting.wait(order_id, state, PATIENCE)
    return json_response({"state": state})


def _after(query: str) -> str:
    try:
        return parse_form(query.encode()).get("after", "") if query else ""
    except ValueError:
        return ""
