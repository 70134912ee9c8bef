"""Many at once, on real threads: the balance is paid out once, a payout ends once."""

from __future__ import annotations

import pytest
from django.utils import timezone
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from tests.cast import adas_shop
from tests.flows.calling_back import ASKS, looked_at, now_of, open_place
from tests.flows.paying import Place
from tests.flows.payouts import account, ada_of, approved, asked, enter, finance, money_of, wish
from tests.flows.rows import broken
from tests.flows.waiting import at_once
from xinka.flows.payouts import asking, review, sending
from xinka.flows.payouts.asking import shown
from xinka.flows.payouts.gateway import call_back, execute
from xinka.flows.payouts.sending import Outcome
from xinka.flows.payouts.wechat import WechatTransfers
from xinka.kernel.actors import Actor, Role
from xinka.ledger.accounts import Account
from xinka.ledger.models import Entry
from xinka.payouts.details import AccountKind
from xinka.payouts.models import Payout, PayoutBatch
from xinka.payouts.payees import Payee
from xinka.payouts.providers.protocol import TransferResult, TransferStatus
from xinka.payouts.states import PayoutState
from xinka.sandbox import transfers
from xinka.sandbox.models import SandboxTransfer
from xinka.sandbox.transfers import Said

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def test_eight_withdrawals_of_all_there_is_and_one_is_granted() -> None:
    shop = adas_shop()
    enter(shop, 50_000)
    to, ada = account(shop), ada_of(shop)
    answers = at_once(*[lambda: asking.ask(wish(to, 50_000), by=ada) for _ in range(8)])
    assert sorted(str(answer) for answer in answers if isinstance(answer, str)) == ["balance_too_low"] * 7
    assert money_of(shop) == (0, 50_000, 0)
    assert broken() == []


def test_one_form_sent_eight_times_at_once_is_one_payout() -> None:
    shop = adas_shop()
    enter(shop, 50_000)
    to, ada = account(shop), ada_of(shop)
    answers = at_once(*[lambda: asking.ask(wish(to, 10_000, key="form"), by=ada) for _ in range(8)])
    assert len({answer.id for answer in answers if isinstance(answer, Payout)}) == 1
    assert all(isinstance(answer, Payout) for answer in answers)
    assert money_of(shop) == (40_000, 10_000, 0)


def test_taken_back_refused_and_sent_at_once_it_goes_one_way() -> None:
    shop, dee, fay = adas_shop(), finance(), finance()
    enter(shop, 50_000)
    to = account(shop)
    for _ in range(5):
        payout = approved(to, 10_000)
        at_once(
            lambda number=payout.id: asking.cancel(number, by=Actor(Role.SELLER)),  # type: ignore[misc]  # bound now
            lambda number=payout.id: review.reject(number, by=dee, reason="no"),  # type: ignore[misc]
            lambda: sending.make_batch(AccountKind.BANK, "CNY", by=fay),
        )
        payout.refresh_from_db()
        in_file = PayoutBatch.objects.filter(payouts=payout).exists()
        assert payout.state == (PayoutState.SENDING if in_file else PayoutState.CANCELLED)
    assert broken() == []


def test_a_hold_and_a_withdrawal_at_once_never_leave_a_payout_that_goes_on() -> None:
    shop, dee = adas_shop(), finance()
    enter(shop, 50_000)
    to, ada = account(shop), ada_of(shop)
    at_once(
        *[lambda: asking.ask(wish(to, 5_000), by=ada) for _ in range(4)],
        lambda: review.hold(Payee.of_merchant(shop.id), by=dee, reason="stop"),
    )
    assert set(Payout.objects.values_list("state", flat=True)) <= {PayoutState.HELD}
    assert broken() == []


def test_an_outcome_told_eight_times_at_once_is_entered_once() -> None:
    shop, dee = adas_shop(), finance()
    enter(shop, 50_000)
    payout = approved(account(shop), 10_000)
    batch = sending.make_batch(AccountKind.BANK, "CNY", by=dee)
    told = [Outcome(payout.id, is_paid=True, reference="B-1")]
    answers = at_once(*[lambda: sending.record_outcomes(batch, told, by=dee) for _ in range(8)])
    assert sorted(answers, key=str) == [0] * 7 + [1]
    assert list(Entry.objects.filter(account=Account.SELLER_IN_TRANSIT, amount__gt=0).values_list("amount")) == [
        (10_000,)
    ]


def test_the_second_of_two_eyes_at_once_approves_once() -> None:
    shop = adas_shop()
    enter(shop, 1_000_000)
    payout = asked(account(shop), 600_000)
    people = [finance() for _ in range(4)]
    answers = at_once(*[lambda dee=dee: review.approve(payout.id, by=dee) for dee in people])  # type: ignore[misc]
    assert sorted(str(answer) for answer in answers if isinstance(answer, str)) == ["payout_moved"] * 2
    payout.refresh_from_db()
    assert payout.state == PayoutState.APPROVED


@pytest.fixture
def place(live_server: LiveServer, settings: Settings) -> Place:
    return open_place(live_server, settings)


def _called_back(place: Place) -> Payout:
    """Return a payout that waits for its payee and was called back just now."""
    payout = place.sending(ASKS)
    execute(payout.id)
    return call_back(payout.id, by=finance())


def _confirm(payout: Payout) -> bool:
    row = SandboxTransfer.objects.get(out_biz_no=shown(payout).replace("_", ""))
    return transfers.say(row, Said.YES, timezone.now())


def test_called_back_and_confirmed_at_once_it_is_paid_or_back_and_never_both(place: Place) -> None:
    for _ in range(4):
        payout = _called_back(place)
        answers = at_once(
            lambda one=payout: _confirm(one),  # type: ignore[misc]  # bound now
            *[lambda one=payout: execute(one.id) for _ in range(3)],  # type: ignore[misc]
        )
        looked_at(payout)
        assert now_of(payout).state == (PayoutState.PAID if answers[0] is True else PayoutState.CANCELLED)
    n_paid = Payout.objects.filter(state=PayoutState.PAID).count()
    assert (money_of(place.shop), place.left()) == ((1_000_000 - n_paid * ASKS, 0, 0), n_paid * ASKS)
    assert broken() == []


def test_a_shop_that_believed_its_wish_would_give_the_money_back_and_pay_it(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: what asking afterwards is for."""
    payout, truly = _called_back(place), WechatTransfers.cancel

    def believed(self: WechatTransfers, number: str, reference: str = "") -> None:
        _confirm(payout)
        monkeypatch.setattr(WechatTransfers, "query", lambda *_: TransferResult(TransferStatus.CALLED_BACK))
        truly(self, number, reference)

    monkeypatch.setattr(WechatTransfers, "cancel", believed)
    execute(payout.id)
    assert (money_of(place.shop), place.left()) == ((1_000_000, 0, 0), ASKS)
