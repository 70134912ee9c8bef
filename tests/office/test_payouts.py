"""Finance approves, refuses, holds and sends payouts; others do not learn that the pages exist."""

from __future__ import annotations

import csv
import html
import io
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from tests.cast import adas_shop, person, proved
from tests.flows.calling_back import now_of, waiting
from tests.flows.paying import Place
from tests.flows.payouts import ALIPAY, account, ada_of, approved, asked, enter, finance, money_of
from xinka.accounts.models import User
from xinka.flows.payouts import review
from xinka.flows.payouts.asking import shown
from xinka.flows.payouts.sending import make_batch
from xinka.merchants.models import Membership, Merchant
from xinka.payments.channels import seal_config
from xinka.payments.models import Channel
from xinka.payouts.details import AccountKind
from xinka.payouts.models import Payout, PayoutBatch, PayoutHold
from xinka.payouts.payees import Payee
from xinka.payouts.states import PayoutState
from xinka.platform.audit.models import AuditEntry
from xinka.sandbox.epay_v2 import accounts as epay_v2

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Merchant:
    made = adas_shop()
    enter(made, 1_000_000)
    return made


def state_of(payout: Payout) -> str:
    payout.refresh_from_db()
    return payout.state


def test_outsiders_and_sellers_see_nothing_and_change_nothing(shop: Merchant, client: Client) -> None:
    waiting, ready = asked(account(shop), 10_000), approved(account(shop), 10_000)
    batch = make_batch(AccountKind.BANK, "CNY", by=finance())
    hold = review.hold(Payee.of_merchant(adas_shop(slug="beas-cards").id), by=finance(), reason="complaints")
    before = list(Payout.objects.order_by("id").values_list("state", flat=True))
    n_acts = AuditEntry.objects.count()
    one = f"/office/payouts/{shown(waiting)}"
    files = f"/office/payouts/files/{batch.id}"
    reads = ["/office/payouts", one, files]
    acts = [f"{one}/approve", f"{one}/reject", f"{one}/send", "/office/payouts/files", f"{files}/file"]
    acts += [
        f"{one}/outcome",
        f"{one}/call-back",
        f"{files}/results",
        f"{files}/{shown(ready)}",
        f"/office/payouts/merchants/{shop.id}/hold",
    ]
    acts += [f"/office/payouts/holds/{hold.id}/lift", "/office/payouts/send"]
    told = {"reason": "because I say so", "result": "paid", "kind": "bank", "currency": "CNY", "channel": "1"}
    for user in (person("eve@example.com"), ada_of(shop)):
        client.force_login(user)
        assert {client.get(page).status_code for page in reads} == {404}
        assert {client.post(act, told).status_code for act in acts} == {404}
    assert {Client().get(page).status_code for page in reads} == {302}
    assert list(Payout.objects.order_by("id").values_list("state", flat=True)) == before
    assert AuditEntry.objects.count() == n_acts


def test_the_queue_shows_what_waits_and_nothing_else_when_nothing_does(shop: Merchant, office: Client) -> None:
    assert "Nothing to pay out" in office.get("/office/payouts").content.decode()
    asked(account(shop), 10_000)
    approved(account(shop), 12_300)
    page = office.get("/office/payouts").content.decode()
    assert "To approve" in page
    assert "1 approved" in page
    assert "¥123.00" in page
    assert "6222" not in page


def test_a_payout_that_is_over_stays_to_be_found(shop: Merchant, office: Client) -> None:
    to = account(shop)
    over, open_one = approved(to, 10_000), asked(to, 20_000)
    Payout.objects.filter(id=over.id).update(state="paid", finished_at=timezone.now(), reference="B-77")
    other = adas_shop(slug="beas-cards")
    Merchant.objects.filter(id=other.id).update(name="贝亚", name_en="Bea")

    def found(told: str) -> set[str]:
        page = office.get("/office/payouts", {"q": told}).content.decode().partition('id="over"')[2]
        return {one for one in (shown(over), shown(open_one)) if f"/office/payouts/{one}" in page}

    assert found("") == {shown(over)}
    assert found(shown(open_one).upper()) == {shown(open_one)}
    assert found("B-77") == {shown(over)}
    assert found("ada's") == {shown(over), shown(open_one)}
    assert found("Bea") == set()
    assert "No payout has this number" in office.get("/office/payouts", {"q": "out_1"}).content.decode()


def test_two_people_approve_a_large_one(shop: Merchant, office: Client, dee: User) -> None:
    payout = asked(account(shop), 600_000)
    address = f"/office/payouts/{shown(payout)}"
    assert "(0/2)" in office.get(address).content.decode()
    assert office.post(f"{address}/approve").status_code == 303
    page = office.get(address).content.decode()
    assert "You approved it. Somebody else has to, too" in page
    assert f'action="{address}/approve"' not in page
    assert office.post(f"{address}/approve").status_code == 409
    assert state_of(payout) == PayoutState.ASKED
    fay = Client()
    fay.force_login(finance())
    proved(fay)
    assert f'action="{address}/approve"' in fay.get(address).content.decode()
    assert fay.post(f"{address}/approve").status_code == 303
    assert state_of(payout) == PayoutState.APPROVED
    assert payout.approvals.order_by("id").values_list("by_id", flat=True).first() == dee.id


def test_dee_does_not_approve_for_a_shop_of_hers(shop: Merchant, office: Client, dee: User) -> None:
    payout = asked(account(shop), 10_000)
    Membership.objects.create(merchant=shop, user=dee)
    address = f"/office/payouts/{shown(payout)}"
    assert f'action="{address}/approve"' not in office.get(address).content.decode()
    assert office.post(f"{address}/approve").status_code == 403
    assert state_of(payout) == PayoutState.ASKED


def test_a_refusal_needs_its_reason(shop: Merchant, office: Client) -> None:
    payout = asked(account(shop), 10_000)
    address = f"/office/payouts/{shown(payout)}/reject"
    assert office.post(address, {"reason": "no"}).status_code == 422
    assert state_of(payout) == PayoutState.ASKED
    assert office.post(address, {"reason": "the name does not fit"}).status_code == 303
    assert state_of(payout) == PayoutState.CANCELLED
    assert money_of(shop) == (1_000_000, 0, 0)


def test_a_hold_is_put_and_lifted(shop: Merchant, office: Client) -> None:
    payout = asked(account(shop), 10_000)
    address = f"/office/payouts/merchants/{shop.id}/hold"
    office.post(address, {"reason": ""})
    assert PayoutHold.objects.count() == 0
    office.post(address, {"reason": "complaints about a batch"})
    assert state_of(payout) == PayoutState.HELD
    assert "complaints about a batch" in office.get("/office/payouts").content.decode()
    office.post(f"/office/payouts/holds/{PayoutHold.objects.get().id}/lift")
    assert state_of(payout) == PayoutState.ASKED
    assert set(AuditEntry.objects.values_list("action", flat=True)) >= {"payout.hold", "payout.lift_hold"}


def test_the_same_account_at_another_merchant_is_said(shop: Merchant, office: Client) -> None:
    account(adas_shop(slug="beas-cards"))
    Merchant.objects.filter(slug="beas-cards").update(name="Bea")
    page = office.get(f"/office/payouts/{shown(asked(account(shop), 10_000))}").content.decode()
    assert "Others use the same account: Bea" in page


def test_a_file_is_made_taken_and_answered(shop: Merchant, office: Client) -> None:
    to = account(shop)
    first, second, third = approved(to, 10_000), approved(to, 20_000), approved(to, 30_000)
    made = office.post("/office/payouts/files", {"kind": "bank", "currency": "CNY"})
    batch = PayoutBatch.objects.get()
    address = f"/office/payouts/files/{batch.id}"
    assert made["Location"] == address
    file = office.post(f"{address}/file")
    assert file["Content-Disposition"] == f'attachment; filename="payouts-{batch.id}.csv"'
    assert "no-store" in file["Cache-Control"]
    rows = list(csv.DictReader(io.StringIO(file.content.decode("utf-8-sig"))))
    assert [row["amount"] for row in rows] == ["100.00", "200.00", "300.00"]
    assert {row["account"] for row in rows} == {"6222021234567890123"}
    answer = f"payout,result,reference,why\n{shown(first)},paid,B-1,\n{shown(second)},failed,,account closed\n"
    upload = SimpleUploadedFile("results.csv", answer.encode())
    assert office.post(f"{address}/results", {"file": upload}).status_code == 303
    office.post(f"{address}/{shown(third)}", {"result": "paid", "words": "B-3"})
    assert [state_of(payout) for payout in (first, second, third)] == ["paid", "failed", "paid"]
    assert money_of(shop) == (960_000, 0, 0)
    page = office.get(address).content.decode()
    assert "account closed" in page
    assert "B-3" in page
    assert "6222" not in page
    assert office.post(f"{address}/{shown(third)}", {"result": "failed"}).status_code == 409


def test_a_file_of_results_that_cannot_be_read_changes_nothing(shop: Merchant, office: Client) -> None:
    payout = approved(account(shop), 10_000)
    batch = make_batch(AccountKind.BANK, "CNY", by=finance())
    for content in (b"payout,result\nout_x,paid\n", b"\xff\xfe", b""):
        upload = SimpleUploadedFile("results.csv", content)
        answer = office.post(f"/office/payouts/files/{batch.id}/results", {"file": upload})
        assert answer.status_code == 422
    assert state_of(payout) == PayoutState.SENDING


def test_there_is_nothing_to_send_twice(shop: Merchant, office: Client) -> None:
    approved(account(shop), 10_000)
    assert office.post("/office/payouts/files", {"kind": "bank", "currency": "CNY"}).status_code == 303
    assert office.post("/office/payouts/files", {"kind": "bank", "currency": "CNY"}).status_code == 409
    assert office.post("/office/payouts/files", {"kind": "gold", "currency": "CNY"}).status_code == 404


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_page_is_there_in_both_languages(shop: Merchant, office: Client, language: str) -> None:
    payout = approved(account(shop), 10_000)
    batch = make_batch(AccountKind.BANK, "CNY", by=finance())
    office.cookies["xk_lang"] = language
    for page in ("", f"/{shown(payout)}", f"/files/{batch.id}"):
        assert office.get(f"/office/payouts{page}").status_code == 200


def test_the_to_do_list_counts_what_waits(shop: Merchant, office: Client) -> None:
    assert "Payouts to approve" not in office.get("/office/").content.decode()
    asked(account(shop), 10_000)
    assert "Payouts to approve or to send" in office.get("/office/").content.decode()


def test_a_kind_is_sent_whole_through_the_channel_that_was_picked(shop: Merchant, office: Client) -> None:
    first, second = approved(account(shop, ALIPAY), 10_000), approved(account(shop, ALIPAY), 20_000)
    other = approved(account(shop), 30_000)
    place = "https://gateway.example/"
    config = epay_v2.shop_settings(epay_v2.open_merchant("Dee"), place, place)
    picked = cast_channel("payer", config)
    page = office.get("/office/payouts").content.decode()
    assert "Or send through" in page
    told = {"kind": "alipay", "currency": "CNY", "channel": str(picked.id)}
    for wrong in ({"kind": "gold"}, {"channel": "x"}):
        assert office.post("/office/payouts/send", told | wrong).status_code == 404
    assert office.post("/office/payouts/send", told | {"channel": "999999"}).status_code == 409
    assert office.post("/office/payouts/send", told).status_code == 303
    assert [state_of(payout) for payout in (first, second, other)] == ["sending", "sending", "approved"]
    assert set(Payout.objects.filter(state="sending").values_list("channel_id", flat=True)) == {picked.id}
    assert office.post("/office/payouts/send", told).status_code == 409


def test_dee_does_not_send_for_a_shop_of_hers(shop: Merchant, office: Client, dee: User) -> None:
    payout = approved(account(shop, ALIPAY), 10_000)
    place = "https://gateway.example/"
    picked = cast_channel("payer", epay_v2.shop_settings(epay_v2.open_merchant("Dee"), place, place))
    Membership.objects.create(merchant=shop, user=dee)
    told = {"kind": "alipay", "currency": "CNY", "channel": str(picked.id)}
    assert office.post("/office/payouts/send", told).status_code == 409
    assert state_of(payout) == PayoutState.APPROVED


def cast_channel(slug: str, config: dict[str, object]) -> Channel:
    """Return a channel that pays out."""
    return Channel.objects.create(
        slug=slug, name="易支付", name_en="epay", provider="epay_v2", config=seal_config(slug, config)
    )


def test_dee_calls_back_what_waits_for_its_payee_and_the_page_says_that_it_is_asked_for(office: Client) -> None:
    payout = waiting(Place("wechat", "http://127.0.0.1:9"))
    page = f"/office/payouts/{shown(payout)}"
    assert "It waits for its payee to confirm it" in office.get(page).content.decode()
    answer = office.post(f"{page}/call-back")
    assert (answer.status_code, answer["Location"]) == (303, page)
    now = now_of(payout)
    assert (now.state, now.called_back_at is not None) == (PayoutState.SENDING, True)
    after = html.unescape(office.get(page).content.decode())
    assert "Called back at" in after
    assert "The gateway is asked until it says what became of it." in after
    assert f"{page}/call-back" not in after
    act = AuditEntry.objects.get(action="payout.call_back")
    assert (act.subject, act.details) == (shown(payout), {"amount": 40_008, "currency": "CNY", "role": "finance"})


def test_what_does_not_wait_has_no_such_button_and_is_refused(shop: Merchant, office: Client) -> None:
    payout = approved(account(shop), 10_000)
    page = f"/office/payouts/{shown(payout)}"
    assert "/call-back" not in office.get(page).content.decode()
    assert office.post(f"{page}/call-back").status_code == 409
    assert (state_of(payout), payout.called_back_at) == (PayoutState.APPROVED, None)


def test_dee_calls_nothing_back_of_a_shop_of_hers(office: Client, dee: User) -> None:
    payout = waiting(Place("wechat", "http://127.0.0.1:9"))
    Membership.objects.create(merchant=payout.merchant, user=dee, role="clerk")
    assert office.post(f"/office/payouts/{shown(payout)}/call-back").status_code == 403
    assert now_of(payout).called_back_at is None


def test_a_payout_that_waits_for_its_payee_says_so_in_the_readers_language(shop: Merchant, office: Client) -> None:
    payout = approved(account(shop), 10_000)
    until = timezone.now() + timedelta(hours=20)
    told = {"problem": "the payee has to confirm it in WeChat", "package": b"sealed", "confirm_by": until}
    Payout.objects.filter(id=payout.id).update(state=PayoutState.SENDING, **told)
    office.cookies["xk_lang"] = "zh-hans"
    page = office.get(f"/office/payouts/{shown(payout)}").content.decode()
    assert "前在微信里确认" in page
    assert "the payee has to confirm" not in page
