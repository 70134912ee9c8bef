"""Gift cards: issued with their journal, looked at, and redeemed into a person's balance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.conf import settings
from django.db import transaction

from xinka.accounts.errors import AccountClosed
from xinka.catalog.models import Sku
from xinka.flows.balances import open_accounts
from xinka.flows.promotions.spending import count_miss, is_guessing
from xinka.flows.stocking import import_text
from xinka.kernel.errors import Refusal
from xinka.kernel.flow import Flow, Query
from xinka.kernel.ids import new_uuid
from xinka.ledger.accounts import Account, JournalKind
from xinka.ledger.posting import Journal, Leg, post
from xinka.platform.database.django_drive import run
from xinka.platform.vault.keys import blind_index
from xinka.promotions import errors, sql
from xinka.promotions.codes import CARD_LENGTH, make_codes, normalise_code, show_code
from xinka.promotions.models import GiftCard


class PaidFrom(StrEnum):
    """Where the money of new cards comes from."""

    GIVEN = "given"
    SOLD = "sold"


@dataclass(frozen=True)
class Batch:
    """Cards to be issued together. With a ``sku`` their codes become its stock, and its merchant owes their value."""

    count: int
    value: int
    paid_from: PaidFrom = PaidFrom.GIVEN
    expires_at: datetime | None = None
    note: str = ""
    sku: Sku | None = None
    currency: str = "CNY"

    @property
    def debit(self) -> Leg:
        """Who bears the cards' value from now on."""
        total = self.count * self.value
        if self.sku is not None:
            return Leg(Account.SELLER_RECEIVABLE, total, self.sku.product.merchant_id)
        return Leg(Account.BANK_OPERATING if self.paid_from is PaidFrom.SOLD else Account.PROMOTIONS, total)


def card_key(code: str) -> str:
    """Return the keyed hash a card is found by, as hexadecimal digits; nothing for what cannot be a code."""
    plain = normalise_code(code)
    return blind_index("gift-card").hex(plain.encode()) if plain else ""


@transaction.atomic
def issue(batch: Batch, *, by_id: int) -> tuple[UUID, list[str]]:
    """Issue cards and return their batch and their codes, which nobody can read again later."""
    batch_id, codes = new_uuid(), [show_code(code) for code in make_codes(batch.count, CARD_LENGTH)]
    GiftCard.objects.bulk_create(
        [
            GiftCard(
                code_key=UUID(hex=card_key(code)),
                hint=code[-4:],
                value=batch.value,
                balance=batch.value,
                currency=batch.currency,
                expires_at=batch.expires_at,
                batch_id=batch_id,
                note=batch.note,
                made_by_id=by_id,
            )
            for code in codes
        ],
        batch_size=1000,
    )
    legs = (batch.debit, Leg(Account.GIFT_CARDS, -batch.count * batch.value))
    run(
        post(
            [
                Journal(
                    JournalKind.GIFT_CARD, f"gift-cards:{batch_id}", batch.currency, legs, note=batch.note, by_id=by_id
                )
            ]
        )
    )
    if batch.sku is not None:
        import_text("\n".join(codes), batch.sku.id, by_id=by_id)
    return batch_id, codes


def balance_of(code: str, place: str) -> GiftCard | Refusal:
    """Return a card to whoever knows its code; wrong codes are counted against their place, a keyed hash."""
    return run(_look(code, place))


def _look(code: str, place: str) -> Flow[GiftCard | Refusal]:
    if (yield from is_guessing(place)):
        return errors.TooManyCodes()
    key = card_key(code)
    found = GiftCard.objects.filter(code_key=UUID(hex=key)).first() if key else None
    if found is None:
        yield from count_miss(place)
        return errors.CodeUnknown()
    return found


def redeem(code: str, user_id: int, place: str) -> tuple[int, str] | Refusal:
    """Put all that is on a card into a person's balance; return how much that was, and of which currency."""
    return run(_redeem(code, user_id, place))


def _redeem(code: str, user_id: int, place: str) -> Flow[tuple[int, str] | Refusal]:
    if not settings.WALLET:
        return errors.NoBalances()
    found = yield from _look(code, place)
    if isinstance(found, Refusal):
        return found
    if not (yield from open_accounts([user_id])):
        return AccountClosed()
    rows = yield Query(sql.REDEEM_CARD, (found.code_key,))
    if not rows:
        return errors.CardEmpty() if not found.balance else errors.CodeExpired()
    card_id, amount, currency, redeemed = rows[0]
    legs = (Leg(Account.GIFT_CARDS, amount), Leg(Account.WALLET, -amount, user_id))
    # A card is redeemed once for each time money is on it; ``redeemed`` grows each time, and so names the event. It is
    # that of the row we hold: what was looked at before may have been redeemed, and come back, since.
    key = f"gift-card:{card_id}:redeemed:{redeemed}"
    yield from post([Journal(JournalKind.GIFT_CARD, key, currency, legs, by_id=user_id)])
    return amount, currency
