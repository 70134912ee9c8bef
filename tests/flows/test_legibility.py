"""What was delivered can be read: what is gone or does not open is found, named without its content, and mended."""

from __future__ import annotations

import logging
from contextlib import suppress

import pytest
from django.conf import settings
from django.utils import timezone

from tests import cast
from tests.flows.rows import broken
from xinka.catalog.models import Sku, StockMode
from xinka.delivery.actions import Opener
from xinka.flows import legibility
from xinka.flows.audit import Finding, check_all
from xinka.flows.reveal import NotReadable, reveal
from xinka.kernel import ids
from xinka.kernel.flow import Row
from xinka.merchants.models import Merchant
from xinka.orders.contacts import forget_contacts
from xinka.orders.models import Order
from xinka.orders.states import OrderState
from xinka.payments.models import Channel
from xinka.platform.database.django_drive import run
from xinka.platform.vault.envelope import Keyring
from xinka.stock.actions import put_content
from xinka.stock.models import StockCode

pytestmark = pytest.mark.django_db

ARTBOOK = "https://files.example/artbook"


@pytest.fixture
def ada() -> Merchant:
    """Ada's shop."""
    return cast.adas_shop()


@pytest.fixture
def sku(ada: Merchant) -> Sku:
    """A download that all buyers share."""
    return cast.ware(ada, sku={"mode": StockMode.REUSABLE, "max_quantity": 1}).sku


@pytest.fixture
def alipay() -> Channel:
    """A way to pay."""
    return cast.channel()


def sold(sku: Sku, alipay: Channel, *names: str) -> list[cast.Bought]:
    bought = [cast.buy(sku, alipay, contact=f"{name}@example.com") for name in names]
    for one in bought:
        cast.pay(one)
    return bought


def read_by(bought: cast.Bought, *positions: int) -> list[str]:
    opened = reveal(bought.order_id, positions or None, opener=Opener(), now=timezone.now())
    return [code.content.decode() for code in opened]


def found(*, most: int = 20) -> dict[str, Finding]:
    keyring = Keyring(settings.ENVIRONMENT.master_key)
    return {one.check.name: one for one in run(check_all("delivery", keyring=keyring, most=most)) if not one.holds}


def shown(*bought: cast.Bought) -> list[tuple[object, ...]]:
    """What is said of orders."""
    return [(ids.show("ord", one.order_id), one.order.title, "艾达卡铺", 1) for one in bought]


def lose(**which: object) -> None:
    """Destroy envelopes, as undoing the batch of a content once did."""
    assert StockCode.objects.filter(**which).update(envelope=b"")


def test_every_order_that_a_lost_content_hurts_is_named_and_nothing_of_the_content(sku: Sku, alipay: Channel) -> None:
    put_content(sku, ARTBOOK)
    hurt = sold(sku, alipay, "cy", "ed", "fay")
    put_content(sku, f"{ARTBOOK}/2")
    sold(sku, alipay, "gil")
    lose(batch__sku=sku, withdrawn_at__isnull=False)
    (finding,) = found().values()
    assert finding.check.name == "delivered_can_be_read"
    assert sorted(finding.rows) == sorted(shown(*hurt))
    assert ARTBOOK not in str(finding.rows)
    assert finding.check.mend_en
    assert finding.check.mend_zh
    assert len(found(most=2)["delivered_can_be_read"].rows) == 2


def test_its_merchant_puts_it_in_word_for_word_and_everybody_reads_it_again(sku: Sku, alipay: Channel) -> None:
    put_content(sku, ARTBOOK)
    cy, ed = sold(sku, alipay, "cy", "ed")
    lose(sku=sku)
    put_content(sku, f"  {ARTBOOK}\n")
    assert (read_by(cy), read_by(ed)) == ([ARTBOOK], [ARTBOOK])
    (late,) = sold(sku, alipay, "late")
    assert read_by(late) == [ARTBOOK], "what is on offer must not be empty"
    assert StockCode.objects.count() == 1
    assert broken() == []


def test_another_text_mends_nothing_and_the_orders_stay_named(sku: Sku, alipay: Channel) -> None:
    put_content(sku, ARTBOOK)
    (cy,) = sold(sku, alipay, "cy")
    lose(sku=sku)
    put_content(sku, f"{ARTBOOK}/other")
    assert found()["delivered_can_be_read"].rows == shown(cy)


def test_a_row_that_is_gone_is_missed_too(ada: Merchant, alipay: Channel) -> None:
    (cy,) = sold(cast.ware(ada, 1).sku, alipay, "cy")
    StockCode.objects.all().delete()
    assert found()["delivered_can_be_read"].rows == shown(cy)


def test_what_was_forgotten_or_paid_back_is_not_missed(ada: Merchant, alipay: Channel) -> None:
    cy, ed = sold(cast.ware(ada, 2).sku, alipay, "cy", "ed")
    lose()
    forget_contacts([cy.order_id])
    Order.objects.filter(id=ed.order_id).update(state=OrderState.REFUNDED)
    assert "delivered_can_be_read" not in found()


def test_a_shared_content_that_does_not_open_names_all_its_orders(
    sku: Sku, alipay: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(legibility, "_TOGETHER", 1)
    put_content(sku, ARTBOOK)
    hurt = sold(sku, alipay, "cy", "ed")
    whole = put_content(sku, f"{ARTBOOK}/2")
    sold(sku, alipay, "gil")
    other = StockCode.objects.exclude(id=whole.id).get()
    StockCode.objects.filter(id=other.id).update(envelope=whole.envelope)  # bound to its own row, it opens in no other
    assert sorted(found()["delivered_opens"].rows) == sorted(shown(*hurt))


def test_no_more_is_opened_than_may_be_whatever_there_is(
    ada: Merchant, sku: Sku, alipay: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(legibility, "MOST_CONTENTS", 2)
    monkeypatch.setattr(legibility, "MOST_CODES", 3)
    sold(cast.ware(ada, 6, slug="six").sku, alipay, *"abcdef")
    for number in range(4):
        put_content(sku, f"{ARTBOOK}/{number}")
        sold(sku, alipay, f"g{number}")
    opened: list[int] = []
    monkeypatch.setattr(legibility, "_opens", lambda _ring, code_id, _envelope: opened.append(code_id) or True)
    assert found() == {}
    contents = sorted(StockCode.objects.filter(sku=sku).values_list("id", flat=True))
    assert sorted(opened)[-2:] == contents[-2:], "the newest first"
    assert len(opened) == 5


def test_of_a_table_of_a_billion_a_few_pages_by_chance_are_read() -> None:
    told: dict[str, list[Row]] = {
        legibility._KEYS: [],
        legibility._CONTENTS: [],
        legibility._HOW_MANY: [(10**9,)],
        legibility._SAMPLE: [],
    }
    flow, asked = legibility.opens(Keyring(settings.ENVIRONMENT.master_key), 20), dict[str, object]()
    query = next(flow)
    with suppress(StopIteration):
        while True:
            asked[query.sql] = query.params
            query = flow.send(told[query.sql])
    assert asked.keys() == told.keys()
    assert asked[legibility._SAMPLE] == (pytest.approx(0.0005), 5_000)


# ── what its buyer sees ───────────────────────────────────────────────────────────────────────────


def test_a_buyer_of_one_lost_code_opens_the_others_and_reads_why(
    ada: Merchant, alipay: Channel, caplog: pytest.LogCaptureFixture
) -> None:
    bought = cast.buy(cast.ware(ada, 3, sku={"max_quantity": 3}).sku, alipay, quantity=3)
    cast.pay(bought)
    before = read_by(bought)
    second = sorted(StockCode.objects.values_list("id", flat=True))[1]
    lose(id=second)
    with caplog.at_level(logging.ERROR):
        assert read_by(bought) == [before[0], before[2]]
    assert [record.message for record in caplog.records] == ["code.not_readable"]
    with pytest.raises(NotReadable):
        read_by(bought, 2)
