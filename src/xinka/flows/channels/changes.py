"""A channel's settings change by two people: one proposes, another confirms, and only then is a row changed.

What only looks different (names, icon, devices) and turning a channel off is done at once: neither sends a buyer's
money elsewhere. Where there is nobody else in the house, the change passes, and everybody of staff is told.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from xinka.accounts.models import User
from xinka.flows.channels.errors import (
    ChangeDecided,
    ChangeIsYours,
    ChangeWaits,
    ChannelMoved,
    LeftAlone,
    RoleIsNew,
)
from xinka.flows.channels.keepers import house_of, is_keeper
from xinka.flows.channels.mailing import MAIL_CHANNEL, MAIL_CHANNEL_ON_SERVER, News
from xinka.kernel import ids
from xinka.payments.actions import save_channel, settings_of
from xinka.payments.models import Channel, ChannelChange
from xinka.payments.providers.registry import provider_for
from xinka.platform.audit.actions import record
from xinka.platform.audit.models import AuditEntry
from xinka.platform.database.django_drive import run
from xinka.platform.jobs.queue import defer
from xinka.platform.vault.envelope import EnvelopeError
from xinka.platform.vault.keys import CHANNELS, open_envelope, sealing_key

#: What a form sets besides the settings, in its order.
COLUMNS = (
    *("name", "name_en", "glyph", "method", "currency", "min_amount", "max_amount"),
    *("devices", "fee_bps", "fee_fixed", "on"),
)
#: Changes of these send no money elsewhere.
_LOOKS = frozenset({"name", "name_en", "glyph", "devices"})
_Facts = dict[str, object]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A channel with its new columns, not saved, and all its settings as they shall be."""

    channel: Channel
    settings: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Body:
    """What a change is to bring: the columns that become other, and all settings; secrets are among them."""

    columns: _Facts
    settings: _Facts


def propose(wanted: Wanted, *, by: User) -> ChannelChange | None:
    """Have a channel become so: at once where that moves no money, else when somebody else confirms it.

    Return the change if it waits, or was made by somebody alone; None if it was made at once.

    Raises:
        BadChannel: if the provider would not accept the settings.
        ChangeWaits, RoleIsNew, LeftAlone: see there; nothing was changed.
    """
    channel = wanted.channel
    provider_for(channel.provider, wanted.settings)
    with transaction.atomic():
        _one_at_a_time(channel.slug)
        known = Channel.objects.select_for_update().filter(pk=channel.pk).first() if channel.pk else None
        names = _differences(known, wanted)
        if known is not None and _moves_nothing(names, is_on=channel.on):
            save_channel(channel, wanted.settings)
            _record_saved(by, channel, names)
            return None
        now = timezone.now()
        if ChannelChange.objects.filter(slug=channel.slug, decided_at=None).exists():
            raise ChangeWaits
        house = house_of(by, now)
        if house.others and house.new_until:
            raise RoleIsNew(until=_day(house.new_until))
        if not house.others and house.left_until:
            raise LeftAlone(until=_day(house.left_until))
        change = ChannelChange(
            id=ids.new_uuid(),
            channel=known,
            slug=channel.slug,
            provider=channel.provider,
            names=", ".join(names),
            base=_print_of(known) if known else "",
            asked_by=by,
            asked_at=now,
        )
        if house.others:
            _let_wait(change, wanted, names)
        else:
            _make_alone(change, wanted, names)
    return change


def change_on_server(wanted: Wanted) -> list[str]:
    """Have a channel become so at once, since whoever has the server needs nobody's word; staff hear of it.

    Return the names of what became other; where nothing did, nothing is written.

    Raises:
        BadChannel: if the provider would not accept the settings; nothing was changed.
    """
    channel = wanted.channel
    provider_for(channel.provider, wanted.settings)
    with transaction.atomic():
        _one_at_a_time(channel.slug)
        known = Channel.objects.select_for_update().filter(slug=channel.slug).first()
        names = _differences(known, wanted)
        if names:
            save_channel(channel, wanted.settings)
            entry = _record_saved(None, channel, names, by="command")
            run(defer(MAIL_CHANNEL_ON_SERVER, [{"entry_id": entry.pk}]))
    return names


def _one_at_a_time(slug: str) -> None:
    """Have whoever else proposes something for this channel wait; of one that is to be made there is no row to lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"channel-change:{slug}"])


def _let_wait(change: ChannelChange, wanted: Wanted, names: list[str]) -> None:
    told = COLUMNS if change.channel_id is None else [name for name in COLUMNS if name in names]
    body = {"columns": {name: getattr(wanted.channel, name) for name in told}, "settings": dict(wanted.settings)}
    change.body = sealing_key(CHANNELS).seal(json.dumps(body).encode(), change_place(change.id))
    change.save(force_insert=True)
    record(change.asked_by, "channel.propose", f"channel {change.slug}", settings=change.names)
    run(defer(MAIL_CHANNEL, [{"subject": change.id, "news": News.WAITS.value}]))


def _make_alone(change: ChannelChange, wanted: Wanted, names: list[str]) -> None:
    change.channel = save_channel(wanted.channel, wanted.settings)
    change.body, change.granted, change.is_alone = b"", True, True
    change.decided_by, change.decided_at = change.asked_by, change.asked_at
    change.save(force_insert=True)
    _record_saved(change.asked_by, wanted.channel, names, alone=1)
    run(defer(MAIL_CHANNEL, [{"subject": change.id, "news": News.MADE.value}]))


def decide(change_id: UUID, *, grant: bool, by: User) -> ChannelChange:
    """Make a change that somebody else proposed, whole and in one transaction, or refuse it.

    Who proposed it may take it back.

    Raises:
        ChangeDecided, ChangeIsYours, RoleIsNew, ChannelMoved: see there; nothing was changed.
        BadChannel: if the provider would not accept the settings any more.
    """
    with transaction.atomic():
        change = ChannelChange.objects.select_for_update(of=("self",)).select_related("asked_by").get(id=change_id)
        if change.decided_at is not None:
            raise ChangeDecided
        if grant:
            _confirm(change, by)
        else:
            record(by, "channel.refuse", f"channel {change.slug}", settings=change.names, asked_by=change.asked_by_id)
        change.body, change.granted = b"", grant
        change.decided_by, change.decided_at = by, timezone.now()
        change.save()
        if grant:
            run(defer(MAIL_CHANNEL, [{"subject": change.id, "news": News.MADE.value}]))
    return change


def _confirm(change: ChannelChange, by: User) -> None:
    if change.asked_by_id == by.pk:
        raise ChangeIsYours
    house = house_of(by, timezone.now())
    if house.new_until:
        raise RoleIsNew(until=_day(house.new_until))
    if not is_keeper(change.asked_by):
        raise ChannelMoved
    channel, body = _locked(change), body_of(change)
    for name, value in body.columns.items():
        setattr(channel, name, value)
    change.channel = save_channel(channel, body.settings)
    _record_saved(by, channel, change.names.split(", "), asked_by=change.asked_by_id)


def _locked(change: ChannelChange) -> Channel:
    """Return the channel to change, as it was when the change was proposed, or the one to make."""
    known = Channel.objects.select_for_update().filter(slug=change.slug).first()
    if (_print_of(known) if known else "") != change.base:
        raise ChannelMoved
    return known or Channel(slug=change.slug, provider=change.provider)


def body_of(change: ChannelChange) -> Body:
    """Return what a change that waits is to bring, in clear: its secrets are not for pages.

    Raises:
        EnvelopeError: if it does not open.
    """
    found = json.loads(open_envelope(change.body, change_place(change.id)))
    return Body(found["columns"], found["settings"])


def settings_or_none(channel: Channel) -> _Facts:
    """Return a channel's settings in clear; none of one that was sealed by a key that is gone."""
    try:
        return settings_of(channel)
    except EnvelopeError:
        return {}


def _differences(known: Channel | None, wanted: Wanted) -> list[str]:
    """Return the names of what becomes other: columns first, then settings; of a new channel, all that is told."""
    if known is None:
        return [*COLUMNS, *sorted(name for name, value in wanted.settings.items() if value and name not in COLUMNS)]
    stored = settings_or_none(known)
    columns = [name for name in COLUMNS if getattr(known, name) != getattr(wanted.channel, name)]
    settings = {name for name in {*stored, *wanted.settings} if is_other(stored.get(name), wanted.settings.get(name))}
    return [*columns, *sorted(settings - set(COLUMNS))]


def is_other(before: object, after: object) -> bool:
    """Whether a setting changes; one that is not there is the same as one that is empty or not set."""
    return (before or None) != (after or None)


def _moves_nothing(names: list[str], *, is_on: bool) -> bool:
    return set(names) <= (_LOOKS if is_on else _LOOKS | {"on"})


def _record_saved(actor: User | None, channel: Channel, names: list[str], **facts: str | int) -> AuditEntry:
    about = f"channel {channel.slug}"
    return record(actor, "channel.save", about, settings=", ".join(names), on=int(channel.on), **facts)


def _print_of(channel: Channel) -> str:
    """Return what tells whether a channel was changed; whether it is on, and its place, may move meanwhile."""
    columns = [getattr(channel, name) for name in COLUMNS if name != "on"]
    return hashlib.sha256(json.dumps(columns).encode() + bytes(channel.config)).hexdigest()


def change_place(change_id: UUID) -> bytes:
    """Return the associated data of what a change is to bring."""
    return b"payments_channelchange.body:" + change_id.bytes


def _day(moment: object) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}"  # type: ignore[arg-type]
