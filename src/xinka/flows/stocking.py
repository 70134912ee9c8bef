"""Stocking: a file becomes codes on sale, and what the catalogue must hear of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from django.db import Error, close_old_connections, connection, transaction
from django.utils import timezone

from xinka.catalog import actions as catalog
from xinka.catalog.actions import Variant
from xinka.catalog.models import Product, Sku
from xinka.kernel.errors import Refusal
from xinka.platform.database.away import is_away
from xinka.platform.database.django_drive import run
from xinka.platform.jobs.queue import CHORES, Job, defer
from xinka.stock import actions, withdrawing
from xinka.stock.errors import FileHoldsNothing, NoSuchSku
from xinka.stock.importing.columns import first_line
from xinka.stock.importing.decoding import BLOCK, blocks_of
from xinka.stock.importing.records import Layout
from xinka.stock.importing.wishes import Wish, choice_of
from xinka.stock.models import BatchState, StockBatch
from xinka.stock.previews import Preview, preview_of

IMPORT_STOCK = Job("stock.import", CHORES)
UNDO_STOCK = Job("stock.undo", CHORES)
#: Codes held for an order are looked at again after so many seconds: the order is paid by then, or they are free.
HELD_FOR = 20 * 60
#: Told the bytes read so far; the file's size is known to whoever opened it.
OnBytes = Callable[[int], object]


def import_file(
    path: Path,
    sku_id: int,
    *,
    by_id: int | None = None,
    columns: Wish | None = None,
    on_progress: OnBytes = lambda _: None,
) -> StockBatch:
    """Import a file and return its batch with all counts; the same file after an interruption goes on where it was.

    Raises:
        ColumnsNotClear: if the columns wished for cannot be.
        FileHoldsNothing: if there is no line of codes in it.
        NoSuchSku: if there is no such SKU.
        SkuTakesOneContent: if the SKU is reusable.
        UnreadableFile: if it is not text we can read.
    """
    batch = _received(path, sku_id, columns, by_id)
    return work_off(actions.confirm_batch(batch.id, reading=actions.reading_of(batch)), on_progress=on_progress)


def look_at_file(path: Path, sku_id: int, *, columns: Wish | None = None) -> Preview:
    """Tell what an import of a file would do, and do nothing.

    Raises:
        ColumnsNotClear: if the columns wished for cannot be.
        FileHoldsNothing: if there is no line of codes in it.
        NoSuchSku: if there is no such SKU.
        SkuTakesOneContent: if the SKU is reusable.
        UnreadableFile: if it is not text we can read.
    """
    batch = _received(path, sku_id, columns, None)
    try:
        return preview_of(batch)
    finally:
        actions.discard_batch(batch)


def _received(path: Path, sku_id: int, columns: Wish | None, by_id: int | None) -> StockBatch:
    with path.open("rb") as file:
        batch = receive(sku_id, iter(lambda: file.read(BLOCK), b""), name=path.name, by_id=by_id)
    try:
        if columns is not None:
            wish_columns(batch, columns)
        _see_that_it_holds_lines(batch)
    except Refusal:
        actions.discard_batch(batch)
        raise
    return batch


def _see_that_it_holds_lines(batch: StockBatch) -> None:
    """Refuse names of columns alone: nobody looks at a preview here, and they would leave an empty batch behind."""
    if next(actions.text_of(batch).records(timezone.localdate()), None) is None:
        raise FileHoldsNothing


def import_text(text: str, sku_id: int, *, by_id: int | None = None) -> StockBatch:
    """Import pasted lines at once and return their batch.

    Raises:
        FileHoldsNothing: if no line of it says anything.
        NoSuchSku: if there is no such SKU.
        SkuTakesOneContent: if the SKU is reusable.
    """
    batch = receive(sku_id, blocks_of(text.encode()), name="", by_id=by_id)
    return work_off(actions.confirm_batch(batch.id, reading=actions.reading_of(batch)))


def receive(sku_id: int, blocks: Iterable[bytes], *, name: str, by_id: int | None) -> StockBatch:
    """Seal a file away until its import is confirmed.

    Raises:
        FileHoldsNothing: if no line of it says anything.
        NoSuchSku: if there is no such SKU.
        SkuTakesOneContent: if the SKU is reusable.
        UnreadableFile: if it is not text we can read.
    """
    sku = Sku.objects.select_related("product").filter(id=sku_id).first()
    if sku is None:
        raise NoSuchSku(sku=sku_id)
    return actions.receive_file(sku, blocks, name=name, by_id=by_id)


def wish_columns(batch: StockBatch, wish: Wish) -> None:
    """Let a waiting batch be read as somebody wishes who has not looked at it.

    Raises:
        ColumnsNotClear: if a column is not there, or is to be two things.
    """
    line = first_line(actions.text_of(batch).lines())
    actions.choose_columns(batch, Layout.CSV, choice_of(wish, line))


def work_off(batch: StockBatch, *, on_progress: OnBytes = lambda _: None, goes_on_later: bool = False) -> StockBatch:
    """Import a confirmed batch from where it stands; a failure is noted on the batch and raised.

    It is not noted where the database is away and somebody ``goes_on_later`` by himself.
    """
    text = actions.text_of(batch)
    done = 0

    def counted() -> Iterator[bytes]:
        nonlocal done
        for block in text.blocks():
            done += len(block)
            yield block

    told = replace(text, blocks=counted)
    try:
        return actions.run_batch(batch, told, lambda _line: on_progress(done))
    except Exception as error:
        if not (goes_on_later and is_away(error)):
            _note_if_possible(partial(actions.fail_batch, batch.id, type(error).__name__))
        raise


def _note_if_possible(note: Callable[[], None]) -> None:
    """Note a failure that may have cost the connection; what keeps it from being noted is not told in its place."""
    if not connection.in_atomic_block:
        close_old_connections()
    with suppress(Error):
        note()


def import_batch(batch_id: int, *, is_last_try: bool = True) -> None:
    """Work off a confirmed import; one that is done, undone or gone by now is let be."""
    batch = StockBatch.objects.select_related("sku__product").filter(id=batch_id, state=BatchState.IMPORTING).first()
    if batch is not None:
        work_off(batch, goes_on_later=not is_last_try)


def start_undo(batch: StockBatch) -> None:
    """Have a job withdraw the unsold codes of a batch, or go on with it after it stopped.

    Raises:
        NothingToUndo: if it is not imported yet, or they are being withdrawn.
    """
    with transaction.atomic():
        withdrawing.begin_undo(batch.id)
        run(defer(UNDO_STOCK, [{"batch_id": batch.id}]))


def undo_import(batch_id: int) -> None:
    """Withdraw the unsold codes of a batch whose undoing began; a failure is noted on the batch and raised.

    What is held for an order now is looked at again later: an order that was not paid must not put back on sale what
    its merchant took out.
    """
    begun = (BatchState.UNDOING, BatchState.UNDONE)
    batch = StockBatch.objects.filter(id=batch_id, state__in=begun).first()
    if batch is None:
        return
    try:
        withdrawing.undo_batch(batch)
    except Exception as error:
        _note_if_possible(partial(withdrawing.stop_undo, batch_id, type(error).__name__))
        raise
    if withdrawing.is_held(batch):
        run(defer(UNDO_STOCK, [{"batch_id": batch_id}], wait_for=HELD_FOR))


@transaction.atomic
def save_product(product: Product, variants: Sequence[Variant]) -> Product:
    """Write a product, and put the queues of variants whose delivery order changed into their new order."""
    kept = [variant.sku.id for variant in variants if variant.sku.id]
    before = dict(Sku.objects.filter(id__in=kept).values_list("id", "delivery_order"))
    saved = catalog.save_product(product, variants)
    for variant in variants:
        if before.get(variant.sku.id, variant.sku.delivery_order) != variant.sku.delivery_order:
            actions.reorder_queue(variant.sku)
    return saved


def start_import(batch_id: int, *, reading: str) -> StockBatch:
    """Confirm a waiting import: a job works it off. Returns the batch to watch, an earlier one when it goes on there.

    Raises:
        ImportNotWaiting: if it does not wait any more.
        PreviewIsOld: if it is not read as the preview said any more.
    """
    with transaction.atomic():
        batch = actions.confirm_batch(batch_id, reading=reading)
        run(defer(IMPORT_STOCK, [{"batch_id": batch.id}]))
    return batch


def continue_import(batch: StockBatch) -> None:
    """Let an import that stopped go on where it was.

    Raises:
        ImportNotWaiting: if it did not stop, or its file is gone.
    """
    with transaction.atomic():
        actions.resume_batch(batch.id)
        run(defer(IMPORT_STOCK, [{"batch_id": batch.id}]))
