"""Money goes back once: whatever the gateway answers, keeps to itself, or does while we are killed."""

from __future__ import annotations

import pytest
from django.db import connection
from pytest_django import Settings

from tests import cast
from tests.flows.gateway import Gateway, Trade
from tests.flows.holding import held
from xinka.flows.audit import check_all
from xinka.flows.escrow import give_back
from xinka.flows.refunds import sending
from xinka.flows.refunds.sending import RefundMoved, execute_refund, mark_done_by_hand, send_again
from xinka.kernel import ids
from xinka.kernel.actors import Actor, Role
from xinka.kernel.errors import ProviderError
from xinka.ledger.accounts import Account, JournalKind
from xinka.ledger.models import Entry
from xinka.ledger.queries import balance_of
from xinka.payments.models import Refund
from xinka.payments.providers.errors import OutcomeUnknown
from xinka.payments.providers.protocol import Can, RefundRequest, RefundResult, RefundStatus
from xinka.payments.states import RefundReason, RefundState, RefundTo
from xinka.platform.audit.models import AuditEntry
from xinka.platform.database.django_drive import run
from xinka.platform.outbox.models import OutboxEvent

pytestmark = pytest.mark.django_db


@pytest.fixture
def owed(gateway: Gateway) -> Refund:
    """Cy paid twice: the second payment goes back whole."""
    bought = _bought(gateway)
    cast.pay(bought)
    cast.settle(cast.money_for(bought, trade_no="T2"))
    gateway.trades[ids.show("pay", bought.payment_id)] = Trade("T2", "49.00")
    return Refund.objects.get()


@pytest.fixture
def owed_in_part(gateway: Gateway) -> Refund:
    """Cy paid one yuan too much: only that goes back."""
    bought = _bought(gateway)
    cast.settle(cast.money_for(bought, amount=5000, trade_no="T3"))
    gateway.trades[ids.show("pay", bought.payment_id)] = Trade("T3", "50.00")
    return Refund.objects.get()


def _bought(gateway: Gateway) -> cast.Bought:
    return cast.buy(cast.ware(cast.adas_shop(), 2).sku, cast.channel(config={"base_url": gateway.url}))


def _state(refund: Refund) -> RefundState:
    refund.refresh_from_db()
    return RefundState(refund.state)


def _sent_entries() -> dict[int, int]:
    return dict(Entry.objects.filter(kind=JournalKind.REFUND_SENT).values_list("account", "amount"))


def test_a_refund_is_sent_entered_and_announced(gateway: Gateway, owed: Refund) -> None:
    assert execute_refund(owed.id) is RefundState.DONE
    assert gateway.n_given_back == 1
    assert _sent_entries() == {Account.REFUND_IN_TRANSIT: 4900, Account.CLEARING: -4900}
    assert OutboxEvent.objects.filter(kind="refund.done", subject=owed.id).count() == 1
    assert [finding.check.name for finding in run(check_all("ledger")) if not finding.holds] == []


def test_the_job_coming_again_sends_nothing(gateway: Gateway, owed: Refund) -> None:
    execute_refund(owed.id)
    assert execute_refund(owed.id) is RefundState.DONE
    assert gateway.n_given_back == 1
    assert Entry.objects.filter(kind=JournalKind.REFUND_SENT).count() == 2


def test_only_the_excess_of_an_overpayment_goes_back(gateway: Gateway, owed_in_part: Refund) -> None:
    execute_refund(owed_in_part.id)
    assert [trade.given_back for trade in gateway.trades.values()] == [["1.00"]]


def test_an_answer_that_never_came_is_looked_up_and_not_sent_again(gateway: Gateway, owed: Refund) -> None:
    gateway.mood = "done_but_silent"
    with pytest.raises(ProviderError) as caught:
        execute_refund(owed.id)
    assert not caught.value.permanent
    assert _state(owed) is RefundState.SENDING
    assert _sent_entries() == {}
    gateway.mood = "yes"
    assert execute_refund(owed.id) is RefundState.DONE
    assert gateway.n_given_back == 1
    assert _sent_entries() == {Account.REFUND_IN_TRANSIT: 4900, Account.CLEARING: -4900}


def test_a_whole_refund_that_did_not_happen_is_sent_at_the_next_try(gateway: Gateway, owed: Refund) -> None:
    gateway.mood = "silent"
    with pytest.raises(ProviderError):
        execute_refund(owed.id)
    gateway.mood = "yes"
    assert execute_refund(owed.id) is RefundState.DONE
    assert gateway.n_given_back == 1


@pytest.mark.parametrize("mood", ["silent", "done_but_silent"])
def test_a_part_whose_fate_the_gateway_does_not_tell_is_left_to_staff(
    gateway: Gateway, owed_in_part: Refund, mood: str
) -> None:
    gateway.mood, gateway.shows_refunds = mood, False
    with pytest.raises(ProviderError):
        execute_refund(owed_in_part.id)
    gateway.mood = "yes"
    before = gateway.n_given_back
    assert execute_refund(owed_in_part.id) is RefundState.NEEDS_STAFF
    assert gateway.n_given_back == before
    assert "no answer" in Refund.objects.get().problem


def test_a_worker_killed_after_sending_leaves_no_second_refund(
    gateway: Gateway, owed: Refund, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """Ends the process as far as this test can."""

    def die(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(sending, "_finish", die)
        with pytest.raises(Killed):
            execute_refund(owed.id)
    assert _state(owed) is RefundState.SENDING
    assert execute_refund(owed.id) is RefundState.DONE
    assert gateway.n_given_back == 1


def test_a_gateway_that_cannot_refund_leaves_it_to_staff_with_its_reason(gateway: Gateway, owed: Refund) -> None:
    gateway.mood = "no"
    assert execute_refund(owed.id) is RefundState.NEEDS_STAFF
    assert "refunds are not supported" in Refund.objects.get().problem
    assert _sent_entries() == {}


def test_a_gateway_that_is_down_changes_nothing_until_the_tries_are_used_up(gateway: Gateway, owed: Refund) -> None:
    gateway.is_down = True
    for attempt in range(1, 8):
        with pytest.raises(ProviderError):
            execute_refund(owed.id)
        assert (_state(owed), owed.attempts) == (RefundState.DUE, attempt)
    assert execute_refund(owed.id) is RefundState.NEEDS_STAFF
    assert gateway.n_given_back == 0


def test_money_that_staff_gave_back_at_the_gateway_is_not_given_back_again(gateway: Gateway, owed: Refund) -> None:
    next(iter(gateway.trades.values())).status = "2"
    assert execute_refund(owed.id) is RefundState.DONE
    assert gateway.n_given_back == 0


def test_while_one_worker_sends_another_does_nothing(gateway: Gateway, owed: Refund) -> None:
    import psycopg

    parameters = connection.get_connection_params()
    known = {name: parameters[name] for name in ("host", "port", "user", "dbname") if parameters.get(name)}
    key = (sending._LOCK_SPACE, int.from_bytes(owed.id.bytes[-4:], "big", signed=True))
    with psycopg.connect(**known) as other:
        other.execute("SELECT pg_advisory_lock(%s, %s)", key)
        assert execute_refund(owed.id) is RefundState.DUE
        other.execute("SELECT pg_advisory_unlock(%s, %s)", key)  # a closed connection lets go a moment later
    assert gateway.asked == []
    assert execute_refund(owed.id) is RefundState.DONE


def test_staff_mark_it_done_with_a_note_and_it_is_in_the_books_and_the_audit(gateway: Gateway, owed: Refund) -> None:
    dee = cast.person("dee@example.com", staff=True)
    gateway.mood = "no"
    execute_refund(owed.id)
    mark_done_by_hand(owed.id, by=dee, note="bank transfer 8841")
    assert _state(owed) is RefundState.DONE
    assert _sent_entries() == {Account.REFUND_IN_TRANSIT: 4900, Account.CLEARING: -4900}
    entry = AuditEntry.objects.get()
    assert (entry.actor_id, entry.action) == (dee.id, "refund.mark_done")
    assert entry.details == {"amount": 4900, "currency": "CNY", "note": "bank transfer 8841"}
    with pytest.raises(RefundMoved):
        mark_done_by_hand(owed.id, by=dee, note="again")
    assert AuditEntry.objects.count() == 1


def test_staff_who_looked_may_have_a_part_sent_again(gateway: Gateway, owed_in_part: Refund) -> None:
    dee = cast.person("dee@example.com", staff=True)
    gateway.mood = "no"
    execute_refund(owed_in_part.id)
    send_again(owed_in_part.id, by=dee)
    gateway.mood = "yes"
    assert execute_refund(owed_in_part.id, sure=True) is RefundState.DONE
    assert gateway.n_given_back == 1
    assert AuditEntry.objects.get().action == "refund.send_again"


def test_staff_cannot_mark_a_refund_that_is_on_its_way(owed: Refund) -> None:
    with pytest.raises(RefundMoved):
        mark_done_by_hand(owed.id, by=cast.person("dee@example.com", staff=True), note="no")
    assert _state(owed) is RefundState.DUE
    assert AuditEntry.objects.count() == 0


# A gateway that can be asked about a refund by our number


class Askable:
    """A gateway that knows our numbers of refunds; ``mood`` decides how a call ends."""

    can = frozenset({Can.REFUND, Can.REFUND_QUERY})

    def __init__(self) -> None:
        self.given_back: dict[str, int] = {}
        self.calls: list[str] = []
        self.mood, self.says = "yes", RefundStatus.DONE

    def refund(self, request: RefundRequest) -> None:
        """Give money back, once per number."""
        self.calls.append("refund")
        if self.mood == "no":
            raise ProviderError("not enough money", permanent=True)
        if self.mood != "lost":
            assert self.given_back.setdefault(request.refund_no, request.amount_minor) == request.amount_minor
        if self.mood in {"lost", "silent"}:
            raise OutcomeUnknown("no answer")

    def refund_query(self, request: RefundRequest) -> RefundResult:
        """Tell of a refund by its number."""
        self.calls.append("query")
        if request.refund_no not in self.given_back:
            return RefundResult(RefundStatus.NOT_FOUND)
        return RefundResult(self.says, self.given_back[request.refund_no], "G-1")


@pytest.fixture
def askable(monkeypatch: pytest.MonkeyPatch) -> Askable:
    made = Askable()
    monkeypatch.setattr(sending, "provider_of", lambda _: made)
    return made


@pytest.fixture
def decided() -> list[Refund]:
    """Two parts of one payment that an arbiter gave back."""
    bought = held()
    dee = Actor(Role.ARBITER, 1)
    for n, part in enumerate((1_000, 2_000)):
        run(give_back(bought.order_id, part, reason=RefundReason.DISPUTE, key=f"part{n}", by=dee))
    return list(Refund.objects.order_by("amount"))


def test_parts_of_one_payment_go_back_each_under_its_own_number(askable: Askable, decided: list[Refund]) -> None:
    for refund in decided:
        assert execute_refund(refund.id) is RefundState.DONE
        assert execute_refund(refund.id) is RefundState.DONE
    assert askable.given_back == {ids.show("ref", refund.id): refund.amount for refund in decided}
    assert askable.calls == ["refund", "refund"]
    assert [finding.check.name for finding in run(check_all()) if not finding.holds] == []


@pytest.mark.parametrize("mood", ["silent", "lost"])
def test_an_answer_that_never_came_is_asked_for_by_number(askable: Askable, decided: list[Refund], mood: str) -> None:
    askable.mood = mood
    with pytest.raises(ProviderError) as caught:
        execute_refund(decided[0].id)
    assert not caught.value.permanent
    assert _state(decided[0]) is RefundState.SENDING
    askable.mood = "yes"
    assert execute_refund(decided[0].id) is RefundState.DONE
    assert askable.calls == (["refund", "query"] if mood == "silent" else ["refund", "query", "refund"])
    assert askable.given_back == {ids.show("ref", decided[0].id): 1_000}
    assert _sent_entries() == {Account.REFUND_IN_TRANSIT: 1_000, Account.CLEARING: -1_000}


def test_a_refund_that_is_still_pending_is_asked_about_again_and_not_sent_again(
    askable: Askable, decided: list[Refund]
) -> None:
    askable.mood, askable.says = "silent", RefundStatus.PENDING
    for _ in range(3):
        with pytest.raises(ProviderError):
            execute_refund(decided[0].id)
    assert askable.calls == ["refund", "query", "query"]
    assert _sent_entries() == {}
    askable.says = RefundStatus.DONE
    assert execute_refund(decided[0].id) is RefundState.DONE
    decided[0].refresh_from_db()
    assert decided[0].gateway_refund_no == "G-1"


def test_a_refund_that_never_ends_is_left_to_staff(askable: Askable, decided: list[Refund]) -> None:
    askable.mood, askable.says = "silent", RefundStatus.UNKNOWN
    for _ in range(7):
        with pytest.raises(ProviderError):
            execute_refund(decided[0].id)
    assert execute_refund(decided[0].id) is RefundState.NEEDS_STAFF
    assert askable.calls.count("refund") == 1


def test_a_refund_that_failed_or_has_another_amount_is_left_to_staff(askable: Askable, decided: list[Refund]) -> None:
    askable.mood, askable.says = "silent", RefundStatus.FAILED
    for refund in decided:
        with pytest.raises(ProviderError):
            execute_refund(refund.id)
    assert execute_refund(decided[0].id) is RefundState.NEEDS_STAFF
    askable.says = RefundStatus.DONE
    askable.given_back[ids.show("ref", decided[1].id)] = 7
    assert execute_refund(decided[1].id) is RefundState.NEEDS_STAFF
    assert _sent_entries() == {}


def _two_parts(gateway: Gateway) -> list[Refund]:
    """Two parts of one payment that an arbiter gave back and no worker has sent yet, the first one first."""
    bought = _bought(gateway)
    cast.settle(cast.money_for(bought, trade_no="T9"))
    gateway.trades[ids.show("pay", bought.payment_id)] = Trade("T9", "49.00")
    for n in range(2):
        by = Actor(Role.ARBITER, 1)
        run(give_back(bought.order_id, 100, reason=RefundReason.DISPUTE, key=f"part{n}", by=by))
    return list(Refund.objects.order_by("created_at", "id"))


def test_parts_at_a_gateway_that_tells_only_of_payments(gateway: Gateway) -> None:
    first, second = _two_parts(gateway)
    assert execute_refund(first.id) is RefundState.DONE
    assert execute_refund(second.id) is RefundState.DONE
    assert gateway.n_given_back == 2


def test_the_word_about_one_part_is_not_taken_for_another(gateway: Gateway) -> None:
    first, second = _two_parts(gateway)
    assert execute_refund(first.id) is RefundState.DONE
    gateway.mood = "silent"
    with pytest.raises(ProviderError):
        execute_refund(second.id)
    assert execute_refund(second.id) is RefundState.NEEDS_STAFF
    assert gateway.n_given_back == 1


# Into a balance


@pytest.fixture
def into_balance(settings: Settings) -> Refund:
    settings.WALLET = True
    bought = held()
    dee = Actor(Role.ARBITER, 1)
    run(give_back(bought.order_id, None, reason=RefundReason.DISPUTE, key="k", by=dee, to=RefundTo.WALLET))
    return Refund.objects.get()


def test_a_buyer_with_an_account_gets_it_into_the_balance_once(askable: Askable, into_balance: Refund) -> None:
    cy = cast.person(cast.CY)
    for _ in range(2):
        assert execute_refund(into_balance.id) is RefundState.DONE
    assert balance_of(Account.WALLET, cy.pk) == 10_000
    assert askable.calls == []
    assert [finding.check.name for finding in run(check_all()) if not finding.holds] == []


@pytest.mark.parametrize("reason", ["no account", "address not confirmed", "no balances"])
def test_without_an_account_or_balances_it_is_left_to_staff(
    into_balance: Refund, settings: Settings, reason: str
) -> None:
    if reason != "no account":
        cast.person(cast.CY, verified=reason == "no balances")
    cast.person(cast.EVE)
    settings.WALLET = reason != "no balances"
    assert execute_refund(into_balance.id) is RefundState.NEEDS_STAFF
    assert not Entry.objects.filter(account=Account.WALLET).exists()
