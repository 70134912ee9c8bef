"""Finance at work on payouts: the queue, one payout, and holds on merchants and buyers."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Sum
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from xinka.accounts.lists import around, list_context
from xinka.accounts.models import User
from xinka.accounts.policies import require_fresh_proof, signed_in
from xinka.flows.payouts import gateway, review
from xinka.flows.payouts.asking import shown
from xinka.flows.payouts.balance import money_of
from xinka.flows.payouts.buyers import contested_orders, money_of_buyer, movements
from xinka.flows.payouts.looking_again import ask_gateway_again
from xinka.flows.payouts.payees import name_of
from xinka.flows.payouts.payers import channels_that_pay
from xinka.flows.payouts.returning import enter_return
from xinka.flows.payouts.sending import Outcome
from xinka.flows.payouts.story import story_of
from xinka.kernel import ids
from xinka.kernel.errors import BadIdentifier, Refusal
from xinka.merchants.models import Merchant
from xinka.office.names import named
from xinka.office.policies import Room, for_staff
from xinka.office.queue_filters import PAYOUT_STATES, PayoutFilter
from xinka.office.queues import back_to_queue, next_of, on_to_entry, place_in
from xinka.office.returns import ReturnForm, return_context, returns_waiting
from xinka.payouts.details import AccountKind
from xinka.payouts.models import KINDS, OfPayee, Payout, PayoutApproval, PayoutBatch, PayoutHold
from xinka.payouts.payees import Payee
from xinka.payouts.queries import payouts_found, same_account_elsewhere
from xinka.payouts.states import PayoutState, ReturnState

_RECENT = 20
_MOVEMENTS = 20
_PER_PAGE = 30
_LONGEST_SEARCH = 80


class Reason(forms.Form):
    """Why finance says no, or stops somebody's payouts; whose money it is reads it."""

    reason = forms.CharField(label=_("Why? Whose money it is reads this."), min_length=5, max_length=200, strip=True)


def row_of(payout: Payout) -> dict[str, object]:
    """Return what a line of a list shows of a payout."""
    words, kind, icon = PAYOUT_STATES[PayoutState(payout.state)]
    shown_as = {"words": words, "kind": kind, "icon": icon}
    return {"payout": payout, "shown_id": shown(payout), "payee": _payee(payout), **shown_as}


def _payee(row: OfPayee) -> str:
    """Return what the payee is called in the reader's language."""
    return str(named(row.merchant)) if row.merchant is not None else name_of(row)


@require_safe
@for_staff(Room.PAYOUTS)
def index(request: HttpRequest) -> HttpResponse:
    """Show what waits for finance: to approve, to send, under way, on hold; below it what is finished, or was found."""
    ready = Payout.objects.filter(state=PayoutState.APPROVED).values("account_kind", "currency")
    files = [
        {
            **row,
            "words": KINDS[AccountKind(row["account_kind"])],
            "channels": channels_that_pay(AccountKind(row["account_kind"]), row["currency"]),
        }
        for row in ready.annotate(n=Count("id"), sum=Sum("amount")).order_by("account_kind", "currency")
    ]
    asked_for = request.GET.get("q", "").replace("\0", "").strip()[:_LONGEST_SEARCH]
    page = Paginator(payouts_found(asked_for), _PER_PAGE).get_page(request.GET.get("page"))
    asked = PayoutFilter.asked_by(request)
    waiting = Paginator(asked.found(), asked.per_page).get_page(request.GET.get("open"))
    holds = PayoutHold.objects.filter(lifted_at=None).select_related("merchant", "buyer", "by").order_by("at")
    context = {
        "asked_for": asked_for,
        "page": page,
        "found": [row_of(payout) for payout in page.object_list],
        "waiting": waiting,
        "rows": [] if asked_for else [row_of(payout) for payout in waiting.object_list],
        "files": files,
        "holds": [(one, _payee(one)) for one in holds],
        "returns": [(one, row_of(one.payout)) for one in returns_waiting()[:_PER_PAGE]],
        "batches": PayoutBatch.objects.select_related("made_by").order_by("-id")[:_RECENT],
    }
    return render(request, "office/payouts.html", context | list_context(asked, waiting.number))


@require_safe
@for_staff(Room.PAYOUTS)
def show(request: HttpRequest, shown_id: str) -> HttpResponse:
    """Show one payout and what can be done about it."""
    return _page(request, payout_at(shown_id), Reason())


def payout_at(shown_id: str) -> Payout:
    """Return the payout of an address; raises ``Http404``."""
    try:
        payout_id: UUID = ids.parse("out", shown_id)
    except BadIdentifier:
        raise Http404 from None
    return get_object_or_404(
        Payout.objects.select_related("merchant", "buyer", "account", "asked_by", "batch"), id=payout_id
    )


def _page(
    request: HttpRequest,
    payout: Payout,
    form: Reason,
    *,
    back: ReturnForm | None = None,
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    state = PayoutState(payout.state)
    given = payout.approvals.filter(round=payout.round).select_related("by").order_by("at")
    place = place_in(request, PayoutFilter)
    context = {
        **row_of(payout),
        "place": place,
        "around": around(place, payout.id, request.GET.get("then", "")),
        "form": form,
        "given": given,
        "needed": review.approvals_needed(payout),
        "four_eyes_from": settings.PAYOUT_FOUR_EYES_FROM.of(payout.currency),
        "may_approve": state is PayoutState.ASKED,
        "why_not": _why_not(payout, signed_in(request), given) if state is PayoutState.ASKED else "",
        "may_reject": state in {PayoutState.ASKED, PayoutState.APPROVED, PayoutState.HELD},
        "may_send": state is PayoutState.APPROVED,
        "may_call_back": payout.may_be_called_back,
        "may_enter": state is PayoutState.SENDING and bool(payout.channel_id),
        "channels": channels_that_pay(AccountKind(payout.account_kind), payout.currency),
        "elsewhere": same_account_elsewhere(payout.account.fingerprint, payout.payee),
        "n_paid": Payout.objects.filter(**payout.payee.columns, state=PayoutState.PAID).count(),
        "story": story_of(payout),
        **return_context(payout, signed_in(request), back),
        **_money(payout),
    }
    return render(request, "office/payout.html", context, status=status)


def _money(payout: Payout) -> dict[str, object]:
    """Return what is known of the payee's money, and of a buyer's where it came from."""
    buyer_id = payout.buyer_id
    if buyer_id is None:
        return {"money": money_of(payout.payee.owner_id, payout.currency)}
    contested = [(ids.show("ord", order_id)) for order_id in contested_orders(payout)]
    came = [
        (one, ids.show("ord", one.order_id) if one.order_id else "")
        for one in movements(buyer_id, payout.currency, limit=_MOVEMENTS)
    ]
    return {"money": money_of_buyer(buyer_id, payout.currency), "movements": came, "contested": contested}


def _why_not(payout: Payout, reader: User, given: Iterable[PayoutApproval]) -> str:
    """Return what keeps a reader from saying yes, in words, or nothing: a button that only refuses is not shown."""
    if any(one.by_id == reader.pk for one in given):
        return gettext("You approved it. Somebody else has to, too, before it can be sent.")
    try:
        review.refuse_own(payout, reader)
    except Refusal as refusal:
        return refusal.message(get_language() or "")
    return ""


@require_POST
@for_staff(Room.PAYOUTS)
@require_fresh_proof
def approve(request: HttpRequest, shown_id: str) -> HttpResponse:
    """Say yes."""
    found = payout_at(shown_id)
    onward = next_of(request, PayoutFilter, found.id)
    payout = review.approve(found.id, by=signed_in(request))
    if payout.state == PayoutState.APPROVED:
        messages.success(request, gettext("Approved; it can be sent now"))
    else:
        messages.success(request, gettext("Your yes is noted; somebody else has to approve it too"))
    return _on(request, shown_id, onward)


@require_POST
@for_staff(Room.PAYOUTS)
def reject(request: HttpRequest, shown_id: str) -> HttpResponse:
    """Say no, with the reason."""
    payout, form = payout_at(shown_id), Reason(request.POST)
    if not form.is_valid():
        return _page(request, payout, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    review.reject(payout.id, by=signed_in(request), reason=form.cleaned_data["reason"])
    messages.success(request, gettext("Refused; the money is in the balance it came from again"))
    return back_to_queue(request, PayoutFilter)


@require_POST
@for_staff(Room.PAYOUTS)
@require_fresh_proof
def send(request: HttpRequest, shown_id: str) -> HttpResponse:
    """Send it through a gateway."""
    number = request.POST.get("channel", "")
    if not number.isascii() or not number.isdigit():
        raise Http404
    gateway.send_through(payout_at(shown_id).id, int(number), by=signed_in(request))
    messages.success(request, gettext("It is being sent"))
    return _on(request, shown_id)


@require_POST
@for_staff(Room.PAYOUTS)
@require_fresh_proof
def send_kind(request: HttpRequest) -> HttpResponse:
    """Send all approved payouts to one kind of account through the gateway that was picked for it."""
    kind, currency, number = (request.POST.get(name, "") for name in ("kind", "currency", "channel"))
    if kind not in {one.value for one in AccountKind} or not number.isascii() or not number.isdigit():
        raise Http404
    n_sent = gateway.send_all_through(AccountKind(kind), (int(number), currency), by=signed_in(request))
    messages.success(request, gettext("%(n)d payouts are being sent") % {"n": n_sent})
    return see("office:payouts")


@require_POST
@for_staff(Room.PAYOUTS)
@require_fresh_proof
def by_hand(request: HttpRequest, shown_id: str) -> HttpResponse:
    """Enter what became of a payout through a gateway that does not tell."""
    found = outcome_told(request, shown_id)
    gateway.settle_by_hand(found.payout_id, found, by=signed_in(request))
    messages.success(request, gettext("Entered"))
    return _on(request, shown_id)


@require_POST
@for_staff(Room.PAYOUTS)
def call_back(request: HttpRequest, shown_id: str) -> HttpResponse:
    """Ask the gateway to have a payout back that its payee has not confirmed."""
    gateway.call_back(payout_at(shown_id).id, by=signed_in(request))
    messages.success(request, gettext("The gateway is asked for it; its payee may still be quicker"))
    return _on(request, shown_id)


@require_POST
@for_staff(Room.PAYOUTS)
@require_fresh_proof
def bring_back(request: HttpRequest, shown_id: str) -> HttpResponse:
    """Enter that the bank returned a payout which was paid; what was typed stays when it cannot be."""
    payout = payout_at(shown_id)
    form = ReturnForm(request.POST, payout=payout)
    if form.is_valid():
        try:
            made = enter_return(form.told, key=form.cleaned_data["return_key"], by=signed_in(request))
        except Refusal as refusal:
            form.add_error(None, refusal.message(get_language() or ""))
        else:
            if made.state == ReturnState.DONE:
                messages.success(request, gettext("Entered; the money is on the balance again"))
            else:
                messages.success(request, gettext("Written down. Somebody else has to agree before money moves."))
            return _on(request, shown_id)
    return _page(request, payout, Reason(), back=form, status=HTTPStatus.UNPROCESSABLE_ENTITY)


@require_POST
@for_staff(Room.PAYOUTS)
@require_fresh_proof
def ask_again(request: HttpRequest, shown_id: str) -> HttpResponse:
    """Have the gateway asked whether a payout that it paid came back."""
    state = ask_gateway_again(payout_at(shown_id).id, by=signed_in(request))
    if state is PayoutState.RETURNED:
        messages.success(request, gettext("The gateway says that it came back; the money is on the balance again"))
    else:
        messages.success(request, gettext("The gateway does not say that it came back"))
    return _on(request, shown_id)


@require_POST
@for_staff(Room.PAYOUTS)
def hold(request: HttpRequest, merchant_id: int) -> HttpResponse:
    """Stop a merchant's payouts."""
    merchant = get_object_or_404(Merchant, id=merchant_id)
    return _hold(request, Payee.of_merchant(merchant.id), merchant.name)


@require_POST
@for_staff(Room.PAYOUTS)
def hold_buyer(request: HttpRequest, user_id: int) -> HttpResponse:
    """Stop payouts of a buyer's balance."""
    buyer = get_object_or_404(User, id=user_id)
    return _hold(request, Payee.of_buyer(buyer.pk), buyer.email)


def _hold(request: HttpRequest, payee: Payee, name: str) -> HttpResponse:
    form = Reason(request.POST)
    if form.is_valid():
        review.hold(payee, by=signed_in(request), reason=form.cleaned_data["reason"])
        messages.success(request, gettext("Payouts of %(name)s are on hold") % {"name": name})
    else:
        messages.warning(request, gettext("Nothing was stopped: write the reason, at least five characters."))
    return back_to_queue(request, PayoutFilter)


@require_POST
@for_staff(Room.PAYOUTS)
@require_fresh_proof
def lift(request: HttpRequest, hold_id: int) -> HttpResponse:
    """End a hold."""
    lifted = review.lift_hold(hold_id, by=signed_in(request))
    messages.success(request, gettext("The hold on %(name)s is lifted") % {"name": _payee(lifted)})
    return see("office:payouts")


def outcome_told(request: HttpRequest, shown_id: str) -> Outcome:
    """Return the outcome a form tells of; its words are the number at the bank, or why it failed."""
    result, words = request.POST.get("result", ""), request.POST.get("words", "").strip()[:200]
    if result not in {"paid", "failed"}:
        raise Http404
    is_paid = result == "paid"
    return Outcome(payout_at(shown_id).id, is_paid, reference=words if is_paid else "", why="" if is_paid else words)


def _on(request: HttpRequest, shown_id: str, onward: str = "") -> HttpResponseRedirect:
    return on_to_entry(request, PayoutFilter, reverse("office:payout", args=[shown_id]), onward)


def see(name: str, *args: object) -> HttpResponseRedirect:
    """Return the way on to another page, after what was done."""
    response = HttpResponseRedirect(reverse(name, args=args))
    response.status_code = HTTPStatus.SEE_OTHER
    return response
