"""Stocking: what a file becomes, whatever happens on the way."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from secrets import token_hex
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection, connections
from django.db.models import QuerySet

from tests.cast import adas_shop, ask, channel, checkout, stock_up, ware
from xinka.catalog.actions import Variant
from xinka.catalog.models import DeliveryOrder
from xinka.flows import stocking
from xinka.flows.expire import cancel
from xinka.kernel.errors import IllegalMove, Refusal
from xinka.platform.database.django_drive import run
from xinka.platform.vault.keys import open_envelope
from xinka.stock import actions, withdrawing
from xinka.stock.errors import ImportNotWaiting, NoSuchSku, NothingToUndo, SkuTakesOneContent
from xinka.stock.importing import pacing, pipeline
from xinka.stock.importing.sealing import code_place
from xinka.stock.models import BatchState, Reservation, StockBatch, StockCode, UnsoldCode

pytestmark = pytest.mark.django_db


def stored_codes(sku_id: int) -> list[bytes]:
    """Return the plain codes of a SKU in the order of its queue."""
    queue = UnsoldCode.objects.filter(sku_id=sku_id).order_by("place", "code_id").values_list("code_id", flat=True)
    envelopes = dict(StockCode.objects.filter(sku_id=sku_id).values_list("id", "envelope"))
    return [open_envelope(envelopes[code_id], code_place(code_id)) for code_id in queue]


def imports() -> QuerySet[StockBatch]:
    """Return the batches that these tests brought in."""
    return StockBatch.objects.exclude(source="cast")


def counts(batch: StockBatch) -> tuple[int, int, int, int, int]:
    """Return lines, added, repeated, known, invalid."""
    return batch.n_lines, batch.n_added, batch.n_repeated, batch.n_known, batch.n_invalid


def test_codes_come_back_byte_by_byte(tmp_path: Path) -> None:
    sku = ware(adas_shop()).sku
    chance = random.Random(5)
    signs = "=+-@'\"|,;: 卡密é𠮷\u2028/\\%_" + "ABCDEFabcdef0123456789"
    codes = {chance.choice("=+-@AB9卡") + "".join(chance.choices(signs, k=24)) + "Z" for _ in range(10_000)}
    path = tmp_path / "codes.txt"
    path.write_bytes("\r\n".join(codes).encode())
    batch = stocking.import_file(path, sku.id)
    assert counts(batch) == (len(codes), len(codes), 0, 0, 0)
    assert {code.decode() for code in stored_codes(sku.id)} == codes


def test_the_queue_follows_the_file() -> None:
    sku = ware(adas_shop()).sku
    stocking.import_text("first\nsecond\nthird", sku.id)
    assert stored_codes(sku.id) == [b"first", b"second", b"third"]


def test_newest_first_sells_the_last_line_first() -> None:
    sku = ware(adas_shop(), sku={"delivery_order": DeliveryOrder.NEWEST}).sku
    stocking.import_text("first\nsecond\nthird", sku.id)
    assert stored_codes(sku.id) == [b"third", b"second", b"first"]


def test_repeated_known_and_invalid_lines_are_counted_and_none_is_dropped_silently() -> None:
    shop = adas_shop()
    sku, other = ware(shop).sku, ware(shop, slug="other").sku
    stocking.import_text("KNOWN", other.id)
    batch = stocking.import_text("A\nB\n\nA\nKNOWN\nbad\x07one\nC", sku.id)
    assert counts(batch) == (6, 3, 1, 1, 1)
    assert batch.problems == [{"line": 6, "why": "control_character"}]
    assert stored_codes(sku.id) == [b"A", b"B", b"C"]


def test_a_code_repeated_in_a_later_chunk_is_repeated_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CHUNK", "SMALL_CHUNK"):
        monkeypatch.setattr(pacing, name, 2)
    sku = ware(adas_shop()).sku
    batch = stocking.import_text("A\nB\nC\nA\nD\nB", sku.id)
    assert counts(batch) == (6, 4, 2, 0, 0)


def test_the_same_file_again_adds_nothing() -> None:
    sku = ware(adas_shop()).sku
    stocking.import_text("A\nB", sku.id)
    again = stocking.import_text("A\nB", sku.id)
    assert counts(again) == (2, 0, 0, 2, 0)
    assert UnsoldCode.objects.count() == 2


def test_labels_and_dates_of_a_csv_are_kept() -> None:
    sku = ware(adas_shop(), sku={"choosable": True}).sku
    stocking.import_text("code,label,expires_on\n=A1,Lucky 8888,2030-01-31\nB2,,", sku.id)
    rows = list(StockCode.objects.order_by("id").values_list("label", "expires_on"))
    assert [(label, str(day)) for label, day in rows] == [("Lucky 8888", "2030-01-31"), ("", "None")]
    assert list(UnsoldCode.objects.order_by("place").values_list("expires_on", flat=True)) == [rows[0][1], None]
    assert stored_codes(sku.id) == [b"=A1", b"B2"]


def noted_steps(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list to which each step adds how many codes it stores."""
    steps: list[int] = []
    store: Callable[..., None] = pipeline.store_chunk

    def told(*arguments: Any) -> None:
        steps.append(len(arguments[1].rows))
        store(*arguments)

    monkeypatch.setattr(pipeline, "store_chunk", told)
    return steps


def test_while_the_till_sells_the_same_codes_come_in_small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacing, "CHUNK", 2)
    monkeypatch.setattr(pacing, "SMALL_CHUNK", 1)
    monkeypatch.setattr(pacing, "BUSY_FROM", -1.0)
    steps = noted_steps(monkeypatch)
    sku = ware(adas_shop()).sku
    batch = stocking.import_text("A\nB\nC\nA\nD\nE\nF\nG", sku.id)
    assert counts(batch) == (8, 7, 1, 0, 0)
    assert stored_codes(sku.id) == [letter.encode() for letter in "ABCDEFG"]
    assert set(steps[:-1]) == {1}, "nobody knows at first whether the till sells"


def test_in_a_quiet_shop_steps_are_large_after_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacing, "CHUNK", 3)
    monkeypatch.setattr(pacing, "SMALL_CHUNK", 1)
    steps = noted_steps(monkeypatch)
    stocking.import_text("A\nB\nC\nD\nE\nF\nG", ware(adas_shop()).sku.id)
    assert steps[:3] == [1, 3, 3]


class Interrupted(Exception):
    """The process was lost."""


def interrupt_at(n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lose the process when the chunk number ``n`` is stored."""
    store: Callable[..., None] = pipeline.store_chunk
    done = 0

    def until(*arguments: Any) -> None:
        nonlocal done
        done += 1
        if done == n:
            raise Interrupted
        store(*arguments)

    monkeypatch.setattr(pipeline, "store_chunk", until)


@pytest.mark.parametrize("at", [1, 2, 3])
def test_an_interrupted_import_goes_on_where_it_was(at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CHUNK", "SMALL_CHUNK"):
        monkeypatch.setattr(pacing, name, 3)
    sku = ware(adas_shop()).sku
    text = "A\nB\nC\n\nD\nE\nA\nF\nG\nbad\x07\nH"
    with monkeypatch.context() as patch:
        interrupt_at(at, patch)
        with pytest.raises(Interrupted):
            stocking.import_text(text, sku.id)
    stopped = imports().get()
    assert (stopped.state, stopped.problem) == (BatchState.FAILED, "Interrupted")
    resumed = stocking.import_text(text, sku.id)
    assert resumed.id == stopped.id
    assert (resumed.state, *counts(resumed)) == (BatchState.DONE, 10, 8, 1, 0, 1)
    assert stored_codes(sku.id) == [letter.encode() for letter in "ABCDEFGH"]


def test_two_workers_at_one_batch_do_not_store_a_chunk_twice() -> None:
    sku = ware(adas_shop()).sku
    waiting = stocking.receive(sku.id, [b"A\nB"], name="a.txt", by_id=None)
    confirmed = actions.confirm_batch(waiting.id, reading=actions.reading_of(waiting))
    stale = StockBatch.objects.select_related("sku").get(id=confirmed.id)
    stocking.work_off(confirmed)
    StockBatch.objects.filter(id=stale.id).update(state=BatchState.IMPORTING)
    with pytest.raises(IllegalMove):
        actions.run_batch(stale, _Text.of(b"A\nB\nX"), lambda _line: None)
    assert stored_codes(sku.id) == [b"A", b"B"]


class _Text:
    @staticmethod
    def of(data: bytes) -> pipeline.Text:
        return pipeline.Text(lambda: [data], pipeline.Encoding.UTF_8, pipeline.Layout.TXT, len(data))


def test_the_waiting_file_is_sealed_and_goes_when_it_is_imported() -> None:
    sku = ware(adas_shop()).sku
    batch = stocking.receive(sku.id, [b"CANARY-7731-", b"5520"], name="codes.txt", by_id=None)
    (path,) = actions.sealed_files()._directory.glob(f"{batch.sealed_file}.sealed")
    assert b"CANARY" not in path.read_bytes()
    assert path.stat().st_mode & 0o077 == 0
    stocking.work_off(actions.confirm_batch(batch.id, reading=actions.reading_of(batch)))
    assert not path.exists()
    assert stored_codes(sku.id) == [b"CANARY-7731-5520"]


def test_a_discarded_file_is_gone_and_cannot_be_confirmed() -> None:
    sku = ware(adas_shop()).sku
    batch = stocking.receive(sku.id, [b"A"], name="", by_id=None)
    actions.discard_batch(batch)
    with pytest.raises(ImportNotWaiting):
        actions.confirm_batch(batch.id, reading=actions.reading_of(batch))
    assert not imports().exists()


def test_undo_takes_the_unsold_and_leaves_what_is_held_for_an_order() -> None:
    made = ware(adas_shop())
    batch = stocking.import_text("A\nB\nC\nD", made.sku.id)
    stock_up(made.sku, ["ELSE"])
    checkout(ask(made.sku, channel(), quantity=1))
    assert withdrawing.undo_batch(batch) == 3
    batch.refresh_from_db()
    assert (batch.state, batch.n_undone) == (BatchState.UNDONE, 3)
    assert stored_codes(made.sku.id) == [b"ELSE"]
    (held,) = Reservation.objects.get().code_ids
    kept = StockCode.objects.exclude(id=held).filter(batch=batch)
    assert {bytes(code.envelope) for code in kept} == {b""}
    assert open_envelope(StockCode.objects.get(id=held).envelope, code_place(held)) == b"A"


def test_what_an_unpaid_order_held_is_withdrawn_after_it_and_not_sold_again() -> None:
    made = ware(adas_shop())
    batch = stocking.import_text("A\nB", made.sku.id)
    order = checkout(ask(made.sku, channel(), quantity=1))
    stocking.start_undo(batch)
    stocking.undo_import(batch.id)
    assert later_looks(batch) == 1
    assert run(cancel(order.order_id))
    assert stored_codes(made.sku.id) == [b"A"]
    stocking.undo_import(batch.id)
    batch.refresh_from_db()
    assert (stored_codes(made.sku.id), batch.n_undone, later_looks(batch)) == ([], 2, 1)


def later_looks(batch: StockBatch) -> int:
    """Return how often a batch is to be looked at again, later than now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'stock.undo' AND scheduled_at > now()"
            " AND (args->>'batch_id')::bigint = %s",
            [batch.id],
        )
        return int(cursor.fetchone()[0])


@pytest.mark.parametrize("order", DeliveryOrder.values)
def test_undo_takes_its_own_codes_from_between_those_of_others(order: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(withdrawing, "PORTION", 2)
    made = ware(adas_shop(), sku={"delivery_order": order})
    stocking.import_text("A\nB\nC", made.sku.id)
    batch = stocking.import_text("D\nE\nF\nG\nH", made.sku.id)
    stocking.import_text("I\nJ", made.sku.id)
    assert withdrawing.undo_batch(batch) == 5
    assert set(stored_codes(made.sku.id)) == {b"A", b"B", b"C", b"I", b"J"}
    assert withdrawing.undo_batch(batch) == 0


def test_what_is_being_imported_or_undone_cannot_be_undone() -> None:
    made = ware(adas_shop())
    batch = stocking.receive(made.sku.id, [b"A"], name="", by_id=None)
    for state in (BatchState.WAITING, BatchState.IMPORTING, BatchState.UNDOING):
        StockBatch.objects.filter(id=batch.id).update(state=state)
        with pytest.raises(NothingToUndo):
            stocking.start_undo(batch)
        assert StockBatch.objects.get(id=batch.id).state == state
    stocking.undo_import(batch.id + 1)


def test_withdrawn_codes_may_come_back() -> None:
    shop = adas_shop()
    wrong, right = ware(shop).sku, ware(shop, slug="right").sku
    withdrawing.undo_batch(stocking.import_text("A\nB", wrong.id))
    batch = stocking.import_text("A\nB", right.id)
    assert counts(batch) == (2, 2, 0, 0, 0)
    assert stored_codes(right.id) == [b"A", b"B"]
    assert stored_codes(wrong.id) == []


def test_codes_are_withdrawn_on_their_last_day() -> None:
    sku = ware(adas_shop()).sku
    stocking.import_text("code,label,expires_on\nA,,2030-01-31\nB,,2030-02-01\nC,,", sku.id)
    day = StockCode.objects.order_by("id").values_list("expires_on", flat=True)[0]
    assert withdrawing.withdraw_expired(day) == 1
    assert stored_codes(sku.id) == [b"B", b"C"]
    assert imports().get().n_undone == 1


@pytest.mark.parametrize("order", DeliveryOrder)
def test_a_batch_of_several_portions_is_undone_to_its_last_code_wherever_they_stand(
    monkeypatch: pytest.MonkeyPatch, order: DeliveryOrder
) -> None:
    sku = ware(adas_shop(), 2, sku={"delivery_order": order}).sku
    batch = stocking.import_text("\n".join(f"C{n}" for n in range(7)), sku.id)
    monkeypatch.setattr(withdrawing, "PORTION", 2)
    assert withdrawing.undo_batch(batch) == 7
    assert UnsoldCode.objects.count() == 2, "those of another batch stay"
    batch.refresh_from_db()
    assert (batch.state, batch.n_undone) == (BatchState.UNDONE, 7)


def test_another_delivery_order_rearranges_the_queue() -> None:
    made = ware(adas_shop())
    stocking.import_text("A\nB\nC", made.sku.id)
    for order, expected in ((DeliveryOrder.NEWEST, [b"C", b"B", b"A"]), (DeliveryOrder.OLDEST, [b"A", b"B", b"C"])):
        made.sku.delivery_order = order
        stocking.save_product(made.product, [Variant(made.sku)])
        assert stored_codes(made.sku.id) == expected
    made.sku.delivery_order = DeliveryOrder.RANDOM
    stocking.save_product(made.product, [Variant(made.sku)])
    assert set(stored_codes(made.sku.id)) == {b"A", b"B", b"C"}


@pytest.mark.parametrize(
    ("mode", "sku_id", "refusal"), [("reusable", None, SkuTakesOneContent), ("unique", 987_654, NoSuchSku)]
)
def test_what_cannot_be_stocked_is_refused_without_a_trace(
    mode: str, sku_id: int | None, refusal: type[Refusal]
) -> None:
    sku = ware(adas_shop(), sku={"mode": mode, "max_quantity": 1}).sku
    with pytest.raises(refusal):
        stocking.import_text("A", sku_id or sku.id)
    assert not imports().exists()
    assert not StockCode.objects.exists()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_code_is_either_sold_or_withdrawn_never_both() -> None:
    made = ware(adas_shop())
    pay_by = channel()
    for round_ in range(10):
        batch = stocking.import_text("\n".join(f"R{round_}-{n}" for n in range(20)), made.sku.id)
        gate = Barrier(5)

        def undo(batch: StockBatch = batch, gate: Barrier = gate) -> None:
            gate.wait()
            withdrawing.undo_batch(batch)
            connections.close_all()

        def buy(gate: Barrier = gate) -> None:
            gate.wait()
            for _ in range(3):
                try:
                    checkout(ask(made.sku, pay_by, contact=f"{token_hex(6)}@example.com"))
                except Refusal:
                    break
            connections.close_all()

        threads = [Thread(target=undo), *[Thread(target=buy) for _ in range(4)]]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        withdrawing.undo_batch(batch)
        held = [code_id for row in Reservation.objects.all() for code_id in row.code_ids]
        withdrawn = set(StockCode.objects.filter(withdrawn_at__isnull=False).values_list("id", flat=True))
        assert len(held) == len(set(held))
        assert not withdrawn & set(held)
        assert len(withdrawn) + len(held) == StockCode.objects.count()
        assert not UnsoldCode.objects.exists()
    connection.close()
