"""What an act in the audit was about, in words: a merchant by name, an order by a link; what is gone, by its number."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext_lazy

from xinka.accounts.models import User
from xinka.catalog.models import Category
from xinka.merchants.models import Merchant
from xinka.office.escrow_terms import scope_in_words
from xinka.office.names import named
from xinka.office.policies import Room, may_enter
from xinka.payments.models import BankLine, Channel
from xinka.platform.audit.models import AuditEntry
from xinka.promotions.models import Coupon, GiftCard, Level
from xinka.reconciling.models import Difference

#: What each kind of subject is called.
_KINDS: dict[str, Promise] = {
    "batch": pgettext_lazy("audit", "Payout file"),
    "bill": pgettext_lazy("audit", "Bill"),
    "cards": pgettext_lazy("audit", "Gift cards"),
    "category": pgettext_lazy("audit", "Category"),
    "channel": pgettext_lazy("audit", "Channel"),
    "buyer": pgettext_lazy("audit", "Buyer"),
    "coupon": pgettext_lazy("audit", "Coupon"),
    "difference": pgettext_lazy("audit", "Difference"),
    "dsp": pgettext_lazy("audit", "Case"),
    "job": pgettext_lazy("audit", "Job"),
    "jrn": pgettext_lazy("audit", "Money of no order"),
    "level": pgettext_lazy("audit", "Member level"),
    "line": pgettext_lazy("audit", "Transfer"),
    "merchant": pgettext_lazy("audit", "Merchant"),
    "ord": pgettext_lazy("audit", "Order"),
    "out": pgettext_lazy("audit", "Payout"),
    "platform": pgettext_lazy("audit", "The platform"),
    "ref": pgettext_lazy("audit", "Refund"),
    "scope": pgettext_lazy("audit", "Terms"),
    "shop": pgettext_lazy("audit", "The whole shop"),
    "spl": pgettext_lazy("audit", "Task of a payment provider"),
}
#: Kinds whose subject is the kind's word and then what it is.
_WORDED = frozenset(
    {"batch", "buyer", "category", "channel", "coupon", "difference", "job", "level", "line", "merchant"}
)
#: Kinds that are told by the act, since their subject names the thing alone.
_BY_ACT = {
    "bill.": "bill",
    "books.arrival": "channel",
    "escrow.set_terms": "scope",
    "gift_cards.": "cards",
}
#: The page of each kind, and the room it is in.
_PAGES: dict[str, tuple[str, Room]] = {
    "batch": ("office:payout_batch", Room.PAYOUTS),
    "category": ("office:category", Room.CATEGORIES),
    "channel": ("office:channel", Room.CHANNELS),
    "coupon": ("office:coupon", Room.PROMOTIONS),
    "difference": ("office:difference", Room.BILLS),
    "dsp": ("office:case", Room.CASES),
    "jrn": ("office:money_unmatched", Room.REFUNDS),
    "level": ("office:level", Room.PROMOTIONS),
    "merchant": ("office:merchant", Room.MERCHANTS),
    "ord": ("office:order", Room.ORDERS),
    "out": ("office:payout", Room.PAYOUTS),
    "ref": ("office:refund", Room.REFUNDS),
    "scope": ("office:escrow_terms_edit", Room.TERMS),
}


@dataclass(frozen=True)
class Subject:
    """What an act was about: its kind, its name or else its number, and its page where the reader may open it."""

    kind: object = ""
    name: str = ""
    number: str = ""
    link: str = ""


def subjects_of(entries: Iterable[AuditEntry], reader: User) -> dict[int, Subject]:
    """Return the subject of each entry by the entry's number; each kind of thing is looked up once."""
    parsed = {entry.pk: _parsed(entry) for entry in entries}
    wanted: dict[str, set[str]] = {}
    for kind, key in parsed.values():
        wanted.setdefault(kind, set()).add(key)
    names = {kind: _LOOK[kind](keys) for kind, keys in wanted.items() if kind in _LOOK}
    return {pk: _subject(kind, key, names.get(kind, {}), reader) for pk, (kind, key) in parsed.items()}


def _parsed(entry: AuditEntry) -> tuple[str, str]:
    """Return of which kind a subject is, and what tells it from others of the kind."""
    subject: str = entry.subject
    for act, kind in _BY_ACT.items():
        if entry.action.startswith(act):
            return kind, subject
    head, _space, rest = subject.partition(" ")
    if rest and head in _WORDED:
        return head, rest
    prefix, underscore, _rest = subject.partition("_")
    if underscore and prefix in {"dsp", "jrn", "ord", "out", "ref", "spl"}:
        return prefix, subject
    return (subject, "") if subject in {"platform", "shop"} else ("", subject)


def _subject(kind: str, key: str, names: dict[str, tuple[str, object]], reader: User) -> Subject:
    name, page_key = names.get(key, ("", key if kind in {"dsp", "jrn", "ord", "out", "ref", "scope", "batch"} else ""))
    page, room = _PAGES.get(kind, ("", None))
    link = reverse(page, args=[page_key]) if page and page_key and room and may_enter(reader, room) else ""
    return Subject(_KINDS.get(kind, ""), name, "" if name else key, link)


_Names = dict[str, tuple[str, object]]


def _merchants(keys: set[str]) -> _Names:
    """Return merchants by their short name, or by the number that older acts have."""
    found: _Names = {}
    numbers = _numbers(keys)
    for one in [*Merchant.objects.filter(slug__in=keys), *Merchant.objects.filter(id__in=numbers)]:
        found |= {one.slug: (named(one), one.pk), str(one.pk): (named(one), one.pk)}
    return found


def _buyers(keys: set[str]) -> _Names:
    return {str(one.pk): (one.email, 0) for one in User.objects.filter(id__in=_numbers(keys))}


def _channels(keys: set[str]) -> _Names:
    channels = Channel.objects.filter(slug__in=keys).only("id", "slug", "name", "name_en")
    return {one.slug: (named(one), one.pk) for one in channels}


def _bills(keys: set[str]) -> _Names:
    names = _channels({key.partition(" ")[0] for key in keys})
    return {key: (f"{names.get(slug, (slug, 0))[0]} {day}", 0) for key in keys for slug, _, day in [key.partition(" ")]}


def _categories(keys: set[str]) -> _Names:
    return {one.slug: (named(one), one.pk) for one in Category.objects.filter(slug__in=keys)}


def _coupons(keys: set[str]) -> _Names:
    return {str(one.pk): (one.name, one.pk) for one in Coupon.objects.filter(id__in=_numbers(keys))}


def _levels(keys: set[str]) -> _Names:
    return {str(one.pk): (named(one), one.pk) for one in Level.objects.filter(id__in=_numbers(keys))}


def _lines(keys: set[str]) -> _Names:
    return {str(one.pk): (one.bank_no, one.pk) for one in BankLine.objects.filter(id__in=_numbers(keys))}


def _differences(keys: set[str]) -> _Names:
    return {str(one.pk): (str(one.words), one.pk) for one in Difference.objects.filter(id__in=_numbers(keys))}


def _cards(keys: set[str]) -> _Names:
    notes = dict(GiftCard.objects.filter(batch_id__in=keys).values_list("batch_id", "note").distinct())
    return {str(batch): (note or gettext("without a note"), 0) for batch, note in notes.items()}


def _scopes(keys: set[str]) -> _Names:
    return {key: (scope_in_words(key), key) for key in keys}


def _numbers(keys: set[str]) -> list[int]:
    return [int(key) for key in keys if key.isdecimal() and len(key) < 10]


_LOOK: dict[str, Callable[[set[str]], _Names]] = {
    "bill": _bills,
    "buyer": _buyers,
    "cards": _cards,
    "category": _categories,
    "channel": _channels,
    "coupon": _coupons,
    "difference": _differences,
    "level": _levels,
    "line": _lines,
    "merchant": _merchants,
    "scope": _scopes,
}
