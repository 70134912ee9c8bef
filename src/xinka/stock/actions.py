"""The writers of what comes into the stock: batches, one content for all, and the order of the queue.

How codes leave it unsold is in ``withdrawing``. There are no other writers.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from xinka.catalog.models import Sku, StockMode
from xinka.platform.vault.keys import blind_index, merchant_scope, open_envelope, sealing_key
from xinka.stock.errors import (
    ContentNotUsable,
    FileHoldsNothing,
    ImportNotWaiting,
    PreviewIsOld,
    SkuTakesCodes,
    SkuTakesOneContent,
)
from xinka.stock.importing.columns import Choice, first_line
from xinka.stock.importing.decoding import Encoding, decode, examine, split_lines
from xinka.stock.importing.pipeline import OnProgress, Text, run_import
from xinka.stock.importing.records import Layout, guess_layout
from xinka.stock.importing.sealed_files import KEPT_FOR, SealedFiles
from xinka.stock.importing.sealing import Target, code_place
from xinka.stock.models import BatchState, StockBatch, StockCode, UnsoldCode

MAX_CONTENT_BYTES = 16_384
#: Codes that one transaction withdraws or re-orders; a till that wants one of them waits no longer than that takes.
PORTION = 5_000

_REORDER = """
WITH moved AS (
  DELETE FROM stock_unsold u USING (
    SELECT sku_id, place, code_id FROM stock_unsold WHERE sku_id = %(sku)s AND place <> {place}
    LIMIT %(portion)s FOR UPDATE SKIP LOCKED) d
  WHERE u.sku_id = d.sku_id AND u.place = d.place AND u.code_id = d.code_id RETURNING u.code_id, u.expires_on)
INSERT INTO stock_unsold (sku_id, place, code_id, expires_on)
SELECT %(sku)s, {place}, code_id, expires_on FROM moved
"""


def sealed_files() -> SealedFiles:
    """Return the place where uploaded files wait."""
    return SealedFiles(settings.ENVIRONMENT.data_dir / "imports")


def keys_of_waiting_files() -> set[int]:
    """Return the numbers of the data keys that seal files which wait for their import."""
    return sealed_files().keys()


def text_of(batch: StockBatch) -> Text:
    """Return the waiting file of a batch as text."""
    name = batch.sealed_file
    return Text(
        lambda: sealed_files().read(name, open_envelope),
        Encoding(batch.encoding),
        Layout(batch.layout),
        batch.size,
        Choice.of_json(batch.columns),
    )


def receive_file(sku: Sku, blocks: Iterable[bytes], *, name: str, by_id: int | None) -> StockBatch:
    """Seal a file away and return its batch, which waits for its preview to be confirmed.

    Raises:
        FileHoldsNothing: if no line of it says anything.
        SkuTakesOneContent: if the SKU is reusable.
        UnreadableFile: if it is not text we can read.
    """
    if sku.mode == StockMode.REUSABLE:
        raise SkuTakesOneContent
    merchant_id = sku.product.merchant_id
    files = sealed_files()
    sealed = files.write(blocks, sealing_key(merchant_scope(merchant_id)))
    try:
        found = examine(files.read(sealed, open_envelope))
        layout = _layout(name, files.read(sealed, open_envelope), found.encoding)
    except BaseException:
        files.remove(sealed)
        raise
    return StockBatch.objects.create(
        merchant_id=merchant_id,
        sku=sku,
        source=name[:120],
        file_hash=found.sha256,
        size=found.size,
        encoding=found.encoding.value,
        layout=layout,
        sealed_file=sealed,
        state=BatchState.WAITING,
        created_by_id=by_id,
    )


def _layout(name: str, blocks: Iterable[bytes], encoding: Encoding) -> Layout:
    line = first_line(split_lines(decode(blocks, encoding)))
    if not line:
        raise FileHoldsNothing
    return guess_layout(name, line)


def choose_columns(batch: StockBatch, layout: Layout, choice: Choice | None = None) -> None:
    """Let a waiting batch be read otherwise; without a choice its lines are codes, or its first line tells.

    Raises:
        ImportNotWaiting: if it does not wait any more.
    """
    batch.layout, batch.columns = layout, choice.as_json() if choice else {}
    waiting = StockBatch.objects.filter(id=batch.id, state=BatchState.WAITING)
    if waiting.update(layout=batch.layout, columns=batch.columns) != 1:
        raise ImportNotWaiting


def reading_of(batch: StockBatch) -> str:
    """Return a mark of how a batch is read: a preview carries it, and only what is read so may be confirmed."""
    return hashlib.sha256(json.dumps([batch.layout, batch.columns], sort_keys=True).encode()).hexdigest()[:16]


def confirm_batch(batch_id: int, *, reading: str) -> StockBatch:
    """Let a waiting batch be imported and return it, or the earlier batch of the same file that it goes on with.

    Raises:
        ImportNotWaiting: if it does not wait any more.
        PreviewIsOld: if it is not read as ``reading`` says any more.
    """
    with transaction.atomic():
        batch = StockBatch.objects.select_for_update().filter(id=batch_id, state=BatchState.WAITING).first()
        if batch is None:
            raise ImportNotWaiting
        if reading != reading_of(batch):
            raise PreviewIsOld
        interrupted = (
            StockBatch.objects.select_for_update()
            .filter(sku_id=batch.sku_id, file_hash=batch.file_hash, layout=batch.layout)
            .filter(columns=batch.columns, state=BatchState.FAILED)
            .first()
        )
        if interrupted is None:
            StockBatch.objects.filter(id=batch_id).update(state=BatchState.IMPORTING)
            batch.state = BatchState.IMPORTING
            return batch
        old_file, interrupted.sealed_file = interrupted.sealed_file, batch.sealed_file
        interrupted.state, interrupted.problem = BatchState.IMPORTING, ""
        interrupted.save(update_fields=["sealed_file", "state", "problem"])
        batch.delete()
    sealed_files().remove(old_file)
    return interrupted


def discard_batch(batch: StockBatch) -> None:
    """Forget a file that waits."""
    if StockBatch.objects.filter(id=batch.id, state=BatchState.WAITING).delete()[0]:
        sealed_files().remove(batch.sealed_file)


def run_batch(batch: StockBatch, text: Text, on_progress: OnProgress) -> StockBatch:
    """Import a batch from where it stands and return it as it became.

    Raises:
        IllegalMove: if somebody else is at the same batch.
    """
    sku = batch.sku
    target = Target(
        sku.id,
        batch.id,
        sku.delivery_order,
        sealing_key(merchant_scope(batch.merchant_id)),
        blind_index("code"),
    )
    run_import(
        raw_connection(), text, target, from_line=batch.last_line, today=timezone.localdate(), on_progress=on_progress
    )
    StockBatch.objects.filter(id=batch.id, state=BatchState.IMPORTING).update(
        state=BatchState.DONE, finished_at=timezone.now(), sealed_file=""
    )
    sealed_files().remove(batch.sealed_file)
    batch.refresh_from_db()
    return batch


def fail_batch(batch_id: int, problem: str) -> None:
    """Note that an import stopped; what came in stays, and the same file goes on from there."""
    StockBatch.objects.filter(id=batch_id, state=BatchState.IMPORTING).update(
        state=BatchState.FAILED, problem=problem, finished_at=timezone.now()
    )


def resume_batch(batch_id: int) -> None:
    """Let an import that stopped go on.

    Raises:
        ImportNotWaiting: if it did not stop, or its file is gone.
    """
    stopped = StockBatch.objects.filter(id=batch_id, state=BatchState.FAILED).exclude(sealed_file="")
    if stopped.update(state=BatchState.IMPORTING, problem="", finished_at=None) != 1:
        raise ImportNotWaiting


def reorder_queue(sku: Sku) -> None:
    """Put the unsold codes of a SKU where its delivery order wants them; a code that is just being sold is let go.

    One content for every buyer stays where it is: there the last place is the one that is sold.
    """
    if sku.mode == StockMode.REUSABLE:
        return
    place = {"oldest": "code_id", "newest": "-code_id"}.get(sku.delivery_order)
    with connection.cursor() as cursor:
        if place is None:
            cursor.execute("UPDATE stock_unsold SET place = (random() * 1e15)::bigint WHERE sku_id = %s", [sku.id])
            return
        while True:
            cursor.execute(_REORDER.format(place=place), {"sku": sku.id, "portion": PORTION})
            if cursor.rowcount < PORTION:
                return


def put_content(sku: Sku, content: str, *, by_id: int | None = None) -> StockCode:
    """Put the content of a reusable SKU on offer, also one that was before; it is the only one that is sold then.

    Raises:
        SkuTakesCodes: if its codes are sold once each.
        ContentNotUsable: if it is empty or too long.
    """
    if sku.mode != StockMode.REUSABLE:
        raise SkuTakesCodes
    raw = content.strip().encode()
    if not 0 < len(raw) <= MAX_CONTENT_BYTES:
        raise ContentNotUsable(limit=MAX_CONTENT_BYTES)
    marks = [blind_index("code").uuid(mark + raw) for mark in (b"\0%d:" % sku.id, b"%d:" % sku.id)]
    with transaction.atomic():
        Sku.objects.select_for_update(no_key=True).get(id=sku.id)
        code = StockCode.objects.filter(sku=sku, fingerprint__in=marks).first()
        if code is None:
            code = _sealed_content(sku, raw, marks[0], by_id)
        elif not code.envelope:  # it was lost once: whoever bought it reads it again
            code.envelope = sealing_key(merchant_scope(sku.product.merchant_id)).seal(raw, code_place(code.id))
            code.save(update_fields=["envelope"])
        _offer_alone(sku, code)
    return code


def _sealed_content(sku: Sku, raw: bytes, fingerprint: UUID, by_id: int | None) -> StockCode:
    """Write a content into the vault. Its fingerprint holds what no code may hold, so that no import ever meets it."""
    merchant_id = sku.product.merchant_id
    batch = StockBatch.objects.create(
        merchant_id=merchant_id, sku=sku, state=BatchState.DONE, n_lines=1, n_added=1, created_by_id=by_id
    )
    code = StockCode.objects.create(sku=sku, batch=batch, fingerprint=fingerprint, envelope=b"")
    code.envelope = sealing_key(merchant_scope(merchant_id)).seal(raw, code_place(code.id))
    code.save(update_fields=["envelope"])
    StockBatch.objects.filter(id=batch.id).update(first_code_id=code.id, last_code_id=code.id)
    return code


def _offer_alone(sku: Sku, code: StockCode) -> None:
    """Have a content be what is sold; those before it are off sale, and stay readable for those who bought them."""
    before = UnsoldCode.objects.filter(sku_id=sku.id).exclude(code_id=code.id)
    StockCode.objects.filter(id__in=list(before.values_list("code_id", flat=True))).update(withdrawn_at=timezone.now())
    before.delete()
    StockCode.objects.filter(id=code.id).update(withdrawn_at=None)
    UnsoldCode.objects.get_or_create(sku_id=sku.id, code_id=code.id, defaults={"place": code.id})


def remove_old_files() -> int:
    """Delete files that nobody confirmed for a day, with their batches; return how many."""
    limit = timezone.now() - timedelta(seconds=KEPT_FOR)
    StockBatch.objects.filter(state=BatchState.WAITING, created_at__lt=limit).delete()
    busy = StockBatch.objects.exclude(sealed_file="").filter(state=BatchState.IMPORTING)
    return sealed_files().remove_old(keep=set(busy.values_list("sealed_file", flat=True)))


def raw_connection() -> psycopg.Connection[Any]:
    """Return psycopg's own connection behind Django's, for COPY."""
    connection.ensure_connection()
    return connection.connection  # type: ignore[no-any-return]  # Django does not say
