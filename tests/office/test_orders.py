"""Every order has one page, whatever became of it: what happened, and what can be done about it and by whom."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from tests import cast
from tests.flows.disputing import trade
from tests.flows.holding import held
from xinka.accounts.staff_roles import StaffRole
from xinka.disputes.reasons import Reason
from xinka.flows import mailing
from xinka.flows.disputes import cases
from xinka.flows.disputes.mailing import mail_move
from xinka.flows.expire import expire_due
from xinka.flows.relay import relay_batch
from xinka.kernel import ids
from xinka.kernel.actors import Actor, Role
from xinka.orders.contact import mask_contact
from xinka.payments.models import Payment, Receipt, Refund
from xinka.platform.audit.models import AuditEntry
from xinka.platform.database.django_drive import run
from xinka.platform.mail.models import SentLetter
from xinka.stock.models import Reservation

pytestmark = pytest.mark.django_db


@pytest.fixture
def bought() -> cast.Bought:
    return held()


def number_of(bought: cast.Bought) -> str:
    return ids.show("ord", bought.order_id)


def text_of(office: Client, where: str) -> str:
    """Return what a page says, without its marks."""
    page = office.get(where).content.decode()
    main = page[page.index("<main") : page.index("</main>")]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", main)))


def page_of(office: Client, bought: cast.Bought) -> str:
    return text_of(office, f"/office/orders/{number_of(bought)}")


def browser_of(*roles: StaffRole) -> Client:
    browser = Client()
    browser.force_login(cast.person(f"{roles[0]}@staff.example", staff=True, roles=roles))
    cast.proved(browser)
    browser.cookies["xk_lang"] = "en"
    return browser


def jobs() -> list[dict[str, str]]:
    """Return what the waiting jobs that mail links were told."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT args FROM procrastinate_jobs WHERE task_name = %s", [mailing.MAIL_ORDER_LINKS.task])
        return [json.loads(args) if isinstance(args, str) else args for (args,) in cursor.fetchall()]


def in_order(page: str, *words: str) -> list[str]:
    """Return the words in the order in which the page has them first."""
    return sorted((word for word in words if word in page), key=page.index)


def test_a_number_that_is_none_leads_back_into_the_office(office: Client) -> None:
    told = office.get("/office/orders/ord_typed-wrongly").content.decode()
    main = told[told.index("<main") : told.index("</main>")]
    assert re.findall('<a class="btn[^>]*href="([^"]+)"', main) == ["/office/", "/office/orders"]
    assert "order password" not in main, "that is how buyers find theirs"


def test_who_comes_to_find_an_order_types_at_once(office: Client) -> None:
    assert " autofocus>" in office.get("/office/orders").content.decode()


def test_an_order_that_nobody_paid_has_a_page_that_says_why_nothing_can_be_done(office: Client) -> None:
    bought = cast.buy(cast.ware(cast.adas_shop(), 1).sku, cast.channel())
    page = page_of(office, bought)
    assert "Awaiting payment" in page
    assert "Was asked to pay" in page
    assert ids.show("pay", bought.payment_id) in page
    assert mask_contact(cast.CY) in page
    assert cast.CY not in page
    assert page.count("Nothing has been paid yet.") == 2, "neither a refund nor a rest"
    assert "Nobody complains about it now." in page


def test_the_story_of_a_delivered_order_is_told_in_its_order_and_never_its_codes(office: Client) -> None:
    sku = cast.ware(cast.adas_shop(), ["SECRET-CODE-1"], sku={"price": 10_000}).sku
    bought = cast.buy(sku, cast.channel())
    cast.settle(cast.money_for(bought, trade_no="TRADE-77"))
    run(relay_batch())
    mailing.mail_goods(bought.order_id)
    page = page_of(office, bought)
    story = page[page.index("What happened") :]
    steps = ("Ordered", "Was asked to pay", "Paid in full", "Delivered", "Mail: The goods, to the buyer")
    assert in_order(story, *steps) == list(steps)
    assert "TRADE-77" in story
    assert "the mail server took it" in story
    assert "SECRET-CODE-1" not in page


def test_short_double_and_late_money_is_told_with_what_became_of_it(office: Client) -> None:
    ware, alipay = cast.ware(cast.adas_shop(), 2), cast.channel()
    bought = cast.buy(ware.sku, alipay)
    cast.settle(cast.money_for(bought, amount=1_000))
    assert mailing.mail_short_paid(bought.order_id)
    page = page_of(office, bought)
    assert "Too little came; it waits for the rest ¥10.00" in page
    assert "Mail: A part of the price is missing, to the buyer" in page
    cast.settle(cast.money_for(bought, amount=bought.amount - 1_000))
    cast.settle(cast.money_for(bought))
    assert "Paid once more; the second payment goes back ¥49.00" in page_of(office, bought)

    late = cast.buy(ware.sku, alipay)
    past = timezone.now() - timedelta(hours=2)
    Reservation.objects.filter(order_id=late.order_id).update(expires_at=past)
    run(expire_due())
    assert "Expired without being paid in full" in page_of(office, late)
    cast.pay(late)
    page = page_of(office, late)
    assert "Paid after the order had expired; the goods were still there" in page
    assert in_order(page, "Expired without", "Paid after the order") == ["Expired without", "Paid after the order"]


def test_a_complaint_is_told_with_the_letters_to_the_buyer_to_those_who_work_on_it(office: Client) -> None:
    deal = trade()
    case = deal.complain()
    SentLetter.objects.all().delete()
    mail_move(case.id, case.version)
    number = ids.show("ord", deal.order.id)
    page = text_of(office, f"/office/orders/{number}")
    assert "stopped: the merchant cannot take it" in page
    assert case.shown_id in page
    assert "Mail: News in a dispute" in page
    assert "It is not our turn to decide yet." in page
    risk = browser_of(StaffRole.RISK)
    assert "/office/cases/" not in risk.get(f"/office/orders/{number}").content.decode()
    kai = text_of(risk, f"/office/orders/{number}")
    assert "stopped: the merchant cannot take it" not in kai
    assert "For this you need the role Support / Operator." in kai


def test_a_refund_that_got_stuck_waits_first_for_those_who_can_decide_it(office: Client, bought: cast.Bought) -> None:
    cast.pay(bought)
    Refund.objects.update(state="needs_staff", problem="refund: Refused")
    made = Refund.objects.get()
    number = number_of(bought)
    page = office.get(f"/office/orders/{number}").content.decode()
    assert f'href="/office/money/refunds/{ids.show("ref", made.id)}">Decide about the refund that got stuck</a>' in page
    sia = browser_of(StaffRole.SUPPORT).get(f"/office/orders/{number}").content.decode()
    assert "Decide about the refund that got stuck" in sia
    assert "/office/money/refunds/" not in sia
    assert "For this you need the role Finance / Operator." in sia


def test_a_refund_of_staff_is_told_with_its_reason_in_words(office: Client, bought: cast.Bought) -> None:
    number = number_of(bought)
    form = {"amount": "1.50", "reason": "The card was short of it, says the manager", "key": str(ids.new_uuid())}
    assert office.post(f"/office/refunds/new/{number}", form).status_code == 303
    page = text_of(office, f"/office/orders/{number}")
    steps = ("Staff asked to give money back", "Escrow: Given back in part", "Money is to go back")
    assert [one for one in steps if one not in page] == []
    assert "says the manager" in page
    assert "staff gave it back" in page.partition("Escrow: Given back in part")[2]


def test_who_looked_is_written_down_once_for_the_time_of_one_look(office: Client, bought: cast.Bought) -> None:
    for _ in range(3):
        office.get(f"/office/orders/{number_of(bought)}")
    sia = browser_of(StaffRole.SUPPORT)
    sia.get(f"/office/orders/{number_of(bought)}")
    looks = AuditEntry.objects.filter(action="order.look")
    emails = ["dee@example.com", "support@staff.example"]
    assert list(looks.order_by("id").values_list("actor__email", "subject")) == [
        (email, number_of(bought)) for email in emails
    ]
    assert number_of(bought) in text_of(sia, "/office/orders"), "what one looked at lately is at hand"


def test_an_order_is_found_by_every_number_that_people_tell(office: Client, bought: cast.Bought) -> None:
    cast.pay(bought)
    receipt, refund = Receipt.objects.order_by("received_at")[0], Refund.objects.get()
    case = cases.open_case(
        bought.order, cases.Complaint(Reason.ALREADY_USED, "Used."), by=Actor(Role.BUYER), now=timezone.now()
    )
    payment = Payment.objects.get(id=bought.payment_id)
    numbers = [number_of(bought).upper(), ids.show("pay", payment.id), receipt.trade_no, f" {cast.CY.upper()} "]
    for told in (*numbers, ids.show("ref", refund.id), case.shown_id):
        assert (
            office.get("/office/orders", {"q": told}).headers.get("Location") == f"/office/orders/{number_of(bought)}"
        )
    looked = AuditEntry.objects.filter(action="order.find")
    assert {entry.subject for entry in looked} == {mask_contact(cast.CY)}, "the address itself is kept nowhere"


def test_several_orders_of_one_address_are_listed_paid_or_not(office: Client, bought: cast.Bought) -> None:
    unpaid = cast.buy(cast.ware(bought.order.merchant, 1, slug="moon-300").sku, bought.channel)
    page = office.get("/office/orders", {"q": cast.CY}).content.decode()
    for one in (bought, unpaid):
        assert f'href="/office/orders/{number_of(one)}"' in page
    assert "Awaiting payment" in page


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("a/b", "neither a number that an order can be found by"),
        ("..", "neither a number that an order can be found by"),
        ("\x00", "neither a number that an order can be found by"),
        ("ord_\x00", "This number is not whole."),
        ("ord_12", "This number is not whole."),
        ("nobody@example.com", "No order went to this address."),
        (f"ord_{'0' * 26}", "There is no order of this number."),
        (f"pay_{'0' * 26}", "There is no payment of this number."),
    ],
)
def test_what_is_not_found_stays_in_the_field_with_the_reason(office: Client, typed: str, told: str) -> None:
    answer = office.get("/office/orders", {"q": typed})
    page = answer.content.decode()
    assert answer.status_code == 404
    assert told in page
    assert f'value="{typed}"' in page


def test_a_number_nobody_knows_has_no_page(office: Client, bought: cast.Bought) -> None:
    for number in ("ord_nonsense", ids.show("ord", ids.new_uuid()), "x"):
        assert office.get(f"/office/orders/{number}").status_code == 404
        assert office.post(f"/office/orders/{number}/mail-links").status_code == 404


def test_links_are_mailed_to_the_buyer_alone_and_written_down(office: Client, bought: cast.Bought) -> None:
    sia = browser_of(StaffRole.SUPPORT)
    answer = sia.post(f"/office/orders/{number_of(bought)}/mail-links", {"to": cast.EVE})
    assert (answer.status_code, answer["Location"]) == (303, f"/office/orders/{number_of(bought)}")
    assert [job["contact_key"] for job in jobs()] == [str(bought.order.contact_key)]
    assert AuditEntry.objects.get(action="order.mail_links").subject == number_of(bought)
    eve = browser_of(StaffRole.REVIEW)
    assert eve.post(f"/office/orders/{number_of(bought)}/mail-links").status_code == 403
    assert len(jobs()) == 1
