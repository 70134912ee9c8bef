"""Notes of people who wait for a sold-out variant: made, confirmed, taken in turn, and forgotten.

A note is one letter that somebody asked for. It holds their address, sealed, and what it is about; it is gone as soon
as its letter went, and in any case when its time is over.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from xinka.catalog.models import ProductState
from xinka.kernel.flow import Flow, Query
from xinka.kernel.ids import new_uuid
from xinka.merchants.models import MerchantState
from xinka.platform.database.arrays import plain_array
from xinka.platform.vault.keys import CONTACTS, blind_index, open_envelope, sealing_key
from xinka.stock import sql
from xinka.stock.models import BackNote

#: How long a note waits for its yes, and afterwards for the stock.
CONFIRMED_WITHIN = timedelta(days=2)
KEPT_FOR = timedelta(days=90)
#: So many people are told of each piece: of one piece a thousand would only learn that it is gone.
TOLD_PER_PIECE = 4
#: A letter that is in the queue for longer was given up; the note may have another.
GIVEN_UP_AFTER = timedelta(days=1)

#: Of the variants that somebody waits for, those that can be bought now as far as the catalogue goes.
_WAITED_FOR = f"""
SELECT k.id, k.min_quantity FROM catalog_sku k JOIN catalog_product p ON p.id = k.product_id
JOIN merchants_merchant m ON m.id = p.merchant_id
WHERE k.id IN (SELECT sku_id FROM stock_backnote WHERE confirmed_at IS NOT NULL)
  AND k.on_sale AND p.state = '{ProductState.LIVE.value}' AND m.state = '{MerchantState.ACTIVE.value}'
"""  # noqa: S608 - states of ours
#: Take the next notes of each variant, as many as its pieces are for without those whose letters are under way, and
#: altogether as many as there may be letters under way. Two rounds at once pass each other's notes over.
_TAKE = """
WITH open AS (SELECT * FROM unnest($1::bigint[], $2::bigint[]) AS o(sku_id, most)),
under_way AS MATERIALIZED (
  SELECT sku_id, count(*) AS n FROM stock_backnote WHERE queued_at > $4::timestamptz GROUP BY sku_id),
due AS MATERIALIZED (
  SELECT n.id, n.confirmed_at FROM open o LEFT JOIN under_way u ON u.sku_id = o.sku_id CROSS JOIN LATERAL (
    SELECT b.id, b.confirmed_at FROM stock_backnote b
    WHERE b.sku_id = o.sku_id AND b.confirmed_at IS NOT NULL
      AND (b.queued_at IS NULL OR b.queued_at <= $4::timestamptz)
    ORDER BY b.confirmed_at, b.id LIMIT greatest(0, o.most - coalesce(u.n, 0)) FOR UPDATE SKIP LOCKED) n),
next AS (
  SELECT id FROM due ORDER BY confirmed_at, id
  LIMIT greatest(0, $5::bigint - (SELECT coalesce(sum(n), 0) FROM under_way)))
UPDATE stock_backnote SET queued_at = $3::timestamptz WHERE id IN (SELECT id FROM next)
RETURNING id, sku_id, confirmed_at
"""
#: The pages that still say that it is sold out: people are going to be led there.
_DROP_PAGES = """
SELECT pg_notify('xinka_pages', 'product:' || product_id)
FROM catalog_sku WHERE id = ANY($1::bigint[]) GROUP BY product_id
"""


def note_place(note_id: UUID) -> bytes:
    """Return the associated data of a note's contact envelope."""
    return b"stock_backnote.contact:" + note_id.bytes


def key_of(address: str) -> UUID:
    """Return the key by which the notes of a normalised address are found."""
    return blind_index("contact").uuid(address.encode())


def address_of(note: BackNote) -> str:
    """Return whom a note is for, in the clear."""
    return open_envelope(note.contact, note_place(note.id)).decode()


def ask_for_note(sku_id: int, address: str, *, language: str, is_theirs: bool, now: datetime) -> BackNote:
    """Return the note of a normalised address about a variant, made now if there was none.

    ``is_theirs`` says that whoever asks has proved that the mailbox is theirs; else the note waits for a yes from it,
    and asking once more begins that wait anew. A note that has its yes stays as it is.
    """
    identifier = new_uuid(now.timestamp())
    made = BackNote(
        id=identifier,
        sku_id=sku_id,
        contact_key=key_of(address),
        contact=sealing_key(CONTACTS).seal(address.encode(), note_place(identifier)),
        language=language,
        asked_at=now,
    )
    BackNote.objects.bulk_create([made], ignore_conflicts=True)
    notes = BackNote.objects.filter(sku_id=sku_id, contact_key=made.contact_key)
    waiting = notes.filter(confirmed_at=None)
    waiting.update(asked_at=now, language=language, confirmed_at=now if is_theirs else None)
    return notes.get()


def confirm_note(note_id: UUID, now: datetime) -> bool:
    """Write down that the mailbox said yes; false when there is no such note any more, or it had its yes."""
    waiting = BackNote.objects.filter(id=note_id, confirmed_at=None, asked_at__gt=now - CONFIRMED_WITHIN)
    return waiting.update(confirmed_at=now) == 1


def note_by_id(note_id: UUID, now: datetime) -> BackNote | None:
    """Return a note whose time is not over, with its product at hand."""
    found = _in_time(now).filter(id=note_id)
    return found.select_related("sku__product__category").first()


def notes_of(contact_keys: Collection[UUID], now: datetime) -> list[BackNote]:
    """Return what these addresses wait for, with the products at hand, the oldest first."""
    found = _in_time(now).filter(contact_key__in=contact_keys).exclude(confirmed_at=None)
    return list(found.select_related("sku__product").order_by("asked_at", "id"))


def _in_time(now: datetime) -> QuerySet[BackNote]:
    return BackNote.objects.exclude(_over(now))


def _over(now: datetime) -> Q:
    unconfirmed = Q(confirmed_at=None, asked_at__lte=now - CONFIRMED_WITHIN)
    return unconfirmed | Q(confirmed_at__lte=now - KEPT_FOR)


def end_note(note_id: UUID) -> bool:
    """Forget one note; false when it was gone."""
    return BackNote.objects.filter(id=note_id).delete()[0] == 1


def end_notes_of(contact_keys: Collection[UUID]) -> int:
    """Forget all that these addresses wait for, or were asked about; return how many notes that were."""
    return BackNote.objects.filter(contact_key__in=contact_keys).delete()[0]


def forget_old_notes(now: datetime) -> int:
    """Forget notes that got no yes, and those that waited long enough; return how many."""
    return BackNote.objects.filter(_over(now)).delete()[0]


def n_waiting(sku_ids: Iterable[int]) -> dict[int, int]:
    """Return how many people wait for each variant, those alone that somebody waits for."""
    found = BackNote.objects.filter(sku_id__in=list(sku_ids)).exclude(confirmed_at=None)
    return dict(found.values_list("sku_id").annotate(n=Count("id")).order_by())


def take_notes(now: datetime, *, most_under_way: int) -> Flow[list[UUID]]:
    """Mark the notes whose letters are to be written now, in the order of their yes, and return them.

    Of each variant only as many as its pieces are for, and only while no more than ``most_under_way`` letters wait for
    the mail server: whoever comes later is told while it is still in stock.
    """
    rows = yield Query(_WAITED_FOR, ())
    least = {int(sku_id): int(quantity) for sku_id, quantity in rows}
    if not least:
        return []
    counted = yield Query(sql.COUNT_ON_SALE, (plain_array(least),))
    most = {}
    for sku_id, count in counted:
        if count < 0:
            most[int(sku_id)] = most_under_way
        elif count >= least[int(sku_id)]:
            most[int(sku_id)] = int(count) * TOLD_PER_PIECE
    if not most:
        return []
    values = (plain_array(most), plain_array(most.values()), now, now - GIVEN_UP_AFTER, most_under_way)
    taken = yield Query(_TAKE, values)
    if taken:
        yield Query(_DROP_PAGES, (plain_array({row[1] for row in taken}),))
    return [row[0] for row in sorted(taken, key=lambda row: (row[2], row[0]))]  # RETURNING knows no order


def put_back(note_id: UUID) -> None:
    """Let a note wait on whose variant was sold out again before its letter went."""
    BackNote.objects.filter(id=note_id).update(queued_at=None)
