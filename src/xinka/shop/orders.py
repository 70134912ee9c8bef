"""An order's page: what happened, what comes next, and the goods under their seals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST, require_safe

from xinka.accounts.client_addresses import client_address
from xinka.accounts.user_agents import device_label
from xinka.catalog.models import Kind
from xinka.catalog.queries import can_be_bought
from xinka.delivery.actions import Opener
from xinka.delivery.models import DeliveredCode
from xinka.flows.order_story import OrderStory, story_of
from xinka.flows.reveal import reveal
from xinka.kernel import ids
from xinka.orders.errors import OrderNotFound
from xinka.orders.models import Order
from xinka.orders.states import CLOSED_UNPAID, OrderState
from xinka.platform.look.prose import prose
from xinka.platform.look.refusals import is_fragment
from xinka.shop import words
from xinka.shop.access import grant_if_missing, order_access, order_for, password_key
from xinka.shop.disputes import case_link
from xinka.shop.elsewhere import app_of
from xinka.shop.escrow import badge_of, holding_of
from xinka.shop.known_browsers import remember_browser
from xinka.shop.left_open import left_open_of, waits_for_a_person
from xinka.shop.lookup import open_by_link
from xinka.shop.paid_elsewhere import paid_elsewhere
from xinka.shop.progress import is_followed, steps_of
from xinka.shop.wishes import wish_of


@dataclass(frozen=True)
class CodeCard:
    """One sealed card. ``value`` is only ever set in the answer to opening the seal."""

    position: int
    name: str
    opening: str
    opened_at: datetime | None
    opened_from: str
    value: str = ""
    link: str = ""
    replaces: int | None = None


@require_safe
def order(request: HttpRequest, shown_id: str) -> HttpResponse:
    """Show an order. No code is in this page, however often it was opened before."""
    if "key" in request.GET:
        return open_by_link(request, shown_id)
    try:
        found = order_for(request, shown_id)
    except OrderNotFound:
        if told := paid_elsewhere(request, shown_id):
            return told
        raise
    return _answer(request, found, "shop/order.html", {})


@require_safe
def goods(request: HttpRequest, shown_id: str) -> HttpResponse:
    """Show the part of the page that changes when the money has come."""
    found = order_for(request, shown_id)
    return _answer(request, found, "shop/_goods.html", {})


@require_POST
@sensitive_variables()
def reveal_codes(request: HttpRequest, shown_id: str) -> HttpResponse:
    """Open one seal (``position``) or all, write the time down, and show what is inside in this answer alone."""
    found = order_for(request, shown_id)
    position = request.POST.get("position", "")
    if position and not (position.isascii() and position.isdigit() and len(position) < 6):
        return _answer(request, found, "shop/order.html", {})
    opened = _open(request, found, {int(position)} if position else None)
    if not is_fragment(request):
        return _answer(request, found, "shop/order.html", opened)
    return _answer(request, found, "shop/_code.html" if position and opened else "shop/_goods.html", opened)


@require_POST
@sensitive_variables()
def download_codes(request: HttpRequest, shown_id: str) -> HttpResponse:
    """Hand all codes out as a text file: each exactly as the merchant stocked it, a line break between two."""
    found = order_for(request, shown_id)
    opened = _open(request, found, None)
    content = b"\n".join(opened[place] for place in sorted(opened))
    response = HttpResponse(content, content_type="text/plain; charset=utf-8")
    # The name is made of the shown number alone: letters and digits, so nothing in it needs quoting.
    response["Content-Disposition"] = f'attachment; filename="{ids.show("ord", found.id)}.txt"'
    response["Cache-Control"] = "no-store"
    return response


@sensitive_variables()
def _open(request: HttpRequest, found: Order, positions: set[int] | None) -> dict[int, bytes]:
    if found.state != OrderState.DELIVERED:
        return {}
    opener = Opener(device_label(request.headers.get("User-Agent", "")), client_address(request))
    opened = reveal(found.id, positions, opener=opener, now=timezone.now())
    return {code.position: code.content for code in opened}


@sensitive_variables()
def _answer(request: HttpRequest, found: Order, template: str, opened: dict[int, bytes]) -> HttpResponse:
    story = story_of(found)
    context = order_context(story) | {"wish": wish_of(request, story)}
    cards = [_card(story.kind, code, opened) for code in story.codes]
    context |= {
        "cards": cards,
        "card": next((card for card in cards if card.value), None),
        "app": app_of(request),
        "all_open": bool(cards) and all(card.value for card in cards),
    }
    response = render(request, template, context)
    response["Cache-Control"] = "no-store"
    grant_if_missing(request, response, found.id)
    if found.state == OrderState.DELIVERED:
        remember_browser(request, response)
    return response


def _card(kind: Kind, code: DeliveredCode, opened: dict[int, bytes]) -> CodeCard:
    value = opened.get(code.position, b"").decode("utf-8", "replace")
    return CodeCard(
        position=code.position,
        name=words.piece_in_words(kind, code.position),
        opening=words.opening_in_words(kind, code.position),
        opened_at=code.revealed_at,
        opened_from=code.revealed_from,
        value=value,
        link=_link_in(value),
        replaces=code.replaces,
    )


def _link_in(value: str) -> str:
    """Return the first line that is a web address and nothing else; below it often stands how to unpack."""
    lines = (line.strip() for line in value.splitlines())
    return next((one for one in lines if one.startswith(("https://", "http://")) and len(one.split()) == 1), "")


def order_context(story: OrderStory) -> dict[str, object]:
    """Return what every part of an order's page shows."""
    found, product = story.order, story.sku.product
    delivered = story.state is OrderState.DELIVERED
    holding = holding_of(story) if delivered else None
    return {
        "story": story,
        "order": found,
        "state": story.state.value,
        "shown_id": ids.show("ord", found.id),
        "short_id": ids.show("ord", found.id)[-8:].upper(),
        "product": product,
        "can_be_bought": can_be_bought(story.sku),
        "merchant_name": words.merchant_name(product.merchant),
        "headline": words.delivered_in_words(story.kind, sum(code.replaces is None for code in story.codes)),
        "content_label": words.content_label(story.kind),
        "care": words.care_in_words(story.kind),
        "steps": steps_of(story, by_bank=holding is not None and holding.is_with_buyer),
        "password": _made_password(story),
        "after_payment": prose(product.local_after_payment) if delivered else "",
        "how_to": prose(product.local_how_to) if delivered else "",
        "is_waiting": story.state.is_open and not story.is_late,
        "is_followed": is_followed(story),
        "is_over": story.is_late or story.state in CLOSED_UNPAID,
        "received": found.amount - story.missing,
        "money_badge": badge_of(story.hold, by_bank=holding is not None and holding.is_with_buyer),
        "holding": holding,
        "is_going_back": story.is_going_back,
        "left_open": left_open_of(found) if story.is_late or story.state in CLOSED_UNPAID else None,
        "is_sent_by_hand": waits_for_a_person(story.refunds),
        **case_link(found),
    }


def _made_password(story: OrderStory) -> str:
    """Return the order password if the shop made it; one that the buyer chose is not known here."""
    made = order_access().made_password(story.order.id)
    return made if story.order.password_key == password_key(made) else ""
