"""Alipay's calls and answers between us and three implementations by other people; what they accept and we refuse."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import PrivateFormat
from django.utils import timezone

from tests.interop.alipay.conftest import customer, pem, pkcs1, platform, public_pem
from tests.interop.sides import OtherSide
from xinka.kernel.errors import ProviderError
from xinka.payments.providers.alipay import wire
from xinka.payments.providers.alipay.certificates import root_serial_of, serial_of
from xinka.payments.providers.alipay.config import AlipayConfig
from xinka.payments.providers.alipay.provider import AlipayProvider
from xinka.payments.providers.alipay.replies import read
from xinka.payments.providers.http import Reply
from xinka.payments.providers.keys import Named, certificates
from xinka.payments.providers.protocol import PaymentRequest, RefundRequest, RefundStatus, TradeStatus
from xinka.sandbox import endings
from xinka.sandbox.models import SandboxMerchant, SandboxTrade

pytestmark = [pytest.mark.interop, pytest.mark.django_db(transaction=True)]
NUMBER = "pay_01jd3v5w8qk2m4n6p8r0s2t4v6"
CONTENT = {"out_trade_no": NUMBER, "total_amount": "93.10", "subject": '云听 }{ 会员 "x" & y=1'}


def pay() -> SandboxTrade:
    """Let Cy pay what was asked for."""
    trade = SandboxTrade.objects.get()
    assert endings.bring_about(trade, "pay", now=timezone.now())
    return trade


# Their client, our gateway.


def test_the_official_client_pays_asks_refunds_and_closes_here(
    official: OtherSide, merchant: SandboxMerchant, gateway_url: str, payment: PaymentRequest
) -> None:
    account = customer(merchant, gateway_url, style=PrivateFormat.TraditionalOpenSSL)
    addresses = {"notify_url": payment.notify_url}

    def call(method: str, **content: object) -> Any:
        return official.ask("call", account=account, method=method, content=content, addresses=addresses)

    opened = call("alipay.trade.precreate", **CONTENT)
    assert (opened["code"], opened["qr_code"].rpartition("/")[2]) == ("10000", SandboxTrade.objects.get().token)
    assert call("alipay.trade.query", out_trade_no=NUMBER)["trade_status"] == "WAIT_BUYER_PAY"
    trade = pay()
    assert call("alipay.trade.query", trade_no=trade.trade_no)["trade_status"] == "TRADE_SUCCESS"
    assert call("alipay.trade.close", out_trade_no=NUMBER)["sub_code"] == "ACQ.TRADE_STATUS_ERROR"
    refund = {"out_trade_no": NUMBER, "refund_amount": "30.00", "out_request_no": "r1"}
    assert [call("alipay.trade.refund", **refund)["fund_change"] for _ in range(2)] == ["Y", "N"]
    asked = call("alipay.trade.fastpay.refund.query", out_trade_no=NUMBER, out_request_no="r1")
    assert (asked["refund_status"], asked["refund_amount"]) == ("REFUND_SUCCESS", "30.00")
    assert call("alipay.trade.query", out_trade_no="none")["sub_code"] == "ACQ.TRADE_NOT_EXIST"


@pytest.mark.parametrize("mode", ["keys", "certificates"])
def test_the_community_client_pays_and_asks_here_in_both_modes(
    community: OtherSide, merchant: SandboxMerchant, certified: SandboxMerchant, gateway_url: str, mode: str
) -> None:
    ours = merchant if mode == "keys" else certified
    account = customer(ours, gateway_url) | {"private": pem(ours.secrets["app_private"])}
    account["public"] = public_pem(account["public"])
    plain = CONTENT | {"subject": "云听会员"}
    opened = community.ask("call", account=account, method="alipay_trade_precreate", arguments=plain)
    assert opened["code"] == "10000"
    trade = pay()
    found = community.ask("call", account=account, method="alipay_trade_query", arguments={"out_trade_no": NUMBER})
    assert (found["trade_status"], found["trade_no"]) == ("TRADE_SUCCESS", trade.trade_no)


@pytest.mark.parametrize("mode", ["keys", "certificates"])
def test_the_client_for_node_pays_asks_and_refunds_here_in_both_modes(
    npm: OtherSide, merchant: SandboxMerchant, certified: SandboxMerchant, gateway_url: str, mode: str
) -> None:
    account = customer(merchant if mode == "keys" else certified, gateway_url)

    def call(method: str, **content: object) -> Any:
        return npm.ask("call", account=account, method=method, content=content)

    assert call("alipay.trade.precreate", **CONTENT)["code"] == "10000"
    pay()
    assert call("alipay.trade.query", out_trade_no=NUMBER)["tradeStatus"] == "TRADE_SUCCESS"
    assert (
        call("alipay.trade.refund", out_trade_no=NUMBER, refund_amount="93.10", out_request_no="r")["fundChange"] == "Y"
    )
    assert call("alipay.trade.query", out_trade_no=NUMBER)["tradeStatus"] == "TRADE_CLOSED"


def test_pages_asked_for_by_other_implementations_open_here(
    official: OtherSide, npm: OtherSide, merchant: SandboxMerchant, gateway_url: str, payment: PaymentRequest
) -> None:
    account = customer(merchant, gateway_url)
    theirs = customer(merchant, gateway_url, style=PrivateFormat.TraditionalOpenSSL)
    content = CONTENT | {"product_code": "FAST_INSTANT_TRADE_PAY"}
    addresses = {"notify_url": payment.notify_url, "return_url": payment.return_url}
    first = official.ask("page", account=theirs, method="alipay.trade.page.pay", content=content, addresses=addresses)
    second = npm.ask(
        "page",
        account=account,
        method="alipay.trade.wap.pay",
        content=content,
        notifyUrl=payment.notify_url,
        returnUrl=payment.return_url,
    )
    for address in (first, second):
        assert httpx.get(address).status_code == 302
    assert SandboxTrade.objects.count() == 1


# Our client, a gateway made of nothing but their functions.


class TheirGateway:
    """A gateway whose every judgement and signature is another implementation's."""

    def __init__(self, side: OtherSide, merchant: SandboxMerchant) -> None:
        self.verified: list[str] = []
        self.answers: dict[str, dict[str, object]] = {}
        keys = platform(merchant)
        theirs = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                form = self.rfile.read(int(self.headers["Content-Length"])).decode()
                fields = dict(parse_qsl(form, keep_blank_values=True))
                method = fields["method"]
                if side.ask("believes_request", account=keys, fields=fields):
                    theirs.verified.append(method)
                inner = json.dumps(theirs.answers[method], ensure_ascii=False)
                signature = side.ask("sign", account=keys, text=inner)
                name = f"{method.replace('.', '_')}_response"
                body = f'{{"{name}":{inner},"sign":"{signature}"}}'.encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/gateway.do"


@pytest.fixture
def their_gateway(community: OtherSide, merchant: SandboxMerchant) -> Iterator[TheirGateway]:
    """A gateway made of python-alipay-sdk."""
    gateway = TheirGateway(community, merchant)
    thread = threading.Thread(target=gateway.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield gateway
    gateway.server.shutdown()
    gateway.server.server_close()
    thread.join()


def test_everything_our_client_sends_is_verified_by_another_implementation(
    their_gateway: TheirGateway, merchant: SandboxMerchant, payment: PaymentRequest
) -> None:
    ours = AlipayProvider.from_settings(
        {
            "app_id": merchant.pid,
            "app_private_key": pkcs1(merchant.secrets["app_private"]),
            "alipay_public_key": merchant.secrets["alipay_public"],
            "gateway_url": their_gateway.url,
            "plain_http": True,
        }
    )
    yes = {"code": "10000", "msg": "Success", "out_trade_no": NUMBER, "trade_no": "T1"}
    paid = {"trade_status": "TRADE_SUCCESS", "total_amount": "93.10", "buyer_logon_id": '测*}{"*@example.com'}
    their_gateway.answers = {
        wire.PRECREATE: yes | {"qr_code": "https://qr.example/bax1"},
        wire.QUERY: yes | paid,
        wire.REFUND: yes | {"fund_change": "Y"},
        wire.REFUND_QUERY: yes | {"refund_status": "REFUND_SUCCESS", "refund_amount": "1.00", "out_request_no": "r1"},
        wire.CLOSE: yes,
    }
    refund = RefundRequest(NUMBER, 100, "CNY", trade_no="T1", refund_no="r1")
    assert ours.prepare(payment).target == "https://qr.example/bax1"
    assert ours.query(NUMBER, "T1").status is TradeStatus.PAID
    ours.refund(refund)
    assert ours.refund_query(refund).status is RefundStatus.DONE
    ours.close(NUMBER)
    assert their_gateway.verified == [wire.PRECREATE, wire.QUERY, wire.REFUND, wire.REFUND_QUERY, wire.CLOSE]


def test_our_pages_are_verified_by_every_implementation(
    sides: dict[str, OtherSide], merchant: SandboxMerchant, provider: AlipayProvider, payment: PaymentRequest
) -> None:
    address = wire.payment_url(provider.config, payment, wire.PAGE, timezone.now().timestamp())
    fields = dict(parse_qsl(urlsplit(address).query, keep_blank_values=True))
    signature = fields.pop("sign")
    text = sides["official"].ask("joined", fields=fields)
    public = merchant.secrets["app_public"]
    account = customer(merchant, "http://127.0.0.1") | {"public": public}
    assert sides["official"].ask("believes", public=public, text=text, signature=signature)
    assert sides["npm"].ask("believes", account=account, text=text, signature=signature)
    assert sides["community"].ask("believes_request", account=platform(merchant), fields=fields | {"sign": signature})


# Answers: what is read, and what is refused even where an SDK accepts it.


def answer_of(facts: dict[str, object], signature_of: Any, *, method: str = wire.QUERY) -> Reply:
    inner = json.dumps(facts, ensure_ascii=False)
    name = f"{method.replace('.', '_')}_response"
    return Reply(200, f'{{"{name}":{inner},"sign":"{signature_of(inner)}"}}'.encode())


def test_a_brace_inside_a_string_is_data_though_an_sdk_stumbles(
    provider: AlipayProvider, merchant: SandboxMerchant, community: OtherSide
) -> None:
    keys = platform(merchant)
    facts = {"code": "10000", "store_name": "a}{b", "out_trade_no": NUMBER}
    reply = answer_of(facts, lambda text: community.ask("sign", account=keys, text=text))
    account = customer(merchant, "") | {
        "private": keys["private"],
        "public": public_pem(merchant.secrets["alipay_public"]),
    }
    assert community.ask("reads_answer", account=account, text=reply.body.decode(), method=wire.QUERY) == (
        "AliPayValidationError"
    )
    assert read(provider.config, reply, wire.QUERY)["store_name"] == "a}{b"


def test_an_answer_signed_with_sha1_is_refused_though_the_official_sdk_accepts_it(
    provider: AlipayProvider, merchant: SandboxMerchant, official: OtherSide
) -> None:
    facts: dict[str, object] = {"code": "10000", "out_trade_no": NUMBER, "trade_status": "TRADE_SUCCESS"}
    private = pkcs1(merchant.secrets["alipay_private"])
    weak = answer_of(facts, lambda text: official.ask("sign", private=private, text=text, sha1=True))
    inner = json.dumps(facts)
    signature = json.loads(weak.body)["sign"]
    assert official.ask("believes", public=merchant.secrets["alipay_public"], text=inner, signature=signature)
    with pytest.raises(ProviderError, match="signature"):
        read(provider.config, weak, wire.QUERY)


def test_answers_that_prove_nothing_are_no_answers(
    provider: AlipayProvider, merchant: SandboxMerchant, official: OtherSide
) -> None:
    private = pkcs1(merchant.secrets["alipay_private"])

    def sign(text: str) -> Any:
        return official.ask("sign", private=private, text=text)

    good = answer_of({"code": "10000", "out_trade_no": NUMBER, "total_amount": "93.10"}, sign)
    assert read(provider.config, good, wire.QUERY)["out_trade_no"] == NUMBER
    changed = [
        good.body.replace(b"93.10", b"93.11"),
        good.body.replace(b'": "', b'":"', 1),
        good.body.replace(b'"sign"', b'"sing"'),
        good.body.replace(b"alipay_trade_query_response", b"alipay_trade_close_response"),
        good.body[:-1],
        good.body + b"{}",
        b"{" + good.body[1:-1] + b"," + good.body[1:],
        good.body.replace(b'{"code"', b'{"code": "10000", "code"'),
        b"<html>busy</html>",
        b"",
        "é".encode("latin-1"),
        b'{"error_response":{"code":"40002","sub_code":"isv.invalid-signature"}}',
        b'{"alipay_trade_query_response":{"code":"40004","sub_code":"ACQ.TRADE_NOT_EXIST"}}',
        b"[" * 5000,
    ]
    for body in changed:
        with pytest.raises(ProviderError):
            read(provider.config, Reply(200, body), wire.QUERY)


# Keys and certificates.


def test_the_same_text_has_the_same_signature_everywhere(
    provider: AlipayProvider, merchant: SandboxMerchant, official: OtherSide, npm: OtherSide
) -> None:
    call = wire.query_call(provider.config, timezone.now().timestamp(), NUMBER)
    fields = {name: value for name, value in call.form.items() if name != "sign"}
    text = official.ask("joined", fields=fields)
    app = merchant.secrets["app_private"]
    assert call.form["sign"] == official.ask("sign", private=pkcs1(app), text=text)
    assert call.form["sign"] == npm.ask("sign", privateKey=app, text=text)


def test_certificates_are_named_alike_by_everyone(
    community: OtherSide, npm: OtherSide, certified: SandboxMerchant
) -> None:
    keys = certified.secrets
    account = customer(certified, "http://127.0.0.1") | {"private": pem(keys["app_private"])}
    named = Named("证书", "certificate")
    ours = [serial_of(certificates(keys[name], named)[0]) for name in ("app_cert", "alipay_cert")]
    ours.append(root_serial_of(certificates(keys["root_cert"], named)))
    sandbox = [keys[name] for name in ("app_cert_sn", "alipay_cert_sn", "alipay_root_cert_sn")]
    theirs = npm.ask("serials", account=customer(certified, "http://127.0.0.1"))
    assert ours == community.ask("serials", account=account) == theirs == sandbox


def test_a_request_in_certificate_mode_carries_the_numbers_under_the_signature(
    community: OtherSide, certified: SandboxMerchant, gateway_url: str
) -> None:
    keys = certified.secrets
    config = AlipayConfig(
        certified.pid,
        keys["app_private"],
        app_cert=keys["app_cert"],
        alipay_cert=keys["alipay_cert"],
        alipay_root_cert=keys["root_cert"],
        gateway_url=gateway_url,
        plain_http=True,
    )
    fields = dict(wire.query_call(config, timezone.now().timestamp(), NUMBER).form)
    assert (fields["app_cert_sn"], fields["alipay_root_cert_sn"]) == (keys["app_cert_sn"], keys["alipay_root_cert_sn"])
    assert community.ask("believes_request", account=platform(certified), fields=fields)
    assert not community.ask("believes_request", account=platform(certified), fields=fields | {"app_cert_sn": "0" * 32})
