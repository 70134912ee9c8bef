"""The other side, by python-alipay-sdk: run by itself with only that SDK to import; asked and answered in JSON lines.

python -I -S community_side.py DIRECTORY_OF_THE_SDK
"""

from __future__ import annotations

import json
import sys
import traceback

sys.path.insert(0, sys.argv[1])

from alipay import AliPay, DCAliPay


def client(account: dict[str, str]) -> AliPay | DCAliPay:
    """Return the SDK's client of an application, in the mode its keys are for."""
    if "app_cert" in account:
        found = DCAliPay(
            appid=account["app_id"],
            app_private_key_string=account["private"],
            app_public_key_cert_string=account["app_cert"],
            alipay_public_key_cert_string=account["alipay_cert"],
            alipay_root_cert_string=account["root_cert"],
            sign_type="RSA2",
        )
    else:
        found = AliPay(
            appid=account["app_id"],
            app_private_key_string=account["private"],
            alipay_public_key_string=account["public"],
            sign_type=account.get("sign_type", "RSA2"),
        )
    found._gateway = account.get("gateway", "")
    return found


def call(account: dict[str, str], method: str, arguments: dict[str, object]) -> dict[str, object]:
    """Make one call with the SDK's client, which verifies the answer."""
    return getattr(client(account), f"api_{method}")(**arguments)


def page(account: dict[str, str], arguments: dict[str, object]) -> str:
    """Return the signed query of a page."""
    return client(account).api_alipay_trade_page_pay(**arguments)


def believes_notice(account: dict[str, str], fields: dict[str, str]) -> bool:
    """Whether the SDK believes a notice."""
    signature = fields.pop("sign")
    return bool(client(account).verify(fields, signature))


def believes_request(account: dict[str, str], fields: dict[str, str]) -> bool:
    """Whether the SDK's functions find the signature of a request right, as a gateway would ask them."""
    found = client(account)
    signature = fields.pop("sign")
    return bool(found._verify("&".join(f"{k}={v}" for k, v in found._ordered_data(fields)), signature))


def sign(account: dict[str, str], text: str) -> str:
    """Sign a text as the platform would, with the SDK's function."""
    return client(account)._sign(text)


def sign_fields(account: dict[str, str], fields: dict[str, str]) -> str:
    """Sign the fields of a notice as the platform would, with the SDK's functions."""
    found = client(account)
    return found._sign("&".join(f"{k}={v}" for k, v in found._ordered_data(fields)))


def reads_answer(account: dict[str, str], text: str, method: str) -> dict[str, object] | str:
    """Return what the SDK reads in an answer, or the name of its refusal."""
    try:
        return client(account)._verify_and_return_sync_response(text, f"{method.replace('.', '_')}_response")
    except Exception as error:  # noqa: BLE001 - the name of the refusal is what is asked for
        return type(error).__name__


def serials(account: dict[str, str]) -> list[str]:
    """Return the numbers by which messages name the certificates."""
    found = client(account)
    return [found.app_cert_sn, found.get_cert_sn(account["alipay_cert"]), found.alipay_root_cert_sn]


OPERATIONS = {
    one.__name__: one
    for one in (call, page, believes_notice, believes_request, sign, sign_fields, reads_answer, serials)
}

for line in sys.stdin:
    operation, arguments = json.loads(line)
    try:
        answer = {"ok": OPERATIONS[operation](**arguments)}
    except Exception:  # noqa: BLE001 - every error is an answer
        answer = {"error": traceback.format_exc()}
    print(json.dumps(answer), flush=True)  # noqa: T201 - the answer
