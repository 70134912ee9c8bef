"""Paying inside WeChat: who pays is asked by this browser, for this payment, once; the openid is told and not kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from tests import cast
from xinka.flows.paying import attempts, in_app
from xinka.kernel import ids
from xinka.kernel.errors import ProviderError
from xinka.orders.access import order_path
from xinka.orders.models import Order
from xinka.payments.models import Channel, Payment
from xinka.payments.providers.protocol import Can, HowToPay, PayBy, PaymentRequest

pytestmark = pytest.mark.django_db

WECHAT = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) Mobile/15E148 MicroMessenger/8.0.50 NetType/WIFI"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) Mobile/15E148 Safari/604.1"
OPENID = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
CODE = "021bNPFa1x0jRI0fHwHa1pBFFa1bNPFZ"
FIELDS = {"appId": "wx1", "package": "prepay_id=wx2", "paySign": "c2lnbmVk"}


@dataclass
class Gateway:
    """A gateway that pays inside its app; it keeps what it was asked."""

    device: str = "wechat"
    asks_at: str = "https://open.example"
    can: frozenset[Can] = frozenset({Can.INSIDE})
    prepared: list[PaymentRequest] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    fails: ProviderError | None = None

    def prepare(self, payment: PaymentRequest) -> HowToPay:
        """A call of the page's if the buyer is known, else a QR code."""
        self.prepared.append(payment)
        if payment.payer_id:
            return HowToPay(PayBy.BRIDGE, "getBrandWCPayRequest", FIELDS)
        return HowToPay(PayBy.QR, "weixin://wxpay/bizpayurl?pr=abc")

    def question_to(self, back_url: str, state: str) -> str:
        """Lead to the tests' own open platform."""
        return f"https://open.example/authorize?redirect_uri={back_url}&state={state}#wechat_redirect"

    def payer_named(self, code: str) -> str:
        """Name Cy."""
        self.codes.append(code)
        if self.fails:
            raise self.fails
        return OPENID


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Gateway:
    """The gateway behind every channel of these tests."""
    found = Gateway()
    monkeypatch.setattr(attempts, "provider_of", lambda _channel: found)
    monkeypatch.setattr(in_app, "provider_of", lambda _channel: found)
    return found


@pytest.fixture
def phone(cy: Client) -> Client:
    """Cy's telephone, in WeChat."""
    cy.defaults["HTTP_USER_AGENT"] = WECHAT
    return cy


def ask(phone: Client, bought: cast.Bought) -> dict[str, str]:
    """Press the button; return the parts of the question."""
    response = phone.post(f"{order_path(bought.order_id)}/pay/inside", {"channel": bought.channel.slug})
    assert response.status_code == 303
    parts = parse_qs(urlsplit(response["Location"]).query)
    return {"path": urlsplit(parts["redirect_uri"][0]).path, "state": parts["state"][0]}


def answer(phone: Client, question: dict[str, str], **more: str) -> tuple[int, str]:
    """Come back from WeChat; return the status and where it leads."""
    response = phone.get(question["path"], {"code": CODE, "state": question["state"]} | more)
    return response.status_code, response.headers.get("Location", "")


def only_payment(bought: cast.Bought) -> Payment:
    return Payment.objects.get(order_id=bought.order_id)


def test_in_wechat_the_page_asks_who_pays_and_bothers_no_gateway_before(
    bought: cast.Bought, phone: Client, gateway: Gateway
) -> None:
    response = phone.get(f"{order_path(bought.order_id)}/pay")
    page = response.content.decode()
    assert f'action="{order_path(bought.order_id)}/pay/inside"' in page
    assert "<img" not in page.partition("payp")[2].partition("<aside")[0], "no QR code to scan with the same telephone"
    assert "form-action 'self' https://open.example;" in response["Content-Security-Policy"]
    assert (gateway.prepared, gateway.codes) == ([], [])


def test_the_question_leads_back_to_this_payment_and_is_bound_to_this_browser(
    bought: cast.Bought, phone: Client, gateway: Gateway
) -> None:
    question = ask(phone, bought)
    number = ids.show("pay", bought.payment_id)
    assert question["path"] == f"{order_path(bought.order_id)}/pay/inside/{number}/back"
    assert question["state"].isalnum()
    assert len(question["state"]) == 72
    cookie = phone.cookies["xk_payer"]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == (order_path(bought.order_id), True, "Lax")
    stored = only_payment(bought).asked_who or ""
    assert len(stored) == 64
    assert question["state"] not in stored


def test_the_answer_prepares_the_payment_for_its_buyer_and_leads_to_the_page_that_pays(
    bought: cast.Bought, phone: Client, gateway: Gateway
) -> None:
    status, where = answer(phone, ask(phone, bought))
    number = ids.show("pay", bought.payment_id)
    assert (status, where) == (303, f"{order_path(bought.order_id)}/pay/inside/{number}")
    (asked,) = gateway.prepared
    assert (asked.payer_id, asked.device, asked.out_trade_no) == (OPENID, "wechat", number)
    assert gateway.codes == [CODE]
    response = phone.get(where)
    page = response.content.decode()
    assert "&quot;paySign&quot;: &quot;c2lnbmVk&quot;" in page
    assert 'data-call="getBrandWCPayRequest"' in page
    assert f'data-order-status="{order_path(bought.order_id)}/status"' in page
    assert "script-src 'self';" in response["Content-Security-Policy"]
    assert phone.cookies["xk_payer"].value == ""
    assert where in phone.get(f"{order_path(bought.order_id)}/pay").content.decode()


def test_the_openid_is_kept_nowhere(bought: cast.Bought, phone: Client, gateway: Gateway) -> None:
    _, where = answer(phone, ask(phone, bought))
    assert OPENID not in phone.get(where).content.decode()
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(p)::text FROM payments_payment p")
        rows = [row for (row,) in cursor.fetchall()]
    assert len(rows) == 1
    assert OPENID not in rows[0]
    assert CODE not in rows[0]
    assert '"asked_who": null' in rows[0]
    assert OPENID not in repr(attempts.Payer("", "wechat", OPENID))


def test_an_answer_that_comes_twice_counts_once(bought: cast.Bought, phone: Client, gateway: Gateway) -> None:
    question = ask(phone, bought)
    cookie = phone.cookies["xk_payer"].value
    assert answer(phone, question)[0] == 303
    phone.cookies["xk_payer"] = cookie  # a replay has everything that the first one had
    assert answer(phone, question)[0] == 403
    assert (len(gateway.codes), len(gateway.prepared)) == (1, 1)


def test_a_new_question_makes_the_one_before_worthless(bought: cast.Bought, phone: Client, gateway: Gateway) -> None:
    first, browser = ask(phone, bought), phone.cookies["xk_payer"].value
    ask(phone, bought)
    assert answer(phone, first)[0] == 403
    phone.cookies["xk_payer"] = browser
    assert answer(phone, first)[0] == 403
    assert gateway.codes == []


@pytest.mark.parametrize("wrong", ["", "0", "z" * 72, "f" * 72, "ffffffff" + "0" * 64, "é" * 9, "-0000001" + "0" * 64])
def test_a_made_up_state_is_refused_and_nobody_is_asked(
    bought: cast.Bought, phone: Client, gateway: Gateway, wrong: str
) -> None:
    question = ask(phone, bought)
    assert answer(phone, question, state=wrong)[0] == 403
    assert (gateway.codes, gateway.prepared) == ([], [])
    assert answer(phone, question)[0] == 303, "and the genuine one still counts"


def test_one_changed_letter_of_the_state_is_refused(bought: cast.Bought, phone: Client, gateway: Gateway) -> None:
    question = ask(phone, bought)
    state = question["state"]
    for place in (0, 7, 8, 71):
        other = "1" if state[place] == "0" else "0"
        assert answer(phone, question, state=state[:place] + other + state[place + 1 :])[0] == 403
    assert gateway.codes == []


def test_a_state_from_another_order_is_refused(
    ware: cast.Ware, bought: cast.Bought, phone: Client, gateway: Gateway
) -> None:
    other = cast.buy(ware.sku, bought.channel)
    elsewhere = Client(headers={"accept-language": "en", "user-agent": WECHAT})
    elsewhere.cookies["xk_order"] = other.cookie
    theirs, mine = ask(elsewhere, other), ask(phone, bought)
    assert answer(phone, mine, state=theirs["state"])[0] == 403
    number = ids.show("pay", other.payment_id)
    crossed = {"path": f"{order_path(bought.order_id)}/pay/inside/{number}/back", "state": mine["state"]}
    assert answer(phone, crossed)[0] == 404, "a payment of another order is not below this one"
    assert gateway.codes == []


def test_an_old_answer_is_refused(
    bought: cast.Bought, phone: Client, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = ask(phone, bought)
    later = timezone.now() + in_app.ANSWER_WITHIN + timedelta(seconds=2)
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert answer(phone, question)[0] == 403
    assert gateway.codes == []


def test_another_browser_of_the_buyers_own_cannot_use_the_answer(
    bought: cast.Bought, phone: Client, gateway: Gateway
) -> None:
    question = ask(phone, bought)
    second = Client(headers={"accept-language": "en", "user-agent": WECHAT})
    second.cookies["xk_order"] = bought.cookie
    assert answer(second, question)[0] == 403
    assert gateway.codes == []


def test_eve_finds_nothing_of_it(bought: cast.Bought, phone: Client, stranger: Client, gateway: Gateway) -> None:
    question = ask(phone, bought)
    stranger.cookies["xk_payer"] = phone.cookies["xk_payer"].value
    stranger.defaults["HTTP_USER_AGENT"] = WECHAT
    place = f"{order_path(bought.order_id)}/pay/inside"
    assert stranger.post(place, {"channel": bought.channel.slug}).status_code == 404
    assert answer(stranger, question)[0] == 404
    answer(phone, question)
    assert stranger.get(f"{place}/{ids.show('pay', bought.payment_id)}").status_code == 404
    assert len(gateway.codes) == 1


@pytest.mark.parametrize("number", ["x", "pay_" + "0" * 26, "ord_" + "0" * 26])
def test_a_payment_that_does_not_exist_is_not_found(
    bought: cast.Bought, phone: Client, gateway: Gateway, number: str
) -> None:
    place = f"{order_path(bought.order_id)}/pay/inside/{number}"
    assert phone.get(place).status_code == 404
    assert phone.get(f"{place}/back", {"code": CODE, "state": "0"}).status_code == 404


def test_a_refused_code_is_said_plainly_and_can_be_tried_again(
    bought: cast.Bought, phone: Client, gateway: Gateway
) -> None:
    gateway.fails = ProviderError("40029", permanent=True)
    status, where = answer(phone, ask(phone, bought))
    assert (status, where) == (303, f"{order_path(bought.order_id)}/pay?channel=alipay-md5&inside=failed")
    page = phone.get(where).content.decode()
    assert "The app did not say who pays" in page
    assert "You have not been charged" in page
    assert gateway.prepared == []
    gateway.fails = None
    assert "/pay/inside/pay_" in answer(phone, ask(phone, bought))[1]
    assert Payment.objects.filter(order_id=bought.order_id).count() == 1


def test_coming_back_without_a_code_asks_nobody(bought: cast.Bought, phone: Client, gateway: Gateway) -> None:
    assert answer(phone, ask(phone, bought), code="")[1].endswith("inside=failed")
    assert (gateway.codes, gateway.prepared) == ([], [])


def test_slow_gateways_never_hold_all_pages_here_either(bought: cast.Bought, phone: Client, gateway: Gateway) -> None:
    question = ask(phone, bought)
    for _ in range(attempts.ASKING_AT_ONCE):
        assert attempts._asking.acquire(blocking=False)
    try:
        assert answer(phone, question)[1].endswith("inside=failed")
        assert gateway.codes == []
    finally:
        attempts._asking.release(attempts.ASKING_AT_ONCE)


@pytest.mark.parametrize("state", ["delivered", "expired", "cancelled"])
def test_a_closed_order_is_not_prepared(bought: cast.Bought, phone: Client, gateway: Gateway, state: str) -> None:
    question = ask(phone, bought)
    if state != "delivered":
        Order.objects.filter(id=bought.order_id).update(state=state)
    else:
        cast.settle(cast.money_for(bought))
    assert answer(phone, question)[0] == (403 if state == "delivered" else 409)
    assert (gateway.codes, gateway.prepared) == ([], [])
    assert phone.post(f"{order_path(bought.order_id)}/pay/inside", {"channel": "alipay-md5"}).status_code == 409


def test_outside_wechat_it_is_a_qr_code_of_another_attempt(
    bought: cast.Bought, phone: Client, gateway: Gateway
) -> None:
    answer(phone, ask(phone, bought))
    phone.defaults["HTTP_USER_AGENT"] = PHONE
    path = f"{order_path(bought.order_id)}/pay"
    assert "Choose how to pay" in phone.get(path).content.decode()
    assert phone.post(f"{path}/inside", {"channel": "alipay-md5"}).status_code == 409
    assert phone.post(path, {"channel": "alipay-md5"}).status_code == 303
    assert "data:image/svg+xml" in phone.get(path).content.decode()
    assert [request.device for request in gateway.prepared] == ["wechat", "mobile"]
    numbers = {request.out_trade_no for request in gateway.prepared}
    assert len(numbers) == 2, "a gateway takes a number for one way only"


def test_a_code_shown_on_a_desktop_before_does_not_stand_in_the_way(
    bought: cast.Bought, cy: Client, gateway: Gateway
) -> None:
    cy.get(f"{order_path(bought.order_id)}/pay")
    cy.defaults["HTTP_USER_AGENT"] = WECHAT
    answer(cy, ask(cy, bought))
    assert [request.payer_id for request in gateway.prepared] == ["", OPENID]
    assert {payment.bridge is None for payment in Payment.objects.filter(order_id=bought.order_id)} == {True, False}


def test_a_channel_without_the_secret_shows_a_qr_code_in_wechat(
    bought: cast.Bought, phone: Client, gateway: Gateway
) -> None:
    gateway.can = frozenset()
    page = phone.get(f"{order_path(bought.order_id)}/pay").content.decode()
    assert "data:image/svg+xml" in page
    assert gateway.prepared[0].device == "wechat"
    assert phone.post(f"{order_path(bought.order_id)}/pay/inside", {"channel": "alipay-md5"}).status_code == 409


def test_the_page_that_pays_says_when_there_is_nothing_left_to_pay(
    bought: cast.Bought, phone: Client, gateway: Gateway
) -> None:
    _, where = answer(phone, ask(phone, bought))
    Order.objects.filter(id=bought.order_id).update(state="cancelled")
    page = phone.get(where).content.decode()
    assert "There is nothing left to pay here" in page
    assert ("Pay another way" in page, f'href="{order_path(bought.order_id)}"' in page) == (False, True)
    assert "paySign" not in page


def test_a_payment_that_is_not_paid_inside_has_no_such_page(
    bought: cast.Bought, phone: Client, gateway: Gateway, alipay: Channel
) -> None:
    response = phone.get(f"{order_path(bought.order_id)}/pay/inside/{ids.show('pay', bought.payment_id)}")
    assert (response.status_code, response["Location"]) == (303, f"{order_path(bought.order_id)}/pay")
