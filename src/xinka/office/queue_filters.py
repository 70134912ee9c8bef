"""The queues of the office that can be narrowed down, and by what."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from xinka.accounts.models import User
from xinka.disputes.queries import cases_for_staff
from xinka.disputes.reasons import WORDS as REASONS
from xinka.disputes.states import CaseKind
from xinka.disputes.words import KINDS
from xinka.kernel import ids
from xinka.office.names import named
from xinka.office.policies import Room, may_enter
from xinka.office.queries import refunds_open
from xinka.office.queues import QueueFilter
from xinka.payments.models import Channel
from xinka.payments.states import RefundState
from xinka.payouts.queries import open_payouts
from xinka.payouts.states import PayoutState
from xinka.reconciling.models import Difference
from xinka.reconciling.states import DifferenceState
from xinka.reconciling.words import STATES as DIFFERENCE_STATES
from xinka.reconciling.words import WHATS

_LONGEST_NAME = 40
CASE_TABS = (
    ("", _("For us")),
    ("open", pgettext_lazy("cases", "Open")),
    ("chargebacks", _("Chargebacks")),
    ("closed", pgettext_lazy("cases", "Closed")),
)
#: What a payout's state is to whoever works on payouts: its words, its badge and its icon.
PAYOUT_STATES = {
    PayoutState.ASKED: (_("To approve"), "w", "alert"),
    PayoutState.HELD: (_("On hold"), "d", "lock"),
    PayoutState.APPROVED: (_("To send"), "held", "clock"),
    PayoutState.SENDING: (_("Being sent"), "held", "arrow"),
    PayoutState.PAID: (_("Paid out"), "g", "check"),
    PayoutState.RETURNED: (_("Returned by the bank"), "d", "undo"),
    PayoutState.FAILED: (_("Failed"), "d", "stop"),
    PayoutState.CANCELLED: (_("Cancelled"), "", "x"),
}
#: What a refund's state is called while it is not over.
REFUND_STATES = {
    RefundState.NEEDS_STAFF: _("Needs you"),
    RefundState.DUE: _("Due"),
    RefundState.SENDING: _("Sending"),
}


def room_of(kind: CaseKind) -> Room:
    """Return the room that works on a kind of cases: chargebacks are a matter of money, all others are support's."""
    return Room.CHARGEBACKS if kind is CaseKind.CHARGEBACK else Room.CASES


def kinds_open_to(user: User) -> frozenset[CaseKind]:
    """Return the kinds of cases somebody works on."""
    return frozenset(kind for kind in CaseKind if may_enter(user, room_of(kind)))


class CaseFilter(QueueFilter):
    """Cases: whose turn it is, of which kind, about what, of which merchant, how old, for how much."""

    key, rooms, address = "cases", (Room.CASES, Room.CHARGEBACKS), "office:cases"
    since = "opened_at"

    which = forms.CharField(required=False, widget=forms.HiddenInput)
    reason = forms.ChoiceField(label=_("The problem"), required=False)
    kind = forms.ChoiceField(label=_("Kind"), required=False)
    merchant = forms.CharField(label=_("Merchant"), required=False, max_length=_LONGEST_NAME)
    field_order = ("which", "reason", "kind", "merchant", "older", "least", "currency")

    def __init__(self, asked: dict[str, str], *, reader: User) -> None:
        super().__init__(asked, reader=reader)
        self.kinds = kinds_open_to(reader)
        kinds = [(one.value, KINDS[one]) for one in CaseKind if one in self.kinds]
        self.choose("kind", [("", gettext("all kinds")), *kinds])
        self.choose("reason", [("", gettext("all problems")), *((one.value, words) for one, words in REASONS.items())])

    def rows(self) -> QuerySet[Any]:
        """Return the cases of the reader's kinds, what is late or urgent first."""
        return cases_for_staff(self.kinds, which=self.cleaned_data.get("which", ""))

    def narrow(self, found: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow them down."""
        told = self.cleaned_data
        if told.get("reason"):
            found = found.filter(reason=told["reason"])
        if told.get("kind"):
            found = found.filter(kind=told["kind"])
        return found.filter(_is_merchant(told["merchant"])) if told.get("merchant") else found

    def page_of(self, key: Any) -> str:
        """Return the address of a case."""
        return reverse("office:case", args=[ids.show("dsp", key)])


class PayoutFilter(QueueFilter):
    """Payouts that are not finished: how far they are, whose they are, how old, how much."""

    key, rooms, address, number = "payouts", (Room.PAYOUTS,), "office:payouts", "open"
    since = "asked_at"

    state = forms.ChoiceField(label=_("State"), required=False)
    merchant = forms.CharField(label=_("Merchant"), required=False, max_length=_LONGEST_NAME)
    field_order = ("state", "merchant", "older", "least", "currency")

    def __init__(self, asked: dict[str, str], *, reader: User) -> None:
        super().__init__(asked, reader=reader)
        states = [(state.value, PAYOUT_STATES[state][0]) for state in PayoutState if state.is_in_transit]
        self.choose("state", [("", gettext("all states")), *states])

    def rows(self) -> QuerySet[Any]:
        """Return them, the oldest first."""
        return open_payouts()

    def narrow(self, found: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow them down."""
        told = self.cleaned_data
        found = found.filter(state=told["state"]) if told.get("state") else found
        return found.filter(_is_merchant(told["merchant"])) if told.get("merchant") else found

    def page_of(self, key: Any) -> str:
        """Return the address of a payout."""
        return reverse("office:payout", args=[ids.show("out", key)])


class RefundFilter(QueueFilter):
    """Refunds that are not done: how far they are, through which channel, how old, how much."""

    key, rooms, address, number = "refunds", (Room.REFUNDS,), "office:money", "refunds"
    since, per_page = "created_at", 50

    state = forms.ChoiceField(label=_("State"), required=False)
    channel = forms.ChoiceField(label=_("Channel"), required=False)
    field_order = ("state", "channel", "older", "least", "currency")

    def __init__(self, asked: dict[str, str], *, reader: User) -> None:
        super().__init__(asked, reader=reader)
        self.choose("state", [("", gettext("all states")), *((one.value, it) for one, it in REFUND_STATES.items())])
        self.choose("channel", _channels())

    def rows(self) -> QuerySet[Any]:
        """Return them, those that wait for staff first."""
        return refunds_open()

    def narrow(self, found: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow them down."""
        told = self.cleaned_data
        found = found.filter(state=told["state"]) if told.get("state") else found
        return found.filter(channel_id=int(told["channel"])) if told.get("channel") else found

    def page_of(self, key: Any) -> str:
        """Return the address of a refund."""
        return reverse("office:refund", args=[ids.show("ref", key)])


class DifferenceFilter(QueueFilter):
    """Differences between bills and books: decided or not, what differs, at which channel, how old."""

    key, rooms, address = "differences", (Room.BILLS,), "office:reconciling"
    since, per_page = "found_at", 50

    state = forms.ChoiceField(label=_("State"), required=False)
    what = forms.ChoiceField(label=pgettext_lazy("books", "What"), required=False)
    channel = forms.ChoiceField(label=_("Channel"), required=False)
    least = currency = None  # type: ignore[assignment]  # takes them out: a difference has two amounts, or one
    field_order = ("state", "what", "channel", "older")

    def __init__(self, asked: dict[str, str], *, reader: User) -> None:
        super().__init__(asked, reader=reader)
        states = [(one.value, words) for one, words in DIFFERENCE_STATES.items() if one != DifferenceState.OPEN]
        undecided = ("", DIFFERENCE_STATES[DifferenceState.OPEN])
        self.choose("state", [undecided, *states, ("all", _("All states"))])
        self.choose("what", [("", gettext("all of them")), *((one.value, words) for one, words in WHATS.items())])
        self.choose("channel", _channels())

    def rows(self) -> QuerySet[Any]:
        """Return them, the newest first."""
        return Difference.objects.select_related("bill").order_by("-found_at", "-id")

    def narrow(self, found: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow them down; where no state is asked for, to those that nobody has decided."""
        told = self.cleaned_data
        if told.get("state") != "all":
            found = found.filter(state=told.get("state") or DifferenceState.OPEN)
        found = found.filter(what=told["what"]) if told.get("what") else found
        return found.filter(bill__channel_id=int(told["channel"])) if told.get("channel") else found

    def page_of(self, key: Any) -> str:
        """Return the address of a difference."""
        return reverse("office:difference", args=[key])


#: Every queue that can be narrowed down, by its name.
QUEUES: dict[str, type[QueueFilter]] = {
    kind.key: kind for kind in (CaseFilter, PayoutFilter, RefundFilter, DifferenceFilter)
}


def _channels() -> list[tuple[str, Any]]:
    found = Channel.objects.only("id", "name", "name_en").order_by("position", "id")
    return [("", gettext("all channels")), *((str(one.id), named(one)) for one in found)]


def _is_merchant(text: str) -> Q:
    """Return what holds for a merchant whose name has these letters."""
    in_name = Q(merchant__name__icontains=text) | Q(merchant__name_en__icontains=text)
    return in_name | Q(merchant__slug__iexact=text)
