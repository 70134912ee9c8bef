"""Who waits for a sold-out variant is told once, in turn, and no faster than mail leaves; nobody else is written to."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.core import mail
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from tests import cast
from tests.flows.mailbox import Mailbox
from tests.flows.rows import broken
from xinka.catalog.models import Product, ProductState, Sku, StockMode
from xinka.flows import back_in_stock
from xinka.flows.tasks import chores
from xinka.kernel.errors import ProviderError
from xinka.merchants.models import Merchant, MerchantState
from xinka.platform.mail.models import LetterState, SentLetter
from xinka.platform.maintenance.actions import close_shop, open_shop
from xinka.platform.vault import keys
from xinka.platform.vault.keys import open_envelope
from xinka.stock import back_notes
from xinka.stock.models import BackNote, UnsoldCode
from xinka.stock.note_links import mailbox_path, note_path

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_vault_and_mail_in_memory(settings: Settings) -> None:
    keys.forget()
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


@pytest.fixture
def sold_out() -> Sku:
    return cast.ware(cast.adas_shop()).sku


def now() -> datetime:
    return timezone.now()


def ask(sku: Sku, address: str = cast.CY, *, is_theirs: bool = False, language: str = "en") -> None:
    back_in_stock.ask(sku, address, language=language, is_theirs=is_theirs, now=now())


def wait(sku: Sku, n: int) -> list[str]:
    """Have ``n`` people wait, each a second after the one before."""
    start, people = now() - timedelta(hours=1), [f"p{number:03d}@example.com" for number in range(n)]
    for number, address in enumerate(people):
        at = start + timedelta(seconds=number)
        back_in_stock.ask(sku, address, language="en", is_theirs=True, now=at)
    return people


def queued(task: str) -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT args::text FROM procrastinate_jobs WHERE task_name = %s ORDER BY id", [task])
        return [UUID(json.loads(text)["subject"]) for (text,) in cursor.fetchall()]


def send_queued() -> list[str]:
    """Do what is queued, twice, and return to whom mails went."""
    mail.outbox.clear()
    for _ in range(2):
        for subject in queued(back_in_stock.MAIL_QUESTION.task):
            back_in_stock.mail_question(subject)
        for subject in queued(back_in_stock.MAIL_BACK.task):
            back_in_stock.mail_back(subject)
    return [letter.to[0] for letter in mail.outbox]


def test_a_mailbox_is_asked_first_and_told_only_after_its_yes(sold_out: Sku) -> None:
    ask(sold_out)
    assert send_queued() == [cast.CY]
    [question] = mail.outbox
    note = BackNote.objects.get()
    assert "Star Voyage card 300 is sold out" in str(question.body)
    assert note_path(note.id) in str(question.body)
    cast.stock_up(sold_out, ["A"])
    assert back_in_stock.tell_waiting(now()) == 0, "it has not said yes"
    assert back_notes.confirm_note(note.id, now())
    assert not back_notes.confirm_note(note.id, now()), "once is enough"
    assert back_in_stock.tell_waiting(now()) == 1
    assert send_queued() == [cast.CY]
    [letter] = mail.outbox
    assert letter.subject == "Back in stock: Star Voyage card 300"
    assert f"/p/star-300?sku={sold_out.id}#buy" in str(letter.body)
    assert mailbox_path(note.contact_key) in str(letter.body)
    assert not BackNote.objects.exists(), "spent when sent"


def test_the_mails_are_in_the_language_that_was_spoken(sold_out: Sku) -> None:
    ask(sold_out, language="zh-hans")
    send_queued()
    assert mail.outbox[0].subject == "到货时通知你吗？星海远征 点卡 300 点"


def test_what_comes_and_goes_sends_nothing_again(sold_out: Sku) -> None:
    wait(sold_out, 1)
    for round_ in range(3):
        cast.stock_up(sold_out, [f"A{round_}"])
        back_in_stock.tell_waiting(now())
        send_queued()
        UnsoldCode.objects.all().delete()
    assert len(queued(back_in_stock.MAIL_BACK.task)) == 1
    assert SentLetter.objects.filter(kind="back").count() == 1


def test_asking_again_is_one_note_and_one_letter_and_a_second_question_only_without_a_yes(sold_out: Sku) -> None:
    ask(sold_out)
    ask(sold_out)
    assert BackNote.objects.count() == 1
    assert send_queued() == [cast.CY], "both jobs found the same asking"
    back_notes.confirm_note(BackNote.objects.get().id, now())
    ask(sold_out)
    assert send_queued() == []
    assert BackNote.objects.get().confirmed_at is not None
    cast.stock_up(sold_out, ["A", "B"])
    assert back_in_stock.tell_waiting(now()) == 1
    assert back_in_stock.tell_waiting(now()) == 0


def test_of_each_piece_four_are_told_in_the_order_of_their_yes_and_the_next_while_it_is_there(sold_out: Sku) -> None:
    people = wait(sold_out, 11)
    cast.stock_up(sold_out, ["A"])
    assert back_in_stock.tell_waiting(now()) == 4
    assert back_in_stock.tell_waiting(now()) == 0, "their letters are under way"
    assert send_queued() == people[:4]
    assert back_in_stock.tell_waiting(now()) == 4
    assert send_queued() == people[4:8]
    UnsoldCode.objects.all().delete()
    assert back_in_stock.tell_waiting(now()) == 0
    assert sorted(back_notes.address_of(note) for note in BackNote.objects.all()) == people[8:]


def test_thousands_are_told_no_faster_than_letters_leave(sold_out: Sku, settings: Settings) -> None:
    settings.BACK_IN_STOCK_MAILS = 5
    people = wait(sold_out, 12)
    cast.stock_up(sold_out, [f"A{n}" for n in range(20)])
    told = []
    for expected in (5, 5, 2):
        assert back_in_stock.tell_waiting(now()) == expected
        assert back_in_stock.tell_waiting(now()) == 0, "the mail server has these yet to take"
        told += send_queued()
    assert told == people


def test_a_letter_that_was_given_up_holds_up_nobody_and_has_another_try(sold_out: Sku, settings: Settings) -> None:
    settings.BACK_IN_STOCK_MAILS = 1
    wait(sold_out, 1)
    cast.stock_up(sold_out, ["A"])
    assert back_in_stock.tell_waiting(now()) == 1
    assert back_in_stock.tell_waiting(now() + timedelta(hours=23)) == 0
    assert back_in_stock.tell_waiting(now() + timedelta(hours=25)) == 1
    assert send_queued() == ["p000@example.com"]


def test_what_is_sold_out_again_before_the_letter_went_is_not_announced(sold_out: Sku) -> None:
    wait(sold_out, 1)
    cast.stock_up(sold_out, ["A"])
    back_in_stock.tell_waiting(now())
    UnsoldCode.objects.all().delete()
    assert send_queued() == []
    assert BackNote.objects.get().queued_at is None, "it waits on"
    cast.stock_up(sold_out, ["B"])
    assert back_in_stock.tell_waiting(now()) == 1


def test_while_the_shop_is_closed_nobody_is_sent_there_and_no_note_is_spent(sold_out: Sku) -> None:
    wait(sold_out, 2)
    cast.stock_up(sold_out, ["A"])
    close_shop(None, begins_at=None, until=None)
    assert back_in_stock.tell_waiting(now()) == 0
    open_shop(None)
    assert back_in_stock.tell_waiting(now()) == 2
    close_shop(None, begins_at=None, until=None)
    assert send_queued() == []
    assert list(BackNote.objects.values_list("queued_at", flat=True)) == [None, None], "they wait on"
    close_shop(None, begins_at=now() + timedelta(hours=1), until=None)
    assert back_in_stock.tell_waiting(now()) == 2, "announced alone keeps nobody away"


def _off_sale(sku: Sku) -> None:
    Sku.objects.filter(id=sku.id).update(on_sale=False)


def _paused(sku: Sku) -> None:
    Product.objects.filter(id=sku.product_id).update(state=ProductState.PAUSED)


def _suspended(sku: Sku) -> None:
    Merchant.objects.filter(id=sku.product.merchant_id).update(state=MerchantState.SUSPENDED)


def _only_in_twos(sku: Sku) -> None:
    Sku.objects.filter(id=sku.id).update(min_quantity=2)


@pytest.mark.parametrize("hide", [_off_sale, _paused, _suspended, _only_in_twos])
def test_nobody_is_sent_to_what_cannot_be_bought(sold_out: Sku, hide: object) -> None:
    wait(sold_out, 1)
    cast.stock_up(sold_out, ["A"])
    hide(sold_out)  # type: ignore[operator]  # one of the four above
    assert back_in_stock.tell_waiting(now()) == 0


def test_content_for_every_buyer_is_there_for_all_of_them() -> None:
    sku = cast.ware(cast.adas_shop(), sku={"mode": StockMode.REUSABLE}).sku
    wait(sku, 6)
    assert back_in_stock.tell_waiting(now()) == 0
    cast.stock_up(sku, ["link"])
    assert back_in_stock.tell_waiting(now()) == 6


def test_a_mailbox_that_refuses_for_good_is_forgotten_and_one_that_is_away_is_tried_again(
    sold_out: Sku, settings: Settings, mailbox: Mailbox
) -> None:
    [gone, away] = wait(sold_out, 2)
    cast.stock_up(sold_out, ["A"])
    back_in_stock.tell_waiting(now())
    first, second = queued(back_in_stock.MAIL_BACK.task)
    mailbox.unknown.add(gone)
    assert not back_in_stock.mail_back(first)
    assert SentLetter.objects.get(subject=first).state == LetterState.REFUSED
    mailbox.mood = "451 4.3.0 later"
    with pytest.raises(ProviderError):
        back_in_stock.mail_back(second)
    assert [back_notes.address_of(note) for note in BackNote.objects.all()] == [away]
    mailbox.mood = "ok"
    assert back_in_stock.mail_back(second)
    assert [mail["To"] for mail in mailbox.mails] == [away]
    assert not BackNote.objects.exists()


def test_the_address_is_sealed_and_what_finds_it_tells_nothing(sold_out: Sku) -> None:
    ask(sold_out)
    row = BackNote.objects.values().get()
    assert not any("cy" in str(value) or b"cy@" in bytes(str(value), "utf-8") for value in row.values())
    assert b"cy@" not in bytes(row["contact"])
    assert open_envelope(row["contact"], back_notes.note_place(row["id"])) == cast.CY.encode()
    assert broken() == []


def test_without_a_yes_two_days_with_one_ninety_and_then_it_is_forgotten(sold_out: Sku) -> None:
    ask(sold_out, "silent@example.com")
    ask(sold_out, cast.CY, is_theirs=True)
    silent = BackNote.objects.get(confirmed_at=None)
    assert back_notes.forget_old_notes(now() + timedelta(days=1, hours=23)) == 0
    assert not back_notes.confirm_note(silent.id, now() + timedelta(days=2, hours=1)), "too late"
    assert back_notes.forget_old_notes(now() + timedelta(days=2, hours=1)) == 1
    assert back_notes.forget_old_notes(now() + timedelta(days=89)) == 0
    assert back_notes.forget_old_notes(now() + timedelta(days=91)) == 1


def test_the_house_tells_each_minute_and_forgets_each_night(sold_out: Sku) -> None:
    wait(sold_out, 1)
    cast.stock_up(sold_out, ["A"])
    chores.figures.func(0)
    assert send_queued() == ["p000@example.com"]
    ask(sold_out)
    BackNote.objects.update(asked_at=now() - timedelta(days=3))
    chores.tidy.func(0)
    assert not BackNote.objects.exists()


def test_only_who_said_yes_counts_as_waiting(sold_out: Sku) -> None:
    ask(sold_out)
    assert back_notes.n_waiting([sold_out.id]) == {}
    wait(sold_out, 3)
    assert back_notes.n_waiting([sold_out.id]) == {sold_out.id: 3}
