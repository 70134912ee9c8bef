"""Staff look after escrow: what is held and why it rests, freezes by two people, and what a provider did not do."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from xinka.accounts.models import User
from xinka.accounts.policies import require_fresh_proof, signed_in
from xinka.escrow import queries
from xinka.escrow.actions import set_receiver
from xinka.escrow.custody import Custody, custody
from xinka.escrow.models import FreezeCase, Hold, Split
from xinka.escrow.states import LIVE, HoldState, SplitAction, StopCause
from xinka.escrow.words import ACTIONS, CAUSES, EVENTS, ROLES, STATES
from xinka.flows import escrow
from xinka.flows.escrow.four_eyes import CourtOrder, ask_to_freeze, ask_to_hand_over, decide_freeze
from xinka.flows.escrow.splitting import mark_split_done, try_split_again
from xinka.kernel import ids
from xinka.kernel.actors import Actor, Role
from xinka.kernel.errors import BadIdentifier, Refusal
from xinka.kernel.money import plain_amount
from xinka.merchants.models import Merchant
from xinka.office.finding import known_of, note_for_people
from xinka.office.giving_back import left_of, why_not_to_give
from xinka.office.policies import Room, for_staff
from xinka.platform.audit.actions import record
from xinka.platform.database.django_drive import run
from xinka.platform.database.pages import FarPaginator
from xinka.platform.look.amounts import MOST_SIGNS, read_amount

_PAGE = 50
VIEWS = {
    "stopped": _("At rest"),
    "held": _("In escrow"),
    "aftersale": _("After-sale"),
    "provider": _("At the provider"),
    "frozen": _("Frozen"),
}
#: What staff may stop and let go on by hand; questions and disputes belong to their cases.
BY_HAND = (StopCause.RISK, StopCause.LICENCE)


class CaseForm(forms.Form):
    """The case that a freeze belongs to."""

    case = forms.CharField(label=_("Number of the case, and who runs it"), min_length=3, max_length=80, strip=True)


class CourtForm(forms.Form):
    """What a court ordered to be handed over."""

    amount = forms.CharField(label=_("How much"), max_length=MOST_SIGNS, strip=True)
    basis = forms.CharField(label=_("Which court, by which law"), min_length=5, max_length=200, strip=True)
    reference = forms.CharField(label=_("Number of the court's document"), min_length=3, max_length=80, strip=True)

    def __init__(self, *args: Any, hold: Hold, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._currency = hold.currency
        frozen = hold.amount - hold.refunded - hold.seized_held
        if hold.released:
            frozen = hold.released - hold.commission + hold.subsidy - hold.seized_net
        self.fields["amount"].help_text = gettext("At most %(sum)s, which is frozen. The rest stays frozen.") % {
            "sum": plain_amount(frozen, hold.currency)
        }

    def clean_amount(self) -> int:
        """Read the amount."""
        return read_amount(self.cleaned_data["amount"], self._currency)

    def order(self) -> CourtOrder:
        """Return what the form says."""
        data = self.cleaned_data
        return CourtOrder(data["amount"], data["basis"], data["reference"])


class StopForm(forms.Form):
    """Why staff let the money rest."""

    cause = forms.ChoiceField(label=_("Why"), choices=[(cause.value, CAUSES[cause]) for cause in BY_HAND])
    ref = forms.CharField(label=_("What about it"), min_length=3, max_length=80, strip=True)


class SplitForm(forms.Form):
    """What staff found at the provider."""

    note = forms.CharField(label=_("Where is the proof?"), min_length=5, max_length=200, strip=True)


class ReceiverForm(forms.Form):
    """Under which account the provider knows the merchant."""

    account = forms.CharField(label=_("The merchant's account at the provider"), max_length=80, strip=True)
    name = forms.CharField(label=_("Name on it"), max_length=80, strip=True, required=False)


def _row(hold: Hold) -> dict[str, object]:
    words, kind, icon = STATES[HoldState(hold.state)]
    return {
        "hold": hold,
        "shown_id": ids.show("ord", hold.order_id),
        "words": words,
        "kind": kind,
        "icon": icon,
        "left": left_of(hold),
        "seized": hold.seized_held + hold.seized_net,
    }


@require_safe
@for_staff(Room.HOLDS)
def index(request: HttpRequest) -> HttpResponse:
    """Show how much is held, what waits for a person, and one view of the holds."""
    view = request.GET.get("view", "stopped")
    page = FarPaginator(queries.holds_in(view), _PAGE).get_page(request.GET.get("page"))
    asked = queries.freezes_asked()
    people = {user.pk: user for user in User.objects.filter(pk__in=[one.asked_by_id for one in asked])}
    context = {
        "heaps": [(STATES[HoldState(heap.state)], heap) for heap in queries.heaps()],
        "late": queries.late_timers(),
        "custody": custody(),
        "view": view if view in VIEWS else "stopped",
        "views": VIEWS.items(),
        "page": page,
        "rows": [_row(hold) for hold in page.object_list],
        "freezes": [(ids.show("ord", one.order_id), one, people.get(one.asked_by_id)) for one in asked],
        "splits": [(ids.show("ord", one.order_id), one) for one in queries.splits_for_staff()],
    }
    return render(request, "office/escrow.html", context)


@require_safe
@for_staff(Room.TERMS)
def modes(request: HttpRequest) -> HttpResponse:
    """Explain who may have custody, and which mode this shop runs in."""
    return render(request, "office/escrow_custody.html", {"mode": custody(), "modes": list(Custody)})


@require_safe
@for_staff(Room.HOLDS)
@never_cache
def show(request: HttpRequest, shown_id: str) -> HttpResponse:
    """Show one hold, its history, and what can be done."""
    return _page(request, _hold(shown_id), {})


def _page(request: HttpRequest, hold: Hold, refused: dict[str, forms.Form]) -> HttpResponse:
    lines = queries.history_of(hold.order_id)
    people = {user.pk: user for user in User.objects.filter(pk__in=[line.by_id for line in lines if line.by_id])}
    waiting = FreezeCase.objects.filter(order_id=hold.order_id, decided_at=None).first()
    context = {
        **_row(hold),
        "order": known_of(hold.order_id, signed_in(request)),
        "merchant": Merchant.objects.filter(id=hold.merchant_id).first(),
        "stops": [
            (CAUSES[StopCause(stop.cause)], stop, stop.cause in BY_HAND) for stop in queries.stops_of(hold.order_id)
        ],
        "lines": [
            (
                EVENTS.get(line.event, line.event),
                ROLES.get(line.role, line.role),
                line,
                people.get(line.by_id or 0),
                note_for_people(line.note),
            )
            for line in lines
        ],
        "splits": [
            (ACTIONS[SplitAction(one.action)], ids.show("spl", one.id), one)
            for one in Split.objects.filter(order_id=hold.order_id).order_by("created_at")
        ],
        "asked": waiting,
        "asked_by": User.objects.filter(pk=waiting.asked_by_id).first() if waiting else None,
        "may_freeze": waiting is None and hold.state in {*LIVE, HoldState.FROZEN},
        "may_stop": hold.state in LIVE,
        "why_not_give": why_not_to_give(hold.order_id, hold, left_of(hold)),
        "case_form": refused.get("case") or CaseForm(),
        "court_form": refused.get("court") or CourtForm(hold=hold),
        "stop_form": refused.get("stop") or StopForm(),
        "split_form": refused.get("split") or SplitForm(),
        "receiver_form": refused.get("receiver") or ReceiverForm(),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if refused else HTTPStatus.OK
    return render(request, "office/hold.html", context, status=status)


@require_POST
@for_staff(Room.STOPS)
def stop(request: HttpRequest, shown_id: str) -> HttpResponse:
    """Let the money rest because of a risk or a licence."""
    hold, form = _hold(shown_id), StopForm(request.POST)
    if not form.is_valid():
        return _page(request, hold, {"stop": form})
    user, cause, ref = signed_in(request), StopCause(form.cleaned_data["cause"]), form.cleaned_data["ref"]
    with transaction.atomic():
        run(escrow.stop(hold.order_id, cause, ref, by=Actor(Role.STAFF, user.pk)))
        record(user, "escrow.stop", shown_id, cause=cause.value, ref=ref)
    messages.success(request, gettext("The money rests"))
    return _see(shown_id)


@require_POST
@for_staff(Room.STOPS)
def resume(request: HttpRequest, shown_id: str) -> HttpResponse:
    """End a stop that staff made."""
    hold, user = _hold(shown_id), signed_in(request)
    cause, ref = request.POST.get("cause", ""), request.POST.get("ref", "")[:80]
    if cause not in BY_HAND:
        raise Http404
    with transaction.atomic():
        run(escrow.resume(hold.order_id, StopCause(cause), ref, by=Actor(Role.STAFF, user.pk)))
        record(user, "escrow.resume", shown_id, cause=cause, ref=ref)
    messages.success(request, gettext("The time goes on"))
    return _see(shown_id)


@require_POST
@for_staff(Room.FREEZES)
def freeze(request: HttpRequest, shown_id: str) -> HttpResponse:
    """Ask for a freeze, or its end; somebody else decides."""
    hold, form = _hold(shown_id), CaseForm(request.POST)
    if not form.is_valid():
        return _page(request, hold, {"case": form})
    with _told(request, gettext("Asked. Somebody else has to decide.")):
        ask_to_freeze(hold.order_id, form.cleaned_data["case"], by=signed_in(request))
    return _see(shown_id)


@require_POST
@for_staff(Room.FREEZES)
def hand_over(request: HttpRequest, shown_id: str) -> HttpResponse:
    """Ask that what is frozen is handed over on a court's order; somebody else decides."""
    hold = _hold(shown_id)
    form = CourtForm(request.POST, hold=hold)
    if not form.is_valid():
        return _page(request, hold, {"court": form})
    try:
        ask_to_hand_over(hold.order_id, form.order(), by=signed_in(request))
    except Refusal as refusal:
        # A court's document is long to copy: what was typed stays, with the reason above it.
        form.add_error(None, refusal.message(get_language() or ""))
        return _page(request, _hold(shown_id), {"court": form})
    messages.success(request, gettext("Asked. Somebody else has to decide."))
    return _see(shown_id)


@require_POST
@for_staff(Room.FREEZES)
@require_fresh_proof
def decide(request: HttpRequest, case_id: int) -> HttpResponse:
    """Decide about a freeze, or its end, that somebody else asked for."""
    asked = get_object_or_404(FreezeCase, id=case_id)
    with _told(request, gettext("Decided")):
        decide_freeze(case_id, grant=request.POST.get("grant") == "1", by=signed_in(request))
    return _see(ids.show("ord", asked.order_id))


@require_POST
@for_staff(Room.SPLITS)
@require_fresh_proof
def split_done(request: HttpRequest, shown_id: str) -> HttpResponse:
    """Mark as done what staff saw done at the provider."""
    split, form = _split(shown_id), SplitForm(request.POST)
    if not form.is_valid():
        return _page(request, Hold.objects.get(order_id=split.order_id), {"split": form})
    with _told(request, gettext("Marked as done")):
        mark_split_done(split.id, by=signed_in(request), note=form.cleaned_data["note"])
    return _see(ids.show("ord", split.order_id))


@require_POST
@for_staff(Room.SPLITS)
def split_again(request: HttpRequest, shown_id: str) -> HttpResponse:
    """Have the provider asked again, with the merchant's account if one was given."""
    split, form = _split(shown_id), ReceiverForm(request.POST)
    hold = Hold.objects.get(order_id=split.order_id)
    if request.POST.get("account"):
        if not form.is_valid():
            return _page(request, hold, {"receiver": form})
        set_receiver(hold.merchant_id, split.channel_id, form.cleaned_data["account"], form.cleaned_data["name"])
    with _told(request, gettext("Queued again")):
        try_split_again(split.id, by=signed_in(request))
    return _see(ids.show("ord", split.order_id))


class _told:  # noqa: N801 - reads as a word in `with _told(…)`
    """Tell what was done, or why it was refused."""

    def __init__(self, request: HttpRequest, done: str) -> None:
        self._request, self._done = request, done

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        if isinstance(error, Refusal):
            messages.warning(self._request, error.message(get_language() or ""))
            return True
        if error is None:
            messages.success(self._request, self._done)
        return False


def _uuid(prefix: str, shown_id: str) -> UUID:
    try:
        return ids.parse(prefix, shown_id)
    except BadIdentifier:
        raise Http404 from None


def _hold(shown_id: str) -> Hold:
    return get_object_or_404(Hold, order_id=_uuid("ord", shown_id))


def _split(shown_id: str) -> Split:
    return get_object_or_404(Split, id=_uuid("spl", shown_id))


def _see(shown_id: str) -> HttpResponse:
    response = HttpResponseRedirect(reverse("office:hold", args=[shown_id]))
    response.status_code = HTTPStatus.SEE_OTHER
    return response
