"""The form of a sold-out product, and the pages behind the links of its mails: without scripts, for guests too."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from tests import cast
from tests.flows.rows import counted, grown
from xinka.flows import back_in_stock
from xinka.shop import lookup_limits
from xinka.stock import back_notes
from xinka.stock.models import BackNote
from xinka.stock.note_links import mailbox_path, note_path

pytestmark = pytest.mark.django_db
ASK = "/back-in-stock"


@pytest.fixture
def sold_out(db: None) -> cast.Ware:
    return cast.ware(cast.adas_shop())


def send(browser: Client, ware: cast.Ware, contact: str = cast.CY, **headers: str) -> tuple[int, str]:
    """Send the form of the product's page and return the answer."""
    answer = browser.post(ASK, {"sku": ware.sku.id, "contact": contact}, headers=headers)
    return answer.status_code, answer.content.decode()


def note_of(ware: cast.Ware, contact: str, *, is_theirs: bool = True) -> BackNote:
    now = timezone.now()
    back_in_stock.ask(ware.sku, contact, language="en", is_theirs=is_theirs, now=now)
    return BackNote.objects.get(contact_key=back_notes.key_of(contact))


def n_questions() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'mail.back_question'")
        return int(cursor.fetchone()[0])


def test_a_sold_out_page_has_the_form_and_is_still_the_same_for_everybody(
    sold_out: cast.Ware, stranger: Client
) -> None:
    answer = stranger.get("/p/star-300")
    page = answer.content.decode()
    form = re.search(r'<form[^>]*action="/back-in-stock".*?</form>', page, re.DOTALL)
    assert form
    assert re.findall(r'name="([^"]+)"', form[0]) == ["sku", "contact"]
    assert f'name="sku" value="{sold_out.sku.id}"' in form[0]
    assert answer["X-Xinka-Cache"] == f"product:{sold_out.product.id}", "the till may keep it"
    assert not answer.cookies
    assert "csrfmiddlewaretoken" not in page
    assert "style=" not in page
    stranger.force_login(cast.person(cast.CY))
    assert stranger.get("/p/star-300").content.decode() == page


def test_a_page_with_stock_has_no_such_form(ware: cast.Ware, stranger: Client) -> None:
    assert ASK not in stranger.get("/p/star-300").content.decode()


def test_a_guest_leaves_a_qq_number_says_yes_and_may_change_their_mind(sold_out: cast.Ware, stranger: Client) -> None:
    status, page = send(stranger, sold_out, "12345678")
    assert status == 200
    assert "12345678@qq.com" in page
    note = BackNote.objects.get()
    assert (back_notes.address_of(note), note.confirmed_at, note.language) == ("12345678@qq.com", None, "en")
    assert n_questions() == 1
    path = note_path(note.id)
    assert "Yes, tell me" in stranger.get(path).content.decode()
    assert stranger.head(path).status_code == 200
    note.refresh_from_db()
    assert note.confirmed_at is None, "machines that look through mails open links too"
    page = stranger.post(path, {"answer": "yes"}, follow=True).content.decode()
    assert "Do not tell me any more" in page
    note.refresh_from_db()
    assert note.confirmed_at is not None
    assert "Ended. Your address is deleted." in stranger.post(path, {"answer": "no"}, follow=True).content.decode()
    assert not BackNote.objects.exists()
    over = stranger.get(path)
    assert over.status_code == 410
    assert "This note is over" in over.content.decode()
    assert stranger.post(path, {"answer": "yes"}).status_code == 410


def test_somebody_signed_in_is_noted_at_once_for_their_own_mailbox_and_asked_for_any_other(
    sold_out: cast.Ware, stranger: Client
) -> None:
    stranger.force_login(cast.person(cast.CY))
    assert "We tell you" in send(stranger, sold_out)[1]
    assert "Look into your mail" in send(stranger, sold_out, "friend@example.com")[1]
    noted = {back_notes.address_of(note): note.confirmed_at is not None for note in BackNote.objects.all()}
    assert noted == {cast.CY: True, "friend@example.com": False}
    assert n_questions() == 1
    page = stranger.get("/orders").content.decode()
    assert note_path(BackNote.objects.exclude(confirmed_at=None).get().id) in page
    assert note_path(BackNote.objects.get(confirmed_at=None).id) not in page


def test_an_address_that_was_not_proved_is_asked_too(sold_out: cast.Ware, stranger: Client) -> None:
    stranger.force_login(cast.person(cast.CY, verified=False))
    send(stranger, sold_out)
    assert BackNote.objects.get().confirmed_at is None


@pytest.mark.parametrize(("language", "words"), [("en", "or a QQ number"), ("zh-hans", "QQ 号（5 到 12 位数字）")])
def test_a_slip_is_named_beside_what_was_typed(
    sold_out: cast.Ware, stranger: Client, language: str, words: str
) -> None:
    stranger.cookies["xk_lang"] = language
    status, page = send(stranger, sold_out, "cy at example")
    assert status == 422
    assert words in page
    assert 'value="cy at example"' in page
    assert f'name="sku" value="{sold_out.sku.id}"' in page
    assert not BackNote.objects.exists()


def test_what_came_back_meanwhile_is_not_noted_but_shown(ware: cast.Ware, stranger: Client) -> None:
    status, page = send(stranger, ware)
    assert status == 200
    assert "It is in stock again" in page
    assert f"/p/star-300?sku={ware.sku.id}#buy" in page
    assert not BackNote.objects.exists()


def test_the_answer_does_not_tell_whether_a_mailbox_waits_already(sold_out: cast.Ware, stranger: Client) -> None:
    note_of(sold_out, cast.CY)
    known, unknown = send(stranger, sold_out, cast.CY)[1], send(stranger, sold_out, cast.EVE)[1]
    assert known.replace(cast.CY, "X") == unknown.replace(cast.EVE, "X")
    assert n_questions() == 1


def test_nobody_fills_a_strangers_mailbox_and_nobody_many_mailboxes(sold_out: cast.Ware) -> None:
    def ask_from(place: int, contact: str) -> int:
        return send(Client(REMOTE_ADDR=f"198.51.100.{place}"), sold_out, contact)[0]

    allowed = lookup_limits.NOTE_CONTACT[0]
    assert [ask_from(place, cast.CY) for place in range(1, allowed + 3)] == [200] * allowed + [429] * 2
    assert n_questions() == allowed
    n_places = lookup_limits.NOTE_PLACE[0]
    answers = [ask_from(200, f"p{number}@example.com") for number in range(n_places + 1)]
    assert answers == [200] * n_places + [429]
    refused = Client(REMOTE_ADDR="198.51.100.200").post(ASK, {"sku": sold_out.sku.id, "contact": "x@example.com"})
    assert int(refused["Retry-After"]) <= 3600
    assert 'value="x@example.com"' in refused.content.decode()


@pytest.mark.parametrize(
    "headers", [{"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}, {"sec-fetch-site": "same-site"}]
)
def test_no_other_site_asks_in_a_visitors_name(sold_out: cast.Ware, stranger: Client, headers: dict[str, str]) -> None:
    assert send(stranger, sold_out, **headers)[0] == 404
    assert not BackNote.objects.exists()


@pytest.mark.parametrize("sku", ["", "0", "999999999", "1e3", "x" * 40])
def test_of_what_does_not_exist_nothing_is_noted(sold_out: cast.Ware, stranger: Client, sku: str) -> None:
    assert stranger.post(ASK, {"sku": sku, "contact": cast.CY}).status_code == 404
    assert not BackNote.objects.exists()


def test_a_mailbox_sees_all_it_waits_for_and_ends_it_without_signing_in(sold_out: cast.Ware, stranger: Client) -> None:
    note, others = note_of(sold_out, cast.CY), note_of(sold_out, "friend@example.com")
    path = mailbox_path(note.contact_key)
    page = stranger.get(path).content.decode()
    assert "Star Voyage card 300" in page
    assert note_path(note.id) in page
    assert note_path(others.id) not in page
    page = stranger.post(path, follow=True).content.decode()
    assert "Ended. Your address is deleted." in page
    assert "This mailbox waits for nothing" in page
    assert list(BackNote.objects.values_list("id", flat=True)) == [others.id]


def test_eve_opens_nothing_with_her_own_proofs(sold_out: cast.Ware, stranger: Client) -> None:
    cys, eves = note_of(sold_out, cast.CY, is_theirs=False), note_of(sold_out, cast.EVE, is_theirs=False)
    before = counted()
    note_proof = note_path(eves.id).rpartition("/")[2]
    box_proof = mailbox_path(eves.contact_key).rpartition("/")[2]
    to_cys_note = note_path(cys.id).rpartition("/")[0]
    to_cys_box = mailbox_path(cys.contact_key).rpartition("/")[0]
    stranger.force_login(cast.person(cast.EVE))
    for path in (f"{to_cys_note}/{note_proof}", f"{to_cys_box}/{box_proof}", f"{to_cys_box}/{note_proof}"):
        for answer in (stranger.get(path), stranger.post(path, {"answer": "yes"})):
            assert answer.status_code == 404
            assert "Star Voyage" not in answer.content.decode()
    assert note_path(cys.id) not in stranger.get("/orders").content.decode()
    cys.refresh_from_db()
    assert cys.confirmed_at is None
    assert set(grown(before)) <= {"accounts_user", "account_emailaddress", "django_session", "usersessions_usersession"}


def test_a_form_of_those_pages_needs_its_token(sold_out: cast.Ware) -> None:
    note, browser = note_of(sold_out, cast.CY), Client(enforce_csrf_checks=True)
    for path in (note_path(note.id), mailbox_path(note.contact_key)):
        assert browser.post(path, {"answer": "no"}).status_code == 403
    assert BackNote.objects.count() == 1


def test_a_link_is_over_with_its_time(sold_out: cast.Ware, stranger: Client) -> None:
    note = note_of(sold_out, cast.CY, is_theirs=False)
    BackNote.objects.update(asked_at=timezone.now() - timedelta(days=2, minutes=1))
    assert stranger.get(note_path(note.id)).status_code == 410
    assert stranger.post(note_path(note.id), {"answer": "yes"}).status_code == 410
    assert BackNote.objects.get().confirmed_at is None


def test_what_opens_a_note_stands_in_no_log(
    sold_out: cast.Ware, stranger: Client, caplog: pytest.LogCaptureFixture
) -> None:
    stranger.post(f"{ASK}/note/bak_made-up/abcdef0123", {"answer": "yes"})
    assert caplog.records
    assert "abcdef0123" not in caplog.text + str([vars(record) for record in caplog.records])
