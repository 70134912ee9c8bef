"""Money that belongs to no order, in the office: its order is found, or it is sent back, by two people."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from tests import cast
from tests.flows.rows import broken
from xinka.accounts.staff_roles import StaffRole
from xinka.flows.reconciling.own_money import Became, clear_suspense
from xinka.flows.settle import VerifiedMoney, settle_unusual
from xinka.kernel import ids
from xinka.merchants.models import Membership
from xinka.orders.models import Order
from xinka.orders.states import OrderState
from xinka.payments.models import Receipt, Refund, SuspenseProposal
from xinka.payments.states import ProposalState
from xinka.platform.audit.models import AuditEntry
from xinka.platform.database.django_drive import run

pytestmark = pytest.mark.django_db

WHY = "The slip in the letter of Monday shows it."


@pytest.fixture
def bought() -> cast.Bought:
    """An order that waits for 49.00."""
    return cast.buy(cast.ware(cast.adas_shop(), 3).sku, cast.channel())


@pytest.fixture
def bea() -> Client:
    """Another of finance."""
    return browser_of("bea@example.com", StaffRole.FINANCE)


def browser_of(email: str, role: StaffRole) -> Client:
    browser = Client()
    browser.force_login(cast.person(email, staff=True, roles=[role]))
    browser.cookies["xk_lang"] = "en"
    return cast.proved(browser)


def stray(bought: cast.Bought, amount: int = 4_900, number: str = "T/stray?1", currency: str = "CNY") -> str:
    """Have money come that names no payment; return the page about it."""
    run(settle_unusual(VerifiedMoney(bought.channel.id, None, number, amount, currency)))
    return f"/office/money/unmatched/{ids.show('jrn', Receipt.objects.get(trade_no=number).journal_id)}"


def beside(page: str, bought: cast.Bought) -> str:
    return f"{page}/orders/{ids.show('ord', bought.order_id)}"


def form(**more: str) -> dict[str, str]:
    return {"reason": WHY, "key": str(ids.new_uuid()), **more}


def text(browser: Client, page: str, **asked: str) -> str:
    return browser.get(page, asked).content.decode()


def decide(browser: Client, *, grant: bool) -> str:
    waits = SuspenseProposal.objects.get(state=ProposalState.ASKED)
    told = {"grant": "1" if grant else "0"}
    return browser.post(f"/office/money/proposals/{waits.id}/decide", told, follow=True).content.decode()


def test_a_clerk_finds_the_order_proposes_it_and_another_agrees(
    office: Client, bea: Client, bought: cast.Bought
) -> None:
    page = stray(bought)
    assert "belongs to no order" in text(office, "/office/")
    assert f'href="{page}">T/stray?1</a>' in text(office, "/office/money")
    # The order of the same sum and days is offered without a question.
    assert f'href="{beside(page, bought)}"' in text(office, page)
    seen = text(office, beside(page, bought))
    assert all(words in seen for words in ("¥49.00", "T/stray?1", "delivered at once", "c***@"))
    assert "differs" not in seen
    answer = office.post(beside(page, bought), form(), follow=True)
    assert "Somebody else has to agree before anything moves." in answer.content.decode()
    assert bought.order.state == OrderState.AWAITING_PAYMENT
    mine, hers = text(office, page), text(bea, page)
    assert ("Take it back" in mine, ">Agree<" in mine) == (True, False)
    assert ("Take it back" in hers, 'value="1"' in hers, WHY in hers) == (False, True, True)
    assert "Waits for a second person" in text(office, "/office/money")
    told = decide(bea, grant=True)
    assert "Matched: Paid in full; the order this money belongs to was found afterwards" in told
    assert bought.order.state == OrderState.DELIVERED
    assert "Every payment found its order." in text(office, "/office/money")
    order_page = text(office, f"/office/orders/{ids.show('ord', bought.order_id)}")
    assert all(words in order_page for words in ("Staff proposed that money without an order is for this one", WHY))
    after = text(office, page)
    assert "Proposed before" in after
    assert "Which order is it for?" not in after
    assert broken() == []


@pytest.mark.parametrize("by", ["number", "contact", "payment"])
def test_the_order_is_found_by_what_the_buyer_can_tell(office: Client, bought: cast.Bought, by: str) -> None:
    page = stray(bought, 10)
    told = {
        "number": f" {ids.show('ord', bought.order_id).upper()} ",
        "contact": cast.CY,
        "payment": ids.show("pay", bought.payment_id),
    }
    assert beside(page, bought) not in text(office, page), "another sum"
    assert f'href="{beside(page, bought)}"' in text(office, page, q=told[by])


def test_it_is_found_by_price_and_day(office: Client, bought: cast.Bought) -> None:
    page = stray(bought, 10)
    today = timezone.localdate()
    for day, is_there in ((today, True), (today + timedelta(days=2), True), (today + timedelta(days=4), False)):
        seen = text(office, page, sum="49.00", day=day.isoformat())
        assert (beside(page, bought) in seen) == is_there, day
    assert "No unpaid order of this sum" in text(office, page, sum="48.00")
    cast.pay(bought)
    assert beside(page, bought) not in text(office, page, sum="49.00"), "paid orders take no money"


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"q": "ord_12"}, "This number is not whole"),
        ({"q": ids.show("ord", uuid4())}, "There is no order of this number."),
        ({"q": "nobody@mail.example"}, "No order went to this address."),
        ({"sum": "much"}, "alert"),
        ({"day": "yesterday"}, "Enter a valid date"),
        ({"day": "0001-01-01"}, "No unpaid order of this sum"),
        ({"day": "9999-12-31"}, "No unpaid order of this sum"),
    ],
)
def test_what_is_not_found_is_said_in_words(
    office: Client, bought: cast.Bought, asked: dict[str, str], words: str
) -> None:
    page = stray(bought)
    answer = office.get(page, asked)
    assert answer.status_code in {200, 404}
    assert words in answer.content.decode()
    assert "Send it back" in answer.content.decode(), "the other way is still there"


@pytest.mark.parametrize(
    ("amount", "is_closed", "words"),
    [
        (4_000, False, "The order then waits for ¥9.00 more."),
        (5_000, False, "¥1.00 more than the price goes back."),
        (4_900, True, "the goods are delivered if they are still there, or all of it goes back"),
        (4_000, True, "this is ¥9.00 too little for it: all of it goes back"),
    ],
)
def test_the_page_says_beforehand_what_becomes_of_the_order(
    office: Client, bought: cast.Bought, amount: int, is_closed: bool, words: str
) -> None:
    page = stray(bought, amount)
    if is_closed:
        Order.objects.update(state=OrderState.CANCELLED, closed_at=timezone.now())
    seen = text(office, beside(page, bought))
    assert words in seen
    assert ("differs" in seen) == (amount != 4_900)


def test_a_sum_that_came_before_is_counted(office: Client, bought: cast.Bought) -> None:
    cast.settle(cast.money_for(bought, amount=900))
    page = stray(bought, 4_000)
    seen = text(office, beside(page, bought))
    assert "¥40.00 of ¥49.00 is missing" in seen
    assert "differs" not in seen


def test_money_of_another_channel_is_shown_as_such_and_can_be_matched(
    office: Client, bea: Client, bought: cast.Bought
) -> None:
    other = cast.channel("wechat-pay")
    run(settle_unusual(VerifiedMoney(other.id, None, "T-other", 4_900)))
    page = f"/office/money/unmatched/{ids.show('jrn', Receipt.objects.get().journal_id)}"
    assert len(re.findall("differs", text(office, beside(page, bought)))) == 1
    office.post(beside(page, bought), form())
    assert "Matched: Paid in full" in decide(bea, grant=True)


def test_an_order_that_cannot_have_it_says_why_and_offers_no_button(office: Client, bought: cast.Bought) -> None:
    foreign = stray(bought, currency="USD", number="T-usd")
    page = stray(bought)
    assert "USD came and the order asks for CNY" in text(office, beside(foreign, bought))
    cast.pay(bought)
    seen = text(office, beside(page, bought))
    assert "so it takes no more money" in seen
    assert "Propose it" not in seen
    answer = office.post(beside(page, bought), form())
    assert (answer.status_code, SuspenseProposal.objects.count()) == (422, 0)
    assert "so it takes no more money" in answer.content.decode()


def test_an_order_paid_meanwhile_is_not_paid_twice_and_says_what_to_do(
    office: Client, bea: Client, bought: cast.Bought
) -> None:
    page = stray(bought)
    office.post(beside(page, bought), form())
    cast.pay(bought)
    assert re.search(r'value="1"\s+disabled', text(bea, page))
    told = decide(bea, grant=True)
    assert "send this money back" in told
    assert SuspenseProposal.objects.get().state == ProposalState.ASKED
    assert "Refused. No money moved." in decide(bea, grant=False)
    assert "Which order is it for?" in text(office, page)
    assert broken() == []


def test_nobody_agrees_to_their_own_and_nobody_decides_twice(office: Client, bea: Client, bought: cast.Bought) -> None:
    page = stray(bought)
    office.post(beside(page, bought), form())
    assert "somebody else has to do it" in decide(office, grant=True)
    assert bought.order.state == OrderState.AWAITING_PAYMENT
    waits = SuspenseProposal.objects.get()
    decide(bea, grant=True)
    again = bea.post(f"/office/money/proposals/{waits.id}/decide", {"grant": "1"}, follow=True).content.decode()
    assert "Somebody has just decided this; nothing was changed." in again
    assert Receipt.objects.count() == 1


def test_a_second_clerk_is_told_that_something_waits(office: Client, bea: Client, bought: cast.Bought) -> None:
    page = stray(bought)
    hers = form()
    office.post(beside(page, bought), form())
    for address in (beside(page, bought), f"{page}/return"):
        answer = bea.post(address, hers)
        assert answer.status_code == 422
        assert "waits for a second person" in answer.content.decode()
        assert WHY in answer.content.decode(), "what was typed stays"
    assert SuspenseProposal.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [({"reason": ""}, "This field is required"), ({"reason": "because"}, "at least 10"), ({"key": "x"}, "alert")],
)
def test_without_a_reason_nothing_is_proposed(
    office: Client, bought: cast.Bought, change: dict[str, str], words: str
) -> None:
    page = stray(bought)
    for address in (beside(page, bought), f"{page}/return"):
        answer = office.post(address, form(**change))
        assert answer.status_code == 422
        assert words in answer.content.decode()
    assert SuspenseProposal.objects.count() == 0


def test_money_is_sent_back_by_two_and_the_one_who_proposed_it_does_not_mark_it(
    office: Client, bea: Client, bought: cast.Bought
) -> None:
    page = stray(bought)
    assert "Nothing moves yet" in text(office, f"{page}/return")
    office.post(f"{page}/return", form())
    assert not Refund.objects.exists()
    told = decide(bea, grant=True)
    assert "Agreed. Send the money now" in told
    made = Refund.objects.get()
    done = f"/office/money/refunds/{ids.show('ref', made.id)}/done"
    note = {"note": "sent by bank, slip 7", "confirmed": "1"}
    assert office.post(done, note).status_code == 403
    assert bea.post(done, note).status_code == 303
    made.refresh_from_db()
    assert made.state == "done"
    assert f"/office/money/refunds/{ids.show('ref', made.id)}" in text(office, page)
    assert broken() == []


def test_what_the_books_know_the_end_of_waits_for_nobody(office: Client, dee: cast.User, bought: cast.Bought) -> None:
    stray(bought)
    clear_suspense(bought.channel, "T/stray?1", 4_900, Became.RETURNED, by=dee)
    assert "Every payment found its order." in text(office, "/office/money")
    assert "belongs to no order" not in text(office, "/office/")


def test_a_merchants_clerk_of_finance_decides_nothing_about_its_orders(
    office: Client, bea: Client, bought: cast.Bought
) -> None:
    bea_herself = cast.User.objects.get(email="bea@example.com")
    Membership.objects.create(merchant_id=bought.order.merchant_id, user=bea_herself, role="clerk")
    page = stray(bought)
    assert "You have a part in this order" in text(bea, beside(page, bought))
    assert bea.post(beside(page, bought), form()).status_code == 422
    office.post(beside(page, bought), form())
    assert "You have a part in this order" in decide(bea, grant=True)
    assert bought.order.state == OrderState.AWAITING_PAYMENT


@pytest.mark.parametrize("role", [StaffRole.SUPPORT, StaffRole.RISK, StaffRole.REVIEW])
def test_other_roles_are_kept_out_and_nothing_changes(office: Client, bought: cast.Bought, role: StaffRole) -> None:
    page = stray(bought)
    office.post(beside(page, bought), form())
    asked = SuspenseProposal.objects.get()
    other = browser_of("oz@example.com", role)
    decide_it = f"/office/money/proposals/{asked.id}/decide"
    assert [other.get(one).status_code for one in (page, beside(page, bought), f"{page}/return")] == [403] * 3
    posts = (beside(page, bought), f"{page}/return", decide_it)
    assert [other.post(one, form(grant="1")).status_code for one in posts] == [403] * 3
    asked.refresh_from_db()
    assert (asked.state, SuspenseProposal.objects.count()) == (ProposalState.ASKED, 1)


@pytest.mark.parametrize("email", ["ada@ada-cards.example", "bo@ada-cards.example", "eve@example.com"])
def test_to_people_outside_none_of_it_exists(office: Client, bought: cast.Bought, email: str) -> None:
    page = stray(bought)
    office.post(beside(page, bought), form())
    asked = SuspenseProposal.objects.get()
    outsider = Client()
    outsider.force_login(cast.User.objects.filter(email=email).first() or cast.person(email))
    cast.proved(outsider)
    addresses = (page, beside(page, bought), f"{page}/return", f"/office/money/proposals/{asked.id}/decide")
    assert [outsider.post(one, form(grant="1")).status_code for one in addresses[1:]] == [404] * 3
    assert [outsider.get(one).status_code for one in addresses[:3]] == [404] * 3
    assert bought.order.state == OrderState.AWAITING_PAYMENT
    assert AuditEntry.objects.filter(action__startswith="suspense.").count() == 1


def test_numbers_of_nothing_are_nowhere(office: Client, bought: cast.Bought) -> None:
    page = stray(bought)
    none, plain = ids.show("jrn", uuid4()), cast.pay(bought)
    settled = ids.show("jrn", Receipt.objects.get(order_id=plain.order_id).journal_id)
    for address in (none, "jrn_12", settled, f"{none}/return"):
        assert office.get(f"/office/money/unmatched/{address}").status_code == 404, address
    for order in ("ord_12", ids.show("ord", uuid4())):
        assert office.get(f"{page}/orders/{order}").status_code == 404
    assert office.post(f"/office/money/proposals/{uuid4()}/decide", {"grant": "1"}).status_code == 404


def test_an_order_that_is_gone_is_said_and_the_proposal_can_be_refused(
    office: Client, bea: Client, bought: cast.Bought
) -> None:
    page = stray(bought)
    office.post(beside(page, bought), form())
    SuspenseProposal.objects.update(order_id=uuid4())
    assert "No such order" in text(bea, page)
    assert "No such order" in decide(bea, grant=True)
    assert "Refused. No money moved." in decide(bea, grant=False)


def test_the_audit_tells_it_in_words(office: Client, bea: Client, bought: cast.Bought) -> None:
    page = stray(bought)
    office.post(f"{page}/return", form())
    decide(bea, grant=False)
    office.post(beside(page, bought), form())
    decide(bea, grant=True)
    seen = text(office, "/office/audit")
    for words in (
        "Proposed to send money of no order back", "Refused what was proposed", "Proposed whose money it is",
        "Agreed whose money it is", "was found afterwards", f'href="{page}"',
    ):  # fmt: skip
        assert words in seen, words
