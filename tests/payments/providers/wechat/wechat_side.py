"""WeChat's side as the protocol describes it, in memory and on a real socket: keys, notices, signed answers."""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID

from xinka.payments.providers.protocol import RawNotice

MCHID = "1900009191"
APPID = "wxd678efh567hg6787"
API_KEY = "K8264ILTKCH16CQ2502SI8ZNMTM67VS1"
SERIAL = "1DDE55AD98ED71D6EDD4A4A16996DE7B47773A8C"
PUBLIC_KEY_ID = "PUB_KEY_ID_0119000091912024110400000000000000"
NUMBER = "pay_01jd3v5w8qk2m4n6p8r0s2t4v6"
TRADE = "4200000008201712143733500001"
SCHEME = "WECHATPAY2-SHA256-RSA2048"
PAID = {
    "mchid": MCHID,
    "appid": APPID,
    "out_trade_no": NUMBER,
    "transaction_id": TRADE,
    "trade_type": "NATIVE",
    "trade_state": "SUCCESS",
    "trade_state_desc": "支付成功",
    "bank_type": "OTHERS",
    "success_time": "2026-11-21T12:34:56+08:00",
    "payer": {"openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"},
    "amount": {"total": 9310, "payer_total": 9310, "currency": "CNY", "payer_currency": "CNY"},
}
REFUNDED = {
    "mchid": MCHID,
    "out_trade_no": NUMBER,
    "transaction_id": TRADE,
    "out_refund_no": "ref_01jd3v5w8qk2m4n6p8r0s2t4v7",
    "refund_id": "50200207182018070300011301001",
    "refund_status": "SUCCESS",
    "success_time": "2026-11-21T13:00:00+08:00",
    "user_received_account": "支付用户零钱",
    "amount": {"total": 9310, "refund": 310, "payer_total": 9310, "payer_refund": 310},
}


def private_pem(key: rsa.RSAPrivateKey, form: PrivateFormat = PrivateFormat.PKCS8) -> str:
    """The key as it is pasted into the office."""
    return key.private_bytes(Encoding.PEM, form, NoEncryption()).decode()


def public_pem(key: rsa.RSAPrivateKey) -> str:
    """The public half as WeChat shows it."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def certify(key: rsa.RSAPrivateKey, *, since: datetime, until: datetime, serial: int) -> x509.Certificate:
    """A platform certificate for a key."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tenpay.com Root CA")])
    draft = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    draft = draft.serial_number(serial).not_valid_before(since).not_valid_after(until)
    return draft.sign(key, hashes.SHA256())


@dataclass
class Platform:
    """WeChat's side: a public-key pair and a certificate, both good at once."""

    key: rsa.RSAPrivateKey
    certified: rsa.RSAPrivateKey
    certificate: x509.Certificate
    #: What a test changes to see it refused.
    serial: str = PUBLIC_KEY_ID
    signs_with: rsa.RSAPrivateKey | None = None
    algorithm: hashes.HashAlgorithm = field(default_factory=hashes.SHA256)
    timestamp: str = ""

    def headers(self, body: bytes) -> dict[str, str]:
        """Sign a message; names in lower case, as the till hands them over."""
        at, nonce = self.timestamp or str(int(time.time())), "593BEC0C930BF1AFEB40B4A08C8FB242"
        message = f"{at}\n{nonce}\n".encode() + body + b"\n"
        signature = (self.signs_with or self.key).sign(message, padding.PKCS1v15(), self.algorithm)
        return {
            "wechatpay-timestamp": at,
            "wechatpay-nonce": nonce,
            "wechatpay-signature": base64.b64encode(signature).decode(),
            "wechatpay-serial": self.serial,
            "wechatpay-signature-type": SCHEME,
        }

    def use_certificate(self) -> None:
        """Sign with the certificate from now on."""
        self.serial, self.signs_with = f"{self.certificate.serial_number:X}", self.certified

    def envelope(
        self, facts: object, *, event_type: str = "TRANSACTION.SUCCESS", **changed: object
    ) -> dict[str, object]:
        """Wrap facts as a notice does; ``changed`` replaces fields of the resource."""
        aad, nonce = str(changed.get("real_aad", "transaction")), str(changed.get("real_nonce", "fdasflkja484"))
        sealed = AESGCM(str(changed.get("real_key", API_KEY)).encode()).encrypt(
            nonce.encode(), facts if isinstance(facts, bytes) else json.dumps(facts).encode(), aad.encode()
        )
        resource = {
            "original_type": "transaction",
            "algorithm": "AEAD_AES_256_GCM",
            "ciphertext": base64.b64encode(sealed).decode(),
            "associated_data": aad,
            "nonce": nonce,
        } | {name: value for name, value in changed.items() if not name.startswith("real_")}
        return {
            "id": "EV-2018022511223320873",
            "create_time": "2026-11-21T12:34:57+08:00",
            "resource_type": "encrypt-resource",
            "event_type": event_type,
            "summary": "支付成功",
            "resource": resource,
        }

    def notice(self, envelope: object, **changed: str) -> RawNotice:
        """Sign and send an envelope; ``changed`` replaces headers, an underscore for a hyphen."""
        body = envelope if isinstance(envelope, bytes) else json.dumps(envelope, ensure_ascii=False).encode()
        headers = self.headers(body) | {name.replace("_", "-"): value for name, value in changed.items()}
        return RawNotice("POST", b"", body, "application/json", headers)


class Gateway:
    """WeChat on a real socket: it keeps what it was asked and gives the answers a test decides, signed."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.asked: list[tuple[str, str, bytes, dict[str, str]]] = []
        self.answers: list[tuple[int, bytes, dict[str, str]]] = []
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                headers = {name.lower(): value for name, value in self.headers.items()}
                gateway.asked.append((self.command, self.path, body, headers))
                if not gateway.answers:
                    self.close_connection = True  # hangs up without a word
                    return
                status, answer, signed = gateway.answers.pop(0)
                self.send_response(status)
                for name, value in signed.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            do_POST = do_GET  # noqa: N815 - the name that http.server looks for

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def will_say(self, answer: object, status: int = 200, *, signed: bool = True) -> None:
        """Give this answer to the next question that has none yet."""
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.answers.append((status, body, self.platform.headers(body) if signed else {}))
