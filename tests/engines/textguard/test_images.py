"""QR codes in pictures and where they lead."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import pytest
import segno
from PIL import Image, ImageFilter

from xinka.engines.textguard.images import judge_picture, judge_target, ocr


def _code(content: str, scale: int = 6) -> Image.Image:
    drawn = BytesIO()
    segno.make(content, error="m").save(drawn, kind="png", scale=scale, border=4)
    return Image.open(BytesIO(drawn.getvalue())).convert("RGB")


def _file(picture: Image.Image, kind: str = "PNG") -> bytes:
    written = BytesIO()
    picture.save(written, kind)
    return written.getvalue()


@pytest.mark.parametrize(
    ("content", "kind", "decision"),
    [
        ("wxp://f2f0abcdefg", "payment", "block"),
        ("https://qr.alipay.com/fkx12345", "payment", "block"),
        ("HTTPS://QR.ALIPAY.COM/FKX12345", "payment", "block"),
        ("bitcoin:bc1qxyz?amount=1", "wallet", "block"),
        ("https://u.wechat.com/abc", "chat", "review"),
        ("https://t.me/joinchat/abc", "chat", "review"),
        ("https://example.com/setup.APK", "programme", "review"),
        ("http://192.0.2.7/pay", "page", "review"),
        ("https://bit.ly/3x", "page", "review"),
        ("https://alipay.com@evil.example/", "page", "review"),
        ("https://shop.example/p/1", "page", "allow"),
        ("https://cdn.shop.example/p/1", "page", "allow"),
        ("https://shop.example.evil.example/p/1", "page", "review"),
        ("https://qr.alipay.com.evil.example/x", "page", "review"),
        ("http://[::1", "page", "review"),
        ("ABCD-EFGH-1234", "text", "allow"),
    ],
)
def test_a_target_is_judged_by_where_it_leads(content: str, kind: str, decision: str) -> None:
    target = judge_target(content, own_domains={"shop.example"})
    assert (target.kind, target.decision) == (kind, decision)


def test_the_domain_is_the_part_that_somebody_registered() -> None:
    assert judge_target("https://a.b.example.com.cn/x").domain == "example.com.cn"


def test_a_page_under_the_name_of_another_names_the_real_one() -> None:
    assert judge_target("https://alipay.com.login.evil.example/").en.endswith("evil.example")


@pytest.mark.parametrize("turn", [0, 17, 90, 200])
def test_a_code_is_found_however_it_is_turned(turn: int) -> None:
    sheet = Image.new("RGB", (900, 700), "#dfe7ef")
    sheet.paste(_code("wxp://f2f0abcdefg").rotate(turn, expand=True, fillcolor="white"), (200, 120))
    verdict = judge_picture(_file(sheet.filter(ImageFilter.GaussianBlur(1)), "JPEG"))
    assert [(code.content, code.target.kind) for code in verdict.codes] == [("wxp://f2f0abcdefg", "payment")]
    assert verdict.decision == "block"


def test_the_corners_are_those_of_the_original_picture() -> None:
    sheet = Image.new("RGB", (4000, 3000), "white")
    code = _code("https://shop.example/", scale=12)
    sheet.paste(code, (1500, 900))
    (found,) = judge_picture(_file(sheet)).codes
    assert all(1500 <= x <= 1500 + code.width and 900 <= y <= 900 + code.height for x, y in found.corners)


def test_the_strictest_of_several_codes_decides() -> None:
    sheet = Image.new("RGB", (1400, 500), "white")
    sheet.paste(_code("https://shop.example/"), (20, 20))
    sheet.paste(_code("alipays://platformapi/startapp?x=1"), (800, 20))
    verdict = judge_picture(_file(sheet), own_domains={"shop.example"})
    assert sorted(code.target.decision for code in verdict.codes) == ["allow", "block"]
    assert verdict.decision == "block"


def test_a_picture_without_codes_is_allowed() -> None:
    assert judge_picture(_file(Image.new("RGB", (300, 200), "#446688"))).decision == "allow"


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"<svg/>", bytes(range(256)) * 40])
def test_what_is_no_picture_goes_to_a_person(data: bytes) -> None:
    verdict = judge_picture(data)
    assert (verdict.decision, verdict.problem) == (
        "review",
        ("无法识别的图片文件", "not a picture that can be read"),
    )


def test_a_small_file_that_claims_a_huge_picture_is_not_decoded() -> None:
    verdict = judge_picture(_file(Image.new("1", (30_000, 30_000))))
    assert verdict.decision == "review"
    assert verdict.problem is not None


def test_the_command_names_the_files_that_cannot_be_read(tmp_path: Path) -> None:
    good = tmp_path / "code.png"
    good.write_bytes(_file(_code("https://t.me/x")))
    lines = [json.dumps({"id": 1, "path": str(good)}), json.dumps({"id": 2, "path": str(tmp_path / "none.png")})]
    done = subprocess.run(
        [sys.executable, "-m", "xinka.config.cli", "guard", "images"],
        input="\n".join(lines),
        capture_output=True,
        text=True,
        check=False,
    )
    (answer,) = map(json.loads, done.stdout.splitlines())
    assert (answer["id"], answer["decision"], answer["codes"][0]["kind"]) == (1, "review", "chat")
    assert done.returncode == 1
    assert "line 2 / 第 2 行:" in done.stderr


@pytest.mark.parametrize("command", ["images", "avatars"])
def test_a_pipe_or_a_device_among_the_pictures_is_named_and_holds_nothing_up(tmp_path: Path, command: str) -> None:
    official = tmp_path / "official"
    official.mkdir()
    (official / "code.png").write_bytes(_file(_code("https://t.me/x")))
    os.mkfifo(official / "pipe.png")
    lines = [json.dumps({"id": 1, "path": path}) for path in (str(official / "pipe.png"), "/dev/zero", str(tmp_path))]
    asked = ["--official", str(official)] if command == "avatars" else []
    done = subprocess.run(
        [sys.executable, "-m", "xinka.config.cli", "guard", command, *asked],
        input="\n".join(lines),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stdout) == (1, "")
    told = [line for line in done.stderr.splitlines() if line.startswith("line ")]
    assert len(told) == len(lines)
    assert all("not a file / 不是普通文件" in line for line in told)


@pytest.mark.skipif(ocr.is_installed(), reason="says what happens without the extra")
def test_without_the_extra_the_command_says_what_to_install() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "xinka.config.cli", "guard", "images", "--ocr"],
        input="",
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "reading text in pictures needs the extra `ocr`" in done.stderr
