"""Two people change where buyers' money goes; a thief with one of them gets nowhere, a shop of one is not locked."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.utils import timezone

from tests import cast
from xinka.accounts.models import User
from xinka.accounts.staff import set_staff_roles
from xinka.accounts.staff_roles import StaffRole
from xinka.flows.channels import keepers
from xinka.flows.channels.changes import Wanted, body_of, decide, propose
from xinka.flows.channels.errors import (
    ChangeDecided,
    ChangeIsYours,
    ChangeWaits,
    ChannelMoved,
    LeftAlone,
    RoleIsNew,
)
from xinka.flows.channels.keepers import KEEPERS
from xinka.flows.channels.mailing import News, mail_channel
from xinka.office.policies import OPEN_TO, Room
from xinka.payments.actions import settings_of, switch_channel
from xinka.payments.models import Channel, ChannelChange
from xinka.payments.providers.errors import BadChannel
from xinka.platform.audit.models import AuditEntry
from xinka.platform.vault.envelope import EnvelopeError

pytestmark = pytest.mark.django_db

THIEFS_KEY = "pZ8wQe3RtY6uIo1LkJ4hGf7DsA0xCvBn"


@pytest.fixture
def dee() -> User:
    return cast.person("dee@example.com", staff=True)


@pytest.fixture
def fay(dee: User) -> User:
    return cast.person("fay@example.com", staff=True, roles=[StaffRole.FINANCE])


@pytest.fixture
def channel() -> Channel:
    return cast.channel()


def other_key(channel: Channel, key: str = THIEFS_KEY) -> Wanted:
    """Return the channel with the key of another account, and higher limits."""
    wanted = Channel.objects.get(id=channel.id)
    wanted.max_amount = 9_999_900
    return Wanted(wanted, {**settings_of(channel), "key": key, "append_key_label": False})


def state() -> list[dict[str, object]]:
    return list(Channel.objects.order_by("id").values())


def acts() -> list[tuple[str, str]]:
    return list(AuditEntry.objects.exclude(action="staff.roles").order_by("id").values_list("action", "actor__email"))


def test_the_same_people_look_after_channels_in_the_office_and_in_the_flow() -> None:
    assert OPEN_TO[Room.CHANNELS] == KEEPERS


def test_a_change_holds_once_somebody_else_confirms_it_and_all_at_once(dee: User, fay: User, channel: Channel) -> None:
    before = state()
    change = propose(other_key(channel), by=dee)
    assert change is not None
    assert state() == before
    assert change.names == "max_amount, key"  # and not the switch that was never set, and is not set now
    assert THIEFS_KEY not in str(ChannelChange.objects.values())
    decide(change.id, grant=True, by=fay)
    channel.refresh_from_db()
    assert (channel.max_amount, settings_of(channel)["key"]) == (9_999_900, THIEFS_KEY)
    change.refresh_from_db()
    assert (change.granted, change.is_alone, bytes(change.body)) == (True, False, b"")
    assert acts() == [("channel.propose", "dee@example.com"), ("channel.save", "fay@example.com")]
    assert AuditEntry.objects.get(action="channel.save").details["asked_by"] == dee.pk


def test_who_proposed_it_does_not_confirm_it_and_may_take_it_back(dee: User, fay: User, channel: Channel) -> None:
    before = state()
    change = propose(other_key(channel), by=dee)
    assert change is not None
    with pytest.raises(ChangeIsYours):
        decide(change.id, grant=True, by=dee)
    assert ChannelChange.objects.get().decided_at is None
    decide(change.id, grant=False, by=dee)
    for grant in (True, False):
        with pytest.raises(ChangeDecided):
            decide(change.id, grant=grant, by=fay)
    assert state() == before
    assert bytes(ChannelChange.objects.get().body) == b""
    assert [act for act, _ in acts()] == ["channel.propose", "channel.refuse"]


def test_the_database_itself_refuses_one_person_as_two(dee: User, fay: User, channel: Channel) -> None:
    change = propose(other_key(channel), by=dee)
    assert change is not None
    alone = {"granted": True, "decided_by": dee, "decided_at": timezone.now(), "body": b""}
    for wrong in (alone, {"decided_at": timezone.now()}):
        with pytest.raises(IntegrityError), transaction.atomic():
            ChannelChange.objects.update(**wrong)


def test_a_second_change_waits_until_the_first_is_decided(dee: User, fay: User, channel: Channel) -> None:
    propose(other_key(channel), by=dee)
    with pytest.raises(ChangeWaits):
        propose(other_key(channel), by=fay)
    assert ChannelChange.objects.count() == 1


def test_what_was_changed_meanwhile_is_not_overwritten(dee: User, fay: User, channel: Channel) -> None:
    change = propose(other_key(channel), by=dee)
    assert change is not None
    Channel.objects.filter(id=channel.id).update(min_amount=7)
    before = state()
    with pytest.raises(ChannelMoved):
        decide(change.id, grant=True, by=fay)
    assert state() == before
    assert ChannelChange.objects.get().decided_at is None


def test_a_channel_that_was_turned_off_meanwhile_stays_off(dee: User, fay: User, channel: Channel) -> None:
    change = propose(other_key(channel), by=dee)
    assert change is not None
    switch_channel(channel.id, on=False)
    decide(change.id, grant=True, by=fay)
    channel.refresh_from_db()
    assert (channel.on, settings_of(channel)["key"]) == (False, THIEFS_KEY)


def test_looks_and_turning_off_hold_at_once_and_turning_on_does_not(dee: User, fay: User, channel: Channel) -> None:
    wanted = Wanted(Channel.objects.get(), settings_of(channel))
    wanted.channel.name, wanted.channel.on = "别的名字", False
    assert propose(wanted, by=dee) is None
    channel.refresh_from_db()
    assert (channel.name, channel.on) == ("别的名字", False)
    wanted.channel.on = True
    assert propose(wanted, by=dee) is not None
    channel.refresh_from_db()
    assert not channel.on


@pytest.mark.parametrize("is_on", [True, False], ids=["turned off with it", "off before"])
def test_what_sends_money_elsewhere_waits_also_where_the_channel_is_off(
    dee: User, fay: User, channel: Channel, is_on: bool
) -> None:
    """Or a thief would change the key of a channel that is off, and somebody else would turn it on in good faith."""
    Channel.objects.update(on=is_on)
    before, wanted = state(), Channel.objects.get()
    wanted.on = False
    key = {"key": THIEFS_KEY, "append_key_label": False}
    assert propose(Wanted(wanted, {**settings_of(channel), **key}), by=dee) is not None
    assert state() == before


def test_a_new_channel_is_made_when_it_is_confirmed(dee: User, fay: User, channel: Channel) -> None:
    new = Channel(slug="new", name="新", name_en="New", provider=channel.provider)
    change = propose(Wanted(new, settings_of(channel)), by=dee)
    assert change is not None
    assert Channel.objects.count() == 1
    decide(change.id, grant=True, by=fay)
    made = Channel.objects.get(slug="new")
    assert (made.name, settings_of(made)) == ("新", settings_of(channel))
    assert ChannelChange.objects.get().channel_id == made.id


def test_a_shop_of_one_is_not_locked_and_all_staff_hear_of_it(dee: User, channel: Channel) -> None:
    cast.person("sia@example.com", staff=True, roles=[StaffRole.SUPPORT])
    change = propose(other_key(channel), by=dee)
    assert change is not None
    assert change.is_alone
    channel.refresh_from_db()
    assert settings_of(channel)["key"] == THIEFS_KEY
    assert AuditEntry.objects.get().details["alone"] == 1
    assert mail_channel(change.id, News.MADE) == 2
    assert mail_channel(change.id, News.MADE) == 0


def test_a_colleague_of_today_keeps_nobody_waiting_who_was_alone(dee: User, channel: Channel) -> None:
    set_staff_roles(cast.person("new@example.com"), [StaffRole.FINANCE], by=dee)
    change = propose(other_key(channel), by=dee)
    assert change is not None
    assert change.is_alone, "whoever cannot confirm yet is no second person"


def test_others_hear_that_a_change_waits_and_then_that_it_was_made(dee: User, fay: User, channel: Channel) -> None:
    change = propose(other_key(channel), by=dee)
    assert change is not None
    assert mail_channel(change.id, News.WAITS) == 1
    decide(change.id, grant=True, by=fay)
    assert mail_channel(change.id, News.MADE) == 2
    assert [letter.to for letter in mail.outbox] == [[fay.email], [dee.email], [fay.email]]
    assert not [letter for letter in mail.outbox if THIEFS_KEY in str(letter.message())]


def test_a_thief_does_not_make_a_second_person(
    dee: User, fay: User, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    puppet = cast.person("puppet@example.com")
    set_staff_roles(puppet, [StaffRole.OPERATOR], by=dee)
    change = propose(other_key(channel), by=dee)
    assert change is not None
    with pytest.raises(RoleIsNew):
        decide(change.id, grant=True, by=puppet)
    decide(change.id, grant=False, by=dee)
    with pytest.raises(RoleIsNew):
        propose(other_key(channel), by=puppet)
    monkeypatch.setattr(keepers, "SETTLES_AFTER", timedelta(0))  # the days have passed
    change = propose(other_key(channel), by=dee)
    assert change is not None
    decide(change.id, grant=True, by=puppet)


def test_a_thief_does_not_make_himself_alone(
    dee: User, fay: User, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = state()
    set_staff_roles(fay, [], by=dee)
    with pytest.raises(LeftAlone):
        propose(other_key(channel), by=dee)
    assert state() == before
    assert ChannelChange.objects.count() == 0
    monkeypatch.setattr(keepers, "SETTLES_AFTER", timedelta(0))  # the days have passed
    change = propose(other_key(channel), by=dee)
    assert change is not None
    assert change.is_alone


@pytest.mark.parametrize("gone", [{"staff_roles": ["support"]}, {"is_active": False}], ids=str)
def test_what_somebody_proposed_who_does_not_look_after_channels_any_more_is_not_confirmed(
    dee: User, fay: User, channel: Channel, gone: dict[str, object]
) -> None:
    change = propose(other_key(channel), by=fay)
    assert change is not None
    User.objects.filter(pk=fay.pk).update(**gone)
    with pytest.raises(ChannelMoved):
        decide(change.id, grant=True, by=dee)
    decide(change.id, grant=False, by=dee)


def test_settings_the_gateway_would_not_take_are_refused_at_once(dee: User, fay: User, channel: Channel) -> None:
    wanted = other_key(channel)
    with pytest.raises(BadChannel):
        propose(replace(wanted, settings={**wanted.settings, "key": "short"}), by=dee)
    assert ChannelChange.objects.count() == 0


def test_a_change_does_not_open_in_the_place_of_another(dee: User, fay: User, channel: Channel) -> None:
    other = cast.channel("other")
    first, second = propose(other_key(channel), by=dee), propose(other_key(other), by=dee)
    assert first is not None
    assert second is not None
    second.body = first.body
    with pytest.raises(EnvelopeError):
        body_of(second)
