"""The code field of the product page, the page of gift cards, and the links by which people are sent here.

A code is never part of an address: it comes in the body of a POST and is remembered in a signed cookie.
"""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, gettext, pgettext
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from xinka.accounts.client_addresses import client_address
from xinka.accounts.policies import require_sign_in, signed_in
from xinka.catalog.models import Sku
from xinka.catalog.queries import sku_for_sale
from xinka.flows.promotions import cards
from xinka.kernel.errors import Refusal
from xinka.ledger.accounts import Account
from xinka.ledger.queries import balance_of as owed_to
from xinka.platform.look.addresses import safe_path
from xinka.platform.look.templatetags.look import amount
from xinka.promotions.codes import normalise_code
from xinka.promotions.errors import CodeUnknown
from xinka.promotions.models import Referral, ReferralTerms
from xinka.promotions.passes import CODE_COOKIE, REFERRAL_COOKIE, REFERRAL_FOR
from xinka.shop.deals import Deal, deal_for, passes, remember_code, with_code
from xinka.shop.product import Typed, product_as_typed
from xinka.shop.words import figures

_LONGEST_TYPED = 254


@csrf_exempt  # the page is the same for everybody and so has no token; the request must come from this site
@sensitive_post_parameters("coupon", "contact", "password")
@require_POST
def use_code(request: HttpRequest) -> HttpResponse:
    """Look at a code and remember it if it is good; an empty one is forgotten. Scripts are answered with JSON.

    Browsers without scripts also come here for a new total, and to look for a number to choose.
    """
    if not _is_from_here(request):
        raise Http404
    sku = sku_for_sale(_number(request, "sku"))
    if sku is None:
        raise Http404
    typed, quantity = request.POST.get("coupon", "")[:80], max(sku.min_quantity, _number(request, "quantity"))
    for name in CODE_COOKIE.names:  # the new one counts, not the one before
        request.COOKIES.pop(name, None)
    chosen = _number(request, "chosen")
    deal = deal_for(request, sku, quantity, chosen=chosen)
    if typed.strip():
        deal = _judge(request, deal, sku, typed, chosen)
    if request.headers.get("Accept", "").startswith("application/json"):
        response: HttpResponse = JsonResponse(_told(deal, sku))
    else:
        response = _without_scripts(request, deal, sku, _asked(request, sku, quantity, chosen))
    remember_code(response, deal.code)
    return response


def _asked(request: HttpRequest, sku: Sku, quantity: int, chosen: int) -> str:
    """Return what the product page shows first, as the query of its address."""
    looked_for = {"code": request.POST.get("code", "")[:80], "codes": _number(request, "codes")}
    asked = {"sku": sku.id, "quantity": quantity, "chosen": chosen} | looked_for
    return urlencode({name: value for name, value in asked.items() if value})


def _without_scripts(request: HttpRequest, deal: Deal, sku: Sku, query: str) -> HttpResponse:
    """Lead back to the product; who had typed more than a code gets the page with all of it, since no address may."""
    typed = Typed(
        contact=request.POST.get("contact", "")[:_LONGEST_TYPED],
        password=request.POST.get("password", "")[:_LONGEST_TYPED],
        coupon=request.POST.get("coupon", "")[:_LONGEST_TYPED],
        channel=request.POST.get("channel", ""),
        refusal=deal.refusal,
    )
    if typed.contact or typed.password:
        if deal.code:
            request.COOKIES[CODE_COOKIE.guarded] = passes().code(deal.code)  # as the browser is going to send it
        return product_as_typed(request, sku.product.slug, QueryDict(query), typed)
    address = f"{reverse('shop:product', args=[sku.product.slug])}?{query}#buy"
    if deal.refusal:
        context = {"words": deal.refusal, "way_back": address, "product": sku.product}
        return render(request, "shop/code_refused.html", context, status=HTTPStatus.CONFLICT)
    return HttpResponseRedirect(address, status=HTTPStatus.SEE_OTHER)


def _judge(request: HttpRequest, deal: Deal, sku: Sku, typed: str, chosen: int) -> Deal:
    code = normalise_code(typed)
    if not code:
        return replace(deal, refusal=CodeUnknown().message(get_language() or ""))
    return with_code(request, deal, sku, code, place=passes().place_key(client_address(request)), chosen=chosen)


def _told(deal: Deal, sku: Sku) -> dict[str, object]:
    """Return what the script needs to go on reckoning by itself."""
    facts = deal.facts
    return {
        "code": deal.code,
        "refusal": deal.refusal,
        "fixed": facts.off_fixed,
        "bps": facts.off_bps,
        "most": facts.off_most,
        "total": deal.price.total,
        "total_text": figures(deal.price.total, sku.currency),
        "label": gettext("Gift card") if deal.is_card else pgettext("promotion", "Code"),
    }


def _is_from_here(request: HttpRequest) -> bool:
    site, origin = request.headers.get("Sec-Fetch-Site", ""), request.headers.get("Origin", "")
    return site in ("", "same-origin", "none") and (not origin or origin.partition("://")[2] == request.get_host())


def _number(request: HttpRequest, name: str) -> int:
    text = request.POST.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0


@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def gift_cards(request: HttpRequest) -> HttpResponse:
    """Show what is on a gift card; whoever is signed in may put it into their balance, where there are balances."""
    context: dict[str, object] = {"has_wallet": settings.WALLET}
    if request.method == "POST":
        place, code = passes().place_key(client_address(request)), request.POST.get("code", "")[:80]
        found = cards.balance_of(code, place)
        if isinstance(found, Refusal):
            context |= {"refusal": _words_of_card(found), "typed": code}
            return render(request, "shop/gift_cards.html", context, status=int(found.status))
        if request.POST.get("redeem") and request.user.is_authenticated:
            return _redeem(request, code, place)
        context |= {"card": found, "typed": code}
    return render(request, "shop/gift_cards.html", context)


def _words_of_card(refusal: Refusal) -> str:
    """Return what is said to somebody who looks at a card; what an unknown code says of itself is for buyers."""
    if isinstance(refusal, CodeUnknown):
        return gettext("There is no such gift card. Compare its sixteen letters and digits one by one.")
    return refusal.message(get_language() or "")


def _redeem(request: HttpRequest, code: str, place: str) -> HttpResponse:
    answer = cards.redeem(code, signed_in(request).id, place)
    if isinstance(answer, Refusal):
        context = {"refusal": _words_of_card(answer), "typed": code, "has_wallet": settings.WALLET}
        return render(request, "shop/gift_cards.html", context, status=int(answer.status))
    messages.success(request, gettext("%(sum)s is in your balance now.") % {"sum": amount(*answer)})
    return HttpResponseRedirect(reverse("shop:balance"), status=303)


@require_safe
def follow(request: HttpRequest, code: str) -> HttpResponse:
    """Remember who sent this visitor and go on; a link that is not genuine just goes on."""
    response = HttpResponseRedirect(safe_path(request.GET.get("to", "/")), status=303)
    if passes().read_referral(code):
        response.set_cookie(
            REFERRAL_COOKIE.name(secure=settings.ENVIRONMENT.secure),
            code,
            max_age=REFERRAL_FOR,
            path="/checkout",
            secure=settings.ENVIRONMENT.secure,
            httponly=True,
            samesite="Lax",
        )
    response["X-Robots-Tag"] = "noindex"
    return response


@require_safe
@require_sign_in
def referrals(request: HttpRequest) -> HttpResponse:
    """Show a person their own link and what it has brought."""
    user = signed_in(request)
    rows = Referral.objects.filter(referrer_id=user.id).order_by("-at")[:50]
    offer = ReferralTerms.objects.filter(merchant=None).first()
    context = {
        "link": f"{settings.SITE_URL}{reverse('shop:follow', args=[passes().referral(user.id)])}",
        "rows": rows,
        "percent": f"{offer.bps / 100:g}" if offer and offer.bps else "",
        "pending": abs(owed_to(Account.REFERRAL_PENDING, user.id, "CNY")),
        "wallet": abs(owed_to(Account.WALLET, user.id, "CNY")) if settings.WALLET else None,
    }
    return render(request, "shop/referrals.html", context)
