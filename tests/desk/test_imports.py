"""Codes come in at the desk: a file or pasted lines, a preview, a report, and the way back."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from tests.cast import adas_shop, ware
from xinka.accounts.models import User
from xinka.flows import stocking
from xinka.merchants.models import Merchant
from xinka.stock import withdrawing
from xinka.stock.actions import reading_of
from xinka.stock.models import BatchState, StockBatch, StockCode, UnsoldCode

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Merchant:
    return adas_shop()


@pytest.fixture
def ada(shop: Merchant) -> Client:
    browser = Client()
    browser.force_login(User.objects.get(email="ada@ada-cards.example"))
    return browser


def test_a_file_goes_through_preview_and_job_into_stock(shop: Merchant, ada: Client) -> None:
    made = ware(shop, ["OLDER-CODE-0001"])
    lines = [
        "SECRET-CODE-0001",
        "SECRET-CODE-0002",
        "SECRET-CODE-0001",
        "OLDER-CODE-0001",
        "bad\x01",
        "卡密一二三四五六",
    ]
    text = "\r\n".join(lines)
    file = SimpleUploadedFile("codes.txt", text.encode("gb18030"), "text/plain")
    answer = ada.post(f"/desk/{shop.slug}/stock/{made.sku.id}/import", {"file": file})
    batch = StockBatch.objects.get(state=BatchState.WAITING)
    assert answer["Location"] == f"/desk/{shop.slug}/imports/{batch.id}"
    page = ada.get(answer["Location"]).content.decode()
    assert "GBK" in page
    assert "SECR •••• 0001" in page
    assert "SECRET-CODE" not in page
    assert StockCode.objects.count() == 1
    ada.post(f"/desk/{shop.slug}/imports/{batch.id}/confirm", {"reading": reading_of(batch)})
    assert jobs("stock.import") == [str(batch.id)]
    assert "hx-get" in ada.get(answer["Location"]).content.decode()
    stocking.import_batch(batch.id)
    batch.refresh_from_db()
    assert (batch.n_lines, batch.n_added, batch.n_repeated, batch.n_known, batch.n_invalid) == (6, 3, 1, 1, 1)
    report = ada.get(answer["Location"]).content.decode()
    assert "hx-get" not in report
    codes = ada.get(f"/desk/{shop.slug}/imports/{batch.id}/codes").content.decode()
    assert "SECR •••• 0002" in codes
    assert "SECRET-CODE" not in codes


def test_pasted_lines_are_kept_when_nothing_can_be_read(shop: Merchant, ada: Client) -> None:
    made = ware(shop)
    answer = ada.post(f"/desk/{shop.slug}/stock/{made.sku.id}/import", {"pasted": "  "})
    assert answer.status_code == 422
    answer = ada.post(f"/desk/{shop.slug}/stock/{made.sku.id}/import", {"pasted": "A1\nB2"})
    assert answer.status_code == 302
    assert not list(stocking.actions.sealed_files()._directory.glob("*.tmp"))


def test_the_preview_names_the_lines_that_are_skipped_and_calls_none_of_them_new(shop: Merchant, ada: Client) -> None:
    made = ware(shop, ["OLDER-CODE-0001"])
    ada.cookies["xk_lang"] = "en"
    later = [f"PLAIN-CODE-{n:04d}" for n in range(20)]
    text = "\n".join(["SECRET-CODE-0001", "OLDER-CODE-0001", "SECRET-CODE-0001", *later, "PLAIN-CODE-0007"])
    page = ada.post(f"/desk/{shop.slug}/stock/{made.sku.id}/import", {"pasted": text}, follow=True).content.decode()
    shown = re.findall(r'data-label="Line">(\d+)</td><td class="(?:ok|wait)">([^<]+)<', page)
    assert shown[:4] == [
        ("3", "repeated in the file, skipped"),
        ("24", "repeated in the file, skipped"),
        ("1", "to import"),
        ("2", "in the vault, skipped"),
    ]
    assert [line for line, _ in shown[4:]] == ["4", "5", "6", "7", "8", "9"]
    assert "21 to import" in page


def test_the_preview_says_what_becomes_of_the_columns(shop: Merchant, ada: Client) -> None:
    made = ware(shop)
    text = "卡号,密码,备注,余额\nN1,P1,hello,5\n"
    file = SimpleUploadedFile("cards.csv", text.encode(), "text/csv")
    page = ada.post(f"/desk/{shop.slug}/stock/{made.sku.id}/import", {"file": file}, follow=True).content.decode()
    assert "合成一条卡密：卡号 + 密码。" in page
    assert "买家也拿不到：余额。" in page
    assert "标签买家看得到" in page
    plain = SimpleUploadedFile("cards.csv", b"code\nN1\n", "text/csv")
    page = ada.post(f"/desk/{shop.slug}/stock/{made.sku.id}/import", {"file": plain}, follow=True).content.decode()
    assert not any(words in page for words in ("合成一条卡密", "买家也拿不到", "标签买家看得到"))


def test_a_file_and_pasted_lines_at_once_are_not_chosen_between(shop: Merchant, ada: Client) -> None:
    made = ware(shop)
    address = f"/desk/{shop.slug}/stock/{made.sku.id}/import"
    file = SimpleUploadedFile("codes.txt", b"FROM-THE-FILE", "text/plain")
    answer = ada.post(address, {"file": file, "pasted": "PASTED-LINE"})
    page = answer.content.decode()
    assert (answer.status_code, StockBatch.objects.filter(state=BatchState.WAITING).count()) == (422, 0)
    assert "文件和粘贴只能用一种" in page
    assert "PASTED-LINE</textarea>" in page


def test_an_empty_file_is_called_empty(shop: Merchant, ada: Client) -> None:
    made = ware(shop)
    file = SimpleUploadedFile("codes.txt", b"", "text/plain")
    answer = ada.post(f"/desk/{shop.slug}/stock/{made.sku.id}/import", {"file": file})
    assert (answer.status_code, StockBatch.objects.filter(state=BatchState.WAITING).count()) == (422, 0)
    assert "这个文件是空的" in answer.content.decode()


@pytest.mark.parametrize("content", [b"\n\r\n   \n\n", b"\xef\xbb\xbf", "\u3000\n".encode("gbk")])
def test_a_file_of_blank_lines_is_refused_and_no_batch_is_left_behind(
    shop: Merchant, ada: Client, content: bytes
) -> None:
    made = ware(shop)
    file, before = SimpleUploadedFile("codes.txt", content, "text/plain"), sealed_names()
    answer = ada.post(f"/desk/{shop.slug}/stock/{made.sku.id}/import", {"file": file})
    assert (answer.status_code, StockBatch.objects.filter(state=BatchState.WAITING).count()) == (422, 0)
    assert "没有卡密：是空的" in answer.content.decode()
    assert sealed_names() == before


def test_a_file_of_column_names_alone_says_so_and_may_be_read_otherwise(shop: Merchant, ada: Client) -> None:
    made = ware(shop)
    file = SimpleUploadedFile("codes.csv", "卡密,备注\n".encode(), "text/csv")
    page = ada.post(f"/desk/{shop.slug}/stock/{made.sku.id}/import", {"file": file}, follow=True).content.decode()
    assert "只有列名" in page
    assert "自己选列" in page
    assert "/confirm" not in page
    assert 'data-label="行"' not in page, "no table without a row"


def test_an_import_that_was_not_confirmed_is_found_again_at_its_variant(shop: Merchant, ada: Client) -> None:
    made = ware(shop)
    batch = stocking.receive(made.sku.id, [b"A1"], name="left-behind.txt", by_id=None)
    page = ada.get(f"/desk/{shop.slug}/stock/{made.sku.id}").content.decode()
    assert f'href="/desk/{shop.slug}/imports/{batch.id}"' in page
    assert "left-behind.txt" in page
    assert "等你确认" in page


def test_the_step_moves_on_while_the_page_is_looked_at(shop: Merchant, ada: Client) -> None:
    made = ware(shop)
    batch = stocking.import_text("A\nB", made.sku.id)
    fragment = ada.get(f"/desk/{shop.slug}/imports/{batch.id}/progress").content.decode()
    assert re.search(r'<li[^>]*aria-current="step"[^>]*>\s*完成', fragment)


def test_undo_and_withdrawal_from_the_desk(shop: Merchant, ada: Client) -> None:
    made = ware(shop)
    batch = stocking.import_text("A\nB\nC", made.sku.id)
    first = StockCode.objects.get(id=batch.first_code_id)
    ada.post(f"/desk/{shop.slug}/imports/{batch.id}/withdraw", {"code": [str(first.id), "x", "-1"]})
    assert UnsoldCode.objects.count() == 2
    address = f"/desk/{shop.slug}/imports/{batch.id}"
    assert ada.post(f"{address}/undo")["Location"] == address
    assert (jobs("stock.undo"), UnsoldCode.objects.count()) == ([str(batch.id)], 2)
    page = ada.get(address).content.decode()
    assert "已撤下 1 张" in page
    assert "hx-get" in page
    assert f'action="{address}/undo"' not in page
    assert (ada.post(f"{address}/undo").status_code, jobs("stock.undo")) == (409, [str(batch.id)])
    stocking.undo_import(batch.id)
    batch.refresh_from_db()
    assert (batch.state, batch.n_undone, UnsoldCode.objects.count()) == (BatchState.UNDONE, 3, 0)
    page = ada.get(address).content.decode()
    assert "没卖出的卡密都已撤下" in page
    assert "hx-get" not in page


def test_an_undo_that_stopped_says_so_and_goes_on(shop: Merchant, ada: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    made = ware(shop)
    batch = stocking.import_text("A\nB\nC", made.sku.id)
    address = f"/desk/{shop.slug}/imports/{batch.id}"
    ada.post(f"{address}/undo")
    withdraw, portions = withdrawing._withdraw_portion, iter((1,))

    def breaks_off(which: str, values: dict[str, Any]) -> list[tuple[int, int, int]]:
        for _ in portions:
            return withdraw(which, values)
        raise ConnectionError

    with monkeypatch.context() as broken:
        broken.setattr(withdrawing, "PORTION", 1)
        broken.setattr(withdrawing, "_withdraw_portion", breaks_off)
        with pytest.raises(ConnectionError):
            stocking.undo_import(batch.id)
    page = ada.get(address).content.decode()
    assert "撤下中途停止" in page
    assert f'action="{address}/undo"' in page
    assert UnsoldCode.objects.count() == 2
    assert ada.post(f"{address}/undo").status_code == 302
    stocking.undo_import(batch.id)
    batch.refresh_from_db()
    assert (batch.state, batch.problem, batch.n_undone, UnsoldCode.objects.count()) == (BatchState.UNDONE, "", 3, 0)


def sealed_names() -> set[str]:
    """Return the names of the files that wait sealed, those of other tests among them."""
    return {path.name for path in stocking.actions.sealed_files()._directory.glob("*.sealed")}


def jobs(task: str) -> list[str]:
    """Return the batches for which a job of this name is in the queue."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT args->>'batch_id' FROM procrastinate_jobs WHERE task_name = %s ORDER BY id", [task])
        return [row[0] for row in cursor.fetchall()]


@pytest.mark.parametrize(("typed", "kept"), [("  ", ""), ("卡" * 6000, "卡" * 6000)])
def test_a_content_that_cannot_be_is_refused_beside_its_field_and_kept(
    shop: Merchant, ada: Client, typed: str, kept: str
) -> None:
    made = ware(shop, sku={"mode": "reusable", "max_quantity": 1})
    answer = ada.post(f"/desk/{shop.slug}/stock/{made.sku.id}/content", {"content": typed})
    assert (answer.status_code, UnsoldCode.objects.count()) == (422, 0)
    page = answer.content.decode()
    assert 'id="content_error"' in page
    assert "最多 16,384 字节" in page
    assert f"{kept}</textarea>" in page


def test_codes_are_not_offered_to_be_withdrawn_where_none_can_be(shop: Merchant, ada: Client) -> None:
    made = ware(shop)
    batch = stocking.import_text("A\nB", made.sku.id)
    address = f"/desk/{shop.slug}/imports/{batch.id}/codes"
    assert "btn bad" in ada.get(address).content.decode()
    withdrawing.undo_batch(batch)
    assert "btn bad" not in ada.get(address).content.decode()


def test_the_content_of_a_reusable_variant_is_sealed_and_offered(shop: Merchant, ada: Client) -> None:
    made = ware(shop, sku={"mode": "reusable", "max_quantity": 1})
    ada.post(f"/desk/{shop.slug}/stock/{made.sku.id}/content", {"content": "https://example.com/file"})
    code = StockCode.objects.get()
    assert b"example.com" not in bytes(code.envelope)
    assert UnsoldCode.objects.get().code_id == code.id
    assert ada.get(f"/desk/{shop.slug}/stock/{made.sku.id}/import").status_code == 409
