"""Confirming and refusing a change of a channel in the same moment: one of them counts, and the channel is whole."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import cast
from tests.flows.waiting import while_uncommitted
from xinka.flows.channels.changes import Wanted, decide, propose
from xinka.payments.actions import settings_of
from xinka.payments.models import Channel, ChannelChange
from xinka.platform.audit.models import AuditEntry
from xinka.platform.vault import keys

pytestmark = [pytest.mark.race, pytest.mark.timeout(600), pytest.mark.usefixtures("committed_shop")]


@pytest.fixture(autouse=True)
def _fresh_vault() -> Iterator[None]:
    keys.forget()
    yield
    keys.forget()


def test_who_refuses_while_another_confirms_hears_that_it_was_decided() -> None:
    dee, fay, gil = (cast.person(f"{name}@example.com", staff=True) for name in ("dee", "fay", "gil"))
    channel = cast.channel()
    wanted = Channel.objects.get(id=channel.id)
    wanted.max_amount = 123_400
    other = {**settings_of(channel), "pid": "6666"}
    change = propose(Wanted(wanted, other), by=dee)
    assert change is not None
    answer = while_uncommitted(
        lambda: decide(change.id, grant=True, by=fay), lambda: decide(change.id, grant=False, by=gil)
    )
    assert answer == "channel_change_decided"
    channel.refresh_from_db()
    assert (channel.max_amount, settings_of(channel)) == (123_400, other)
    assert ChannelChange.objects.get().granted
    assert AuditEntry.objects.filter(action__in=["channel.save", "channel.refuse"]).count() == 1


def test_two_who_propose_at_once_leave_one_change() -> None:
    dee, fay = (cast.person(f"{name}@example.com", staff=True) for name in ("dee", "fay"))
    provider, told = cast.channel().provider, settings_of(Channel.objects.get())

    def make() -> Wanted:
        return Wanted(Channel(slug="new", name="新", name_en="New", provider=provider), told)

    answer = while_uncommitted(lambda: propose(make(), by=dee), lambda: propose(make(), by=fay))
    assert answer == "channel_change_waits"
    assert ChannelChange.objects.count() == 1
