"""The evidence pack of a case: one ZIP with every fact of the records, readable by people and by programs.

It is for the bank that decides a chargeback, and for whoever looks at a case later. Codes are named by number, never
shown; the buyer's address is in it, since banks ask for it, so only staff get it and every time is written down.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.template.loader import render_to_string

from xinka.accounts.models import User
from xinka.disputes.actions import text_of
from xinka.disputes.models import Case, CaseMove, Evidence
from xinka.flows.disputes.facts import pieces_of
from xinka.kernel import ids
from xinka.kernel.money import plain_amount
from xinka.merchants.models import Merchant
from xinka.orders.contacts import contact_of
from xinka.orders.models import Order
from xinka.payments.models import Payment, Receipt, Refund
from xinka.payments.states import ReceiptOutcome
from xinka.platform.audit.actions import record
from xinka.platform.files.actions import open_file
from xinka.platform.files.models import StoredFile
from xinka.platform.mail.models import SentLetter

#: One moment for every file, so that the same facts make the same pack.
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Pack:
    """The ZIP and its name."""

    name: str
    content: bytes


def evidence_pack(case: Case, *, by: User, now: datetime) -> Pack:
    """Return the pack of a case and write down who took it."""
    facts = case_facts(case, now)
    files = dict(_shown_files(case))
    facts["files"] = [
        {"name": name, "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        for name, content in files.items()
    ]
    members = {
        "case.json": json.dumps(facts, ensure_ascii=False, indent=1, sort_keys=True).encode(),
        "case.html": render_to_string("disputes/evidence.html", {"facts": facts}).encode(),
        **files,
    }
    sums = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in members.items())
    members["SHA256SUMS"] = sums.encode()
    record(by, "case.take_evidence", case.shown_id, sha256=hashlib.sha256(members["case.json"]).hexdigest())
    return Pack(f"{case.shown_id}.zip", _zip(members))


def _zip(members: dict[str, bytes]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, _ZIP_TIME), content, zipfile.ZIP_DEFLATED)
    return written.getvalue()


def _shown_files(case: Case) -> Iterable[tuple[str, bytes]]:
    shown = Evidence.objects.filter(message__case=case).values_list("file_id", flat=True)
    for n, file in enumerate(StoredFile.objects.filter(id__in=list(shown)).order_by("added_at", "id"), 1):
        yield f"files/{n:02d}-{file.name}", open_file(file)


def case_facts(case: Case, now: datetime) -> dict[str, Any]:
    """Return everything the records know of a case, as plain values."""
    order = Order.objects.get(id=case.order_id)
    return {
        "made_at": now.isoformat(),
        "case": _case(case),
        "order": _order(order),
        "payments": _payments(order),
        "goods": [
            {
                "position": piece.position,
                "code_number": piece.code_id,
                "batch": piece.batch_id,
                "brought_in_at": _moment(piece.brought_at),
                "first_opened_at": _moment(piece.revealed_at),
                "first_opened_from": piece.revealed_from,
                "first_opened_in_network": piece.revealed_net,
                "given_for": piece.replaces,
                "complained_of": piece.is_complained_of,
                "other_complaints_about_batch": piece.n_complaints,
            }
            for piece in pieces_of(case)
        ],
        "mails": [
            {"kind": letter.kind, "state": letter.state, "sent_at": _moment(letter.sent_at)}
            for letter in SentLetter.objects.filter(subject=order.id).order_by("tried_at")
        ],
        "moves": [
            {
                "at": _moment(step.at),
                "event": step.event,
                "by": step.role,
                "state": step.state,
                "details": step.details,
            }
            for step in CaseMove.objects.filter(case=case).order_by("version")
        ],
        "thread": [
            {"at": _moment(message.at), "by": message.role, "text": text_of(message)} for message in case.messages.all()
        ],
    }


def _case(case: Case) -> dict[str, Any]:
    return {
        "number": case.shown_id,
        "kind": case.kind,
        "reason": case.reason,
        "state": case.state,
        "outcome": case.outcome,
        "amount": plain_amount(case.amount, case.currency),
        "currency": case.currency,
        "opened_at": _moment(case.opened_at),
        "due_at": _moment(case.due_at),
        "number_at_the_gateway": case.gateway_case_no,
        "payment_at_the_gateway": case.trade_no,
    }


def _order(order: Order) -> dict[str, Any]:
    merchant = Merchant.objects.get(id=order.merchant_id)
    return {
        "number": ids.show("ord", order.id),
        "title": order.title,
        "title_en": order.title_en,
        "quantity": order.quantity,
        "amount": plain_amount(order.amount, order.currency),
        "currency": order.currency,
        "buyer": contact_of(order),
        "merchant": merchant.name,
        "merchant_verified_at": _moment(merchant.verified_at),
        "placed_at": _moment(order.placed_at),
        "paid_at": _moment(order.paid_at),
        "delivered_at": _moment(order.delivered_at),
    }


def _payments(order: Order) -> list[dict[str, Any]]:
    payments = [p.id for p in Payment.objects.filter(order_id=order.id)]
    # Money that staff matched names no payment, and is indexed by its order because it is unusual.
    matched = Q(order_id=order.id) & ~Q(outcome=ReceiptOutcome.SETTLED)
    receipts = Receipt.objects.filter(Q(payment_id__in=payments) | matched).order_by("received_at")
    found: list[dict[str, Any]] = [
        {
            "what": "payment",
            "number_at_the_gateway": receipt.trade_no,
            "amount": plain_amount(receipt.amount, receipt.currency),
            "at": _moment(receipt.received_at),
        }
        for receipt in receipts
    ]
    return found + [
        {
            "what": "refund",
            "number_at_the_gateway": refund.gateway_refund_no,
            "amount": plain_amount(refund.amount, refund.currency),
            "at": _moment(refund.done_at),
        }
        for refund in Refund.objects.filter(order_id=order.id).order_by("created_at")
    ]


def _moment(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
