"""Money that belongs to no order: which order is it of, or does it go back? One of finance proposes, another agrees."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from xinka.accounts.policies import require_fresh_proof, require_fresh_proof_to_act, signed_in
from xinka.flows.matching import Wanted, decide, propose
from xinka.kernel import ids
from xinka.kernel.errors import BadIdentifier, Refusal
from xinka.kernel.money import plain_amount
from xinka.ledger.days import end_of, start_of
from xinka.office import queries
from xinka.office.finding import LONGEST_SEARCH, Found, FoundOrder, find_orders, found_of
from xinka.office.matching_words import side_by_side
from xinka.office.money_words import OUTCOMES
from xinka.office.names import named
from xinka.office.policies import Room, for_staff
from xinka.orders.contacts import is_forgotten, shown_contact
from xinka.orders.models import Order
from xinka.orders.queries import unpaid_orders_of
from xinka.payments.models import Channel, Receipt, Refund, SuspenseProposal
from xinka.payments.states import ProposalState, ReceiptOutcome, RefundState
from xinka.platform.look.amounts import MOST_SIGNS, read_amount

LEAST_REASON = 10
#: Somebody pays what they ordered lately: so long before the day asked for an order may have been placed.
_BEFORE = timedelta(days=2)
#: No order is older, whatever somebody types.
_EARLIEST = date(2000, 1, 1)
_MOST = 50


class Search(forms.Form):
    """Which order the money may be of: by what somebody can tell of it, or else by sum and day."""

    q = forms.CharField(
        label=_("Order number, e-mail or QQ number"),
        required=False,
        max_length=LONGEST_SEARCH,
    )
    sum = forms.CharField(label=_("Price of the order"), required=False, max_length=MOST_SIGNS)
    day = forms.DateField(
        label=_("Placed about"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._currency = currency
        self.fields["q"].widget.attrs |= {"class": "mono", "autocomplete": "off", "spellcheck": "false"}
        self.fields["sum"].widget.attrs |= {"class": "num", "inputmode": "decimal", "autocomplete": "off"}

    def clean_sum(self) -> int | None:
        """Return minor units."""
        text = self.cleaned_data["sum"]
        return read_amount(text, self._currency) if text else None


class Why(forms.Form):
    """Why somebody believes it; ``key`` makes a form that is sent twice one proposal."""

    reason = forms.CharField(
        label=_("Why, and where is the proof?"),
        min_length=LEAST_REASON,
        error_messages={
            "min_length": _("Write at least %(limit_value)d characters: what shows it, and where that can be seen.")
        },
        max_length=200,
        strip=True,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Who agrees reads it, and it stays in the audit. Write nothing about the buyer's person."),
    )
    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["initial"] = {"key": ids.new_uuid()}
        super().__init__(*args, **kwargs)


@require_safe
@for_staff(Room.REFUNDS)
def show(request: HttpRequest, shown_id: str) -> HttpResponse:
    """Show money that belongs to no order: what is proposed for it or, before that, the orders it may be of."""
    receipt = _receipt(shown_id)
    proposals = list(
        SuspenseProposal.objects.filter(journal_id=receipt.journal_id)
        .select_related("asked_by", "decided_by")
        .order_by("-asked_at")
    )
    waits = next((one for one in proposals if one.state == ProposalState.ASKED), None)
    can_propose = waits is None and receipt.outcome == ReceiptOutcome.UNMATCHED and not _is_done(proposals)
    context = _about(receipt, shown_id) | {
        "waits": waits,
        "is_mine": waits is not None and waits.asked_by_id == signed_in(request).pk,
        "earlier": [_Earlier.of(one) for one in proposals if one is not waits],
        "can_propose": can_propose,
    }
    status = HTTPStatus.OK
    if waits is not None and waits.order_id:
        context |= side_by_side(receipt, Order.objects.filter(id=waits.order_id).first(), signed_in(request))
    if can_propose:
        found = _searched(request, receipt)
        context |= found
        status = HTTPStatus.NOT_FOUND if found["why_none"] else HTTPStatus.OK
    return render(request, "office/unmatched.html", context, status=status)


def _is_done(proposals: list[SuspenseProposal]) -> bool:
    return any(one.state == ProposalState.DONE for one in proposals)


@dataclass(frozen=True)
class _Earlier:
    """A proposal that was decided, in words."""

    proposal: SuspenseProposal
    words: object
    order_id: str
    refund_id: str

    @classmethod
    def of(cls, one: SuspenseProposal) -> _Earlier:
        words: object = pgettext_lazy("suspense", "Refused or taken back")
        if one.state == ProposalState.DONE:
            words = OUTCOMES[one.outcome] if one.order_id else _("It goes back")
        return cls(
            one,
            words,
            ids.show("ord", one.order_id) if one.order_id else "",
            ids.show("ref", one.refund_id) if one.refund_id else "",
        )


def _about(receipt: Receipt, shown_id: str) -> dict[str, Any]:
    channel = Channel.objects.filter(id=receipt.channel_id).defer("config").first()
    return {
        "receipt": receipt,
        "shown_id": shown_id,
        "channel": named(channel) if channel else "—",
        "is_unmatched": receipt.outcome == ReceiptOutcome.UNMATCHED,
        "order_id": ids.show("ord", receipt.order_id) if receipt.order_id else "",
        "words": OUTCOMES[receipt.outcome],
    }


def _searched(request: HttpRequest, receipt: Receipt) -> dict[str, Any]:
    """Return the form, the orders found, and why there are none; without a question, those of the same sum and time."""
    day = timezone.localdate(receipt.received_at)
    initial = {"day": day, "sum": plain_amount(receipt.amount, receipt.currency)}
    form = Search(request.GET or None, currency=receipt.currency, initial=initial)
    asked = form.cleaned_data if form.is_bound and form.is_valid() else {}
    if form.is_bound and form.errors:
        found = Found()
    elif asked.get("q"):
        found = find_orders(asked["q"], by=signed_in(request))
    else:
        found = _of_sum(asked.get("sum") or receipt.amount, receipt.currency, asked.get("day") or day)
    return {"form": form, "found": [(one, _buyer(one)) for one in found.orders], "why_none": found.why_none}


def _of_sum(minor: int, currency: str, day: date) -> Found:
    found = unpaid_orders_of(minor, currency, since=start_of(max(day, _EARLIEST) - _BEFORE), until=end_of(day))
    return Found(found_of(found[:_MOST]))


def _buyer(one: FoundOrder) -> str:
    return "—" if is_forgotten(one.order) else shown_contact(one.order)


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(Room.REFUNDS)
@require_fresh_proof_to_act
def match(request: HttpRequest, shown_id: str, order_id: str) -> HttpResponse:
    """Show money and an order side by side, and propose that the one is the other's."""
    receipt, order, me = _receipt(shown_id), _order(order_id), signed_in(request)
    form = Why(request.POST if request.method == "POST" else None)
    if (answer := _proposed(request, receipt, order.id, form)) is not None:
        return answer
    context = _about(receipt, shown_id) | side_by_side(receipt, order, me) | {"form": form}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "office/unmatched_match.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(Room.REFUNDS)
@require_fresh_proof_to_act
def send_back(request: HttpRequest, shown_id: str) -> HttpResponse:
    """Propose that money goes back, because it belongs to no order."""
    receipt = _receipt(shown_id)
    form = Why(request.POST if request.method == "POST" else None)
    if (answer := _proposed(request, receipt, None, form)) is not None:
        return answer
    context = _about(receipt, shown_id) | {"form": form}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "office/unmatched_return.html", context, status=status)


def _proposed(request: HttpRequest, receipt: Receipt, order_id: UUID | None, form: Why) -> HttpResponse | None:
    """Propose what a form says, if it says it whole; what is refused is an error of the form."""
    if not form.is_bound or not form.is_valid():
        return None
    told = form.cleaned_data
    wanted = Wanted(receipt.channel_id, receipt.trade_no, order_id, told["reason"], told["key"])
    try:
        propose(wanted, by=signed_in(request))
    except Refusal as refusal:
        form.add_error(None, refusal.message(get_language() or ""))
        return None
    messages.success(request, gettext("Proposed. Somebody else has to agree before anything moves."))
    return _see("office:money_unmatched", ids.show("jrn", receipt.journal_id))


@require_POST
@for_staff(Room.REFUNDS)
@require_fresh_proof
def decide_it(request: HttpRequest, proposal_id: UUID) -> HttpResponse:
    """Agree to what somebody else proposed, or refuse it."""
    asked = get_object_or_404(SuspenseProposal, id=proposal_id)
    here = ("office:money_unmatched", ids.show("jrn", asked.journal_id))
    try:
        made = decide(proposal_id, grant=request.POST.get("grant") == "1", by=signed_in(request))
    except Refusal as refusal:
        messages.warning(request, refusal.message(get_language() or ""))
        return _see(*here)
    if made.state == ProposalState.REFUSED:
        messages.success(request, gettext("Refused. No money moved."))
        return _see(*here)
    if made.refund_id:
        by_hand = Refund.objects.filter(id=made.refund_id, state=RefundState.NEEDS_STAFF).exists()
        words = gettext("Agreed. Send the money now, and then write down that it went.")
        messages.success(request, words if by_hand else gettext("Agreed. The gateway is asked to send it back."))
        return _see("office:refund", ids.show("ref", made.refund_id))
    messages.success(request, gettext("Matched: %(outcome)s") % {"outcome": OUTCOMES[made.outcome]})
    return _see(*here)


def _receipt(shown_id: str) -> Receipt:
    try:
        receipt = queries.receipt_unusual(ids.parse("jrn", shown_id))
    except BadIdentifier:
        raise Http404 from None
    if receipt is None:
        raise Http404
    return receipt


def _order(shown_id: str) -> Order:
    try:
        return get_object_or_404(Order, id=ids.parse("ord", shown_id))
    except BadIdentifier:
        raise Http404 from None


def _see(name: str, *arguments: str) -> HttpResponse:
    response = HttpResponseRedirect(reverse(name, args=arguments))
    response.status_code = HTTPStatus.SEE_OTHER
    return response
