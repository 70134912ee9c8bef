"""Static files under names that carry their hash."""

from __future__ import annotations

from pathlib import Path

import pytest

from xinka.platform.look.storage import HashedFiles


@pytest.fixture
def files(tmp_path: Path) -> HashedFiles:
    (tmp_path / "xinka.css").write_text("a {}", encoding="ascii")
    return HashedFiles(location=tmp_path, base_url="/static/")


def test_without_a_manifest_the_plain_name_is_shown(files: HashedFiles) -> None:
    assert files.url("xinka.css") == "/static/xinka.css"


def test_with_a_manifest_the_hashed_name_is_shown_each_time(files: HashedFiles) -> None:
    files.hashed_files = {"xinka.css": "xinka.0123456789ab.css"}
    assert [files.url("xinka.css") for _ in range(2)] == ["/static/xinka.0123456789ab.css"] * 2


def test_a_name_shown_plain_before_there_was_a_manifest_is_hashed_after(files: HashedFiles) -> None:
    assert files.url("xinka.css") == "/static/xinka.css"
    files.hashed_files = {"xinka.css": "xinka.0123456789ab.css"}
    assert files.url("xinka.css") == "/static/xinka.0123456789ab.css"
