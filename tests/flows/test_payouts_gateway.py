"""A gateway pays a payout once, whatever it answers and whenever the worker dies."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from django.utils import timezone

from tests.cast import adas_shop
from tests.flows.payouts import ALIPAY, account, ada_of, approved, enter, finance, money_of
from tests.flows.rows import broken
from xinka.flows.payouts import gateway
from xinka.flows.payouts.asking import shown
from xinka.flows.payouts.gateway import (
    ASK_AGAIN,
    MAY_STILL_ARRIVE,
    ask_about_open,
    execute,
    send_through,
    settle_by_hand,
)
from xinka.flows.payouts.sending import Outcome
from xinka.ledger.accounts import Account
from xinka.ledger.models import Entry
from xinka.merchants.models import Merchant
from xinka.payments.channels import seal_config
from xinka.payments.models import Channel
from xinka.payouts.errors import NothingToSend, NotYourOwn, PayoutMoved
from xinka.payouts.models import Payout
from xinka.payouts.states import PayoutState

pytestmark = pytest.mark.django_db


@cache
def keys() -> tuple[rsa.RSAPrivateKey, rsa.RSAPrivateKey]:
    """Ours and the gateway's; made once, because that takes a while."""
    return rsa.generate_private_key(65537, 2048), rsa.generate_private_key(65537, 2048)


def canonical(fields: dict[str, str]) -> bytes:
    """Written from the protocol, not from our code: sorted, no empty ones, no sign, no sign_type."""
    chosen = sorted((name, value) for name, value in fields.items() if value and name not in {"sign", "sign_type"})
    return "&".join(f"{name}={value}" for name, value in chosen).encode()


@dataclass
class Payer:
    """A gateway that pays out; ``mood`` is how the next sending ends."""

    mood: str = "yes"
    forgets: int = 0
    signs: bool = True
    paid: dict[str, dict[str, str]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    port: int = 0

    def answer(self, path: str, fields: dict[str, str]) -> dict[str, str] | None:
        """Return the reply, or ``None`` to hang up."""
        signature = base64.b64decode(fields["sign"])
        try:
            keys()[0].public_key().verify(signature, canonical(fields), padding.PKCS1v15(), SHA256())
        except InvalidSignature:
            return {"code": "-1", "msg": "sign"}
        self.calls.append(path.rpartition("/")[2])
        number = fields["out_biz_no"]
        if path.endswith("query"):
            if self.mood == "down":
                return None
            self.forgets -= 1
            found = self.paid.get(number) if self.forgets < 0 else None
            return self.signed(found) if found else {"code": "-1", "msg": "转账记录不存在"}
        if self.mood == "no":
            return {"code": "-1", "msg": "余额不足"}
        if number in self.paid:
            return {"code": "-1", "msg": "重复的转账号"}
        if self.mood == "lost":
            return None
        status = {"fails": "2", "slow": "0"}.get(self.mood, "1")
        self.paid[number] = {
            "code": "0",
            "status": status,
            "biz_no": f"G{len(self.paid)}",
            "out_biz_no": number,
            "money": fields["money"],
            "account": fields["account"],
            "errmsg": "名字不符" if status == "2" else "",
        }
        return None if self.mood == "silent" else self.signed(self.paid[number])

    def signed(self, reply: dict[str, str]) -> dict[str, str]:
        """Return a reply with the gateway's signature, or with a wrong one."""
        signature = keys()[1 if self.signs else 0].sign(canonical(reply), padding.PKCS1v15(), SHA256())
        return {**reply, "sign": base64.b64encode(signature).decode(), "sign_type": "RSA"}


@contextmanager
def open_payer() -> Iterator[Payer]:
    """Run it on a free port of this machine."""
    payer = Payer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            answer = payer.answer(self.path, dict(parse_qsl(body)))
            if answer is None:
                self.close_connection = True
                return
            content = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    payer.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield payer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def payer() -> Iterator[Payer]:
    with open_payer() as opened:
        yield opened


@pytest.fixture
def shop() -> Merchant:
    made = adas_shop()
    enter(made, 100_000)
    return made


def pem(key: rsa.RSAPrivateKey, *, public: bool = False) -> str:
    if public:
        return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def sending(shop: Merchant, payer: Payer) -> Payout:
    """Return an approved payout that was just handed to the gateway."""
    config = {
        "base_url": f"http://127.0.0.1:{payer.port}/",
        "pid": "1001",
        "merchant_private_key": pem(keys()[0]),
        "platform_public_key": pem(keys()[1], public=True),
        "plain_http": True,
    }
    channel = Channel.objects.create(
        slug="epay2", name="易支付", name_en="epay", provider="epay_v2", config=seal_config("epay2", config)
    )
    return send_through(approved(account(shop, ALIPAY), 40_000).id, channel.id, by=finance())


def later(by: timedelta) -> datetime:
    return timezone.now() + by


def test_a_clear_yes_pays_out_of_what_the_gateway_owes_us(shop: Merchant, payer: Payer) -> None:
    payout = sending(shop, payer)
    assert execute(payout.id) == PayoutState.PAID
    assert payer.paid[shown(payout)]["money"] == "400.00"
    assert payer.paid[shown(payout)]["account"] == "lin@mail.example"
    payout.refresh_from_db()
    assert payout.finished_at is not None
    assert (payout.reference, payout.due_at) == ("G0", payout.finished_at + timedelta(days=1))
    assert money_of(shop) == (60_000, 0, 0)
    (leg,) = Entry.objects.filter(account=Account.CLEARING)
    assert (leg.amount, leg.channel_id) == (-40_000, payout.channel_id)
    assert execute(payout.id) == PayoutState.PAID
    assert payer.calls == ["submit"]
    assert broken() == []


def test_a_clear_no_makes_it_available_again(shop: Merchant, payer: Payer) -> None:
    payout = sending(shop, payer)
    payer.mood = "no"
    assert execute(payout.id) == PayoutState.FAILED
    payout.refresh_from_db()
    assert "余额不足" in payout.problem
    assert money_of(shop) == (100_000, 0, 0)
    assert payer.calls == ["submit", "query"]


def test_paid_without_an_answer_is_asked_about_and_never_sent_again(shop: Merchant, payer: Payer) -> None:
    payout = sending(shop, payer)
    payer.mood = "silent"
    assert execute(payout.id) == PayoutState.SENDING
    assert money_of(shop) == (60_000, 40_000, 0)
    assert execute(payout.id) == PayoutState.PAID
    assert payer.calls == ["submit", "query"]
    assert broken() == []


def test_lost_on_its_way_is_sent_again_only_when_it_cannot_arrive_any_more(shop: Merchant, payer: Payer) -> None:
    payout = sending(shop, payer)
    payer.mood = "lost"
    assert execute(payout.id) == PayoutState.SENDING
    payer.mood = "yes"
    assert execute(payout.id, now=later(MAY_STILL_ARRIVE - timedelta(minutes=1))) == PayoutState.SENDING
    assert payer.calls == ["submit", "query"]
    assert execute(payout.id, now=later(MAY_STILL_ARRIVE + timedelta(minutes=1))) == PayoutState.PAID
    assert payer.calls == ["submit", "query", "query", "submit"]
    assert len(payer.paid) == 1


def test_a_no_because_it_has_it_already_is_a_yes(shop: Merchant, payer: Payer) -> None:
    payout = sending(shop, payer)
    payer.mood = "silent"
    execute(payout.id)
    payer.mood, payer.forgets = "yes", 1
    assert execute(payout.id, now=later(MAY_STILL_ARRIVE * 2)) == PayoutState.PAID
    assert payer.calls == ["submit", "query", "submit", "query"]
    assert len(payer.paid) == 1


def test_what_is_under_way_there_is_looked_at_again(shop: Merchant, payer: Payer) -> None:
    payout = sending(shop, payer)
    payer.mood = "slow"
    assert execute(payout.id) == PayoutState.SENDING
    assert ask_about_open(timezone.now()) == 0
    assert ask_about_open(later(ASK_AGAIN * 2)) == 1
    assert ask_about_open(later(ASK_AGAIN * 2)) == 0
    payer.paid[shown(payout)]["status"] = "2"
    payer.paid[shown(payout)]["errmsg"] = "名字不符"
    assert execute(payout.id) == PayoutState.FAILED
    assert money_of(shop) == (100_000, 0, 0)
    assert broken() == []


def test_an_answer_that_is_not_signed_by_the_gateway_is_none(shop: Merchant, payer: Payer) -> None:
    payout = sending(shop, payer)
    payer.signs = False
    assert execute(payout.id) == PayoutState.SENDING
    assert execute(payout.id) == PayoutState.SENDING
    payout.refresh_from_db()
    assert "not signed by its key" in payout.problem
    assert money_of(shop) == (60_000, 40_000, 0)
    payer.signs = True
    assert execute(payout.id) == PayoutState.PAID
    assert payer.calls.count("submit") == 1


def test_a_worker_that_dies_while_sending_asks_first_when_it_is_back(
    shop: Merchant, payer: Payer, monkeypatch: pytest.MonkeyPatch
) -> None:
    payout = sending(shop, payer)

    class Killed(BaseException):
        """What no code catches."""

    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(gateway, "_enter", die)
        with pytest.raises(Killed):
            execute(payout.id)
    assert len(payer.paid) == 1
    assert execute(payout.id) == PayoutState.PAID
    assert payer.calls == ["submit", "query"]


def test_a_channel_pays_only_the_accounts_it_can(shop: Merchant, payer: Payer) -> None:
    sending(shop, payer)
    other = approved(account(shop, ALIPAY), 10_000)
    with pytest.raises(NothingToSend):
        send_through(other.id, 0, by=finance())
    other.refresh_from_db()
    assert other.state == PayoutState.APPROVED


def test_a_channel_that_is_not_usable_any_more_leaves_the_payout_waiting(shop: Merchant, payer: Payer) -> None:
    payout = sending(shop, payer)
    Channel.objects.update(config=seal_config("epay2", {"pid": "1001"}))
    assert execute(payout.id) == PayoutState.SENDING
    payout.refresh_from_db()
    assert "is missing" in payout.problem
    assert payer.calls == []


def test_what_no_gateway_tells_of_is_entered_by_hand_once_and_never_by_ones_own(shop: Merchant, payer: Payer) -> None:
    payout = sending(shop, payer)
    outcome = Outcome(payout.id, is_paid=True, reference="seen there")
    with pytest.raises(NotYourOwn):
        settle_by_hand(payout.id, outcome, by=ada_of(shop))
    assert settle_by_hand(payout.id, outcome, by=finance()).state == PayoutState.PAID
    assert execute(payout.id) == PayoutState.PAID
    assert payer.calls == []
    with pytest.raises(PayoutMoved):
        settle_by_hand(payout.id, Outcome(payout.id, is_paid=False), by=finance())
    with pytest.raises(PayoutMoved):
        settle_by_hand(approved(account(shop, ALIPAY), 1_000).id, outcome, by=finance())
    assert broken() == []
