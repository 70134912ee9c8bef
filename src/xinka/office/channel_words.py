"""A change of a payment channel in words: what becomes other, from what to what; of secrets only that they do."""

from __future__ import annotations

from typing import NamedTuple

from django.utils.translation import gettext, pgettext

from xinka.accounts.models import User
from xinka.flows.channels.changes import COLUMNS, Body, body_of, is_other, settings_or_none
from xinka.office.audit_values import percent
from xinka.office.channel_forms import GLYPHS, ChannelForm, kind_name
from xinka.office.names import is_english
from xinka.payments.models import Channel, ChannelChange, Devices
from xinka.payments.providers.protocol import SettingField
from xinka.payments.providers.registry import class_of
from xinka.platform.look.templatetags.look import amount

_SUMS = frozenset({"min_amount", "max_amount", "fee_fixed"})
_LABELS = {name: ChannelForm.base_fields["fee_percent" if name == "fee_bps" else name].label for name in COLUMNS}
_MOST_SHOWN = 200


class Line(NamedTuple):
    """One thing that becomes other; of a new channel there is nothing ``before``."""

    label: object
    before: object
    after: object


class Waiting(NamedTuple):
    """A change that waits, for a list."""

    change: ChannelChange
    kind: str
    asked_by: User


def changes_waiting() -> list[Waiting]:
    """Return the changes that wait for a second person, the oldest first."""
    found = ChannelChange.objects.filter(decided_at=None).select_related("asked_by").defer("body").order_by("asked_at")
    return [Waiting(change, kind_name(change.provider), change.asked_by) for change in found]


def lines_of(change: ChannelChange) -> list[Line]:
    """Return what a change that waits would make other.

    Raises:
        EnvelopeError: if it does not open.
    """
    body, known = body_of(change), Channel.objects.filter(id=change.channel_id or 0).first()
    lines = [_of_column(known, name, body) for name in body.columns]
    stored = settings_or_none(known) if known else {}
    fields = {one.name: one for one in class_of(change.provider).setting_fields()}
    names = [name for name in {**stored, **body.settings} if name not in COLUMNS]
    for name in names:
        before, after = stored.get(name), body.settings.get(name)
        if is_other(before, after):
            lines.append(_setting(fields.get(name), name, before, after, is_new=known is None))
    return lines


def _of_column(known: Channel | None, name: str, body: Body) -> Line:
    before = _column(name, getattr(known, name), known.currency) if known else None
    currency = str(body.columns.get("currency") or (known.currency if known else ""))
    return Line(_LABELS[name], before, _column(name, body.columns[name], currency))


def _column(name: str, value: object, currency: str) -> object:
    if name in _SUMS:
        return amount(int(str(value)), currency)
    if name == "fee_bps":
        return percent(value)
    if name == "on":
        return gettext("yes") if value else gettext("no")
    choices = {"glyph": dict(GLYPHS), "devices": dict(Devices.choices)}.get(name, {})
    return choices.get(str(value), value) or pgettext("setting", "empty")


def _setting(field: SettingField | None, name: str, before: object, after: object, *, is_new: bool) -> Line:
    label = name if field is None else field.label_en if is_english() else field.label_zh
    if field is None or field.secret:
        became = gettext("a new value, not shown") if after else pgettext("setting", "empty")
        return Line(label, None if is_new else "••••" if before else pgettext("setting", "empty"), became)
    return Line(label, None if is_new else _plain(field, before), _plain(field, after))


def _plain(field: SettingField, value: object) -> object:
    if field.is_flag:
        return gettext("yes") if value else gettext("no")
    if field.choices and str(value) in field.choices:
        zh, en = field.choices[str(value)]
        return en if is_english() else zh
    text = str(value or "")
    return (text[:_MOST_SHOWN] + "…" if len(text) > _MOST_SHOWN else text) or pgettext("setting", "empty")
