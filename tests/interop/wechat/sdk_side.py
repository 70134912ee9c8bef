"""The other side, by wechatpayv3: run by itself with only that SDK to import; asked and answered in JSON lines.

    python -I -S sdk_side.py DIRECTORY_OF_THE_SDK

A line is ``[operation, arguments]``. It never sees our code.
"""

from __future__ import annotations

import json
import sys
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

sys.path.insert(0, sys.argv[1])

import re

from wechatpayv3 import WeChatPay, WeChatPayType
from wechatpayv3.utils import (
    aes_decrypt,
    load_certificate,
    load_private_key,
    load_public_key,
    rsa_sign,
    rsa_verify,
)


def client(account: dict[str, str]) -> WeChatPay:
    """Return the SDK's client of a merchant, at our gateway."""
    directory = account.get("cert_dir")
    keys = {} if directory else {"public_key": account["public_key"], "public_key_id": account["public_key_id"]}
    pay = WeChatPay(
        wechatpay_type=WeChatPayType.NATIVE,
        mchid=account["mchid"],
        private_key=account["private_key"],
        cert_serial_no=account["serial_no"],
        appid=account["appid"],
        apiv3_key=account["api_v3_key"],
        notify_url=account.get("notify_url"),
        cert_dir=directory,
        timeout=(5, 10),
        **keys,
    )
    pay._core._gate_way = account["base_url"]
    return pay


def call(account: dict[str, str], method: str, arguments: dict[str, object]) -> list[object]:
    """Make one call with the SDK's client."""
    status, text = getattr(client(account), method)(**arguments)
    return [status, json.loads(text) if text else None]


def certificates(account: dict[str, str]) -> list[str]:
    """Have the SDK fetch and decrypt the platform certificates; return their serial numbers."""
    core = client(account)._core
    core._update_certificates()
    return [f"{found.serial_number:X}" for found in core._certificates]


def callback(account: dict[str, str], headers: dict[str, str], body: str) -> object:
    """Judge a notice with the SDK; what it raises is its answer too."""
    try:
        return client(account).callback(headers, body)
    except Exception as error:  # noqa: BLE001 - the SDK raises bare exceptions
        return f"raised {type(error).__name__}"


def sign(private_key: str, timestamp: str, nonce: str, body: str) -> str:
    """Sign a notice with the SDK's ``rsa_sign``."""
    return rsa_sign(load_private_key(private_key), f"{timestamp}\n{nonce}\n{body}\n")


def decrypt(api_v3_key: str, resource: dict[str, str]) -> str:
    """Open a resource with the SDK."""
    return aes_decrypt(resource["nonce"], resource["ciphertext"], resource["associated_data"], api_v3_key)


_seen: list[list[object]] = []


def serve(merchant_certificate: str, platform_private_key: str, serial: str, answers: dict[str, object]) -> int:
    """Open a gateway of nothing but the SDK's functions, which answers only what the SDK verified; return its port."""
    ours, theirs = load_certificate(merchant_certificate).public_key(), load_private_key(platform_private_key)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
            given = dict(re.findall(r'([a-z_]+)="([^"]*)"', self.headers["Authorization"]))
            first = f"{self.command}\n{self.path}\n{given['timestamp']}"
            verified = rsa_verify(first, given["nonce_str"], body, given["signature"], ours)
            _seen.append([self.command, self.path, verified])
            answer = answers.get(f"{self.command} {self.path.partition('?')[0]}", "")
            text = json.dumps(answer) if answer else ""
            at, nonce = str(int(time.time())), uuid.uuid4().hex
            self.send_response(401 if not verified else 200 if text else 204)
            for name, value in {
                "Wechatpay-Timestamp": at,
                "Wechatpay-Nonce": nonce,
                "Wechatpay-Serial": serial,
                "Wechatpay-Signature": rsa_sign(theirs, f"{at}\n{nonce}\n{text}\n"),
                "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
                "Content-Type": "application/json",
                "Content-Length": str(len(text.encode())),
            }.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text.encode())

        do_POST = do_GET  # noqa: N815 - the name that http.server looks for

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_port


def seen() -> list[list[object]]:
    """Return what the gateway was asked, and whether the SDK verified it."""
    return _seen


def public(key: str) -> bool:
    """Return whether the SDK can load a public key."""
    return load_public_key(key) is not None


_OPERATIONS = {found.__name__: found for found in (call, certificates, callback, sign, decrypt, serve, seen, public)}


def main() -> None:
    """Answer line by line."""
    for line in sys.stdin:
        operation, arguments = json.loads(line)
        try:
            answer = {"ok": _OPERATIONS[operation](**arguments)}
        except Exception as error:  # noqa: BLE001 - told to the test, which decides
            answer = {"error": f"{type(error).__name__}: {error}"}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


main()
