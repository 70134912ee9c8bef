"""A buyer's balance: what is there, where it came from, and having it paid out to an account of one's own.

Asking and changing accounts needs a fresh proof of who one is, however recently one signed in.
"""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from xinka.accounts.models import User
from xinka.accounts.policies import require_fresh_proof, require_sign_in, signed_in
from xinka.flows.hindrances import hindrance_in_words
from xinka.flows.payouts import asking, gateway
from xinka.flows.payouts.accounts import MOST_ACCOUNTS, add_account, remove_account
from xinka.flows.payouts.buyers import currencies_of_buyer, entries_of, has_had_balance, money_of_buyer, movements
from xinka.flows.payouts.lines import line_of
from xinka.kernel import ids
from xinka.kernel.actors import Actor, Role
from xinka.kernel.errors import BadIdentifier, Refusal
from xinka.kernel.money import plain_amount
from xinka.orders.access import order_path
from xinka.payouts.forms import AccountForm, WithdrawForm, is_usable
from xinka.payouts.models import Payout
from xinka.payouts.payees import Payee
from xinka.payouts.queries import OPEN, accounts_of
from xinka.payouts.states import PayoutState

_PER_PAGE = 30
#: So many payouts are shown; every one is among the movements too.
_PAYOUTS = 20


@never_cache
@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """Show the balance and what moved it; who has no account, or is not signed in, reads how one gets at it."""
    if not request.user.is_authenticated:
        return render(request, "shop/balance_guest.html", {"has_wallet": settings.WALLET})
    person = _holder(request)
    currency, currencies = _currency_of(request, person)
    page = Paginator(entries_of(person.pk, currency), _PER_PAGE).get_page(request.GET.get("page"))
    offset = (page.number - 1) * _PER_PAGE
    found = movements(person.pk, currency, offset=offset, limit=_PER_PAGE)
    context = {
        "money": money_of_buyer(person.pk, currency),
        "currency": currency,
        "currencies": currencies,
        "page": page,
        "moves": [(one, order_path(one.order_id) if one.order_id else "") for one in found],
        "payouts": [line_of(payout, _why_not(payout)) for payout in _payouts_of(person)],
        "has_wallet": settings.WALLET,
    }
    return render(request, "shop/balance.html", context)


def _holder(request: HttpRequest) -> User:
    """Return the person signed in.

    Raises:
        Http404: if this shop has no balances, and this person never had one.
    """
    person = signed_in(request)
    if not settings.WALLET and not has_had_balance(person.pk):
        raise Http404
    return person


def _currency_of(request: HttpRequest, person: User) -> tuple[str, list[str]]:
    known = currencies_of_buyer(person.pk)
    wanted = request.GET.get("currency", "") or known[0]
    if wanted not in known:
        raise Http404
    return wanted, known


def _payouts_of(person: User) -> list[Payout]:
    """Return the open payouts of somebody, and the newest of those that are over."""
    mine = Payout.objects.filter(**Payee.of_buyer(person.pk).columns).defer("account_sealed").order_by("-asked_at")
    waiting = list(mine.filter(state__in=OPEN))
    return waiting + list(mine.exclude(state__in=OPEN)[:_PAYOUTS])


def _why_not(payout: Payout) -> str:
    """Return why a payout did not come about, as far as its buyer can do something about it.

    What a gateway says is about our dealings with it, and is for staff.
    """
    if payout.state == PayoutState.RETURNED and payout.channel_id:
        return _("The money came back. Check the account before you ask again, or write to us.")
    if payout.state == PayoutState.FAILED and payout.channel_id:
        return _("The payment service did not take it. Check the account; if it is right, ask again or write to us.")
    return hindrance_in_words(payout.problem) if payout.finished_at else ""


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@require_sign_in
@require_fresh_proof
def withdraw(request: HttpRequest) -> HttpResponse:
    """Ask for a payout."""
    person = _holder(request)
    currency, _currencies = _currency_of(request, person)
    payee = Payee.of_buyer(person.pk)
    accounts, now = accounts_of(payee), timezone.now()
    money = money_of_buyer(person.pk, currency)
    form = WithdrawForm(
        request.POST if request.method == "POST" else None,
        accounts=accounts,
        currency=currency,
        initial={"amount": plain_amount(money.most, currency)},
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            told = (UUID(data["account"]), data["amount"], currency, data["key"], data.get("is_checked", False))
            asking.ask(asking.Wish(payee, *told), by=person)
        except Refusal as refusal:
            form.add_error(None, refusal.message(get_language() or ""))
        else:
            messages.success(request, _("Asked for. You get a mail when it is paid out."))
            return _see("shop:balance")
    context = {
        "form": form,
        "money": money,
        "currency": currency,
        "has_accounts": bool(accounts),
        "cooling": [account for account in accounts if not is_usable(account, now)],
    }
    return render(request, "shop/balance_withdraw.html", context, status=422 if form.errors else 200)


@require_POST
@require_sign_in
def cancel(request: HttpRequest, shown_id: str) -> HttpResponse:
    """Take a payout back that was not sent."""
    person = _holder(request)
    asking.cancel(_number(shown_id), payee=Payee.of_buyer(person.pk), by=Actor(Role.BUYER, person.pk))
    messages.success(request, _("Cancelled. The money is in your balance again."))
    return _see("shop:balance")


@require_POST
@require_sign_in
def call_back(request: HttpRequest, shown_id: str) -> HttpResponse:
    """Have a payout back that waits to be confirmed: asked for here, and done when the gateway says so."""
    person = _holder(request)
    gateway.call_back(_number(shown_id), by=person, payee=Payee.of_buyer(person.pk))
    messages.success(request, _("Asked for. The money is in your balance again as soon as WeChat has taken it back."))
    return _see("shop:balance")


def _number(shown_id: str) -> UUID:
    try:
        return ids.parse("out", shown_id)
    except BadIdentifier:
        raise Http404 from None


@never_cache
@require_safe
@require_sign_in
def accounts(request: HttpRequest) -> HttpResponse:
    """List the accounts, with the end of their cool-down."""
    now = timezone.now()
    known = [(account, is_usable(account, now)) for account in accounts_of(Payee.of_buyer(_holder(request).pk))]
    context = {"accounts": known, "may_add": len(known) < MOST_ACCOUNTS, "waits": settings.PAYOUT_COOLDOWN}
    return render(request, "shop/balance_accounts.html", context)


@never_cache
@sensitive_post_parameters("holder", "number")
@require_http_methods(["GET", "HEAD", "POST"])
@require_sign_in
@require_fresh_proof
def account_new(request: HttpRequest) -> HttpResponse:
    """Add an account; its owner gets a mail about it, and it waits."""
    person = _holder(request)
    form = AccountForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            added = add_account(Payee.of_buyer(person.pk), form.cleaned_data["details"], by=person)
        except Refusal as refusal:
            form.add_error(None, refusal.message(get_language() or ""))
        else:
            moment = timezone.localtime(added.usable_from).strftime("%Y-%m-%d %H:%M")
            messages.success(request, _("Added. It can be used from %(from)s on.") % {"from": moment})
            return _see("shop:balance_accounts")
    context = {"form": form, "waits": settings.PAYOUT_COOLDOWN}
    return render(request, "shop/balance_account_new.html", context, status=422 if form.errors else 200)


@require_POST
@require_sign_in
@require_fresh_proof
def account_remove(request: HttpRequest, account_id: UUID) -> HttpResponse:
    """Remove an account."""
    person = _holder(request)
    remove_account(Payee.of_buyer(person.pk), account_id, by=person)
    messages.success(request, _("Removed."))
    return _see("shop:balance_accounts")


def _see(name: str) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse(name), status=303)
