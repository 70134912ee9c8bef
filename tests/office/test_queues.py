"""A queue narrowed down: by links that survive its pages and an entry, under names that are a clerk's own."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from threading import Barrier, Thread
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from tests import cast
from tests.flows.disputing import BUYER, REASONS, SELLER
from tests.flows.payouts import account, asked, enter
from xinka.accounts.errors import TooManyFilters
from xinka.accounts.models import SavedFilter, User
from xinka.accounts.saved_filters import MOST_FILTERS, keep_filter
from xinka.accounts.staff_roles import StaffRole
from xinka.disputes.models import Case
from xinka.disputes.reasons import Reason
from xinka.disputes.states import CaseState
from xinka.flows.disputes import cases
from xinka.flows.disputes.cases import Complaint
from xinka.flows.payouts.asking import shown
from xinka.kernel.ids import new_uuid, show
from xinka.merchants.models import Merchant
from xinka.office.queue_filters import QUEUES, CaseFilter
from xinka.orders.models import Order
from xinka.payments.models import Refund
from xinka.reconciling.models import Bill, Difference

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_second_factor(settings: Settings) -> None:
    settings.STAFF_NEEDS_MFA = False


@pytest.fixture
def shop() -> Merchant:
    return cast.adas_shop()


def a_case(shop: Merchant, *, days: int = 0, order_id: UUID | None = None, **more: object) -> str:
    """Return the number of a case that waits for staff, opened so many days ago; without an order it has no page."""
    at = timezone.now() - timedelta(days=days, minutes=1)
    told = {"reason": "invalid", "amount": 4900, "currency": "CNY", "kind": "dispute", "state": "under_review", **more}
    due_at = timezone.now() + timedelta(days=3) - timedelta(hours=days)
    made = Case.objects.create(
        id=new_uuid(), order_id=order_id or new_uuid(), merchant=shop, opened_at=at, moved_at=at, due_at=due_at,
        due_event="decide_late", **told,
    )  # fmt: skip
    return made.shown_id


def orders(shop: Merchant, n: int) -> list[UUID]:
    """Return orders that were paid and delivered."""
    ware, way = cast.ware(shop, n), cast.channel()
    made = [cast.buy(ware.sku, way) for _ in range(n)]
    for one in made:
        cast.pay(one)
    return [one.order_id for one in made]


def clerk(name: str, *roles: StaffRole) -> Client:
    """Return the browser of somebody of the staff who has just proved who they are."""
    browser = Client(headers={"accept-language": "en"})
    browser.force_login(cast.person(f"{name}@staff.example", staff=True, roles=roles or (StaffRole.SUPPORT,)))
    browser.cookies["xk_lang"] = "en"
    return cast.proved(browser)


def text_of(browser: Client, address: str, status: int = 200) -> str:
    answer = browser.get(address)
    assert answer.status_code == status, address
    return answer.content.decode()


def listed(page: str, kind: str = "cases") -> list[str]:
    """Return the numbers of the entries on a queue's page, in order."""
    return re.findall(rf'<td[^>]*><a (?:class="[^"]*" )?href="/office/{kind}/([^"?/]+)', page)


def href(page: str, before: str) -> str:
    """Return the address of the link that these attributes stand in."""
    found = re.search(rf'<a [^>]*{before}[^>]*href="([^"]+)"', page)
    assert found, before
    return unescape(found[1])


def keep(browser: Client, name: str, query: str, queue: str = "cases") -> int:
    return browser.post(f"/office/filters/{queue}/keep", {"name": name, "query": query}).status_code


@pytest.mark.parametrize(
    ("query", "meant"),
    [
        ("", {"plain", "used", "old", "large", "dollars"}),
        ("reason=already_used", {"used"}),
        ("older=7", {"old"}),
        ("older=3&reason=already_used", set()),
        ("least=100&currency=CNY", {"large"}),
        ("least=1%2C000.00&currency=CNY", {"large"}),
        ("currency=USD", {"dollars"}),
        ("merchant=OTHER", {"used"}),
        ("merchant=%E8%89%BE%E8%BE%BE", {"plain", "old", "large", "dollars"}),
        ("kind=claim", set()),
    ],
)
def test_cases_are_narrowed_down_by_what_a_clerk_asks(shop: Merchant, query: str, meant: set[str]) -> None:
    other = Merchant.objects.create(slug="other", name="别家", name_en="The other shop")
    cast.channel()
    dollars = cast.channel(slug="dollars")
    type(dollars).objects.filter(pk=dollars.pk).update(currency="USD")
    made = {
        "plain": a_case(shop),
        "used": a_case(other, reason="already_used"),
        "old": a_case(shop, days=8),
        "large": a_case(shop, amount=100_000),
        "dollars": a_case(shop, currency="USD", amount=900),
    }
    page = text_of(clerk("sia"), f"/office/cases?{query}")
    assert set(listed(page)) == {made[name] for name in meant}
    assert ("Nothing fits this filter" in page) == (not meant)


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("least=abc&currency=CNY", "This is no amount"),
        ("least=10", "Choose the currency of this amount."),
        ("reason=nonsense", "nonsense is not one of the available choices"),
        ("older=-1", "not one of the available choices"),
        ("currency=XXX&least=1", "not one of the available choices"),
        ("merchant=" + "x" * 41, "at most 40 characters"),
    ],
)
def test_what_cannot_be_read_narrows_nothing_is_told_and_is_not_kept(shop: Merchant, query: str, told: str) -> None:
    cast.channel()
    dollars = cast.channel(slug="dollars")
    type(dollars).objects.filter(pk=dollars.pk).update(currency="USD")
    one, sia = a_case(shop), clerk("sia")
    page = text_of(sia, f"/office/cases?{query}")
    assert listed(page) == [one]
    assert told in page
    assert "<details open>" in page
    assert "Keep it under a name" not in page
    assert keep(sia, "wrong", query) == 422
    assert not SavedFilter.objects.exists()


def test_with_one_currency_an_amount_needs_no_other_word(shop: Merchant) -> None:
    cast.channel()
    a_case(shop)
    large = a_case(shop, amount=100_000)
    assert listed(text_of(clerk("sia"), "/office/cases?least=100")) == [large]


def test_a_filter_survives_paging_and_an_entry_and_the_way_back(
    shop: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CaseFilter, "per_page", 2)
    a_case(shop, days=0)
    bought = orders(shop, 5)
    made = [a_case(shop, reason="already_used", days=6 - n, order_id=bought[n]) for n in range(5)]
    sia = clerk("sia")
    first = text_of(sia, "/office/cases?reason=already_used")
    second = text_of(sia, "/office/cases" + href(first, 'rel="next"'))
    assert (listed(first), listed(second)) == (made[:2], made[2:4])
    link = unescape(re.findall(r'href="(/office/cases/dsp[^"]+)"', second)[0])
    page = text_of(sia, link)
    back = href(page, 'class="back"')
    assert parse_qs(urlsplit(back).query) == {"reason": ["already_used"], "page": ["2"]}
    assert listed(text_of(sia, back)) == made[2:4]
    # The case before stands on the page before, and the one after the next is on the page behind.
    assert made[1] in href(page, 'rel="prev"')
    after = text_of(sia, href(page, 'rel="next"'))
    assert made[4] in href(after, 'rel="next"')
    last = text_of(sia, href(after, 'rel="next"'))
    assert 'rel="next"' not in last
    assert href(last, 'class="back"') == back


def test_who_came_from_elsewhere_has_a_way_back_and_no_neighbours(shop: Merchant) -> None:
    one = a_case(shop, order_id=orders(shop, 1)[0])
    a_case(shop)
    page = text_of(clerk("sia"), f"/office/cases/{one}")
    assert href(page, 'class="back"') == "/office/cases"
    assert 'rel="next"' not in page


def test_after_a_decision_the_next_case_is_a_link_and_the_place_is_kept(shop: Merchant) -> None:
    bought = orders(shop, 3)
    complaint = Complaint(Reason.ALREADY_USED, "It says used.", (1,))
    opened = [cases.open_case(Order.objects.get(id=one), complaint, by=BUYER, now=timezone.now()).id for one in bought]
    for n, one in enumerate(opened):
        cases.escalate(one, by=SELLER, now=timezone.now())
        Case.objects.filter(id=one).update(due_at=timezone.now() + timedelta(days=1 + n))
    soon, ours, late = (show("dsp", one) for one in opened)
    sia, place = clerk("sia"), "?in=reason%3Dalready_used"
    assert listed(text_of(sia, "/office/cases?reason=already_used")) == [soon, ours, late]
    told = {"decision": "refund", "amount": "", "reasons": REASONS}
    asked_again = sia.post(f"/office/cases/{ours}/decide{place}", told).content.decode()
    assert f'action="/office/cases/{ours}/decide{place}"' in asked_again
    answer = sia.post(f"/office/cases/{ours}/decide{place}", told | {"confirmed": "1"})
    assert answer.status_code == 303
    page = text_of(sia, answer["Location"])
    assert href(page, 'rel="next"') == f"/office/cases/{late}{place}"
    assert href(page, 'class="back"') == "/office/cases?reason=already_used"
    assert listed(text_of(sia, "/office/cases?reason=already_used")) == [soon, late]
    # What is said in a case keeps the place as well.
    said = sia.post(f"/office/cases/{late}/say{place}", {"text": "Please show us the page that says so."})
    assert (said.status_code, said["Location"]) == (303, f"/office/cases/{late}{place}")


@pytest.mark.parametrize("evil", ["//evil.example/", "https://evil.example/", "/office/cases/dsp_none", "javascript:x"])
def test_no_address_from_outside_gets_onto_the_page(shop: Merchant, evil: str) -> None:
    one, sia = a_case(shop, order_id=orders(shop, 1)[0]), clerk("sia")
    Case.objects.update(state=CaseState.DECIDED)
    a_case(shop)
    for query in (f"in=&then={evil}", f"in={evil}", f"in=page%3D{evil}", "in=page%3D99999999999999999999"):
        page = text_of(sia, f"/office/cases/{one}?{query}")
        assert href(page, 'class="back"').partition("?")[0] == "/office/cases"
        assert 'rel="next"' not in page


def test_payouts_refunds_and_differences_have_filters_and_places_too(
    shop: Merchant, office: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    way = cast.channel()
    enter(shop, 1_000_000)
    payouts = [shown(asked(account(shop), amount)) for amount in (10_000, 50_000, 60_000)]
    page = text_of(office, "/office/payouts?least=400&currency=CNY&state=asked")
    assert listed(page, "payouts") == payouts[1:]
    link = unescape(re.findall(r'href="(/office/payouts/out[^"]+)"', page)[0])
    entry = text_of(office, link)
    assert payouts[2] in href(entry, 'rel="next"')
    answer = office.post(f"/office/payouts/{payouts[1]}/reject{urlsplit(link).query and '?' + urlsplit(link).query}",
                         {"reason": "The name is another."})  # fmt: skip
    assert answer["Location"] == "/office/payouts?state=asked&least=400&currency=CNY"
    now = timezone.now()
    refunds = [
        Refund.objects.create(
            id=new_uuid(), channel=way, trade_no=f"R{n}", amount=200, currency="CNY", reason="staff", key=f"r{n}",
            state=state, created_at=now - timedelta(days=n),
        )
        for n, state in enumerate(("needs_staff", "due", "needs_staff"))
    ]  # fmt: skip
    stuck = [show("ref", refunds[2].id), show("ref", refunds[0].id)]
    assert listed(text_of(office, "/office/money?state=needs_staff"), "money/refunds") == stuck
    assert (
        listed(text_of(office, f"/office/money?state=needs_staff&older=1&channel={way.pk}"), "money/refunds")
        == stuck[:1]
    )
    entry = text_of(office, f"/office/money/refunds/{stuck[0]}?in=state%3Dneeds_staff")
    assert stuck[1] in href(entry, 'rel="next"')
    bill = Bill.objects.create(channel_id=way.pk, day=now.date(), state="done", asked_at=now)
    found = [
        Difference.objects.create(
            bill=bill, what=what, about="payment", trade_no=f"T{n}", out_trade_no="", refund_no="", there_currency="",
            here_currency="", state=state, found_at=now - timedelta(days=n),
        ).pk
        for n, (what, state) in enumerate([("fee", "open"), ("amount", "open"), ("fee", "resolved"), ("fee", "open")])
    ]  # fmt: skip
    assert listed(text_of(office, "/office/reconciling?what=fee"), "reconciling") == [str(found[0]), str(found[3])]
    assert len(listed(text_of(office, "/office/reconciling?what=fee&state=all"), "reconciling")) == 3
    entry = text_of(office, f"/office/reconciling/{found[0]}?in=what%3Dfee")
    assert href(entry, 'rel="next"') == f"/office/reconciling/{found[3]}?in=what%3Dfee"
    moved = office.post(f"/office/reconciling/{found[0]}/move?in=what%3Dfee",
                        {"source": "open", "target": "explained", "note": "Seen in their list."})  # fmt: skip
    assert moved["Location"] == "/office/reconciling?what=fee"


def test_a_filter_is_kept_shown_with_its_count_renamed_and_deleted(shop: Merchant) -> None:
    old = [a_case(shop, days=8) for _ in range(2)]
    a_case(shop)
    sia = clerk("sia")
    assert "Your filters" not in text_of(sia, "/office/cases")
    answer = sia.post("/office/filters/cases/keep", {"name": " 一周  以上 ", "query": "older=7&nonsense=1&page=4"})
    assert (answer.status_code, answer["Location"]) == (303, "/office/cases?older=7")
    kept = SavedFilter.objects.get()
    assert (kept.name, kept.query) == ("一周 以上", "older=7")
    page = text_of(sia, "/office/cases")
    assert '<a class="chip" href="/office/cases?older=7">一周 以上 <span class="num">2</span></a>' in page
    page = text_of(sia, "/office/cases?older=7")
    assert sorted(listed(page)) == sorted(old)
    assert 'href="/office/cases?older=7" aria-current="page"' in page
    assert "Keep it under a name" not in page, "it is kept"
    edit = f"/office/filters/{kept.pk}"
    assert edit in page
    assert 'value="一周 以上"' in text_of(sia, edit)
    assert sia.post(edit, {"name": "Old ones"})["Location"] == "/office/cases?older=7"
    assert SavedFilter.objects.get().name == "Old ones"
    assert sia.post(f"{edit}/delete")["Location"] == "/office/cases?older=7"
    assert not SavedFilter.objects.exists()
    assert sorted(listed(text_of(sia, "/office/cases?older=7"))) == sorted(old)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("", "This field is required."),
        ("   ", "This field is required."),
        ("\u2060", "Write a name that can be read."),
        ("a\u202eb", "an invisible character that turns the direction"),
        ("x" * 31, "at most 30 characters"),
        ("late ones", "You have a filter of this name in this list already."),
    ],
)
def test_a_name_that_does_not_do_is_told_and_what_was_asked_is_not_lost(shop: Merchant, name: str, told: str) -> None:
    sia = clerk("sia")
    assert keep(sia, "Late ones", "older=7") == 303
    answer = sia.post("/office/filters/cases/keep", {"name": name, "query": "older=3"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert told in page
    assert 'name="query" value="older=3"' in page
    assert 'class="back" href="/office/cases?older=3"' in page
    kept = SavedFilter.objects.get()
    assert sia.post(f"/office/filters/{kept.pk}", {"name": name}).status_code == (303 if name == "late ones" else 422)
    assert SavedFilter.objects.get().query == "older=7"


def test_a_name_is_free_in_another_queue_and_for_another_clerk(shop: Merchant) -> None:
    dee, sia = clerk("dee", StaffRole.OPERATOR), clerk("sia")
    assert (
        keep(dee, "mine", "older=7") == keep(dee, "mine", "older=7", "payouts") == keep(sia, "mine", "older=7") == 303
    )
    assert keep(dee, "Mine", "older=3") == 422


def test_a_queue_keeps_so_many_and_says_what_to_do(shop: Merchant) -> None:
    sia = clerk("sia")
    assert {keep(sia, f"n{n}", "older=7") for n in range(MOST_FILTERS)} == {303}
    answer = sia.post("/office/filters/cases/keep", {"name": "one more", "query": "older=3"})
    assert answer.status_code == 422
    assert "A list keeps 12 filters at most." in answer.content.decode()
    page = text_of(sia, "/office/cases?older=3")
    assert "You keep 12 filters of this list" in page
    assert "Keep it under a name" not in page
    assert SavedFilter.objects.count() == MOST_FILTERS


@pytest.mark.parametrize("act", ["", "/delete"])
def test_eve_another_clerk_and_another_role_reach_nobodys_filters(shop: Merchant, act: str) -> None:
    fei = clerk("fei", StaffRole.FINANCE)
    assert keep(fei, "big", "least=100", "payouts") == 303
    kept = SavedFilter.objects.get()
    path = f"/office/filters/{kept.pk}{act}"
    for other in (clerk("sia"), clerk("dee", StaffRole.OPERATOR)):
        assert other.post(path, {"name": "stolen"}).status_code == 404
        if not act:
            assert other.get(path).status_code == 404
    assert "big" not in text_of(clerk("max", StaffRole.FINANCE), "/office/payouts")
    eve = Client()
    assert eve.post(path, {"name": "stolen"}).status_code == 302
    eve.force_login(cast.person(cast.EVE))
    assert eve.post(path, {"name": "stolen"}).status_code == 404
    assert eve.post("/office/filters/cases/keep", {"name": "x", "query": "older=7"}).status_code == 404
    # Whoever lost the role reaches not even her own, until it is given back.
    User.objects.filter(pk=kept.user_id).update(staff_roles=["support"])
    assert fei.post(path, {"name": "late"}).status_code == 403
    assert keep(fei, "x", "older=7", "payouts") == 403
    kept.refresh_from_db()
    assert (kept.name, SavedFilter.objects.count()) == ("big", 1)


def test_a_filter_shows_no_kind_of_case_that_is_another_roles(shop: Merchant) -> None:
    a_case(shop)
    Case.objects.update(kind="chargeback", state="gateway_asks")
    sia = clerk("sia")
    assert listed(text_of(sia, "/office/cases?which=chargebacks")) == []
    assert keep(sia, "banks", "which=chargebacks") == 303
    assert 'banks <span class="num">0</span>' in text_of(sia, "/office/cases")


def test_a_count_ends_at_a_hundred(shop: Merchant) -> None:
    Case.objects.bulk_create([
        Case(id=new_uuid(), order_id=new_uuid(), merchant=shop, kind="dispute", reason="invalid", amount=1,
             currency="CNY", state="under_review", opened_at=timezone.now(), moved_at=timezone.now())
        for _ in range(101)
    ])  # fmt: skip
    sia = clerk("sia")
    keep(sia, "all", "reason=invalid")
    assert 'all <span class="num">99+</span>' in text_of(sia, "/office/cases")


def test_a_queue_that_is_none_and_a_filter_of_nothing_are_refused() -> None:
    sia = clerk("sia")
    assert keep(sia, "x", "older=7", "nonsense") == 404
    assert keep(sia, "x", "") == 422
    assert sia.get("/office/filters/999999999").status_code == 404
    assert set(QUEUES) == {"cases", "payouts", "refunds", "differences"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.race
def test_two_browsers_of_one_clerk_keep_no_filter_too_many() -> None:
    sia = cast.person("sia@staff.example", staff=True)
    for n in range(MOST_FILTERS - 1):
        keep_filter(sia, "cases", name=f"n{n}", query="older=7")
    start, refused = Barrier(4), []

    def one_more(n: int) -> None:
        start.wait()
        try:
            keep_filter(sia, "cases", name=f"last {n}", query="older=3")
        except TooManyFilters:
            refused.append(n)
        finally:
            connection.close()

    threads = [Thread(target=one_more, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (SavedFilter.objects.count(), len(refused)) == (MOST_FILTERS, 3)
