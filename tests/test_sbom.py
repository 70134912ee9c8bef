"""The list of what the shop is made of is whole, and a known hole in it is told."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tools.sbom import LOCKED, Package, Useless, bill, holes, locked

_TODAY = datetime(2026, 12, 1, tzinfo=UTC)
_ADVISORY = """
id: PYSEC-2026-1
modified: "{modified}"
{more}
affected:
- package: {{name: Foo_Bar, ecosystem: PyPI}}
  ranges:
  - type: ECOSYSTEM
    events: [{{introduced: "0"}}, {{fixed: "1.2"}}, {{introduced: "2.0"}}, {{fixed: "2.1.5"}}]
"""


def _told(place: Path, version: str, modified: str = "2026-11-20T00:00:00Z", more: str = "") -> list[str]:
    (place / "PYSEC-2026-1.yaml").write_text(_ADVISORY.format(modified=modified, more=more))
    return holes([Package("foo-bar", version, ())], place, _TODAY)


def test_the_list_has_every_locked_package_once_with_all_its_hashes() -> None:
    text = LOCKED.read_text(encoding="utf-8")
    packages = locked(text)
    assert len(packages) == sum(line[:1].isalnum() for line in text.splitlines()) > 50
    assert sum(len(one.hashes) for one in packages) == text.count("--hash=sha256:")
    document = bill(packages, "1.0")
    assert {one["name"] for one in document["components"]} >= {"django", "psycopg", "cryptography"}
    assert len({one["purl"] for one in document["components"]}) == len(packages)
    assert document == bill(packages, "1.0")


@pytest.mark.parametrize("version", ["0.9", "1.1.9", "2.0", "2.1.4", "2.1.5rc1"])
def test_a_version_with_a_known_hole_is_told(tmp_path: Path, version: str) -> None:
    assert _told(tmp_path, version) == [f"foo-bar {version}: PYSEC-2026-1"]


@pytest.mark.parametrize("version", ["1.2", "1.9", "2.1.5", "3.0"])
def test_a_version_without_one_is_not(tmp_path: Path, version: str) -> None:
    assert _told(tmp_path, version) == []


def test_what_was_taken_back_is_no_hole(tmp_path: Path) -> None:
    assert _told(tmp_path, "1.0", more='withdrawn: "2026-11-21T00:00:00Z"') == []


def test_old_advisories_and_none_at_all_say_nothing(tmp_path: Path) -> None:
    with pytest.raises(Useless):
        holes([Package("foo-bar", "1.0", ())], tmp_path, _TODAY)
    with pytest.raises(Useless):
        _told(tmp_path, "9.0", modified="2024-10-10T00:00:00Z")
