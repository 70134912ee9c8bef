"""Finance enters what a bank sent back; merchants and Eve cannot, and a large one takes another person."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.cast import adas_shop, person, proved
from tests.flows.payouts import account, ada_of, enter, finance, money_of
from tests.flows.returning import WHY, paid, returned, shop_with
from tests.flows.rows import broken
from xinka.accounts.models import User
from xinka.flows.payouts.asking import shown
from xinka.kernel.ids import new_uuid
from xinka.merchants.models import Membership
from xinka.payouts.models import Payout, PayoutReturn
from xinka.payouts.states import PayoutState
from xinka.platform.audit.models import AuditEntry

pytestmark = pytest.mark.django_db


def page_of(payout: Payout) -> str:
    return f"/office/payouts/{shown(payout)}"


def form(reference: str = "TP-1", reason: str = WHY, kept: str = "") -> dict[str, str]:
    return {"reference": reference, "reason": reason, "kept": kept, "return_key": str(new_uuid())}


def state_of(payout: Payout) -> str:
    payout.refresh_from_db()
    return payout.state


def test_neither_the_merchant_nor_eve_can_bring_it_about() -> None:
    shop, to = shop_with(1_000_000)
    small, large = paid(to), paid(to, 500_000)
    asked = returned(large)
    n_acts = AuditEntry.objects.count()
    acts = [f"{page_of(small)}/return", f"/office/payouts/returns/{asked.id}"]
    for user in (person("eve@example.com"), ada_of(shop)):
        browser = Client()
        browser.force_login(user)
        proved(browser)
        assert {browser.post(act, form("TP-2") | {"grant": "1"}).status_code for act in acts} == {404}
    assert {Client().post(act, form("TP-2")).status_code for act in acts} == {302}
    assert (state_of(small), state_of(large)) == (PayoutState.PAID, PayoutState.PAID)
    assert (money_of(shop), AuditEntry.objects.count()) == ((490_000, 0, 0), n_acts)


def test_finance_that_belongs_to_the_shop_is_shown_no_form_and_refused(office: Client, dee: User) -> None:
    shop, to = shop_with()
    payout = paid(to)
    Membership.objects.create(merchant=shop, user=dee)
    assert f"{page_of(payout)}/return" not in office.get(page_of(payout)).content.decode()
    answer = office.post(f"{page_of(payout)}/return", form())
    assert (answer.status_code, state_of(payout), money_of(shop)) == (422, PayoutState.PAID, (90_000, 0, 0))


def test_it_is_entered_from_its_page_and_the_page_tells_of_it(office: Client, dee: User) -> None:
    shop, to = shop_with()
    payout = paid(to)
    assert f'action="{page_of(payout)}/return"' in office.get(page_of(payout)).content.decode()
    assert office.post(f"{page_of(payout)}/return", form(kept="1.50")).status_code == 303
    assert (state_of(payout), money_of(shop)) == (PayoutState.RETURNED, (100_000, 0, 0))
    page = office.get(page_of(payout)).content.decode()
    assert f'action="{page_of(payout)}/return"' not in page
    story = page.partition('id="story"')[2].partition("</section>")[0]
    for words in ("Asked for", "Approved", "Sent", "Paid out", "Returned by the bank", "TP-1", str(dee)):
        assert words in story
    assert "¥1.50" in page
    (act,) = AuditEntry.objects.filter(action="payout.return")
    assert (act.actor_id, act.details["reference"], act.details["reason"]) == (dee.pk, "TP-1", WHY)
    assert "Entered a payout that the bank returned" in office.get("/office/audit").content.decode()
    assert broken() == []


@pytest.mark.parametrize(
    "wrong",
    [{"reference": ""}, {"reason": " "}, {"kept": "x"}, {"kept": "-1"}, {"kept": "100.01"}, {"return_key": "x"}],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(office: Client, wrong: dict[str, str]) -> None:
    shop, to = shop_with()
    payout = paid(to)
    answer = office.post(f"{page_of(payout)}/return", form("TP-typed") | wrong)
    assert answer.status_code == 422
    if "reference" not in wrong:
        assert "TP-typed" in answer.content.decode()
    assert (state_of(payout), PayoutReturn.objects.count(), money_of(shop)) == (PayoutState.PAID, 0, (90_000, 0, 0))


def test_the_same_form_sent_twice_is_one_return(office: Client) -> None:
    shop, to = shop_with()
    payout, told = paid(to), form()
    assert [office.post(f"{page_of(payout)}/return", told).status_code for _ in range(2)] == [303, 303]
    assert money_of(shop) == (100_000, 0, 0)


def test_a_large_one_waits_in_the_queue_for_another_person(office: Client, dee: User) -> None:
    shop, to = shop_with(1_000_000)
    payout = paid(to, 500_000)
    assert "This one takes two." in office.get(page_of(payout)).content.decode()
    office.post(f"{page_of(payout)}/return", form())
    (asked,) = PayoutReturn.objects.all()
    decide = f"/office/payouts/returns/{asked.id}"
    page = office.get(page_of(payout)).content.decode()
    assert "Take it back" in page
    assert 'value="1"' not in page.partition('id="return"')[2].partition("</section>")[0]
    office.post(decide, {"grant": "1"})
    assert state_of(payout) == PayoutState.PAID
    fay = Client(headers={"accept-language": "en"})
    fay.force_login(finance())
    proved(fay)
    assert "TP-1" in fay.get("/office/payouts").content.decode().partition('id="returns"')[2]
    assert "Returned payouts, for a second person" in fay.get("/office/").content.decode()
    assert fay.post(decide, {"grant": "1"}).status_code in {302, 303}
    assert (state_of(payout), money_of(shop)) == (PayoutState.RETURNED, (1_000_000, 0, 0))
    assert "Returned payouts, for a second person" not in fay.get("/office/").content.decode()


def test_a_second_person_of_the_shop_is_told_that_it_is_theirs(office: Client, dee: User) -> None:
    shop, to = shop_with(1_000_000)
    payout = paid(to, 500_000)
    asked = returned(payout)
    Membership.objects.create(merchant=shop, user=dee)
    page = office.get(page_of(payout)).content.decode()
    assert f"/office/payouts/returns/{asked.id}" not in page
    for grant in "10":
        office.post(f"/office/payouts/returns/{asked.id}", {"grant": grant})
    asked.refresh_from_db()
    assert (asked.state, state_of(payout)) == ("asked", PayoutState.PAID)


def test_the_banks_file_brings_it_back_on_the_page_of_the_file(office: Client) -> None:
    shop, to = shop_with()
    payout = paid(to)
    page = f"/office/payouts/files/{payout.batch_id}"
    assert 'id="results"' in office.get(page).content.decode()
    lines = f"payout,result,reference,why\n{shown(payout)},退票,TP-1,{WHY}\n"
    file = SimpleUploadedFile("r.csv", lines.encode())
    assert office.post(f"{page}/results", {"file": file}).status_code == 303
    assert (state_of(payout), money_of(shop)) == (PayoutState.RETURNED, (100_000, 0, 0))


def test_whoever_looks_at_the_next_payout_to_that_account_is_warned(office: Client) -> None:
    _shop, to = shop_with()
    first, second = paid(to), paid(to, 20_000)
    returned(first)
    assert "The bank returned a payout to this account" in office.get(page_of(second)).content.decode()
    other = adas_shop(slug="beas-cards")
    enter(other, 50_000)
    assert "The bank returned a payout" not in office.get(page_of(paid(account(other)))).content.decode()
