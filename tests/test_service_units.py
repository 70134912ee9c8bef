"""The units that come with the shop confine it, start what there is, and each of their lines is explained."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
OPERATE = ROOT / "docs" / "operate"
UNITS = OPERATE / "systemd"
#: Without one of these a process that was taken over reaches more than the shop needs.
CONFINING = {
    "NoNewPrivileges": ["yes"],
    "CapabilityBoundingSet": [""],
    "ProtectSystem": ["strict"],
    "ProtectHome": ["yes"],
    "PrivateTmp": ["yes"],
    "PrivateDevices": ["yes"],
    "ProtectProc": ["invisible"],
    "ProcSubset": ["pid"],
    **{f"Protect{what}": ["yes"] for what in ("Clock", "Hostname", "ControlGroups")},
    **{f"ProtectKernel{what}": ["yes"] for what in ("Logs", "Modules", "Tunables")},
    "RestrictAddressFamilies": ["AF_UNIX AF_INET AF_INET6"],
    **{f"Restrict{what}": ["yes"] for what in ("Namespaces", "Realtime", "SUIDSGID")},
    "LockPersonality": ["yes"],
    "MemoryDenyWriteExecute": ["yes"],
    "SystemCallArchitectures": ["native"],
    "SystemCallFilter": ["@system-service", "~@privileged"],
    "SystemCallErrorNumber": ["EPERM"],
    "UMask": ["0077"],
}


def lines_of(name: str) -> dict[str, list[str]]:
    """Return what a unit says, by the name of the line; some stand there more than once."""
    found: dict[str, list[str]] = {}
    for key, value in re.findall(r"^(\w+)=(.*)$", (UNITS / name).read_text(encoding="utf-8"), re.MULTILINE):
        found.setdefault(key, []).append(value)
    return found


def test_shop_and_backup_reach_the_same_and_no_more() -> None:
    """The same also because each must see whether the other's database runs."""
    shop, backup = lines_of("xinka.service"), lines_of("xinka-backup.service")
    for unit in (shop, backup):
        assert {key: unit.get(key) for key in CONFINING} == CONFINING
        assert unit["User"] == ["xinka"]
        assert "AmbientCapabilities" not in unit
    assert shop["ReadWritePaths"] == ["/var/lib/xinka"]
    assert backup["ReadWritePaths"] == ["/var/lib/xinka /srv/backups"]


def test_what_would_put_the_database_at_risk_is_not_there() -> None:
    """Namespaces of their own hide what PostgreSQL, or the shop, tells two servers on the same files apart by."""
    for unit in (lines_of("xinka.service"), lines_of("xinka-backup.service")):
        assert not {"PrivateIPC", "PrivateUsers", "PrivatePIDs"} & set(unit)
    assert lines_of("xinka.service")["KillMode"] == ["mixed"], "SIGTERM is for the supervisor, who ends all in order"
    assert "time-sync.target" in lines_of("xinka.service")["After"][0]


@pytest.mark.parametrize("page", [OPERATE / "install.md", OPERATE / "zh" / "install.md"], ids=["english", "chinese"])
def test_what_each_line_costs_is_told(page: Path) -> None:
    told = set(re.findall(r"`(\w+)=[^`]*`", page.read_text(encoding="utf-8")))
    assert {*CONFINING, "ReadWritePaths"} <= told
