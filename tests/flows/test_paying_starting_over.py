"""Starting over: after a payment failed there is another one, and never two that were both meant to be paid."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from django.utils import timezone

from tests import cast
from tests.cast import Bought
from xinka.flows.paying import attempts, closing, confirm, starting_over
from xinka.flows.paying.attempts import TriedTooOften
from xinka.flows.paying.confirm import Answer, confirm_payment
from xinka.flows.paying.starting_over import NobodyKnowsYet, start_over
from xinka.kernel.errors import ProviderError
from xinka.payments.models import Channel, Payment, Receipt, Refund
from xinka.payments.providers.errors import AlreadyPaid
from xinka.payments.providers.protocol import Can, QueryResult, TradeStatus

pytestmark = pytest.mark.django_db


@dataclass
class Gateway:
    """A gateway that says one thing after another; ``None`` is silence. The last word stands."""

    says: list[TradeStatus | None]
    can: frozenset[Can] = frozenset()
    close_problem: Exception | None = None
    closed: list[str] = field(default_factory=list)

    def query(self, out_trade_no: str, _handle: str = "") -> QueryResult:
        """Say what became of it."""
        said = self.says.pop(0) if len(self.says) > 1 else self.says[0]
        if said is None:
            raise ProviderError("silence")
        return QueryResult(out_trade_no, "T1", 4900, "CNY", said)

    def close(self, out_trade_no: str, _handle: str = "") -> None:
        """Close it, or say why not."""
        self.closed.append(out_trade_no)
        if self.close_problem:
            raise self.close_problem


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Gateway:
    """The gateway behind every channel, where nothing is paid and nothing can be closed."""
    found = Gateway([TradeStatus.UNPAID])
    for module in (closing, confirm):
        monkeypatch.setattr(module, "provider_of", lambda _channel: found)
    return found


@pytest.fixture
def bought() -> Bought:
    """Cy's order, whose QR code was shown."""
    found = cast.buy(cast.ware(cast.adas_shop(), 2).sku, cast.channel("wechat"))
    _show(found.payment_id)
    return found


def _show(payment_id: object) -> None:
    Payment.objects.filter(id=payment_id).update(qr_text="weixin://wxpay/bizpayurl?pr=1")


def _again(bought: Bought) -> Payment | None:
    return start_over(bought.order, "wechat")


def _states() -> list[str]:
    return list(Payment.objects.order_by("created_at").values_list("state", flat=True))


def test_what_the_gateway_closed_is_closed_here_and_another_attempt_is_made(gateway: Gateway, bought: Bought) -> None:
    gateway.says = [TradeStatus.CLOSED]
    fresh = _again(bought)
    assert fresh is not None
    assert fresh.id != bought.payment_id
    assert _states() == ["closed", "pending"]
    assert attempts.payments_of(bought.order) == [fresh]
    assert not attempts.claim_question(bought.payment_id, timezone.now())


def test_choosing_the_same_way_after_the_gateway_closed_it_is_another_attempt(gateway: Gateway, bought: Bought) -> None:
    assert attempts.open_payment(bought.order_id, "wechat").id == bought.payment_id
    gateway.says = [TradeStatus.CLOSED]
    assert confirm_payment(bought.payment_id).answer is Answer.CLOSED
    assert attempts.open_payment(bought.order_id, "wechat").id != bought.payment_id


def test_what_was_paid_after_all_is_delivered_and_no_second_bill_is_written(gateway: Gateway, bought: Bought) -> None:
    gateway.says = [TradeStatus.PAID]
    assert _again(bought) is None
    assert bought.order.state == "delivered"
    assert _states() == ["paid"]


def test_what_can_still_be_paid_is_closed_first(gateway: Gateway, bought: Bought) -> None:
    gateway.can = frozenset({Can.CLOSE})
    gateway.says = [TradeStatus.UNPAID, TradeStatus.CLOSED]
    assert _again(bought) is not None
    assert len(gateway.closed) == 1
    assert _states() == ["closed", "pending"]


def test_money_that_is_quicker_than_closing_delivers(gateway: Gateway, bought: Bought) -> None:
    gateway.can = frozenset({Can.CLOSE})
    gateway.says = [TradeStatus.UNPAID, TradeStatus.PAID]
    gateway.close_problem = AlreadyPaid()
    assert _again(bought) is None
    assert bought.order.state == "delivered"
    assert _states() == ["paid"]


def test_where_nothing_can_be_closed_money_that_comes_twice_goes_back(gateway: Gateway, bought: Bought) -> None:
    fresh = _again(bought)
    assert fresh is not None
    assert _states() == ["pending", "pending"]
    cast.settle(cast.money_for(bought, trade_no="T1"))
    bought.payment_id = fresh.id
    cast.settle(cast.money_for(bought, trade_no="T2"))
    assert sorted(Receipt.objects.values_list("outcome", flat=True)) == ["double", "settled"]
    assert Refund.objects.get().amount == 4900


def test_money_for_a_closed_attempt_still_delivers(gateway: Gateway, bought: Bought) -> None:
    gateway.says = [TradeStatus.CLOSED]
    _again(bought)
    cast.settle(cast.money_for(bought))
    assert bought.order.state == "delivered"
    assert _states() == ["paid", "pending"]


def test_a_silent_gateway_gets_no_second_attempt(gateway: Gateway, bought: Bought) -> None:
    gateway.says = [None]
    with pytest.raises(NobodyKnowsYet):
        _again(bought)
    assert _states() == ["pending"]


def test_a_second_press_gets_the_same_attempt(gateway: Gateway, bought: Bought) -> None:
    last = Payment.objects.get()
    first = _again(bought)
    assert _again(bought) == first
    # As in a second tab, which was asking the gateway about the same attempt meanwhile.
    assert attempts.open_payment(bought.order_id, "wechat", instead_of=last) == first
    assert len(_states()) == 2


def test_there_is_an_end_to_starting_over(gateway: Gateway, bought: Bought, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "MOST_ATTEMPTS", 2)
    fresh = _again(bought)
    assert fresh is not None
    _show(fresh.id)
    with pytest.raises(TriedTooOften):
        _again(bought)
    assert len(_states()) == 2


def test_where_there_is_no_gateway_there_is_nothing_to_start_over(gateway: Gateway, bought: Bought) -> None:
    for provider in ("balance", "manual"):
        Channel.objects.update(provider=provider)
        assert not starting_over.may_start_over(Payment.objects.select_related("channel").get())
    assert _again(bought) == Payment.objects.get()
