"""``xinka stock import`` puts a file into the vault and says what became of its lines."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests import cast
from xinka.config.behind import BEHIND_ALL
from xinka.config.cli import main
from xinka.platform.vault.keys import open_envelope
from xinka.stock.actions import sealed_files
from xinka.stock.importing.sealing import code_place
from xinka.stock.models import StockBatch, StockCode, UnsoldCode

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def steps_back(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """By how much the command stepped back; really, it would take the whole test process with it."""
    taken: list[int] = []
    monkeypatch.setattr("xinka.config.behind.step_behind", taken.append)
    monkeypatch.setattr("xinka.config.behind.connections_step_behind", lambda _: None)
    monkeypatch.setattr("xinka.config.behind.lead_a_session", lambda: None)
    return taken


def _import(file: Path, sku: int, *options: str) -> Result:
    return CliRunner().invoke(main, ["stock", "import", str(file), "--sku", str(sku), *options], env={**os.environ})


def test_the_codes_of_a_file_are_stocked_and_repeated_lines_are_told(tmp_path: Path, steps_back: list[int]) -> None:
    sku = cast.ware(cast.adas_shop(), 0).sku.id
    file = tmp_path / "codes.txt"
    file.write_text("AAAA-1111\nBBBB-2222\nAAAA-1111\n", encoding="utf-8")
    result = _import(file, sku)
    assert result.exit_code == 0, result.output
    assert "2 added / 已入库, 0 known already / 已存在, 1 repeated" in result.output
    assert UnsoldCode.objects.filter(sku_id=sku).count() == 2
    assert steps_back == [BEHIND_ALL]


def test_a_bar_shows_how_far_it_is_and_leaves_the_answer_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # as if the test were a terminal
    sku = cast.ware(cast.adas_shop(), 0).sku.id
    file = tmp_path / "codes.txt"
    file.write_text("".join(f"BAR{n:06}\n" for n in range(2_000)), encoding="utf-8")
    result = _import(file, sku)
    assert result.exit_code == 0, result.output
    assert "Importing / 正在导入" in result.stderr
    assert "100%" in result.stderr
    assert "正在导入" not in result.stdout
    assert "2000 added" in result.stdout


@pytest.mark.parametrize("options", [(), ("--preview",)])
def test_a_line_that_cannot_be_sold_is_named_with_its_reason_in_both_languages(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    sku = cast.ware(cast.adas_shop(), 0).sku.id
    file = tmp_path / "codes.csv"
    file.write_text("code,expires_on\nAAAA-1111,2020-01-31\nBBBB-2222,\n\x07CCCC,\n", encoding="utf-8")
    result = _import(file, sku, *options)
    assert result.exit_code == 0, result.output
    assert "Line 2 has expired already / 第 2 行：已经过期\n" in result.output
    assert "Line 4 has a control character / 第 4 行：含控制字符\n" in result.output
    assert "2 not usable" in result.output
    assert "CCCC" not in result.output, "what is wrong with a code is told without it"


@pytest.mark.parametrize("options", [(), ("--preview",)])
def test_of_many_lines_that_cannot_be_sold_the_rest_is_counted(tmp_path: Path, options: tuple[str, ...]) -> None:
    sku = cast.ware(cast.adas_shop(), 0).sku.id
    file = tmp_path / "codes.txt"
    file.write_text("AAAA-1111\n" + "\x07\n" * 73, encoding="utf-8")
    result = _import(file, sku, *options)
    assert result.output.count("has a control character") == 10
    assert "… and 63 more lines / 另外还有 63 行\n" in result.output


@pytest.mark.parametrize("options", [(), ("--preview",)])
@pytest.mark.parametrize(
    ("name", "text"), [("a.txt", ""), ("a.txt", "\ufeff"), ("a.txt", "\r\n \n\n"), ("a.csv", "\ncode,label\n\n")]
)
def test_a_file_without_a_code_is_no_success_and_leaves_nothing_behind(
    tmp_path: Path, name: str, text: str, options: tuple[str, ...]
) -> None:
    sku = cast.ware(cast.adas_shop(), 0).sku.id
    file, before = tmp_path / name, set(sealed_files()._directory.glob("*.sealed"))
    file.write_text(text, encoding="utf-8")
    result = _import(file, sku, *options)
    assert result.exit_code == 1
    assert "There is no code in it: it is empty" in result.output
    assert "没有卡密" in result.output
    assert not StockBatch.objects.filter(source=name).exists()
    assert set(sealed_files()._directory.glob("*.sealed")) == before


def test_a_variant_that_does_not_exist_is_refused_in_both_languages(tmp_path: Path) -> None:
    (tmp_path / "codes.txt").write_text("AAAA-1111\n", encoding="utf-8")
    result = _import(tmp_path / "codes.txt", 4711)
    assert result.exit_code == 1
    assert " / " in result.output
    assert "address of its stock page" in result.output, "and where its number is found"
    assert "Traceback" not in result.output
    assert UnsoldCode.objects.count() == 0


def test_columns_are_chosen_by_number_and_a_preview_imports_nothing(tmp_path: Path) -> None:
    sku = cast.ware(cast.adas_shop(), 0).sku.id
    file = tmp_path / "cards.csv"
    file.write_text("1;PINPINPIN-0001;CARDCARD-0001\n", encoding="utf-8")
    options = ("--separator", "semicolon", "--code", "3,2", "--join", "----", "--label", "1")
    shown = _import(file, sku, *options, "--preview")
    assert shown.exit_code == 0, shown.output
    assert "CARD •••• 0001\t1" in shown.output
    assert "1 to import / 将入库" in shown.output
    assert not StockBatch.objects.filter(source="cards.csv").exists()
    result = _import(file, sku, *options)
    assert result.exit_code == 0, result.output
    code = StockCode.objects.get(sku_id=sku)
    assert bytes(open_envelope(bytes(code.envelope), code_place(code.id))) == b"CARDCARD-0001----PINPINPIN-0001"
    assert code.label == "1"


def test_a_column_that_is_not_there_is_refused_and_no_file_is_kept(tmp_path: Path) -> None:
    sku = cast.ware(cast.adas_shop(), 0).sku.id
    file = tmp_path / "cards.csv"
    file.write_text("AAAA,BBBB\n", encoding="utf-8")
    result = _import(file, sku, "--code", "3")
    assert result.exit_code == 1
    assert "“3” is not one of the 2 columns" in result.output
    assert "BBBB" not in result.output
    assert not StockBatch.objects.filter(source="cards.csv").exists()


def test_an_import_that_is_stopped_says_so_in_both_languages_and_the_same_file_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sku = cast.ware(cast.adas_shop(), 0).sku.id
    file = tmp_path / "codes.txt"
    file.write_text("AAAA-1111\nBBBB-2222\n", encoding="utf-8")
    with monkeypatch.context() as patch:
        patch.setattr("xinka.flows.stocking.work_off", _ctrl_c)
        stopped = _import(file, sku)
    assert stopped.exit_code == 130
    assert "stopped / 已停止" in stopped.output
    assert UnsoldCode.objects.count() == 0
    again = _import(file, sku)
    assert again.exit_code == 0, again.output
    assert "2 added" in again.output
    assert UnsoldCode.objects.filter(sku_id=sku).count() == 2


def _ctrl_c(*_: object, **__: object) -> None:
    raise KeyboardInterrupt
