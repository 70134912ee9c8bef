"""Payouts v1: a batch of one item, known again by the sender's number of it; a second one is refused with a link."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from xinka.kernel.money import MINOR_DIGITS, parse_amount, plain_amount
from xinka.sandbox import transfers
from xinka.sandbox.errors import Declined, Why
from xinka.sandbox.models import SandboxMerchant, SandboxTransfer
from xinka.sandbox.paypal import objects
from xinka.sandbox.paypal.gateway import call, read_body
from xinka.sandbox.transfers import Stage

_PREFIX, _ITEM_PREFIX = "PB", "PI"
_BATCHES = {Stage.PENDING: "PROCESSING", Stage.PAID: "SUCCESS", Stage.FAILED: "SUCCESS"}
_ITEMS = {Stage.PENDING: "PENDING", Stage.PAID: "SUCCESS", Stage.FAILED: "FAILED"}


@call("POST")
def batches(request: HttpRequest, merchant: SandboxMerchant) -> tuple[dict[str, Any], int]:
    """Take a batch of one item."""
    body, now = read_body(request), timezone.now()
    header, items = body.get("sender_batch_header"), body.get("items")
    if not isinstance(header, dict) or not isinstance(items, list) or len(items) != 1:
        raise Declined(Why.MISSING, "MISSING_REQUIRED_PARAMETER")
    wanted = _wanted(str(header.get("sender_batch_id", "")), items[0])
    if (known := merchant.transfers.filter(out_biz_no=wanted.number).first()) is not None and _arrived(known):
        with suppress(Declined):  # PayPal says the same to any second one, whatever is in it
            transfers.submit(merchant, wanted, now)
        return _duplicate(known), 400
    found = transfers.submit(merchant, wanted, now)
    return {"batch_header": _header(found, "PENDING"), "links": [_link(found)]}, 201


def _arrived(known: SandboxTransfer) -> bool:
    return known.ending != transfers.Ending.LOST or known.tries > 1


def _wanted(number: str, item: dict[str, Any]) -> transfers.Wanted:
    amount = item.get("amount") or {}
    value, currency = str(amount.get("value", "")), str(amount.get("currency", ""))
    if item.get("recipient_type") != "EMAIL" or currency not in MINOR_DIGITS:
        raise Declined(Why.MALFORMED, "INVALID_PARAMETER_VALUE")
    facts = {"item": str(item.get("sender_item_id", "")), "note": str(item.get("note", ""))}
    return transfers.Wanted(
        number, str(item.get("receiver", "")), "", parse_amount(value, currency), currency, facts=facts
    )


def _duplicate(known: SandboxTransfer) -> dict[str, Any]:
    detail = {
        "field": "SENDER_BATCH_ID",
        "issue": "Batch with given sender_batch_id already exists",
        "link": [_link(known)],
    }
    return {"name": "USER_BUSINESS_ERROR", "message": "User business error.", "debug_id": "0", "details": [detail]}


@call("GET")
def batch(_request: HttpRequest, merchant: SandboxMerchant, number: str) -> tuple[dict[str, Any], int]:
    """Return a batch by PayPal's number of it."""
    now = timezone.now()
    found = transfers.find(merchant, now, transfer_no=number.removeprefix(_PREFIX))
    stage = transfers.stage(found, now)
    told = {"batch_header": _header(found, _BATCHES[stage]), "items": [_item(found, now)], "links": [_link(found)]}
    return told, 200


@call("GET")
def item(_request: HttpRequest, merchant: SandboxMerchant, number: str) -> tuple[dict[str, Any], int]:
    """Return an item by PayPal's number of it."""
    now = timezone.now()
    return _item(transfers.find(merchant, now, transfer_no=number.removeprefix(_ITEM_PREFIX)), now), 200


def _header(found: SandboxTransfer, status: str) -> dict[str, Any]:
    sender = {"sender_batch_id": found.out_biz_no}
    return {"payout_batch_id": f"{_PREFIX}{found.transfer_no}", "batch_status": status, "sender_batch_header": sender}


def _item(found: SandboxTransfer, now: datetime) -> dict[str, Any]:
    stage = transfers.stage(found, now)
    item = {
        "payout_item_id": f"{_ITEM_PREFIX}{found.transfer_no}",
        "transaction_id": f"PT{found.transfer_no}",
        "transaction_status": _ITEMS[stage],
        "payout_batch_id": f"{_PREFIX}{found.transfer_no}",
        "payout_item": {
            "recipient_type": "EMAIL",
            "amount": {"currency": found.currency, "value": plain_amount(found.money, found.currency)},
            "receiver": found.account,
            "sender_item_id": found.facts["item"],
        },
    }
    return item | ({"errors": {"name": "RECEIVER_ACCOUNT_LOCKED"}} if stage is Stage.FAILED else {})


def _link(found: SandboxTransfer) -> dict[str, str]:
    href = f"{objects.base()}/v1/payments/payouts/{_PREFIX}{found.transfer_no}"
    return {"href": href, "rel": "self", "method": "GET", "encType": "application/json"}
