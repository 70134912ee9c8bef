"""The other side, by epay-sdk: run by itself with only that SDK to import; asked and answered in JSON lines.

python -I -S sdk_side.py DIRECTORY_OF_THE_SDK
"""

from __future__ import annotations

import json
import sys
import traceback
from dataclasses import asdict

sys.path.insert(0, sys.argv[1])

from epay_sdk import CreateOrderRequest, EPayClient, EPayConfig, QueryOrderRequest


def client(account: dict[str, str]) -> EPayClient:
    """Return the SDK's client of a merchant."""
    config = EPayConfig(account["pid"], account["key"], account["base_url"], environment="sandbox")
    return EPayClient(config)


def address(account: dict[str, str], order: dict[str, str]) -> str:
    """Return the signed address that a buyer is sent to."""
    return client(account).create_order_url(CreateOrderRequest(**order))


def query(account: dict[str, str], out_trade_no: str) -> dict[str, object]:
    """Ask about one order, and return what the SDK reads in the answer."""
    found = client(account)
    return asdict(found.parse_query_result(found.query_order(QueryOrderRequest(out_trade_no=out_trade_no))))


def sign(account: dict[str, str], fields: dict[str, str]) -> str:
    """Sign fields with the SDK's function."""
    return client(account).sign(fields)


def believes(account: dict[str, str], fields: dict[str, str]) -> dict[str, object] | str:
    """Return what the SDK reads in a notice, or the name of its refusal."""
    try:
        return asdict(client(account).verify_callback(fields))
    except Exception as error:  # noqa: BLE001 - the name of the refusal is what is asked for
        return type(error).__name__


OPERATIONS = {one.__name__: one for one in (address, query, sign, believes)}

for line in sys.stdin:
    operation, arguments = json.loads(line)
    try:
        answer = {"ok": OPERATIONS[operation](**arguments)}
    except Exception:  # noqa: BLE001 - every error is an answer
        answer = {"error": traceback.format_exc()}
    print(json.dumps(answer, default=str), flush=True)  # noqa: T201 - the answer
