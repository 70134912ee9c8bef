"""Mail into a folder: whole files, for their owner alone, the same name for the same letter."""

from __future__ import annotations

import stat
from email import message_from_bytes, policy
from pathlib import Path

from django.core.mail import EmailMessage, get_connection
from pytest_django import Settings


def _send(folder: Path, settings: Settings, message_id: str, body: str) -> None:
    settings.EMAIL_FILE_PATH = str(folder)
    connection = get_connection("xinka.platform.mail.folder.EmailBackend")
    message = EmailMessage(
        "你好", body, to=["cy@example.com"], headers={"Message-ID": message_id}, connection=connection
    )
    assert message.send() == 1


def test_each_letter_is_one_file_and_a_repeated_one_replaces_it(tmp_path: Path, settings: Settings) -> None:
    _send(tmp_path, settings, "<1@x>", "first")
    _send(tmp_path, settings, "<1@x>", "again")
    _send(tmp_path, settings, "<2@x>", "other")
    files = sorted(tmp_path.iterdir())
    assert [file.suffix for file in files] == [".eml", ".eml"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    mails = [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]
    assert {str(mail.get_content()).strip() for mail in mails} == {"again", "other"}  # type: ignore[attr-defined]
    assert {str(mail["Subject"]) for mail in mails} == {"你好"}
