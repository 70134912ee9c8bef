"""What an act in the audit came with, in words: outcomes, names of settings, shares, times and people."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext_lazy

from xinka.disputes.states import Decision
from xinka.escrow.words import CAUSES, ROLES
from xinka.ledger.accounts import Account
from xinka.ledger.words import ACCOUNTS
from xinka.office.catalogue import MerchantForm
from xinka.office.channel_forms import ChannelForm
from xinka.office.jobs_in_words import TASKS
from xinka.office.money_words import OUTCOMES
from xinka.office.names import is_english
from xinka.payments.models import Channel
from xinka.payments.providers.registry import KINDS, class_of
from xinka.platform.audit.models import AuditEntry
from xinka.platform.look.templatetags.look import span

#: What the code calls by a word of its own, per detail.
_VALUES: dict[str, dict[str, Promise]] = {
    "by": {
        "person": pgettext_lazy("audit", "its person, on the page"),
        "command": pgettext_lazy("audit", "the operator, by command"),
    },
    "cause": {cause.value: words for cause, words in CAUSES.items()},
    "decision": {
        Decision.REFUND.value: pgettext_lazy("audit", "everything back to the buyer"),
        Decision.PART.value: pgettext_lazy("audit", "a part back to the buyer"),
        Decision.RELEASE.value: pgettext_lazy("audit", "money to the merchant"),
    },
    "outcome": OUTCOMES,
    "role": ROLES,
    "task": TASKS,
    "to": {"up": pgettext_lazy("audit", "up"), "down": pgettext_lazy("audit", "down")},
}


def value_in_words(entry: AuditEntry, name: str, value: object) -> object:
    """Return a word or number of the code's own in the words of people; what has none stays as it was recorded."""
    if name.endswith("bps"):
        return percent(value)
    if name.endswith("_seconds"):
        return _time(value)
    if name in _READ:
        return _READ[name](entry, str(value))
    return _VALUES.get(name, {}).get(str(value), value)


def percent(value: object) -> object:
    """Write a share of so many in ten thousand in percent; an empty one is as it is elsewhere."""
    return f"{int(str(value)) / 100:g} %" if str(value).isdecimal() else (value or gettext("as otherwise"))


def _time(value: object) -> object:
    if not str(value).isdecimal():
        return value or gettext("as otherwise")
    return span(timedelta(seconds=int(str(value)))) if int(str(value)) else gettext("none")


def _settings(entry: AuditEntry, value: str) -> str:
    """Return the names of a channel's settings as its page has them."""
    slug = entry.subject.removeprefix("channel ")
    provider = Channel.objects.filter(slug=slug).values_list("provider", flat=True).first()
    known = {name: str(field.label) for name, field in ChannelForm.base_fields.items()}
    known["fee_bps"] = known["fee_percent"]
    if provider in KINDS:
        english = is_english()
        fields = class_of(str(provider)).setting_fields()
        known |= {one.name: one.label_en if english else one.label_zh for one in fields}
    return _each(value, known)


def _fields(_entry: AuditEntry, value: str) -> str:
    return _each(value, {name: str(field.label) for name, field in MerchantForm.base_fields.items()})


def _each(value: str, known: dict[str, str]) -> str:
    names = [name for name in value.split(", ") if name]
    return (", " if is_english() else "、").join(known.get(name, name) for name in names) or gettext("none")


def _channel(_entry: AuditEntry, value: str) -> str:
    found = Channel.objects.filter(id=value).only("name", "name_en").first() if value.isdecimal() else None
    if found is None:
        return value
    return (found.name_en if is_english() else "") or found.name


def _account(_entry: AuditEntry, value: str) -> str:
    """Return the name of an account of the books; what is no number is a payout account, and says itself."""
    try:
        return str(ACCOUNTS[Account(int(value))])
    except ValueError:
        return value


_READ: dict[str, Callable[[AuditEntry, str], str]] = {
    "account": _account,
    "channel": _channel,
    "fields": _fields,
    "settings": _settings,
}
