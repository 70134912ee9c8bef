"""A virus scanner, once named, has to agree: what it objects to, and what it says nothing about, is not taken."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from tests.platform.files.clamd import EICAR, Clamd
from tests.platform.files.samples import PDF, jpeg, png
from xinka.platform.files.actions import Handed, make_harmless
from xinka.platform.files.errors import FileInfected, FileTooLarge, ScannerSilent
from xinka.platform.files.scanning import Scanner, scan, scanner_at


@pytest.fixture(params=["unix", "tcp"])
def clamd(request: pytest.FixtureRequest, tmp_path: Path, settings: Settings) -> Iterator[Clamd]:
    """A scanner that the shop is told of."""
    found = Clamd(tmp_path / "clamd.ctl" if request.param == "unix" else None)
    settings.CLAMD = scanner_at(found.address)
    yield found
    found.close()


def test_every_file_is_scanned_as_it_came_in_before_it_is_changed(clamd: Clamd) -> None:
    photo, large = jpeg(), PDF.replace(b"\n1 0", b"\n%" + b"x" * 300_000 + b"\n1 0")
    made = make_harmless([Handed("a.jpg", photo), Handed("b.pdf", large)])
    assert clamd.files == [photo, large], "in several pieces, and put together again byte for byte"
    assert made[0].content != photo
    assert made[1].content == large


def test_what_the_scanner_finds_is_refused_by_name_and_the_others_with_it(clamd: Clamd) -> None:
    with pytest.raises(FileInfected) as refused:
        make_harmless([Handed("good.png", png()), Handed("../evil.txt", EICAR), Handed("third.png", png())])
    assert "“evil”" in refused.value.message("en")
    assert "Eicar" not in refused.value.message("en"), "what was found is for the log"
    assert len(clamd.files) == 2


def test_no_scanner_named_is_no_scanner_asked(clamd: Clamd, settings: Settings) -> None:
    settings.CLAMD = None
    (made,) = make_harmless([Handed("a.txt", EICAR)])
    assert made.content == EICAR
    assert clamd.files == []


def test_a_file_beyond_the_limits_is_not_even_scanned(clamd: Clamd) -> None:
    with pytest.raises(FileTooLarge):
        make_harmless([Handed("a.txt", b"a" * (8 * 1024 * 1024 + 1))])
    assert clamd.files == []


@pytest.mark.parametrize(
    "says",
    [
        b"",
        b"stream: OK",
        b"stream: OK\n",
        b"INSTREAM: Can't allocate memory ERROR\0",
        b"UNKNOWN COMMAND\0",
        b"\0",
        b"stream: OK FOUND OK\0",
        b"OK\0",
        b"x" * 5000 + b"\0",
    ],
)
def test_anything_but_a_plain_yes_is_no(clamd: Clamd, says: bytes) -> None:
    clamd.says = says
    with pytest.raises(ScannerSilent) as refused:
        make_harmless([Handed("a.png", png())])
    assert refused.value.status == 503
    assert "Nothing was saved" in refused.value.message("en")
    assert "什么都没有保存" in refused.value.message("zh-hans")


def test_a_scanner_that_never_answers_is_waited_for_no_longer_than_said(clamd: Clamd, settings: Settings) -> None:
    clamd.says = b"never"
    with pytest.raises(ScannerSilent):
        scan(settings.CLAMD, [("a", png())], total_seconds=0.2)


def test_a_file_beyond_the_scanners_own_limit_is_not_taken(clamd: Clamd) -> None:
    clamd.most = 100_000
    with pytest.raises(ScannerSilent):
        make_harmless([Handed("a.txt", b"a" * 2_000_000)])


@pytest.mark.parametrize("scanner", [Scanner(path="/nowhere/clamd.ctl"), Scanner(host="127.0.0.1", port=1)])
def test_a_scanner_that_is_not_there_lets_nothing_in(settings: Settings, scanner: Scanner) -> None:
    settings.CLAMD = scanner
    with pytest.raises(ScannerSilent):
        make_harmless([Handed("a.png", png())])


@pytest.mark.parametrize(
    ("text", "scanner"),
    [
        ("", None),
        (" ", None),
        ("/run/clamav/clamd.ctl", Scanner(path="/run/clamav/clamd.ctl")),
        ("unix:/run/clamav/clamd.ctl", Scanner(path="/run/clamav/clamd.ctl")),
        ("127.0.0.1:3310", Scanner(host="127.0.0.1", port=3310)),
        ("tcp://clamd.example:3310", Scanner(host="clamd.example", port=3310)),
        ("[::1]:3310", Scanner(host="::1", port=3310)),
    ],
)
def test_the_setting_names_a_socket_or_a_host_with_its_port(text: str, scanner: Scanner | None) -> None:
    assert scanner_at(text) == scanner


@pytest.mark.parametrize(
    "text", ["clamd", "clamd:", "clamd:0", "clamd:70000", "http://clamd:3310/", "run/clamd.ctl", "1"]
)
def test_a_setting_that_names_neither_stops_the_start(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        scanner_at(text)
    tried = subprocess.run(
        [sys.executable, "-c", "import xinka.config.dispute_settings"],
        env=os.environ | {"XINKA_CLAMD": text},
        capture_output=True,
        text=True,
        check=False,
    )
    assert tried.returncode == 1
    assert "XINKA_CLAMD" in tried.stderr
