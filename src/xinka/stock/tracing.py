"""Where one code is that somebody has in hand: found by its keyed hash, so that no list of codes is read for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from xinka.merchants.models import Merchant
from xinka.platform.vault.keys import blind_index
from xinka.stock.importing.columns import TRIMMED
from xinka.stock.models import AsideCode, Reservation, StockBatch, StockCode, UnsoldCode


@dataclass(frozen=True)
class TracedCode:
    """A code of a merchant's own and how it stands.

    Attributes:
        id: the code's number.
        batch: the import that brought it.
        state: ``available``, ``held`` (for an order's payment or a flash sale), ``sold`` or ``withdrawn``.
        label, expires_on: as they were imported.
    """

    id: int
    batch: StockBatch
    state: str
    label: str
    expires_on: date | None


def trace_code(merchant: Merchant, typed: str) -> TracedCode | None:
    """Return the code of this merchant that reads exactly so, or ``None``; other merchants' codes are not found.

    What surrounds it is dropped as an import drops it: chats put signs without width round what is copied there.
    """
    fingerprint = blind_index("code").uuid(typed.strip(TRIMMED).encode())
    code = StockCode.objects.filter(fingerprint=fingerprint, sku__product__merchant=merchant).first()
    if code is None:
        return None
    batch = StockBatch.objects.select_related("sku__product").get(id=code.batch_id)
    return TracedCode(code.id, batch, _state_of(code), code.label, code.expires_on)


def _state_of(code: StockCode) -> str:
    if code.withdrawn_at is not None:
        return "withdrawn"
    if UnsoldCode.objects.filter(sku_id=code.sku_id, code_id=code.id).exists():
        return "available"
    held = Reservation.objects.filter(sku_id=code.sku_id, reusable=False, code_ids__contains=[code.id]).exists()
    return "held" if held or AsideCode.objects.filter(code_id=code.id).exists() else "sold"
