"""Letters about cases: to each side what concerns it, each once, and never a word of what was said."""

from __future__ import annotations

import json
from uuid import UUID

import pytest
from django.core import mail
from django.db import connection
from pytest_django import Settings

from tests import cast
from tests.flows.disputing import BUYER, NOW, SELLER, Trade, dee, trade, verdict
from tests.flows.mailbox import Mailbox
from xinka.disputes.models import Case
from xinka.disputes.states import Offer
from xinka.flows.disputes import cases, chargebacks, deciding
from xinka.flows.disputes.chargebacks import Chargeback
from xinka.flows.disputes.mailing import MAIL_MESSAGE, MAIL_MOVE, mail_message, mail_move
from xinka.flows.disputes.timers import fire_due
from xinka.kernel.errors import ProviderError
from xinka.merchants.models import Merchant
from xinka.payments.models import Receipt

pytestmark = pytest.mark.django_db

ADA, BO = "ada@ada-cards.example", "bo@ada-cards.example"


@pytest.fixture(autouse=True)
def _mail_in_memory(settings: Settings) -> None:
    from xinka.platform.vault import keys

    keys.forget()
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


@pytest.fixture
def deal() -> Trade:
    """Two pieces, delivered."""
    return trade()


def queued(task: str) -> list[dict[str, object]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT args::text FROM procrastinate_jobs WHERE task_name = %s ORDER BY id", [task])
        return [json.loads(row[0]) for row in cursor.fetchall()]


def post() -> dict[str, list[str]]:
    """Send everything that is queued, twice, and return the subjects by address since the last time."""
    mail.outbox.clear()
    for _ in range(2):
        for job in queued(MAIL_MOVE.task):
            mail_move(UUID(str(job["case_id"])), int(str(job["version"])))
        for job in queued(MAIL_MESSAGE.task):
            mail_message(UUID(str(job["message_id"])))
    found: dict[str, list[str]] = {}
    for letter in mail.outbox:
        found.setdefault(letter.to[0], []).append(letter.subject)
        assert "It says used." not in str(letter.message())
    return found


def team(subject: str) -> dict[str, list[str]]:
    """What the merchant's people hear: the owner, and the clerk who may answer too."""
    return {ADA: [subject], BO: [subject]}


def test_opening_tells_both_and_the_seller_until_when(deal: Trade) -> None:
    deal.complain()
    assert post() == {cast.CY: ["已为你冻结 ¥98.00"], **team("买家开了纠纷，¥98.00 已冻结")}
    seller = next(letter for letter in mail.outbox if letter.to == [ADA])
    assert "2026-11-23 08:00" in str(seller.body), "twelve hours later, in the shop's own time"
    assert "/desk/ada-cards/cases/dsp_" in str(seller.body)
    assert post() == {}, "the same letters are not sent again"


def test_each_step_reaches_whom_it_concerns(deal: Trade) -> None:
    case = deal.complain()
    post()
    cases.write(case.id, "Which?", by=SELLER, now=NOW)
    assert post() == {cast.CY: ["商家答复了"]}
    cases.offer(case.id, Offer.PART, amount=2000, by=SELLER, now=NOW)
    assert post() == {cast.CY: ["商家给了方案：退 ¥20.00"]}
    cases.decline(case.id, by=BUYER, now=NOW)
    assert post() == team("买家没有接受你的方案")
    cases.escalate(case.id, by=SELLER, now=NOW)
    assert post() == {cast.CY: ["由信卡裁定"], **team("由信卡裁定")}
    cases.write(case.id, "One thing more.", by=BUYER, now=NOW)
    assert post() == team("纠纷有新内容")
    deciding.decide(case.id, verdict("release"), by=dee(), now=NOW)
    assert post() == {cast.CY: ["已裁定：放款给商家"], **team("已裁定：放款给商家")}
    deciding.waive(case.id, by=BUYER, now=NOW)
    assert post() == {cast.CY: ["已执行：放款给商家"], **team("已执行：放款给商家")}


def test_silence_is_told_to_both(deal: Trade) -> None:
    case = deal.complain()
    post()
    due_at = Case.objects.get(id=case.id).due_at
    assert due_at is not None
    fire_due(due_at)
    assert post() == {cast.CY: ["商家没按时答复，¥98.00 已退给你"], **team("你没有按时答复，¥98.00 已退给买家")}


def test_a_letter_tells_of_its_own_moment_however_late_it_is_written(deal: Trade) -> None:
    case = deal.complain()
    cases.write(case.id, "Which?", by=SELLER, now=NOW)
    assert post()[ADA] == ["买家开了纠纷，¥98.00 已冻结"]
    seller = next(letter for letter in mail.outbox if letter.to == [ADA])
    assert "2026-11-23 08:00" in str(seller.body)


def test_a_chargeback_is_between_us_the_bank_and_the_merchant(deal: Trade) -> None:
    receipt = Receipt.objects.get(payment_id=deal.bought.payment_id)
    told = Chargeback(receipt.channel_id, receipt.trade_no, "dp_1", 9800)
    case = chargebacks.open_chargeback(told, now=NOW)
    assert post() == team("买家的银行要求退回 ¥98.00")
    chargebacks.lose(case.id, now=NOW)
    assert post() == team("银行判买家胜诉")


def test_who_reads_english_gets_english(deal: Trade) -> None:
    from xinka.orders.models import Order

    Order.objects.filter(id=deal.order.id).update(language="en")
    deal.complain()
    assert post()[cast.CY] == ["We stopped ¥98.00 for you"]


def test_a_buyer_whose_mailbox_refuses_keeps_no_seller_from_hearing_of_the_dispute(
    deal: Trade, mailbox: Mailbox
) -> None:
    mailbox.unknown.add(cast.CY)
    case = deal.complain()
    with pytest.raises(ProviderError) as refused:
        mail_move(case.id, case.version)
    assert refused.value.permanent
    assert [to for _, to, _ in mailbox.raw] == [ADA, BO]


def test_the_alarm_address_hears_of_cases_beside_the_people_who_answer_them(deal: Trade) -> None:
    Merchant.objects.update(alert_email="alarm@ada-cards.example")
    deal.complain()
    told = post()
    assert told["alarm@ada-cards.example"] == told[ADA] == told[BO] == ["买家开了纠纷，¥98.00 已冻结"]
