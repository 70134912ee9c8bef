"""``xinka guard names|domains|avatars``: lines in, lines out, a wrong one named and the rest answered."""

import json
from pathlib import Path

from click.testing import CliRunner
from PIL import Image, ImageDraw

from xinka.engines.guard import guard


def ask(command: str, official: Path, *lines: str) -> tuple[int, list[dict[str, object]], str]:
    result = CliRunner().invoke(guard, [command, "--official", str(official)], input="\n".join(lines))
    return result.exit_code, [json.loads(line) for line in result.stdout.splitlines()], result.stderr


def test_names_are_answered_in_order_with_the_fields_promised(tmp_path: Path) -> None:
    official = tmp_path / "official.txt"
    official.write_text("支付宝客服\talipay\nSteam Support\n", encoding="utf-8")
    code, found, errors = ask(
        "names",
        official,
        '{"id": 1, "name": "支付宝容服"}',
        '{"id": 2, "name": "小王"}',
        '{"id": 3, "name": "支付宝客服", "owner": "alipay"}',
        '{"id": 4, "name": "支付宝客服", "owner": "eve"}',
    )
    assert (code, errors) == (0, "")
    assert found[0] == {
        "id": 1,
        "decision": "impostor",
        "score": 0.999,
        "official": "支付宝客服",
        "reasons": ["“容”形似“客” / 容 looks like 客"],
    }
    assert found[1] == {"id": 2, "decision": "clear", "score": 0.0, "official": None, "reasons": []}
    assert [(one["id"], one["decision"]) for one in found[2:]] == [(3, "clear"), (4, "impostor")]


def test_a_wrong_line_is_named_and_the_rest_is_answered(tmp_path: Path) -> None:
    official = tmp_path / "official.txt"
    official.write_text("Steam Support\n", encoding="utf-8")
    code, found, errors = ask("names", official, "{", '{"id": 2}', '{"id": 3, "name": "Stearn Support"}')
    assert (code, [one["official"] for one in found]) == (1, ["Steam Support"])
    assert "line 1 / 第 1 行" in errors
    assert "line 2 / 第 2 行: `name` is missing" in errors


def test_domains_addresses_and_senders_are_answered(tmp_path: Path) -> None:
    official = tmp_path / "official.txt"
    official.write_text("discord.com\n", encoding="utf-8")
    code, found, errors = ask(
        "domains",
        official,
        '{"id": 1, "domain": "dlscord.com"}',
        '{"id": 2, "url": "https://discord.com/login"}',
        '{"id": 3, "sender": "discord.com <a@evil.ru>"}',
        '{"id": 4}',
        '{"id": 5, "sender": "a@discord.com", "reply_to": "b@evil.ru"}',
        '{"id": 6, "sender": "a@discord.com", "reply_to": 7}',
        '{"id": 7, "sender": "a@discord.com", "reply_to": null}',
    )
    assert code == 1
    assert [one["decision"] for one in found] == ["impostor", "clear", "impostor", "review", "clear"]
    assert "line 4" in errors
    assert "line 6 / 第 6 行: `reply_to` must be a text" in errors


def test_pictures_are_answered_and_what_is_none_is_named(tmp_path: Path) -> None:
    official = tmp_path / "official"
    (official / "ada").mkdir(parents=True)
    picture = Image.new("RGB", (120, 120), "navy")
    ImageDraw.Draw(picture).polygon([(10, 20), (110, 50), (40, 110)], fill="orange")
    picture.save(official / "ada" / "logo.png")
    picture.rotate(90).save(tmp_path / "asked.png")
    (tmp_path / "text.png").write_text("no picture")
    code, found, errors = ask(
        "avatars",
        official,
        json.dumps({"id": 1, "path": str(tmp_path / "asked.png")}),
        json.dumps({"id": 2, "path": str(tmp_path / "asked.png"), "owner": "ada"}),
        json.dumps({"id": 3, "path": str(tmp_path / "text.png")}),
    )
    assert code == 1
    assert [(one["decision"], one["official"]) for one in found] == [
        ("impostor", "ada/logo.png"),
        ("clear", "ada/logo.png"),
    ]
    assert "line 3" in errors


def test_a_registry_that_cannot_be_read_is_refused_with_its_line(tmp_path: Path) -> None:
    official = tmp_path / "official.txt"
    official.write_bytes("微信团队\n支付宝客服\n".encode("gbk"))
    assert ask("names", official, '{"name": "支付宝容服"}')[:2] == (2, [])
    official.write_bytes("微信团队\n".encode() + "支付宝客服\n".encode("gbk"))
    code, found, errors = ask("names", official, '{"name": "支付宝容服"}')
    assert (code, found) == (2, [])
    assert (
        "official.txt: line 2 is not UTF-8; save the file as UTF-8 / 第 2 行不是 UTF-8，请把文件另存为 UTF-8" in errors
    )


def test_a_registry_without_a_name_is_refused(tmp_path: Path) -> None:
    official = tmp_path / "official.txt"
    official.write_text("\ufeff\n \t\n", encoding="utf-8")
    code, found, errors = ask("domains", official, '{"domain": "a.example"}')
    assert (code, found) == (2, [])
    assert "official.txt: holds no official name; write one a line / 没有官方名称，请每行写一个" in errors


def test_official_pictures_none_of_which_can_be_read_are_refused(tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"no picture")
    code, found, errors = ask("avatars", tmp_path, '{"path": "x.png"}')
    assert (code, found) == (2, [])
    assert "broken.png: no picture" in errors
    assert f"{tmp_path.name}: holds no official picture / 没有可用的官方图片" in errors


def test_an_official_domain_that_could_never_be_found_ends_the_command(tmp_path: Path) -> None:
    official = tmp_path / "official.txt"
    for useless in ("..", "co.uk", "https://", "10.0.0.1"):
        official.write_text(f"discord.com\n{useless}\n", encoding="utf-8")
        code, found, errors = ask("domains", official, '{"id": 1, "domain": "dlscord.com"}')
        assert (code, found) == (2, [])
        assert f"official.txt: `{useless}` is no domain" in errors
        assert "不是域名" in errors
