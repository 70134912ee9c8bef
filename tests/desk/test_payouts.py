"""Ada sees her money and withdraws it after proving who she is; her clerk may not, and Eve sees nothing."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests.cast import PASSWORD, adas_shop
from tests.flows.calling_back import now_of, waiting
from tests.flows.paying import Place
from tests.flows.payouts import ALIPAY, BANK, account, ada_of, approved, asked, enter, finance, money_of, owe
from tests.flows.returning import WHY, paid, returned
from xinka.accounts.models import User
from xinka.escrow.models import Hold
from xinka.escrow.states import HoldState
from xinka.flows.payouts import review
from xinka.flows.payouts.asking import shown
from xinka.kernel.ids import new_uuid
from xinka.ledger.accounts import Account
from xinka.merchants.models import Merchant
from xinka.payouts.access import confirm_path
from xinka.payouts.models import Payout, PayoutAccount
from xinka.payouts.payees import Payee
from xinka.payouts.states import PayoutState
from xinka.platform.audit.models import AuditEntry

pytestmark = pytest.mark.django_db

DESK = "/desk/ada-cards"
SEEN = [f"{DESK}/{page}" for page in ("balance", "statement", "statement.csv", "statement.xlsx", "payouts")]
SEEN += [f"{DESK}/payouts/new", f"{DESK}/payouts/accounts", f"{DESK}/payouts/accounts/new"]


@pytest.fixture
def shop() -> Merchant:
    return adas_shop()


def browser(user: User, *, fresh: bool = True) -> Client:
    """Return a browser in which somebody is signed in, and has just proved again who they are if ``fresh``."""
    made = Client()
    made.force_login(user)
    made.cookies["xk_lang"] = "en"
    if fresh:
        made.post("/account/reauthenticate/", {"password": PASSWORD, "next": "/account/"})
    return made


@pytest.fixture
def ada(shop: Merchant) -> Client:
    return browser(ada_of(shop))


def acts(payout: Payout, to: PayoutAccount) -> list[str]:
    return [
        *(f"{DESK}/payouts/new", f"{DESK}/payouts/accounts/new"),
        *(f"{DESK}/payouts/{shown(payout)}/cancel", f"{DESK}/payouts/accounts/{to.id}/remove"),
    ]


def test_bo_may_neither_see_nor_move_the_money(shop: Merchant) -> None:
    enter(shop, 100_000)
    to = account(shop)
    payout = asked(to, 10_000)
    bo = browser(shop.memberships.get(role="clerk").user)
    assert {page: bo.get(page).status_code for page in SEEN} == dict.fromkeys(SEEN, 403)
    form = {"account": str(to.id), "amount": "100", "key": "k", "kind": "alipay", "number": "bo@mail.example"}
    assert [bo.post(act, form).status_code for act in acts(payout, to)] == [403] * 4
    assert (Payout.objects.count(), PayoutAccount.objects.filter(removed_at=None).count()) == (1, 1)
    assert money_of(shop) == (90_000, 10_000, 0)
    assert "/balance" not in bo.get(f"{DESK}/").content.decode()


def test_eve_learns_nothing_and_changes_nothing(shop: Merchant) -> None:
    enter(shop, 100_000)
    to = account(shop)
    payout = asked(to, 10_000)
    theirs = account(adas_shop(slug="eves-cards"))
    eve = browser(ada_of(theirs.merchant))
    assert {eve.get(page).status_code for page in SEEN} == {404}
    assert {eve.post(act, {"amount": "100"}).status_code for act in acts(payout, to)} == {404}
    assert {Client().get(page).status_code for page in SEEN} == {302}
    through_her_own = f"/desk/eves-cards/payouts/{shown(payout)}/cancel"
    assert eve.post(through_her_own).status_code == 404
    assert eve.post(f"/desk/eves-cards/payouts/accounts/{to.id}/remove").status_code == 404
    payout.refresh_from_db()
    assert payout.state == PayoutState.ASKED


def test_the_balance_tells_where_the_money_is_and_until_when(shop: Merchant, ada: Client) -> None:
    for part, amount in {Account.SELLER_AVAILABLE: 100_000, Account.SELLER_PENDING: 20_000}.items():
        enter(shop, amount, part)
    enter(shop, 3_000, Account.SELLER_RESERVE)
    owe(shop, 5_000)
    asked(account(shop), 30_000)
    owe(shop, 2_500)
    now = timezone.now()
    for state, days, released in ((HoldState.HELD, 1, 0), (HoldState.AFTERSALE, 3, 4_900)):
        Hold.objects.create(
            order_id=new_uuid(), merchant_id=shop.id, kind="card_code", amount=4_900, released=released, currency="CNY",
            commission=released // 10, commission_bps=1_000, reserve_bps=0, confirm_seconds=1, after_sale_seconds=1,
            reserve_seconds=1, state=state, due_at=now + timedelta(days=days), delivered_at=now,
        )  # fmt: skip
    page = ada.get(f"{DESK}/balance").content.decode()
    for sum_ in ("¥650.00", "¥200.00", "¥30.00", "¥300.00", "¥25.00", "¥49.00", "¥44.10"):
        assert sum_ in page
    assert f"{timezone.localtime(now + timedelta(days=3)):%Y-%m-%d}" in page
    assert "You owe ¥25.00" in page


def test_an_empty_balance_says_what_will_come(ada: Client) -> None:
    page = ada.get(f"{DESK}/balance").content.decode()
    assert "Nothing is pending" in page
    assert "No delivered order waits" in page
    assert "Nothing was paid out yet" in ada.get(f"{DESK}/payouts").content.decode()
    assert "No account yet" in ada.get(f"{DESK}/payouts/accounts").content.decode()
    assert "no account that can be used" in ada.get(f"{DESK}/payouts/new").content.decode()


def test_withdrawing_asks_again_who_it_is_and_then_goes_on(shop: Merchant) -> None:
    enter(shop, 100_000)
    to = account(shop)
    stale = browser(ada_of(shop), fresh=False)
    form = {"account": str(to.id), "amount": "300.00", "key": "form-1"}
    asks = stale.post(f"{DESK}/payouts/new", form)
    assert asks.status_code == 302
    assert asks["Location"].startswith("/account/reauthenticate")
    assert Payout.objects.count() == 0
    wrong = stale.post(asks["Location"], {"password": "not the password at all"})
    assert wrong.status_code == 200
    assert Payout.objects.count() == 0
    stale.post(asks["Location"], {"password": PASSWORD})
    assert list(Payout.objects.values_list("amount", "state")) == [(30_000, "asked")]


def test_an_account_is_not_changed_without_a_fresh_proof(shop: Merchant) -> None:
    to = account(shop)
    stale = browser(ada_of(shop), fresh=False)
    added = {"kind": "alipay", "holder": "林小满", "number": "thief@mail.example"}
    for address in (f"{DESK}/payouts/accounts/new", f"{DESK}/payouts/accounts/{to.id}/remove"):
        assert stale.post(address, added)["Location"].startswith("/account/reauthenticate")
    assert list(PayoutAccount.objects.values_list("id", "removed_at")) == [(to.id, None)]


def test_a_proof_of_eleven_minutes_ago_is_none(shop: Merchant) -> None:
    old = browser(ada_of(shop))
    session = old.session
    session["account_authentication_methods"][-1]["at"] -= 11 * 60
    session.save()
    assert old.get(f"{DESK}/payouts/new")["Location"].startswith("/account/reauthenticate")


def test_ada_withdraws_and_takes_it_back(shop: Merchant, ada: Client) -> None:
    enter(shop, 100_000)
    to = account(shop)
    page = ada.get(f"{DESK}/payouts/new").content.decode()
    assert "招商银行 •••• 0123" in page
    assert "¥1,000.00" in page
    answer = ada.post(f"{DESK}/payouts/new", {"account": str(to.id), "amount": "¥1,000", "key": "form-1"})
    assert answer["Location"] == f"{DESK}/payouts"
    again = ada.post(f"{DESK}/payouts/new", {"account": str(to.id), "amount": "1000.00", "key": "form-1"})
    assert again.status_code == 302
    payout = Payout.objects.get()
    assert money_of(shop) == (0, 100_000, 0)
    assert "Waiting for approval" in ada.get(f"{DESK}/payouts").content.decode()
    ada.post(f"{DESK}/payouts/{shown(payout)}/cancel")
    assert money_of(shop) == (100_000, 0, 0)
    assert ada.post(f"{DESK}/payouts/{shown(payout)}/cancel").status_code == 409


@pytest.mark.parametrize("amount", ["¥1,000.00", "1.000,00", "１000"])
def test_an_amount_to_withdraw_is_taken_as_people_write_it(shop: Merchant, ada: Client, amount: str) -> None:
    enter(shop, 100_000)
    to = account(shop)
    ada.post(f"{DESK}/payouts/new", {"account": str(to.id), "amount": amount, "key": "form-1"})
    assert Payout.objects.get().amount == 100_000


@pytest.mark.parametrize(
    ("amount", "says"),
    [("1000.01", "balance is too low"), ("9.99", "at least 10.00"), ("1e3", "Write it like"), ("", "required")],
)
def test_what_cannot_be_withdrawn_is_said_and_what_was_typed_stays(
    shop: Merchant, ada: Client, amount: str, says: str
) -> None:
    enter(shop, 100_000)
    to = account(shop)
    answer = ada.post(f"{DESK}/payouts/new", {"account": str(to.id), "amount": amount, "key": "form-1"})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert says.lower() in page.lower()
    assert f'value="{amount}"' in page or not amount
    assert Payout.objects.count() == 0


def test_a_new_account_waits_and_is_shown_only_in_part(shop: Merchant, ada: Client) -> None:
    form = {"kind": "bank", "holder": "林小满", "bank": "招商银行", "number": "6222 0212 3456 7890 123"}
    assert ada.post(f"{DESK}/payouts/accounts/new", form).status_code == 302
    added = PayoutAccount.objects.get()
    assert added.fingerprint == BANK.fingerprint()
    page = ada.get(f"{DESK}/payouts/accounts").content.decode()
    assert "Waiting" in page
    assert "招商银行 •••• 0123" in page
    assert "6222" not in page
    assert "林•••" not in page
    assert "林••" in page
    assert "can be used from" in ada.get(f"{DESK}/payouts/new").content.decode()
    picked = {"account": str(added.id), "amount": "100", "key": "k"}
    assert ada.post(f"{DESK}/payouts/new", picked).status_code == 422


def test_an_account_that_cannot_be_is_refused_beside_its_field(ada: Client) -> None:
    form = {"kind": "usdt", "number": "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6x", "network": "TRC20"}
    answer = ada.post(f"{DESK}/payouts/accounts/new", form)
    assert answer.status_code == 422
    assert "cannot be such an account" in answer.content.decode()
    assert PayoutAccount.objects.count() == 0


def test_a_hold_is_said_with_its_reason(shop: Merchant, ada: Client) -> None:
    enter(shop, 100_000)
    approved(account(shop), 10_000)
    review.hold(Payee.of_merchant(shop.id), by=finance(), reason="we await your papers")
    for page in ("balance", "payouts/new"):
        assert "we await your papers" in ada.get(f"{DESK}/{page}").content.decode()
    assert "On hold" in ada.get(f"{DESK}/payouts").content.decode()


def test_the_statement_runs_from_opening_to_closing_and_leaves_as_a_file(shop: Merchant, ada: Client) -> None:
    enter(shop, 100_000)
    asked(account(shop, ALIPAY), 30_000)
    page = ada.get(f"{DESK}/statement").content.decode()
    assert "Payout requested" in page
    assert "−¥300.00" in page
    assert "¥700.00" in page
    lines = b"".join(ada.get(f"{DESK}/statement.csv").streaming_content).decode()  # type: ignore[attr-defined]
    rows = list(csv.reader(io.StringIO(lines.removeprefix("\ufeff"))))
    assert [row[4:6] for row in rows[2:]] == [["1000.00", "1000.00"], ["-300.00", "700.00"]]
    answer = ada.get(f"{DESK}/statement.xlsx")
    book = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    answer.close()
    assert "xl/workbook.xml" in zipfile.ZipFile(io.BytesIO(book)).namelist()


@pytest.mark.parametrize("query", ["part=everything", "currency=XXX", "from=2026-13-01", "from=2020-01-01"])
def test_a_statement_nobody_can_give_is_not_found(ada: Client, query: str) -> None:
    assert ada.get(f"{DESK}/statement?{query}").status_code == 404


@pytest.mark.parametrize("page", SEEN)
def test_every_page_is_there_in_chinese_too(shop: Merchant, ada: Client, page: str) -> None:
    enter(shop, 100_000)
    asked(account(shop), 10_000)
    ada.cookies["xk_lang"] = "zh-hans"
    answer = ada.get(page)
    answer.close()
    assert answer.status_code == 200


def test_a_payout_that_waits_for_the_payee_says_so_and_has_the_link_for_the_owner_alone(
    shop: Merchant, ada: Client
) -> None:
    enter(shop, 100_000)
    waiting, other = asked(account(shop), 10_000), asked(account(shop), 10_000)
    until = timezone.now() + timedelta(hours=20)
    Payout.objects.filter(id=waiting.id).update(
        state="sending", channel_id=1, sent_at=timezone.now(), package=b"sealed", confirm_by=until
    )
    page = ada.get(f"{DESK}/payouts").content.decode()
    assert confirm_path(waiting.id) in page
    assert confirm_path(other.id) not in page
    assert "confirm in WeChat, until" in page
    assert timezone.localtime(until).strftime("%Y-%m-%d %H:%M") in page
    adas_shop(slug="eves-cards")
    eve = browser(User.objects.get(email="ada@eves-cards.example"))
    assert confirm_path(waiting.id) not in eve.get("/desk/eves-cards/payouts").content.decode()
    assert eve.get(f"{DESK}/payouts").status_code == 404


def test_ada_calls_back_what_waits_to_be_confirmed() -> None:
    payout = waiting(Place("wechat", "http://127.0.0.1:9"))
    ada, act = browser(ada_of(payout.merchant)), f"{DESK}/payouts/{shown(payout)}/call-back"
    page = ada.get(f"{DESK}/payouts").content.decode()
    assert act in page
    answer = ada.post(act)
    assert (answer.status_code, answer["Location"]) == (302, f"{DESK}/payouts")
    after = ada.get(f"{DESK}/payouts").content.decode()
    assert "being called back" in after
    assert "The money is available again as soon as WeChat has taken it back." in after
    assert act not in after
    assert confirm_path(payout.id) not in after
    assert (now_of(payout).state, money_of(payout.merchant)) == (PayoutState.SENDING, (959_992, 40_008, 0))
    assert ada.post(act).status_code == 302, "asking again is no error and changes nothing"
    assert AuditEntry.objects.filter(action="payout.call_back").count() == 1


def test_ada_calls_nothing_else_back(shop: Merchant, ada: Client) -> None:
    enter(shop, 100_000)
    payout = asked(account(shop), 10_000)
    assert "/call-back" not in ada.get(f"{DESK}/payouts").content.decode()
    assert ada.post(f"{DESK}/payouts/{shown(payout)}/call-back").status_code == 409
    assert ada.post(f"{DESK}/payouts/nonsense/call-back").status_code == 404
    assert now_of(payout).called_back_at is None


def test_bo_and_eve_call_nothing_back() -> None:
    payout = waiting(Place("wechat", "http://127.0.0.1:9"))
    bo = browser(payout.merchant.memberships.get(role="clerk").user)
    eve = browser(ada_of(adas_shop(slug="eves-cards")))
    tail = f"payouts/{shown(payout)}/call-back"
    assert bo.post(f"{DESK}/{tail}").status_code == 403
    assert (eve.post(f"{DESK}/{tail}").status_code, eve.post(f"/desk/eves-cards/{tail}").status_code) == (404, 404)
    assert (Client().post(f"{DESK}/{tail}").status_code, eve.get(f"/desk/eves-cards/{tail}").status_code) == (302, 405)
    assert now_of(payout).called_back_at is None
    assert not AuditEntry.objects.filter(action="payout.call_back").exists()


def test_ada_sees_what_came_back_and_looks_at_the_account_before_the_next(shop: Merchant, ada: Client) -> None:
    enter(shop, 100_000)
    to = account(shop)
    payout = paid(to)
    returned(payout)
    one = ada.get(f"{DESK}/payouts/{shown(payout)}").content.decode()
    for words in ("Returned by the bank, money is back", WHY, "TP-1", "Paid out", "Asked for"):
        assert words in one
    assert "finance-" not in one, "who did it is nobody's business here"
    assert "Returned by the bank, money is back" in ada.get(f"{DESK}/payouts").content.decode()
    assert WHY in ada.get(f"{DESK}/payouts/accounts").content.decode()
    page = ada.get(f"{DESK}/payouts/new").content.decode()
    assert "The bank returned the last payout to" in page
    assert "is_checked" in page
    told = {"account": str(to.id), "amount": "50", "key": "k"}
    answer = ada.post(f"{DESK}/payouts/new", told)
    assert (answer.status_code, Payout.objects.count()) == (422, 1)
    assert "tick that it is right" in answer.content.decode()
    assert 'value="50"' in answer.content.decode()
    assert ada.post(f"{DESK}/payouts/new", told | {"is_checked": "on"}).status_code == 302
    assert Payout.objects.count() == 2
    assert "is_checked" not in ada.get(f"{DESK}/payouts/new").content.decode()


def test_the_months_and_the_statement_have_what_came_back(shop: Merchant, ada: Client) -> None:
    enter(shop, 100_000)
    returned(paid(account(shop)))
    months = ada.get(f"{DESK}/months.csv")
    assert "Payouts returned by the bank" in b"".join(months).decode("utf-8-sig")
    statement = b"".join(ada.get(f"{DESK}/statement.csv")).decode("utf-8-sig")
    assert "Payout returned by the bank" in statement


def test_eve_does_not_see_a_payout_of_ada_at_her_own_desk(shop: Merchant) -> None:
    enter(shop, 100_000)
    payout = asked(account(shop), 10_000)
    eves = adas_shop(slug="eves-cards")
    eve = browser(ada_of(eves))
    assert eve.get(f"/desk/eves-cards/payouts/{shown(payout)}").status_code == 404
    assert eve.get(f"{DESK}/payouts/{shown(payout)}").status_code == 404
