"""What staff gives back is told to those at the merchant who see its money: once, however it ends or is killed."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable
from uuid import UUID

import pytest
from django.db import connection, transaction
from pytest_django import Settings

from tests import cast
from tests.flows.disputing import Trade, trade
from tests.flows.mailbox import Mailbox, wait_until
from xinka.accounts.models import User
from xinka.escrow.models import StaffRefund
from xinka.flows.refunds import by_staff
from xinka.flows.refunds.by_staff import Wanted
from xinka.flows.refunds.mailing import MAIL_STAFF_REFUND, mail_staff_refund
from xinka.kernel.errors import ProviderError
from xinka.kernel.ids import new_uuid, show
from xinka.kernel.per_currency import PerCurrency
from xinka.merchants.models import Membership, Merchant
from xinka.payments.models import Refund
from xinka.platform.mail.models import LetterState, SentLetter

ADA = "ada@ada-cards.example"
AL = "al@ada-cards.example"
WHY = "The maker withdrew the product on 11-20."


@pytest.fixture
def deal() -> Trade:
    """An order of ¥98 by Cy from Ada, delivered."""
    return trade()


def staff(name: str) -> User:
    return cast.person(f"{name}@example.com", staff=True)


def give(deal: Trade, amount: int = 4_000, *, name: str = "dee") -> StaffRefund:
    return by_staff.ask(Wanted(deal.order.id, amount, WHY, new_uuid()), by=staff(name))


def queued() -> list[UUID]:
    """Return the refunds whose letters are to be written."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT args::text FROM procrastinate_jobs WHERE task_name = %s", [MAIL_STAFF_REFUND.task])
        return [UUID(json.loads(row[0])["subject"]) for row in cursor.fetchall()]


def text_to(address: str, mailbox: Mailbox) -> str:
    """Return the subject and the plain text of the one letter somebody got."""
    (mail,) = [mail for mail in mailbox.mails if mail["To"] == address]
    plain = mail.get_body(("plain",))
    assert plain is not None
    return f"{mail['Subject']}\n{plain.get_content()}"


def a_second_owner(deal: Trade) -> None:
    """Let Al, who reads English, own the shop too."""
    al = cast.person(AL)
    User.objects.filter(pk=al.pk).update(language="en")
    Membership.objects.create(merchant=deal.ware.product.merchant, user=al, role="owner")


@pytest.mark.django_db
def test_the_owners_read_in_their_language_how_much_why_where_and_what_to_do(deal: Trade, mailbox: Mailbox) -> None:
    a_second_owner(deal)
    given = give(deal)
    assert mail_staff_refund(given.id) == 2
    number = show("ord", deal.order.id)
    zh, en = text_to(ADA, mailbox), text_to(AL, mailbox)
    assert zh.startswith("客服已退给买家 ¥40.00\n")
    assert "不同意？带上订单号和你的理由写信给我们。" in zh
    assert en.startswith("Our staff gave ¥40.00 back to a buyer\n")
    assert "You do not agree? Write to us" in en
    for text, title in ((zh, deal.order.title), (en, deal.order.title_en)):
        assert all(word in text for word in (WHY, number, title, f"/desk/ada-cards/orders/{number}"))


@pytest.mark.django_db
def test_it_tells_nothing_of_the_buyer_and_of_who_gave_it(deal: Trade, mailbox: Mailbox) -> None:
    mail_staff_refund(give(deal).id)
    (sent,) = [content.decode() for _, _, content in mailbox.raw]
    (mail,) = mailbox.mails
    parts = [sent, *(part.get_content() for part in mail.walk() if not part.is_multipart())]
    for secret in (cast.CY, "cy@", "dee@", "?key=", *deal.ware.codes):
        assert not [part for part in parts if secret in part]


@pytest.mark.django_db
def test_neither_the_clerk_nor_eve_nor_an_owner_who_left_gets_it(deal: Trade, mailbox: Mailbox) -> None:
    a_second_owner(deal)
    User.objects.filter(email=AL).update(is_active=False)
    cast.adas_shop(slug="eves-cards")
    mail_staff_refund(give(deal).id)
    assert [to for _, to, _ in mailbox.raw] == [ADA]


@pytest.mark.django_db
def test_the_alarm_address_of_the_shop_gets_it_too_and_nobody_twice(deal: Trade, mailbox: Mailbox) -> None:
    Merchant.objects.update(alert_email="alarm@ada-cards.example")
    mail_staff_refund(give(deal).id)
    assert sorted(to for _, to, _ in mailbox.raw) == [ADA, "alarm@ada-cards.example"]
    Merchant.objects.update(alert_email=ADA)
    mail_staff_refund(give(deal, name="dan").id)
    assert sorted(to for _, to, _ in mailbox.raw) == [ADA, ADA, "alarm@ada-cards.example"]


@pytest.mark.django_db
def test_each_refund_has_one_letter_also_when_a_second_person_agrees(deal: Trade, settings: Settings) -> None:
    settings.REFUND_FOUR_EYES_FROM = PerCurrency({"CNY": 6_000})
    key = new_uuid()
    wanted, dee = Wanted(deal.order.id, 4_000, WHY, key), staff("dee")
    assert {by_staff.ask(wanted, by=dee).id for _ in range(2)} == {key}
    assert queued() == [key]
    asked = give(deal, 2_000, name="dan")
    refused = give(deal, 2_500, name="don")
    assert queued() == [key], "nothing has moved yet"
    by_staff.decide(refused.id, grant=False, by=dee)
    by_staff.decide(asked.id, grant=True, by=dee)
    assert queued() == [key, asked.id]


@pytest.mark.django_db
def test_what_was_rolled_back_is_not_told(deal: Trade) -> None:
    class KilledError(Exception):
        """The process ends before its commit."""

    @transaction.atomic
    def killed() -> None:
        give(deal)
        raise KilledError

    with pytest.raises(KilledError):
        killed()
    assert (queued(), Refund.objects.count()) == ([], 0)


@pytest.mark.django_db
def test_a_job_that_runs_again_sends_nothing(deal: Trade, mailbox: Mailbox) -> None:
    given = give(deal)
    assert (mail_staff_refund(given.id), mail_staff_refund(given.id)) == (1, 0)
    assert len(mailbox.raw) == 1


@pytest.mark.django_db
def test_a_letter_that_may_have_arrived_is_repeated_under_its_own_number(deal: Trade, mailbox: Mailbox) -> None:
    given, mailbox.mood = give(deal), "hang_up"
    with pytest.raises(ProviderError):
        mail_staff_refund(given.id)
    assert mail_staff_refund(given.id) == 1
    assert len(mailbox.raw) == 2
    assert len(set(mailbox.message_ids)) == 1


@pytest.mark.django_db
def test_a_mailbox_that_refuses_keeps_no_other_owner_from_the_letter(deal: Trade, mailbox: Mailbox) -> None:
    a_second_owner(deal)
    mailbox.unknown.add(ADA)
    given = give(deal)
    with pytest.raises(ProviderError) as refused:
        mail_staff_refund(given.id)
    assert refused.value.permanent
    assert [to for _, to, _ in mailbox.raw] == [AL]
    states = sorted(SentLetter.objects.filter(kind="staff_refund").values_list("state", flat=True))
    assert states == [LetterState.REFUSED, LetterState.SENT]


@pytest.mark.crash
def test_a_worker_that_is_killed_while_it_sends_loses_and_doubles_nothing(
    hire: Callable[..., subprocess.Popen[bytes]], mailbox: Mailbox
) -> None:
    deal = trade()
    a_second_owner(deal)
    mailbox.delay = 0.3
    give(deal)
    worker = hire()
    wait_until(lambda: any(to in {ADA, AL} for _, to, _ in mailbox.raw))
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    hire()
    sent = SentLetter.objects.filter(kind="staff_refund", state=LetterState.SENT)
    wait_until(lambda: sent.count() == 2)
    told = {(to, number) for (_, to, _), number in zip(mailbox.raw, mailbox.message_ids, strict=True)}
    assert sorted(to for to, number in told if "staff_refund" in number) == [ADA, AL]
