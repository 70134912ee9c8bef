"""PayPal pays out to PayPal accounts: Payouts v1, a batch of one item each.

PayPal cannot be asked by our number. It refuses a ``sender_batch_id`` that it has seen within thirty days and names the
batch it has; that is how one without an answer is found again, and why none is sent again later than that
(see ``gateway``). Source: PayPal, Payouts v1 (``/v1/payments/payouts``), sender_batch_header, batch and item
statuses. *To be confirmed with a live account*: where in the refusal the link to the batch stands; it is looked for in
all of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from django.utils.translation import gettext_noop as _

from xinka.kernel.errors import BadInput, ProviderError
from xinka.kernel.money import parse_amount
from xinka.payments.providers.http import Call
from xinka.payments.providers.paypal import client
from xinka.payments.providers.paypal.amounts import to_paypal
from xinka.payments.providers.paypal.certificates import Shelf
from xinka.payments.providers.paypal.config import PayPalConfig
from xinka.payments.providers.paypal.replies import Answer, Refused
from xinka.payouts.details import AccountKind
from xinka.payouts.providers.protocol import TransferRequest, TransferResult, TransferStatus

_PATH = "/v1/payments/payouts"
_HREF = re.compile(r"https?://[^\s?#]+/v1/payments/payouts/([A-Za-z0-9]{1,64})(?:\?.*)?", re.ASCII)
_BATCH = re.compile(r"[A-Za-z0-9]{1,64}", re.ASCII)
_DEAD_BATCHES = {"DENIED", "CANCELED"}
#: What is unclaimed, on hold or blocked may still be paid or come back: PayPal decides within thirty days.
_ITEMS = {
    "SUCCESS": TransferStatus.DONE,
    "FAILED": TransferStatus.FAILED,
    "RETURNED": TransferStatus.FAILED,
    "REFUNDED": TransferStatus.FAILED,
    "REVERSED": TransferStatus.FAILED,
}
_LONGEST_NOTE, _LONGEST_WHY = 127, 120


@dataclass(frozen=True, slots=True)
class PayPalPayouts:
    """Payouts of one app."""

    kinds: ClassVar[frozenset[AccountKind]] = frozenset({AccountKind.PAYPAL})
    config: PayPalConfig

    @classmethod
    def of_settings(cls, settings: Mapping[str, object]) -> Self:
        """Return the gateway behind a channel of kind PayPal; raises ``BadChannel`` if its settings are not usable."""
        return cls(PayPalConfig.from_settings(settings))

    def send(self, transfer: TransferRequest) -> TransferResult:
        """Open a batch of one; if PayPal has it already, tell what became of that."""
        if transfer.currency != self.config.currency:
            raise ProviderError(_("this PayPal channel pays in another currency"), permanent=True)
        try:
            amount = to_paypal(transfer.amount_minor, transfer.currency)
        except BadInput as refusal:
            raise ProviderError(str(refusal), permanent=True) from None
        item = {
            "recipient_type": "EMAIL",
            "amount": {"value": amount["value"], "currency": transfer.currency},
            "receiver": transfer.to.number,
            "note": transfer.title[:_LONGEST_NOTE],
            "sender_item_id": transfer.number,
        }
        body = {"sender_batch_header": {"sender_batch_id": transfer.number}, "items": [item]}
        call = Call("POST", self.config.address(_PATH), content=json.dumps(body).encode())
        try:
            return _judge(self._ask(call), transfer.number)
        except Refused as refusal:
            if (known := _batch_in(refusal.answer)) is not None:
                return self.query(transfer.number, known)
            raise

    def query(self, number: str, reference: str = "") -> TransferResult:
        """Ask by PayPal's number; without it PayPal cannot be asked."""
        if not _BATCH.fullmatch(reference):
            return TransferResult(TransferStatus.UNTOLD, why=_("PayPal has named no batch yet"))
        try:
            return _judge(self._ask(Call("GET", self.config.address(f"{_PATH}/{reference}"))), number)
        except Refused as refusal:
            raise ProviderError(_("PayPal refused the question") + f": {refusal}") from None

    def _ask(self, call: Call) -> Answer:
        return client.run(self.config, client.Token(), Shelf(), lambda paypal: paypal.ask(call))


def _batch_in(found: object) -> str | None:
    """Return PayPal's number of the batch that a refusal links to, wherever in it that stands."""
    for text in _texts(found):
        if link := _HREF.fullmatch(text):
            return link[1]
    return None


def _texts(found: object) -> Iterator[str]:
    if isinstance(found, str):
        yield found
    elif isinstance(found, Mapping):
        for value in found.values():
            yield from _texts(value)
    elif isinstance(found, list):
        for value in found:
            yield from _texts(value)


def _judge(answer: Mapping[str, Any], number: str) -> TransferResult:
    """Return what became of our one item; the batch must be the one that was asked about."""
    header = answer.get("batch_header")
    sender = header.get("sender_batch_header") if isinstance(header, Mapping) else None
    if not isinstance(header, Mapping) or not isinstance(sender, Mapping) or sender.get("sender_batch_id") != number:
        raise ProviderError(_("PayPal answered about another payout"))
    batch, items = str(header.get("payout_batch_id", "")), answer.get("items") or []
    if header.get("batch_status") in _DEAD_BATCHES:
        return TransferResult(TransferStatus.FAILED, batch, f"the batch was {header['batch_status']}".lower())
    if not isinstance(items, list) or len(items) != 1 or not isinstance(items[0], Mapping):
        return TransferResult(TransferStatus.PENDING, batch)
    item, word = items[0], str(items[0].get("transaction_status", ""))
    errors = item.get("errors")
    why = str(errors.get("name", "")) if isinstance(errors, Mapping) else ""
    told = f"{word} {why}".strip() if word != "SUCCESS" else ""
    return TransferResult(_ITEMS.get(word, TransferStatus.PENDING), batch, told[:_LONGEST_WHY], _amount(item))


def _amount(item: Mapping[str, Any]) -> int:
    asked = item.get("payout_item")
    amount = asked.get("amount") if isinstance(asked, Mapping) else None
    if not isinstance(amount, Mapping):
        return 0
    try:
        return parse_amount(str(amount.get("value", "")), str(amount.get("currency", "")))
    except (BadInput, KeyError):
        raise ProviderError(_("PayPal named no amount that we can count")) from None
