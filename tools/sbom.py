"""What the shop is made of, as a CycloneDX list, and which of it has a known hole: ``python -m tools.sbom``.

    python -m tools.sbom                        writes the list of requirements/production.txt to standard output
    python -m tools.sbom --advisories DIR       compares it with advisories in OSV form (*.yaml, *.json) below DIR

Advisories are a copy that somebody fetched (a checkout of github.com/pypa/advisory-database): this asks no network. A
copy whose newest line is older than 60 days, or an empty one, is refused, so that silence never means "nobody looked".
The exit code is 1 when a package has a known hole, 2 when nothing could be said.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

ROOT = Path(__file__).resolve().parents[1]
LOCKED = ROOT / "requirements" / "production.txt"
OLDEST = timedelta(days=60)
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[a-z,]+\])?==([^\s;\\]+)", re.MULTILINE)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


class Package(NamedTuple):
    """One package of the locked list."""

    name: str
    version: str
    hashes: tuple[str, ...]


class Useless(Exception):
    """The advisories say nothing about today."""


def locked(text: str) -> list[Package]:
    """Return the packages of a locked list, by name."""
    found = list(_PINNED.finditer(text))
    ends = [one.start() for one in found[1:]] + [len(text)]
    return sorted(
        Package(str(canonicalize_name(one[1])), one[2], tuple(_HASH.findall(text[one.end() : end])))
        for one, end in zip(found, ends, strict=True)
    )


def bill(packages: list[Package], version: str) -> dict[str, Any]:
    """Return them as a CycloneDX 1.6 document; the same list gives the same document."""
    components = [_component(one) for one in packages]
    name = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps([version, components], sort_keys=True))
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{name}",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "xinka", "version": version, "bom-ref": "xinka"}},
        "components": components,
    }


def _component(package: Package) -> dict[str, Any]:
    address = f"pkg:pypi/{package.name}@{package.version}"
    component: dict[str, Any] = {
        "type": "library",
        "bom-ref": address,
        "name": package.name,
        "version": package.version,
        "purl": address,
        "hashes": [{"alg": "SHA-256", "content": one} for one in package.hashes],
    }
    if licence := _licence(package.name):
        component["licenses"] = [{"license": {"name": licence}}]
    return component


def _licence(name: str) -> str:
    try:
        told = metadata(name)
    except PackageNotFoundError:
        return ""
    return str(told.get("License-Expression") or told.get("License") or "").partition("\n")[0][:120]


def holes(packages: list[Package], advisories: Path, today: datetime) -> list[str]:
    """Return a line for each known hole in one of the packages.

    Raises:
        Useless: if there are no advisories, or none of the last sixty days.
    """
    versions = {one.name: one.version for one in packages}
    newest, found = datetime.min.replace(tzinfo=UTC), set()
    for advisory in _advisories(advisories):
        newest = max(newest, _moment(advisory.get("modified")))
        if advisory.get("withdrawn"):
            continue
        for affected in advisory.get("affected", ()):
            name = str(canonicalize_name(affected.get("package", {}).get("name", "")))
            if name in versions and _touches(affected, versions[name]):
                found.add(f"{name} {versions[name]}: {advisory['id']}")
    if newest < today - OLDEST:
        raise Useless(f"no advisory below {advisories} is of the last {OLDEST.days} days")
    return sorted(found)


def _advisories(place: Path) -> Iterator[dict[str, Any]]:
    for path in place.rglob("*"):
        if path.suffix in {".yaml", ".json"} and path.is_file():
            told = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
            if isinstance(told, dict) and "affected" in told and "id" in told:
                yield told


def _moment(told: object) -> datetime:
    moment = told if isinstance(told, datetime) else datetime.fromisoformat(str(told or "0001-01-01"))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _touches(affected: dict[str, Any], version: str) -> bool:
    if version in affected.get("versions", ()):
        return True
    ranges = [one for one in affected.get("ranges", ()) if one.get("type") in {"ECOSYSTEM", "SEMVER"}]
    return any(_within(one.get("events", ()), Version(version)) for one in ranges)


def _within(events: list[dict[str, str]], version: Version) -> bool:
    """Say whether a version is in one of the ranges that events open and close, in their order."""
    inside = False
    for event in events:
        ((kind, told),) = event.items()
        try:
            at = Version("0" if told == "0" else told)
        except InvalidVersion:
            return True
        if kind == "introduced" and version >= at:
            inside = True
        elif (kind == "fixed" and version >= at) or (kind == "last_affected" and version > at):
            inside = False
    return inside


def main() -> int:
    """Write the list, or what is known about it; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--advisories", type=Path, metavar="DIR")
    options = parser.parse_args()
    packages = locked(LOCKED.read_text(encoding="utf-8"))
    if options.advisories is None:
        from xinka import __version__

        sys.stdout.write(json.dumps(bill(packages, __version__), indent=1, ensure_ascii=False) + "\n")
        return 0
    try:
        found = holes(packages, options.advisories, datetime.now(UTC))
    except Useless as why:
        sys.stderr.write(f"{why}\n")
        return 2
    sys.stdout.write("".join(f"{line}\n" for line in found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
