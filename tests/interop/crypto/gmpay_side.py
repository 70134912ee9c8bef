"""The other side, by epusdt (GMPay): run by itself with only that SDK to import; asked and answered in JSON lines.

    python -I -S gmpay_side.py DIRECTORY_OF_THE_SDK

A line is ``[operation, arguments]``. It never sees our code.
"""

from __future__ import annotations

import json
import sys
import traceback

sys.path.insert(0, sys.argv[1])

from epusdt import EpusdtClient
from epusdt.signature import generate_gmpay_signature


def client(account: dict[str, str]) -> EpusdtClient:
    """Return the SDK's client of a merchant."""
    return EpusdtClient(base_url=account["url"], pid=account["pid"], secret_key=account["token"])


def create(account: dict[str, str], order: dict[str, object]) -> dict[str, object]:
    """Ask for a trade."""
    made = client(account).create_order(**order)
    return {"trade_id": made.trade_id, "order_id": made.order_id, "url": made.payment_url}


def status(account: dict[str, str], trade_id: str) -> int:
    """Ask what became of a trade."""
    return int(client(account).check_status(trade_id).status)


def believes(account: dict[str, str], body: str) -> bool:
    """Whether the SDK takes a notice as genuine."""
    return client(account).verify_gmpay_callback(json.loads(body))


def sign(account: dict[str, str], fields: dict[str, object]) -> str:
    """Sign fields with the SDK's function."""
    return generate_gmpay_signature(fields, account["token"])


OPERATIONS = {one.__name__: one for one in (create, status, believes, sign)}

for line in sys.stdin:
    operation, arguments = json.loads(line)
    try:
        answer = {"ok": OPERATIONS[operation](**arguments)}
    except Exception:  # noqa: BLE001 - every error is an answer
        answer = {"error": traceback.format_exc()}
    print(json.dumps(answer, default=str), flush=True)  # noqa: T201 - the answer
