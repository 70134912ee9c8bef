"""EMAIL_URL is read in one way, and a wrong one says what is wrong without repeating the password."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from xinka.platform.mail.address import BadMailUrl, django_settings


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example", ("mail.example", 25, "", "", False, False)),
        ("smtp://127.0.0.1:2525", ("127.0.0.1", 2525, "", "", False, False)),
        ("smtps://dee:p%40ss%2F@mail.example", ("mail.example", 465, "dee", "p@ss/", True, False)),
        ("smtp+starttls://dee:pw@mail.example", ("mail.example", 587, "dee", "pw", False, True)),
    ],
)
def test_smtp_in_its_three_forms(url: str, expected: tuple[object, ...]) -> None:
    read = django_settings(url)
    names = ("HOST", "PORT", "HOST_USER", "HOST_PASSWORD", "USE_SSL", "USE_TLS")
    assert tuple(read[f"EMAIL_{name}"] for name in names) == expected
    assert read["EMAIL_TIMEOUT"] == 15


def test_a_folder() -> None:
    read = django_settings("file:///srv/xinka/mail")
    assert read == {
        "EMAIL_BACKEND": "xinka.platform.mail.folder.EmailBackend",
        "EMAIL_FILE_PATH": "/srv/xinka/mail",
    }


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mail.example",
        "http://mail.example",
        "smtp://",
        "file://",
        "smtp://h:port",
        "smtp://u:s3cret/x@h",
        "smtp://h/p",
    ],
)
def test_anything_else_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(BadMailUrl) as caught:
        django_settings(url)
    assert "s3cret" not in caught.value.why_en + caught.value.why_zh


@pytest.mark.parametrize("sign", "/?#")
def test_a_sign_of_addresses_in_a_password_is_answered_with_how_to_write_it(sign: str) -> None:
    """What follows it is no part of the host any more, so that the password would be read as a port."""
    with pytest.raises(BadMailUrl) as caught:
        django_settings(f"smtps://dee:s3cret{sign}word@mail.example:465")
    assert "%2F %3F %23" in caught.value.why_en
    assert "%2F %3F %23" in caught.value.why_zh
    assert "s3cret" not in caught.value.why_en + caught.value.why_zh


def test_a_wrong_address_stops_the_start_by_its_name(tmp_path: Path) -> None:
    environment = {**os.environ, "EMAIL_URL": "pigeon://roof", "XINKA_DATA_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", "import xinka.config.settings"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("xinka: EMAIL_URL: must be like smtp")
    assert "信卡：EMAIL_URL" in done.stderr
