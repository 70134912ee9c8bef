"""A session that was left open gives no money away: whoever sends money, or says that it came, proves who they are."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests import cast
from tests.flows.payouts import account, approved, asked, enter, finance
from xinka.accounts.models import User
from xinka.flows.payouts.asking import shown
from xinka.flows.payouts.sending import make_batch
from xinka.kernel import ids
from xinka.merchants.models import Merchant
from xinka.payouts.details import AccountKind
from xinka.payouts.models import PayoutBatch
from xinka.payouts.states import PayoutState
from xinka.platform.audit.models import AuditEntry

pytestmark = pytest.mark.django_db

_STRAY = ids.show("jrn", uuid4())
#: Every act by which money leaves, counts as sent or counts as come; nothing is behind the numbers.
ACTS = (
    *(f"payouts/{ids.show('out', uuid4())}/{act}" for act in ("approve", "send", "outcome", "return", "ask-again")),
    *("payouts/send", "payouts/files", f"payouts/files/1/{ids.show('out', uuid4())}", "payouts/holds/1/lift"),
    *("payouts/files/1/file", "payouts/files/1/results"),
    *(f"money/refunds/{ids.show('ref', uuid4())}/{act}" for act in ("done", "send")),
    *(f"money/unmatched/{_STRAY}/return", f"money/unmatched/{_STRAY}/orders/{ids.show('ord', uuid4())}"),
    *(f"money/proposals/{uuid4()}/decide", f"refunds/{uuid4()}/decide", f"refunds/new/{ids.show('ord', uuid4())}"),
    *("transfers/1/confirm", "cases/none_such/decide", "reconciling/1/settle", "reconciling/1/enter"),
    *("escrow/freezes/1", f"escrow/splits/{ids.show('spl', uuid4())}/done", "escrow/terms/goods", "channels/1/switch"),
    f"channels/changes/{uuid4()}/decide",
    f"reconciling/entries/{uuid4()}/decide",
    f"payouts/returns/{uuid4()}",
)


@pytest.fixture
def shop() -> Merchant:
    made = cast.adas_shop()
    enter(made, 100_000)
    return made


def test_no_money_moves_without_a_fresh_proof(stale: Client) -> None:
    def asks(browser: Client) -> set[str]:
        answers = {act: browser.post(f"/office/{act}").headers.get("Location", "") for act in ACTS}
        return {act for act, to in answers.items() if to.startswith("/account/reauthenticate")}

    assert asks(stale) == set(ACTS)
    assert asks(cast.proved(stale)) == set()


def test_an_approval_is_carried_out_once_its_giver_has_proved_who_they_are(stale: Client, shop: Merchant) -> None:
    payout = asked(account(shop), 10_000)
    asks = stale.post(f"/office/payouts/{shown(payout)}/approve")["Location"]
    payout.refresh_from_db()
    assert payout.state == PayoutState.ASKED
    assert stale.post(asks, {"password": "not the password at all"}).status_code == 200
    payout.refresh_from_db()
    assert payout.state == PayoutState.ASKED
    stale.post(asks, {"password": cast.PASSWORD})
    payout.refresh_from_db()
    assert payout.state == PayoutState.APPROVED


def test_a_form_sent_from_a_place_in_a_queue_is_carried_out_there_after_the_proof(
    stale: Client, shop: Merchant
) -> None:
    """The library compares where to go with the bare path, and would drop a form whose address has a question."""
    payout = asked(account(shop), 10_000)
    page, place = f"/office/payouts/{shown(payout)}", "?in=older%3D7%26open%3D2"
    answer = stale.post(f"{page}/approve{place}")
    payout.refresh_from_db()
    assert payout.state == PayoutState.ASKED
    answer = stale.post(answer["Location"], {"password": cast.PASSWORD})
    payout.refresh_from_db()
    assert (payout.state, answer["Location"]) == (PayoutState.APPROVED, f"{page}{place}")


def test_what_is_refused_after_the_proof_leads_back_to_a_page_that_is_there(
    stale: Client, dee: User, shop: Merchant
) -> None:
    payout = approved(account(shop), 10_000)
    address = f"/office/payouts/{shown(payout)}"
    asks = stale.post(f"{address}/approve")["Location"]
    answer = stale.post(asks, {"password": cast.PASSWORD})
    assert answer.status_code == 409
    assert f'value="{address}"' in answer.content.decode()  # where the switch of languages leads back to
    assert f'value="{address}/approve"' not in answer.content.decode()


def test_a_form_that_comes_back_after_the_proof_is_where_it_was_in_the_menu(stale: Client) -> None:
    asks = stale.post(f"/office/channels/{cast.channel().id}", {"name": ""})["Location"]
    answer = stale.post(asks, {"password": cast.PASSWORD})
    assert answer.status_code == 422
    assert '<a href="/office/channels" aria-current="page">' in answer.content.decode()


def test_a_file_is_asked_for_again_after_the_proof_and_nothing_is_lost(stale: Client, shop: Merchant) -> None:
    approved(account(shop), 10_000)
    batch = make_batch(AccountKind.BANK, "CNY", by=finance())
    page = f"/office/payouts/files/{batch.id}"
    told = SimpleUploadedFile("results.csv", b"payout,result\n")
    for answer in (stale.post(f"{page}/results", {"file": told}), stale.post(f"{page}/file")):
        assert answer["Location"] == f"/account/reauthenticate/?next={page.replace('/', '%2F')}"
    assert AuditEntry.objects.filter(action="payout.batch_file").count() == 0
    proof = stale.get(answer["Location"]).content.decode()
    assert "Nothing was done yet" in proof
    assert stale.post(answer["Location"], {"password": cast.PASSWORD})["Location"] == page
    assert stale.post(f"{page}/file").status_code == 200
    assert PayoutBatch.objects.count() == 1


def test_looking_needs_no_fresh_proof(stale: Client, shop: Merchant) -> None:
    payout = asked(account(shop), 10_000)
    for page in ("payouts", f"payouts/{shown(payout)}", "refunds", "money", "transfers", "refunds/new"):
        assert stale.get(f"/office/{page}").status_code == 200, page
