"""The page about what is decided for security names every key, and its numbers are those of the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

from xinka.accounts.validators import LEAST_LENGTH, MOST_LENGTH
from xinka.desk.uploads import MAX_UPLOAD
from xinka.merchants.models import Role
from xinka.merchants.policies import DUTIES
from xinka.payouts.details import SCOPE as PAYOUTS
from xinka.platform.files.actions import FILES, MAX_FILES, MAX_SIZE, MAX_TOGETHER
from xinka.platform.vault.envelope import derived_for_index
from xinka.platform.vault.keys import CHANNELS, CONTACTS
from xinka.shop.lookup_limits import FIND_CONTACT, FIND_PLACE

ROOT = Path(__file__).resolve().parent.parent
ENGLISH, CHINESE = (ROOT / "docs" / "operate" / name for name in ("security.md", "zh/security.md"))
_MEGABYTE = 1024 * 1024
_PURPOSE = re.compile(r"(?:\bderive\(|\b_PURPOSE = )f?\"([a-z-]+/?)")
page = pytest.mark.parametrize("page", [ENGLISH, CHINESE], ids=["english", "chinese"])


def purposes() -> set[str]:
    """Return what keys are derived for, as the code names it; what has parts ends with a stroke."""
    sources = [one for one in (ROOT / "src" / "xinka").rglob("*.py") if "engines" not in one.parts]
    found = {name for one in sources for name in _PURPOSE.findall(one.read_text(encoding="utf-8"))}
    return found | {derived_for_index("")}


@page
def test_every_key_has_its_line_and_no_other(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    table = text[: text.index("AES-256-GCM")]
    named = {name.removesuffix("…") for name in re.findall(r"`([a-z-]+(?:/…)?)`", table)}
    assert {"sessions", "mfa-seeds", "backup/", "blind-index/", "order-access"} <= purposes()
    assert named == purposes() | {CONTACTS, CHANNELS, PAYOUTS, FILES}


@page
def test_what_clerks_may_do_is_what_they_may_do(page: Path) -> None:
    [line] = [one for one in page.read_text(encoding="utf-8").split("\n\n") if "`see_team`" in one]
    assert set(re.findall(r"`(\w+)`", line)) == {str(duty) for duty in DUTIES[Role.CLERK]}


def test_its_numbers_are_those_of_the_code() -> None:
    text = " ".join(ENGLISH.read_text(encoding="utf-8").split())
    limits = settings.ACCOUNT_RATE_LIMITS
    (idle, most), (staff_idle, staff_most) = settings.SESSION_LIMITS, settings.SESSION_LIMITS_STAFF
    assert f"{LEAST_LENGTH} to {MOST_LENGTH} characters" in text
    assert (limits["login"], limits["login_failed"]) == ("30/m/ip", "20/m/ip,5/300s/key")
    assert "5 wrong ones in 5 minutes for an address, 20 a minute from a place; 30 tries a minute from a place" in text
    assert limits["request_login_code"].endswith("3/m/key,20/d/key")
    assert "3 mails a minute and 20 a day for an address" in text
    assert (limits["second_step"], limits["second_step_unmailed"]) == ("50/d/key", "5/d/key")
    assert "50 a day; the owner is told after 5 in a day" in text
    assert f"{FIND_PLACE[0]} in {FIND_PLACE[1] // 60} minutes from a place" in text
    assert f"{FIND_CONTACT[0]} in {FIND_CONTACT[1] // 60} minutes for a contact" in text
    assert f"after {idle.days} days without a visit and after {most.days} days in any case" in text
    assert f"after {staff_idle.seconds // 3600} hour and {staff_most.seconds // 3600} hours" in text
    assert f"{MAX_UPLOAD // _MEGABYTE} MB" in text
    assert f"{MAX_SIZE // _MEGABYTE} MB each, {MAX_FILES} files, {MAX_TOGETHER // _MEGABYTE} MB together" in text
