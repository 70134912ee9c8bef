"""What the audit keeps, in words: a tag such as ``escrow.freeze`` as an act, minor units as money, numbers as people.

Acts are kept for ever, so this table only grows: what was recorded once is shown in words for as long as the shop runs.
What has no words here is shown as it was recorded.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import pgettext, pgettext_lazy

from xinka.accounts.models import User
from xinka.accounts.staff_roles import LABELS
from xinka.ledger.days import end_of, start_of
from xinka.merchants.models import Role
from xinka.office.audit_subjects import Subject, subjects_of
from xinka.office.audit_values import value_in_words
from xinka.platform.audit.models import AuditEntry
from xinka.platform.look.templatetags.look import amount

ACTS: dict[str, Promise] = {
    "account.ask_to_drop_second_factor": pgettext_lazy("audit", "Was told that a second factor is lost"),
    "account.close": pgettext_lazy("audit", "Closed an account"),
    "account.drop_second_factor": pgettext_lazy("audit", "Took the second step off a sign-in"),
    "account.sign_out": pgettext_lazy("audit", "Signed somebody out everywhere"),
    "bill.fetch": pgettext_lazy("audit", "Had a gateway's bill fetched"),
    "bill.upload": pgettext_lazy("audit", "Uploaded a gateway's bill"),
    "books.arrival": pgettext_lazy("audit", "Entered money that came from a gateway"),
    "books.check": pgettext_lazy("audit", "Had the books checked"),
    "books.export": pgettext_lazy("audit", "Exported the books"),
    "books.clear_suspense": pgettext_lazy("audit", "Entered what became of money in suspense"),
    "books.put_in": pgettext_lazy("audit", "Entered the operator's own money"),
    "books.take_out": pgettext_lazy("audit", "Entered earned money that was taken out"),
    "case.decide": pgettext_lazy("audit", "Decided a case"),
    "case.send_evidence": pgettext_lazy("audit", "Handed evidence in"),
    "case.take_evidence": pgettext_lazy("audit", "Took an evidence pack"),
    "category.change": pgettext_lazy("audit", "Changed a category"),
    "category.move": pgettext_lazy("audit", "Moved a category"),
    "category.open": pgettext_lazy("audit", "Made a category"),
    "channel.move": pgettext_lazy("audit", "Moved a channel"),
    "channel.off": pgettext_lazy("audit", "Turned a channel off"),
    "channel.on": pgettext_lazy("audit", "Turned a channel on"),
    "channel.propose": pgettext_lazy("audit", "Proposed a change of a channel"),
    "channel.refuse": pgettext_lazy("audit", "Refused a change of a channel"),
    "channel.save": pgettext_lazy("audit", "Saved a channel"),
    "channel.test": pgettext_lazy("audit", "Tried a channel"),
    "coupon.change": pgettext_lazy("audit", "Changed a coupon"),
    "coupon.codes": pgettext_lazy("audit", "Made more codes of a coupon"),
    "coupon.export": pgettext_lazy("audit", "Took the codes of a coupon"),
    "coupon.make": pgettext_lazy("audit", "Made a coupon"),
    "coupon.stop": pgettext_lazy("audit", "Stopped a coupon"),
    "difference.enter": pgettext_lazy("audit", "Agreed to enter money that only a bill told of"),
    "difference.explained": pgettext_lazy("audit", "Explained a difference"),
    "difference.open": pgettext_lazy("audit", "Opened a difference again"),
    "difference.propose_entry": pgettext_lazy("audit", "Proposed to enter money that only a bill told of"),
    "difference.refuse_entry": pgettext_lazy("audit", "Refused to enter money that only a bill told of"),
    "difference.resolved": pgettext_lazy("audit", "Closed a difference"),
    "difference.settle": pgettext_lazy("audit", "Settled a payment that a bill named"),
    "escrow.ask_freeze": pgettext_lazy("audit", "Asked for a freeze"),
    "escrow.ask_hand_over": pgettext_lazy("audit", "Asked to hand money over to a court"),
    "escrow.ask_unfreeze": pgettext_lazy("audit", "Asked for the end of a freeze"),
    "escrow.freeze": pgettext_lazy("audit", "Agreed to a freeze"),
    "escrow.hand_over": pgettext_lazy("audit", "Agreed to hand money over to a court"),
    "escrow.refuse_freeze": pgettext_lazy("audit", "Refused a freeze or its end"),
    "escrow.refuse_hand_over": pgettext_lazy("audit", "Refused to hand money over to a court"),
    "escrow.resume": pgettext_lazy("audit", "Ended a stop of money"),
    "escrow.set_terms": pgettext_lazy("audit", "Set escrow terms"),
    "escrow.stop": pgettext_lazy("audit", "Let money rest"),
    "escrow.unfreeze": pgettext_lazy("audit", "Agreed to the end of a freeze"),
    "gift_cards.issue": pgettext_lazy("audit", "Issued gift cards"),
    "gift_cards.stop": pgettext_lazy("audit", "Stopped gift cards"),
    "job.discard": pgettext_lazy("audit", "Gave a failed job up"),
    "job.retry": pgettext_lazy("audit", "Let a failed job run again"),
    "level.save": pgettext_lazy("audit", "Saved a member level"),
    "mail.try": pgettext_lazy("audit", "Sent a test letter"),
    "maintenance.off": pgettext_lazy("audit", "Opened the shop again, or called its closing off"),
    "maintenance.on": pgettext_lazy("audit", "Closed the shop for maintenance, or announced it"),
    "merchant.active": pgettext_lazy("audit", "Let a merchant sell again"),
    "merchant.change": pgettext_lazy("audit", "Changed a merchant"),
    "merchant.open": pgettext_lazy("audit", "Opened a merchant"),
    "merchant.suspended": pgettext_lazy("audit", "Suspended a merchant"),
    "order.find": pgettext_lazy("audit", "Looked a buyer's orders up"),
    "order.give_back": pgettext_lazy("audit", "Gave a buyer money back, as the seller"),
    "order.look": pgettext_lazy("audit", "Looked at an order"),
    "order.mail_links": pgettext_lazy("audit", "Had a buyer mailed the links to their orders"),
    "payout.approve": pgettext_lazy("audit", "Approved a payout"),
    "payout.batch": pgettext_lazy("audit", "Made a payout file for the bank"),
    "payout.batch_file": pgettext_lazy("audit", "Downloaded a payout file"),
    "payout.by_hand": pgettext_lazy("audit", "Entered a payout's outcome by hand"),
    "payout.call_back": pgettext_lazy("audit", "Called a payout back"),
    "payout.hold": pgettext_lazy("audit", "Held somebody's payouts"),
    "payout.lift_hold": pgettext_lazy("audit", "Let somebody's payouts go on"),
    "payout.propose_return": pgettext_lazy("audit", "Said that the bank returned a payout"),
    "payout.refuse_return": pgettext_lazy("audit", "Refused that the bank returned a payout"),
    "payout.return": pgettext_lazy("audit", "Entered a payout that the bank returned"),
    "payout.outcomes": pgettext_lazy("audit", "Entered what the bank answered"),
    "payout.reject": pgettext_lazy("audit", "Refused a payout"),
    "payout.send": pgettext_lazy("audit", "Sent a payout through a gateway"),
    "payout_account.add": pgettext_lazy("audit", "Added a payout account"),
    "payout_account.confirm": pgettext_lazy("audit", "Said that a payout account is right"),
    "payout_account.remove": pgettext_lazy("audit", "Removed a payout account"),
    "referral.terms": pgettext_lazy("audit", "Set what recommending brings"),
    "refund.ask": pgettext_lazy("audit", "Asked to give money back"),
    "refund.by_staff": pgettext_lazy("audit", "Gave money back"),
    "refund.mark_done": pgettext_lazy("audit", "Marked a refund as done by hand"),
    "refund.refuse": pgettext_lazy("audit", "Refused to give money back"),
    "refund.send_again": pgettext_lazy("audit", "Had a refund sent again"),
    "refund.take_up": pgettext_lazy("audit", "Took money without an order up, to send it back"),
    "split.mark_done": pgettext_lazy("audit", "Marked as done at the provider"),
    "split.try_again": pgettext_lazy("audit", "Had the provider asked again"),
    "staff.roles": pgettext_lazy("audit", "Gave or took staff roles"),
    "suspense.match": pgettext_lazy("audit", "Agreed whose money it is"),
    "suspense.propose_match": pgettext_lazy("audit", "Proposed whose money it is"),
    "suspense.propose_return": pgettext_lazy("audit", "Proposed to send money of no order back"),
    "suspense.refuse": pgettext_lazy("audit", "Refused what was proposed for money of no order"),
    "team.decline": pgettext_lazy("audit", "Declined an invitation to a team"),
    "team.hand_over": pgettext_lazy("audit", "Became an owner of a shop, as offered"),
    "team.invite": pgettext_lazy("audit", "Invited somebody to a team"),
    "team.join": pgettext_lazy("audit", "Joined a team, as invited"),
    "team.leave": pgettext_lazy("audit", "Left a team"),
    "team.offer": pgettext_lazy("audit", "Offered ownership of a shop"),
    "team.offer_back": pgettext_lazy("audit", "Took an offer of ownership back"),
    "team.offer_declined": pgettext_lazy("audit", "Declined ownership of a shop"),
    "team.remove": pgettext_lazy("audit", "Took somebody out of a team"),
    "team.role": pgettext_lazy("audit", "Changed what somebody is in a team"),
    "team.uninvite": pgettext_lazy("audit", "Withdrew an invitation to a team"),
    "template.add": pgettext_lazy("audit", "Shared a reply template"),
    "template.change": pgettext_lazy("audit", "Changed a shared reply template"),
    "template.delete": pgettext_lazy("audit", "Deleted a shared reply template"),
    "transfer.confirm": pgettext_lazy("audit", "Confirmed a transfer"),
    "transfer.discard": pgettext_lazy("audit", "Discarded a transfer"),
    "transfer.record": pgettext_lazy("audit", "Recorded a transfer"),
}

#: What a detail is; those that are missing here are shown by the name they were recorded under.
DETAILS: dict[str, Promise] = {
    "account": pgettext_lazy("audit", "account"),
    "after": pgettext_lazy("audit", "after"),
    "after_sale_seconds": pgettext_lazy("audit", "after-sale"),
    "alone": pgettext_lazy("audit", "alone, as there was nobody else"),
    "amount": pgettext_lazy("audit", "amount"),
    "asked_by": pgettext_lazy("audit", "asked by"),
    "basis": pgettext_lazy("audit", "legal basis"),
    "before": pgettext_lazy("audit", "before"),
    "bps": pgettext_lazy("audit", "share"),
    "by": pgettext_lazy("audit", "at whose word"),
    "case": pgettext_lazy("audit", "case"),
    "cause": pgettext_lazy("audit", "cause"),
    "channel": pgettext_lazy("audit", "channel"),
    "commission_bps": pgettext_lazy("audit", "commission"),
    "confirm_seconds": pgettext_lazy("audit", "time to check"),
    "count": pgettext_lazy("audit", "how many"),
    "currency": pgettext_lazy("audit", "currency"),
    "decision": pgettext_lazy("audit", "decision"),
    "differences": pgettext_lazy("audit", "differences"),
    "fields": pgettext_lazy("audit", "fields"),
    "form": pgettext_lazy("audit", "format"),
    "found": pgettext_lazy("audit", "found"),
    "from": pgettext_lazy("audit", "from when"),
    "giver": pgettext_lazy("audit", "from"),
    "invitation": pgettext_lazy("audit", "invitation"),
    "lines": pgettext_lazy("audit", "lines"),
    "name": pgettext_lazy("audit", "name"),
    "new": pgettext_lazy("audit", "new ones"),
    "note": pgettext_lazy("audit", "note"),
    "number": pgettext_lazy("audit", "number"),
    "of": pgettext_lazy("audit", "approvals needed"),
    "off_bps": pgettext_lazy("audit", "cheaper by"),
    "on": pgettext_lazy("audit", "turned on"),
    "outcome": pgettext_lazy("audit", "outcome"),
    "owner": pgettext_lazy("audit", "owner"),
    "paid": pgettext_lazy("audit", "was paid"),
    "payouts": pgettext_lazy("audit", "payouts"),
    "person": pgettext_lazy("audit", "person"),
    "reason": pgettext_lazy("audit", "reason"),
    "ref": pgettext_lazy("audit", "what about it"),
    "reference": pgettext_lazy("audit", "document number"),
    "reserve_bps": pgettext_lazy("audit", "reserve"),
    "reserve_seconds": pgettext_lazy("audit", "reserve kept for"),
    "resumed": pgettext_lazy("audit", "resumed"),
    "role": pgettext_lazy("audit", "role"),
    "settings": pgettext_lazy("audit", "settings"),
    "sha256": pgettext_lazy("audit", "SHA-256"),
    "shared": pgettext_lazy("audit", "beside whoever offered it"),
    "stopped": pgettext_lazy("audit", "stopped"),
    "task": pgettext_lazy("audit", "task"),
    "to": pgettext_lazy("audit", "where to"),
    "told": pgettext_lazy("audit", "answers"),
    "total": pgettext_lazy("audit", "sum"),
    "until": pgettext_lazy("audit", "until when"),
    "value": pgettext_lazy("audit", "value of each"),
    "yes": pgettext_lazy("audit", "approvals"),
}
_MINOR = pgettext_lazy("audit", "in the smallest unit")
_YES_OR_NO = {0: pgettext_lazy("audit", "no"), 1: pgettext_lazy("audit", "yes")}
_ROLES = {role.value: words for role, words in LABELS.items()}
_TEAM_ROLES = {role.value: role.label for role in Role}

_MONEY = frozenset({"amount", "total", "value"})
_SWITCHES = frozenset({"alone", "on", "paid", "shared"})
#: Details that are the number of a person, per act where the name alone does not say so.
_PEOPLE = frozenset({("", "asked_by"), ("", "giver"), ("", "person"), ("merchant.open", "owner")})
#: Acts whose subject is a person, as ``#5``.
_ON_PEOPLE = frozenset(
    {
        *("account.ask_to_drop_second_factor", "account.drop_second_factor"),
        *("account.close", "account.sign_out", "staff.roles"),
    }
)


@dataclass(frozen=True)
class Act:
    """One act as a page shows it; ``is_known`` says whether it has words."""

    entry: AuditEntry
    words: object
    is_known: bool
    subject: Subject
    details: list[tuple[object, object]]


class AuditFilter(forms.Form):
    """Which acts to show: of a kind, of a person, of a day; all of them without a question."""

    act = forms.ChoiceField(label=pgettext_lazy("audit", "Act"), required=False)
    who = forms.CharField(label=pgettext_lazy("audit", "Who"), max_length=40, required=False)
    day = forms.DateField(
        label=pgettext_lazy("audit", "Day"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sorted_acts = sorted(((tag, str(words)) for tag, words in ACTS.items()), key=itemgetter(1))
        choices = [("", pgettext("audit", "All acts")), *sorted_acts]
        self.fields["act"].choices = choices  # type: ignore[attr-defined]  # a select has choices

    @property
    def is_part(self) -> bool:
        """Whether something was asked for."""
        return any(self.data.get(name) for name in self.fields)

    def apply(self, found: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        """Narrow these entries down by what can be read of the question."""
        self.is_valid()
        asked = self.cleaned_data
        if asked.get("act"):
            found = found.filter(action=asked["act"])
        if asked.get("who"):
            found = found.filter(actor_name__icontains=asked["who"])
        if asked.get("day"):
            found = found.filter(at__gte=start_of(asked["day"]), at__lt=end_of(asked["day"]))
        return found


def acts_in_words(entries: Iterable[AuditEntry], reader: User) -> list[Act]:
    """Return these entries for people; whoever and whatever is named in them is looked up once."""
    found = list(entries)
    people = User.objects.in_bulk({number for entry in found for number in _people_in(entry)})
    names = {number: str(person) for number, person in people.items()}
    subjects = subjects_of(found, reader)
    return [_act(entry, subjects[entry.pk], names) for entry in found]


def _act(entry: AuditEntry, subject: Subject, names: dict[int, str]) -> Act:
    words = ACTS.get(entry.action)
    if entry.action in _ON_PEOPLE:
        subject = Subject(name=names.get(_number(entry.subject.removeprefix("#")), entry.subject))
    # A currency is told by its amount.
    has_money = "currency" in entry.details and not _MONEY.isdisjoint(entry.details)
    shown = [(name, value) for name, value in entry.details.items() if not (has_money and name == "currency")]
    details = [_detail(entry, name, value, names) for name, value in shown if not _is_nobody(name, value)]
    return Act(entry, words or entry.action, words is not None, subject, details)


def _is_nobody(name: str, value: object) -> bool:
    """Whether a detail names no owner, as that of an account that nobody in particular owns."""
    return name == "owner" and value == 0


def _detail(entry: AuditEntry, name: str, value: object, names: dict[int, str]) -> tuple[object, object]:
    label = DETAILS.get(name, name)
    if name in _MONEY and isinstance(value, int):
        currency = entry.details.get("currency")
        return (label, amount(value, currency)) if currency else (f"{label} ({_MINOR})", value)
    if _is_person(entry, name):
        return label, names.get(_number(value), f"#{value}")
    if name in _SWITCHES:
        return label, _YES_OR_NO.get(_number(value), value)
    if entry.action == "staff.roles":
        return label, ", ".join(str(_ROLES.get(role, role)) for role in str(value).split()) or "—"
    if entry.action.startswith("team.") and name in {"before", "after"}:
        return label, _TEAM_ROLES.get(str(value), value) or "—"
    return label, value_in_words(entry, name, value)


def _people_in(entry: AuditEntry) -> set[int]:
    found = {_number(value) for name, value in entry.details.items() if _is_person(entry, name)}
    return found | ({_number(entry.subject.removeprefix("#"))} if entry.action in _ON_PEOPLE else set())


def _is_person(entry: AuditEntry, name: str) -> bool:
    return ("", name) in _PEOPLE or (entry.action, name) in _PEOPLE


def _number(value: object) -> int:
    """Return a number of the record, or -1, which is nobody's."""
    return int(text) if (text := str(value)).isdecimal() and len(text) < 19 else -1
