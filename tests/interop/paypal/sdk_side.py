"""The other side, by PayPal's own server SDK: run by itself with only that to import; asked and answered in JSON lines.

    python -I -S sdk_side.py DIRECTORY_OF_THE_SDK

A line is ``[operation, arguments]``. It never sees our code.
"""

from __future__ import annotations

import json
import sys
import traceback

sys.path.insert(0, sys.argv[1])

from apimatic_core.utilities.api_helper import ApiHelper
from paypalserversdk.configuration import Configuration, Environment, Server
from paypalserversdk.exceptions.api_exception import ApiException
from paypalserversdk.http.auth.o_auth_2 import ClientCredentialsAuthCredentials
from paypalserversdk.models.amount_with_breakdown import AmountWithBreakdown
from paypalserversdk.models.checkout_payment_intent import CheckoutPaymentIntent
from paypalserversdk.models.money import Money
from paypalserversdk.models.order_request import OrderRequest
from paypalserversdk.models.purchase_unit_request import PurchaseUnitRequest
from paypalserversdk.models.refund_request import RefundRequest
from paypalserversdk.paypal_serversdk_client import PaypalServersdkClient


def client(account: dict[str, str]) -> PaypalServersdkClient:
    """Return the SDK's client of an app, at our gateway."""
    Configuration.environments[Environment.SANDBOX][Server.DEFAULT] = account["url"]
    credentials = ClientCredentialsAuthCredentials(
        o_auth_client_id=account["client_id"], o_auth_client_secret=account["client_secret"]
    )
    return PaypalServersdkClient(client_credentials_auth_credentials=credentials, environment=Environment.SANDBOX)


def plain(answer: object) -> object:
    """Return an answer's body as plain data."""
    return json.loads(ApiHelper.json_serialize(answer.body))


def create(account: dict[str, str], number: str, value: str) -> object:
    """Make an order."""
    amount = AmountWithBreakdown(currency_code="USD", value=value)
    unit = PurchaseUnitRequest(amount=amount, custom_id=number, invoice_id=number, description="会员")
    body = OrderRequest(intent=CheckoutPaymentIntent.CAPTURE, purchase_units=[unit])
    return plain(client(account).orders.create_order({"body": body, "paypal_request_id": number}))


def order(account: dict[str, str], number: str) -> object:
    """Ask about an order."""
    return plain(client(account).orders.get_order({"id": number}))


def capture(account: dict[str, str], number: str) -> object:
    """Take the money of an order."""
    return plain(client(account).orders.capture_order({"id": number, "paypal_request_id": f"capture-{number}"}))


def captured(account: dict[str, str], number: str) -> object:
    """Ask about a capture."""
    return plain(client(account).payments.get_captured_payment({"capture_id": number}))


def refund(account: dict[str, str], number: str, value: str, key: str) -> object:
    """Give money of a capture back."""
    body = RefundRequest(amount=Money(currency_code="USD", value=value))
    options = {"capture_id": number, "body": body, "paypal_request_id": key}
    return plain(client(account).payments.refund_captured_payment(options))


OPERATIONS = {one.__name__: one for one in (create, order, capture, captured, refund)}

for line in sys.stdin:
    operation, arguments = json.loads(line)
    try:
        answer = {"ok": OPERATIONS[operation](**arguments)}
    except ApiException as error:
        answer = {"ok": {"refused": error.response_code}}
    except Exception:  # noqa: BLE001 - every error is an answer
        answer = {"error": traceback.format_exc()}
    print(json.dumps(answer, default=str), flush=True)  # noqa: T201 - the answer
