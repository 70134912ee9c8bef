"""The other side of payouts, by PayPal's own Payouts SDK: run by itself with only that to import; JSON lines.

    python -I -S payouts_side.py DIRECTORY_OF_THE_SDK

A line is ``[operation, arguments]``. It never sees our code.
"""

from __future__ import annotations

import json
import sys
import traceback

sys.path.insert(0, sys.argv[1])

from paypalhttp import HttpError
from paypalpayoutssdk.core import PayPalHttpClient, SandboxEnvironment
from paypalpayoutssdk.payouts import PayoutsGetRequest, PayoutsItemGetRequest, PayoutsPostRequest


def client(account: dict[str, str]) -> PayPalHttpClient:
    """Return the SDK's client of an app, at our gateway."""
    environment = SandboxEnvironment(client_id=account["client_id"], client_secret=account["client_secret"])
    environment.base_url = account["url"]
    return PayPalHttpClient(environment)


def told(account: dict[str, str], request: object) -> list[object]:
    """Make a call; return the status with what the SDK read in the answer."""
    try:
        response = client(account).execute(request)
    except HttpError as error:
        return [error.status_code, json.loads(error.message)]
    return [response.status_code, response.result.dict()]


def send(account: dict[str, str], number: str, receiver: str, value: str) -> list[object]:
    """Open a batch of one."""
    item = {
        "recipient_type": "EMAIL",
        "amount": {"value": value, "currency": "USD"},
        "receiver": receiver,
        "note": "货款",
        "sender_item_id": number,
    }
    body = {"sender_batch_header": {"sender_batch_id": number, "email_subject": "货款"}, "items": [item]}
    return told(account, PayoutsPostRequest().request_body(body))


def batch(account: dict[str, str], number: str) -> list[object]:
    """Ask about a batch, with the paging that the SDK writes into the address."""
    return told(account, PayoutsGetRequest(number).page(1).page_size(10).total_required(True))


def item(account: dict[str, str], number: str) -> list[object]:
    """Ask about an item of a batch."""
    return told(account, PayoutsItemGetRequest(number))


OPERATIONS = {one.__name__: one for one in (send, batch, item)}

for line in sys.stdin:
    operation, arguments = json.loads(line)
    try:
        answer = {"ok": OPERATIONS[operation](**arguments)}
    except Exception:  # noqa: BLE001 - every error is an answer
        answer = {"error": traceback.format_exc()}
    print(json.dumps(answer, default=str), flush=True)  # noqa: T201 - the answer
