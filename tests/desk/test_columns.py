"""The choice of columns at the desk: a file is read anew, and only what the last preview showed is imported."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from tests.cast import adas_shop, ware
from xinka.accounts.models import User
from xinka.flows import stocking
from xinka.merchants.models import Merchant
from xinka.platform.vault.keys import open_envelope
from xinka.stock.importing.sealing import code_place
from xinka.stock.models import BatchState, StockBatch, StockCode

pytestmark = pytest.mark.django_db

ROWS = "77,PINPINPIN-0001,CARDCARD-0001,2027-01-31\n78,PINPINPIN-0002,CARDCARD-0002,2027-01-31\n"


@pytest.fixture
def shop() -> Merchant:
    return adas_shop()


@pytest.fixture
def ada(shop: Merchant) -> Client:
    browser = Client(headers={"accept-language": "en"})
    browser.force_login(User.objects.get(email="ada@ada-cards.example"))
    return browser


@pytest.fixture
def batch(shop: Merchant) -> StockBatch:
    return stocking.receive(ware(shop).sku.id, [ROWS.encode()], name="cards.csv", by_id=None)


def _page(ada: Client, batch: StockBatch) -> str:
    return ada.get(f"/desk/ada-cards/imports/{batch.id}").content.decode()


def _choose(ada: Client, batch: StockBatch, **fields: str) -> int:
    told = {"separator": "comma", "shown": "comma", "joined_by": "space"} | fields
    return ada.post(f"/desk/ada-cards/imports/{batch.id}/columns", told).status_code


def _confirm(ada: Client, batch: StockBatch, page: str) -> None:
    found = re.search(r'name="reading" value="(\w+)"', page)
    assert found is not None
    ada.post(f"/desk/ada-cards/imports/{batch.id}/confirm", {"reading": found[1]})


def _stored() -> list[tuple[bytes, str, str]]:
    return [
        (bytes(open_envelope(bytes(code.envelope), code_place(code.id))), code.label, str(code.expires_on))
        for code in StockCode.objects.order_by("id")
    ]


def test_columns_chosen_by_hand_are_what_is_previewed_and_sold(ada: Client, batch: StockBatch) -> None:
    assert "more columns than the first line" in _page(ada, batch)
    other = {"joined_by": "other", "other": " / "}
    assert _choose(ada, batch, column1="2", column2="1", column3="expires", **other) == 302
    page = _page(ada, batch)
    assert "CARD •••• 0001" in page
    assert "Joined to one code: #3 + #2." in page
    assert "PINPINPIN-0001" not in page
    _confirm(ada, batch, page)
    stocking.import_batch(batch.id)
    assert _stored() == [
        (b"CARDCARD-0001 / PINPINPIN-0001", "", "2027-01-31"),
        (b"CARDCARD-0002 / PINPINPIN-0002", "", "2027-01-31"),
    ]


def test_names_we_do_not_know_are_shown_and_no_column_is_anything_until_it_is_said(shop: Merchant, ada: Client) -> None:
    text = "编号,卡片密文,卡片,截止\n1,PINPINPIN-0001,CARDCARD-0001,2027/1/31\n"
    batch = stocking.receive(ware(shop).sku.id, [text.encode("gbk")], name="cards.csv", by_id=None)
    page = _page(ada, batch)
    assert "卡片密文" in page
    assert "2027/1/31" in page
    assert " checked" in page
    assert not re.search(r'<option value="(1|label|expires)" selected', page)
    assert "No line can be imported" in page
    assert 'name="reading"' not in page


def test_eight_digits_that_may_be_a_password_are_not_shown(shop: Merchant, ada: Client) -> None:
    text = "编号,卡片,密文\n1,CARDCARD-0001,20280229\n"
    batch = stocking.receive(ware(shop).sku.id, [text.encode()], name="cards.csv", by_id=None)
    assert "20280229" not in _page(ada, batch)


def test_the_first_line_of_a_file_without_names_is_not_shown(shop: Merchant, ada: Client) -> None:
    text = "CODEFIRST-AAAA,b\nCODESECOND-AAAA,c\n"
    batch = stocking.receive(ware(shop).sku.id, [text.encode()], name="cards.csv", by_id=None)
    assert "CODEFIRST" not in _page(ada, batch)


def test_a_preview_that_is_no_longer_true_cannot_be_confirmed(ada: Client, batch: StockBatch) -> None:
    _choose(ada, batch, column1="1")
    old = _page(ada, batch)
    _choose(ada, batch, column2="1")
    _confirm(ada, batch, old)
    ada.post(f"/desk/ada-cards/imports/{batch.id}/confirm")
    batch.refresh_from_db()
    assert batch.state == BatchState.WAITING
    assert "chosen anew after this preview" in _page(ada, batch)
    _confirm(ada, batch, _page(ada, batch))
    batch.refresh_from_db()
    assert batch.state == BatchState.IMPORTING


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"column0": "label"}, "Say which column is the code"),
        ({"column0": "1", "column1": "1"}, "Two columns are the same"),
        ({"column0": "1", "column1": "label", "column2": "label"}, "Two columns are the same"),
        ({"column0": "1", "joined_by": "other", "other": "\x01"}, "Only signs that can be seen"),
    ],
)
def test_a_choice_that_is_not_clear_keeps_what_was_chosen_and_offers_no_import(
    ada: Client, batch: StockBatch, fields: dict[str, str], words: str
) -> None:
    told = {"separator": "comma", "shown": "comma", "joined_by": "space"} | fields
    answer = ada.post(f"/desk/ada-cards/imports/{batch.id}/columns", told)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page
    assert page.count(" selected>") >= len(fields)
    assert 'name="reading"' not in page
    batch.refresh_from_db()
    assert batch.columns == {}


def test_pasted_lines_can_be_taken_for_columns_and_back(shop: Merchant, ada: Client) -> None:
    text = "user1----pass1----mail1\nuser2----pass2----mail2"
    batch = stocking.receive(ware(shop).sku.id, [text.encode()], name="", by_id=None)
    _choose(ada, batch, separator="dashes", shown="line")
    page = _page(ada, batch)
    assert 'name="column2"' in page
    assert not re.search(r'<option value="(1|label|expires)" selected', page)
    assert 'name="reading"' not in page
    _choose(ada, batch, separator="dashes", shown="dashes", joined_by="dashes", column0="1", column1="2")
    assert "Joined to one code: #1 + #2." in _page(ada, batch)
    _choose(ada, batch, separator="line", shown="dashes")
    page = _page(ada, batch)
    assert 'name="column0"' not in page
    _confirm(ada, batch, page)
    stocking.import_batch(batch.id)
    assert [code for code, _label, _day in _stored()] == [line.encode() for line in text.split("\n")]


def test_an_import_under_way_is_not_read_otherwise(ada: Client, batch: StockBatch) -> None:
    _choose(ada, batch, column1="1")
    _confirm(ada, batch, _page(ada, batch))
    before = StockBatch.objects.values_list("columns", flat=True).get(id=batch.id)
    assert _choose(ada, batch, column2="1") == 409
    assert StockBatch.objects.values_list("columns", flat=True).get(id=batch.id) == before
