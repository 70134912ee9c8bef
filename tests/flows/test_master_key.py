"""Another master key: nothing sealed is lost, the old key opens nothing, and a run that was killed goes on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection, models
from django.utils import timezone

from tests import cast
from tests.flows.rows import broken
from xinka.accounts import seeds
from xinka.flows.channels.changes import Wanted, propose
from xinka.flows.master_key.changing import ShopIsOpen, change_master_key
from xinka.flows.master_key.columns import CODES, COLUMNS, CONTACTS
from xinka.flows.master_key.places import PLACES, Place
from xinka.flows.master_key.resealing import Progress, destroy_unused, reseal
from xinka.orders.access import contact_place
from xinka.orders.models import Order
from xinka.payments.actions import settings_of
from xinka.payments.models import Channel
from xinka.platform.files.actions import Handed, keep, make_harmless, open_file
from xinka.platform.vault import keys
from xinka.platform.vault.envelope import EnvelopeError, key_id_of
from xinka.platform.vault.models import DataKey
from xinka.stock.importing.sealing import code_place
from xinka.stock.models import StockCode

NEW = bytes(range(32))
#: Columns of bytes that hold no envelope: hashes, and the keys themselves.
_NOT_SEALED = {
    "vault_data_key.wrapped",
    "files_file.sha256",
    "files_file.received_sha256",
    "ledger_journal.content_hash",
    "stock_stockbatch.file_hash",
    "accounts_knowndevice.cookie_hash",
}


@pytest.fixture
def old() -> Iterator[bytes]:
    """The master key that the tests began with; it is put back."""
    before = settings.ENVIRONMENT.master_key
    keys.forget()
    yield before
    _use(before)


def _use(master: bytes) -> None:
    """Go on as processes that were started with this master key."""
    settings.ENVIRONMENT.__dict__["master_key"] = master
    keys.forget()
    seeds._cipher.cache_clear()


def _change(old: bytes, new: bytes = NEW) -> None:
    change_master_key(old, new)
    _use(new)


def _sold() -> cast.Bought:
    ware = cast.ware(cast.adas_shop(), 8)
    bought = cast.buy(ware.sku, cast.channel())
    cast.pay(bought)
    return bought


def _propose_other_limits() -> None:
    """Have a change of the channel wait for somebody else of the house."""
    one, _ = (cast.person(f"{name}@example.com", staff=True) for name in ("dee", "fay"))
    channel = Channel.objects.get()
    channel.max_amount = 9_999_900
    assert propose(Wanted(channel, settings_of(channel)), by=one) is not None


def _opened() -> dict[str, bytes]:
    """Return everything that can be opened, by its place."""
    found = {}
    for place in PLACES:
        for name, envelope in _rows(place):
            found[f"{place} {name}"] = keys.open_envelope(envelope, place.bound_to(name))
    return found


def _rows(place: Place) -> list[tuple[Any, bytes]]:
    column = place.column
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column.row}, {column.field} FROM {column.table} WHERE {column.field} <> ''")  # noqa: S608
        return [(name, bytes(envelope)) for name, envelope in cursor.fetchall()]


def _names_of_keys() -> set[int]:
    return {key_id_of(envelope) for place in PLACES for _, envelope in _rows(place)}


def _finish(steps: Iterator[Progress]) -> dict[str, Progress]:
    return {str(step.place): step for step in steps}


def test_every_column_of_envelopes_is_known_to_who_seals_anew() -> None:
    columns = {
        f"{model._meta.db_table}.{column.column}"
        for model in apps.get_models()
        if model.__module__.startswith("xinka.")
        for column in model._meta.local_fields
        if isinstance(column, models.BinaryField)
    }
    assert columns == {str(column) for column in COLUMNS} | _NOT_SEALED
    assert [place.column for place in PLACES] == list(COLUMNS)


@pytest.mark.django_db
def test_everything_opens_with_the_new_master_key_and_nothing_with_the_old_one(old: bytes) -> None:
    _sold()
    before = _opened()
    assert len(before) == 10  # eight codes, a contact, a channel
    _change(old)
    assert _opened() == before
    assert broken() == []
    _use(old)
    with pytest.raises(EnvelopeError, match="master key"):
        _opened()
    assert broken() == ["delivered_opens"]


@pytest.mark.django_db
def test_what_is_sealed_anew_is_the_same_under_new_keys_and_the_keys_of_before_are_gone(old: bytes) -> None:
    _sold()
    [file] = make_harmless([Handed("a.txt", "凭证".encode())])
    kept = keep(file, now=timezone.now())
    _propose_other_limits()
    before, keys_before = _opened(), _names_of_keys()
    _change(old)
    done = _finish(reseal())
    assert {name: step.done for name, step in done.items() if step.done} == {
        "payments_channel.config": 1,
        "payments_channelchange.body": 1,
        "files_file.envelope": 1,
        "orders_order.contact": 1,
        "stock_stockcode.envelope": 8,
    }
    assert destroy_unused(set()) == {}
    assert _opened() == before
    kept.refresh_from_db()
    assert open_file(kept) == "凭证".encode()
    assert not _names_of_keys() & keys_before
    assert not DataKey.objects.filter(pk__in=keys_before).exists()
    assert _finish(reseal()) == {}


@pytest.mark.django_db
def test_a_run_that_is_killed_goes_on_with_the_rest(old: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    _sold()
    before = _opened()
    _change(old)
    in_threes = [replace(place, together=3) for place in PLACES]
    monkeypatch.setattr("xinka.flows.master_key.resealing.PLACES", in_threes)
    for step in reseal():
        if step.place.column is CODES and step.done == 3:
            break
    assert set(destroy_unused(set()).values()) == {_scope_of_codes()}, "five codes need it still"
    assert _opened() == before
    assert _finish(reseal())["stock_stockcode.envelope"].done == 5
    assert destroy_unused(set()) == {}
    assert _opened() == before


def _scope_of_codes() -> str:
    return DataKey.objects.filter(scope__startswith="merchant:").values_list("scope", flat=True).distinct().get()


@pytest.mark.django_db
def test_what_was_withdrawn_between_reading_and_writing_stays_withdrawn(old: bytes) -> None:
    _sold()
    _change(old)
    steps = reseal()
    withdrawn = StockCode.objects.order_by("-pk").values_list("pk", flat=True)[0]  # the first one is sold
    real = keys.open_envelope

    def withdraw_first(envelope: bytes, where: bytes) -> bytes:
        if where == code_place(withdrawn):
            StockCode.objects.filter(pk=withdrawn).update(envelope=b"")
        return real(envelope, where)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("xinka.flows.master_key.resealing.open_envelope", withdraw_first)
        assert _finish(steps)["stock_stockcode.envelope"].done == 7
    assert bytes(StockCode.objects.get(pk=withdrawn).envelope) == b""
    assert broken() == []


@pytest.mark.django_db
def test_an_envelope_that_does_not_open_is_named_and_keeps_its_key(old: bytes) -> None:
    _sold()
    first, second = StockCode.objects.order_by("pk")[:2]
    StockCode.objects.filter(pk=first.pk).update(envelope=second.envelope)
    _change(old)
    done = _finish(reseal())["stock_stockcode.envelope"]
    assert (done.done, done.damaged) == (7, [str(first.pk)])
    assert list(destroy_unused(set()).values()) == [_scope_of_codes()]


@pytest.mark.django_db
def test_a_key_that_a_waiting_file_names_is_kept(old: bytes) -> None:
    _sold()
    [number] = {key_id_of(bytes(code.envelope)) for code in StockCode.objects.all()}
    _change(old)
    _finish(reseal())
    assert list(destroy_unused({number})) == [number]
    assert destroy_unused(set()) == {}


@pytest.mark.django_db
def test_codes_and_contacts_are_found_as_before(old: bytes) -> None:
    bought = _sold()
    before = {purpose: keys.blind_index(purpose).uuid(b"one") for purpose in sorted(keys.INDEXES)}
    _change(old)
    assert {purpose: keys.blind_index(purpose).uuid(b"one") for purpose in sorted(keys.INDEXES)} == before
    _change(NEW, b"2" * 32)  # and once more, when they come from no master key any longer
    assert {purpose: keys.blind_index(purpose).uuid(b"one") for purpose in sorted(keys.INDEXES)} == before
    order = Order.objects.get(pk=bought.order_id)
    contact = keys.open_envelope(order.contact, contact_place(order.id))
    assert order.contact_key == keys.blind_index("contact").uuid(contact)
    with pytest.raises(ValueError, match="unheard"):
        keys.blind_index("unheard of")


@pytest.mark.django_db
def test_second_factors_work_and_everybody_is_signed_out(old: bytes) -> None:
    ada, eve = cast.person("ada@shop.example"), cast.person("eve@elsewhere.example")
    for user in (ada, eve):
        for kind, name in ((Authenticator.Type.TOTP, "secret"), (Authenticator.Type.RECOVERY_CODES, "seed")):
            Authenticator.objects.create(user=user, type=kind, data={name: seeds.seal("JBSWY3DP", ada.pk)})
    Session.objects.create(session_key="s", session_data="x", expire_date=timezone.now())
    changed = change_master_key(old, NEW)
    _use(NEW)
    assert changed.damaged == ["eve@elsewhere.example"], "hers were somebody else's"
    mine = {key: sealed for one in Authenticator.objects.filter(user=ada) for key, sealed in one.data.items()}
    assert {key: seeds.open_sealed(sealed, ada.pk) for key, sealed in mine.items()} == {
        "secret": "JBSWY3DP",
        "seed": "JBSWY3DP",
    }
    assert not Session.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_nothing_is_changed_while_a_part_of_the_shop_runs(old: bytes) -> None:
    _sold()
    before = list(DataKey.objects.order_by("pk").values_list())
    with psycopg.connect(_address(), application_name="xinka-till"), pytest.raises(ShopIsOpen, match="xinka-till"):
        change_master_key(old, NEW)
    assert list(DataKey.objects.order_by("pk").values_list()) == before


@pytest.mark.django_db
def test_a_wrong_old_key_changes_nothing(old: bytes) -> None:
    _sold()
    before = list(DataKey.objects.order_by("pk").values_list())
    with pytest.raises(EnvelopeError, match="master key"):
        change_master_key(b"x" * 32, NEW)
    assert list(DataKey.objects.order_by("pk").values_list()) == before
    assert _opened()


@pytest.mark.django_db
def test_a_process_with_the_master_key_of_before_makes_no_key(old: bytes) -> None:
    _sold()
    change_master_key(old, NEW)
    n_keys = DataKey.objects.count()
    with pytest.raises(EnvelopeError, match="master key"):
        keys.sealing_key("merchant:99")
    assert DataKey.objects.count() == n_keys


@pytest.mark.django_db(transaction=True)
def test_a_row_that_somebody_holds_is_not_waited_for_and_taken_in_the_next_round(old: bytes) -> None:
    bought = _sold()
    _change(old)
    steps = reseal()
    with psycopg.connect(_address()) as other:
        other.execute("SELECT 1 FROM orders_order WHERE id = %s FOR UPDATE", [bought.order_id])
        for step in steps:
            if step.place.column is CONTACTS and step.total:
                break
        assert next(steps).done == 0
    assert _finish(steps)["orders_order.contact"].done == 1
    assert destroy_unused(set()) == {}


@pytest.mark.django_db
def test_the_auditor_finds_what_is_sealed_by_a_key_that_is_gone(old: bytes) -> None:
    _sold()
    assert broken() == []
    DataKey.objects.filter(scope=keys.CONTACTS).delete()
    assert broken() == ["sealed_can_open"]


def _address() -> str:
    known = connection.get_connection_params()
    return psycopg.conninfo.make_conninfo(
        host=known["host"], dbname=known["dbname"], user=known.get("user"), port=known.get("port")
    )
