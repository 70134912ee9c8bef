"""Withdrawing: asking for a payout, taking it back, the history, and the accounts money goes to.

Asking and changing accounts needs a fresh proof of who one is, however recently one signed in.
"""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from xinka.accounts.policies import require_fresh_proof, signed_in
from xinka.desk.access import Desk, for_members
from xinka.desk.balance import currency_of
from xinka.flows.hindrances import hindrance_in_words
from xinka.flows.payouts import asking, gateway
from xinka.flows.payouts.accounts import MOST_ACCOUNTS, add_account, remove_account
from xinka.flows.payouts.balance import money_of
from xinka.flows.payouts.lines import line_of
from xinka.flows.payouts.payees import fee_for
from xinka.flows.payouts.story import story_of
from xinka.kernel import ids
from xinka.kernel.actors import Actor, Role
from xinka.kernel.errors import BadIdentifier, Refusal
from xinka.merchants.policies import Duty
from xinka.payouts.forms import AccountForm, WithdrawForm, is_usable
from xinka.payouts.models import Payout
from xinka.payouts.payees import Payee
from xinka.payouts.queries import accounts_of

_PER_PAGE = 30


def _line(payout: Payout) -> dict[str, object]:
    return line_of(payout, hindrance_in_words(payout.problem) if payout.finished_at else "")


@require_safe
@for_members(Duty.SEE_MONEY)
def index(request: HttpRequest, desk: Desk) -> HttpResponse:
    """List the payouts, newest first."""
    found = Payout.objects.filter(merchant=desk.merchant).defer("account_sealed").order_by("-asked_at")
    page = Paginator(found, _PER_PAGE).get_page(request.GET.get("page"))
    context = {"desk": desk, "page": page, "rows": [_line(payout) for payout in page.object_list]}
    return render(request, "desk/payouts.html", context)


@require_safe
@for_members(Duty.SEE_MONEY)
def show(request: HttpRequest, desk: Desk, shown_id: str) -> HttpResponse:
    """Show one payout, and what happened to it."""
    mine = Payout.objects.filter(merchant=desk.merchant).select_related("account", "asked_by").defer("account_sealed")
    payout = get_object_or_404(mine, id=_number(shown_id))
    context = {"desk": desk, "row": _line(payout), "story": story_of(payout)}
    return render(request, "desk/payout.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@for_members(Duty.WITHDRAW)
@require_fresh_proof
def withdraw(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Ask for a payout."""
    currency, currencies = currency_of(request, desk)
    accounts = accounts_of(Payee.of_merchant(desk.merchant.id))
    form = WithdrawForm(request.POST if request.method == "POST" else None, accounts=accounts, currency=currency)
    if request.method == "POST" and form.is_valid():
        wish = asking.Wish(
            Payee.of_merchant(desk.merchant.id),
            UUID(form.cleaned_data["account"]),
            form.cleaned_data["amount"],
            currency,
            form.cleaned_data["key"],
            form.cleaned_data.get("is_checked", False),
        )
        try:
            asking.ask(wish, by=signed_in(request))
        except Refusal as refusal:
            form.add_error(None, refusal.message(get_language() or ""))
        else:
            messages.success(request, _("Asked for. You get a mail when it is paid out."))
            return redirect("desk:payouts", merchant=desk.merchant.slug)
    now = timezone.now()
    fee = fee_for(Payee.of_merchant(desk.merchant.id), currency)
    context = {
        "desk": desk,
        "form": form,
        "money": money_of(desk.merchant.id, currency),
        "currency": currency,
        "currencies": currencies,
        "cooling": [account for account in accounts if not is_usable(account, now)],
        "least": settings.PAYOUT_MINIMUM.of(currency),
        "fee": fee,
        "fee_percent": f"{fee.bps / 100:g}",
    }
    return render(request, "desk/withdraw.html", context, status=422 if form.errors else 200)


@require_POST
@for_members(Duty.WITHDRAW)
def cancel(request: HttpRequest, desk: Desk, shown_id: str) -> HttpResponse:
    """Take a payout back."""
    asking.cancel(_number(shown_id), payee=Payee.of_merchant(desk.merchant.id), by=Actor(Role.SELLER, desk.user_id))
    messages.success(request, _("Cancelled. The money is available again."))
    return redirect("desk:payouts", merchant=desk.merchant.slug)


@require_POST
@for_members(Duty.WITHDRAW)
def call_back(request: HttpRequest, desk: Desk, shown_id: str) -> HttpResponse:
    """Have a payout back that waits to be confirmed: asked for here, and done when the gateway says so."""
    gateway.call_back(_number(shown_id), by=signed_in(request), payee=Payee.of_merchant(desk.merchant.id))
    messages.success(request, _("Asked for. The money is available again as soon as WeChat has taken it back."))
    return redirect("desk:payouts", merchant=desk.merchant.slug)


def _number(shown_id: str) -> UUID:
    try:
        return ids.parse("out", shown_id)
    except BadIdentifier:
        raise Http404 from None


@require_safe
@for_members(Duty.SEE_MONEY)
def accounts(request: HttpRequest, desk: Desk) -> HttpResponse:
    """List the accounts, with the end of their cool-down."""
    now = timezone.now()
    known = [(account, is_usable(account, now)) for account in accounts_of(Payee.of_merchant(desk.merchant.id))]
    context = {
        "desk": desk,
        "accounts": known,
        "may_add": len(known) < MOST_ACCOUNTS,
        "waits": settings.PAYOUT_COOLDOWN,
    }
    return render(request, "desk/payout_accounts.html", context)


@never_cache
@sensitive_post_parameters("holder", "number")
@require_http_methods(["GET", "HEAD", "POST"])
@for_members(Duty.WITHDRAW)
@require_fresh_proof
def account_new(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Add an account; the owners get a mail about it, and it waits."""
    form = AccountForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            added = add_account(
                Payee.of_merchant(desk.merchant.id), form.cleaned_data["details"], by=signed_in(request)
            )
        except Refusal as refusal:
            form.add_error(None, refusal.message(get_language() or ""))
        else:
            moment = timezone.localtime(added.usable_from).strftime("%Y-%m-%d %H:%M")
            messages.success(request, _("Added. It can be used from %(from)s on.") % {"from": moment})
            return redirect("desk:payout_accounts", merchant=desk.merchant.slug)
    context = {"desk": desk, "form": form, "waits": settings.PAYOUT_COOLDOWN}
    return render(request, "desk/payout_account_new.html", context, status=422 if form.errors else 200)


@require_POST
@for_members(Duty.WITHDRAW)
@require_fresh_proof
def account_remove(request: HttpRequest, desk: Desk, account_id: UUID) -> HttpResponse:
    """Remove an account."""
    remove_account(Payee.of_merchant(desk.merchant.id), account_id, by=signed_in(request))
    messages.success(request, _("Removed."))
    return redirect("desk:payout_accounts", merchant=desk.merchant.slug)
