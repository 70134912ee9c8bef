"""``scripts/setup`` where something is missing: what it installs as root, what it says elsewhere, and never half."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
#: What the script itself needs of a Debian with next to nothing on it.
_BARE = (
    "bash",
    "env",
    "cat",
    "cut",
    "dirname",
    "find",
    "grep",
    "mkdir",
    "mv",
    "rm",
    "sha256sum",
    "touch",
    "chmod",
    "cp",
)

#: A Python that makes an environment out of itself, and whose pip reaches no index unless a file says that it does.
_PYTHON = """#!/bin/bash
case "$*" in
*"import ensurepip"*) [ ! -e {place}/no-venv ]; exit ;;
*"import pip"*) exit 0 ;;
*sysconfig*) mkdir -p {place}/site; echo {place}/site; exit ;;
"-m venv "*) mkdir -p "$3/bin"; cp "$0" "$3/bin/python"; exit ;;
"-m pip "*) echo pip >>{place}/called; [ -e {place}/net ]; exit ;;
esac
exec {python} "$@"
"""


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A checkout's script on a machine of its own: ``bin`` is all that is on its path, ``called`` what was called."""
    checkout, bare = tmp_path / "checkout", tmp_path / "bin"
    (checkout / "scripts").mkdir(parents=True)
    (checkout / "src").mkdir()
    bare.mkdir()
    shutil.copy(ROOT / "scripts" / "setup", checkout / "scripts")
    shutil.copytree(ROOT / "requirements", checkout / "requirements")
    for name in _BARE:
        (bare / name).symlink_to(shutil.which(name) or name)
    _program(bare / "python", _PYTHON.format(place=tmp_path, python=sys.executable))
    _program(bare / "apt-get", f'#!/bin/bash\necho "apt-get $*" >>{tmp_path}/called\n')
    return tmp_path


def _program(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)


def _set_up(machine: Path, part: str, *, root: bool) -> subprocess.CompletedProcess[str]:
    _program(machine / "bin" / "id", f"#!/bin/bash\necho {0 if root else 1000}\n")
    environment = {"PATH": str(machine / "bin"), "PYTHON": str(machine / "bin" / "python"), "HOME": str(machine)}
    command = [str(machine / "checkout" / "scripts" / "setup"), part]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)


def _called(machine: Path) -> str:
    file = machine / "called"
    return file.read_text(encoding="utf-8") if file.exists() else ""


@pytest.mark.parametrize(
    ("part", "packages"),
    [
        ("browser", "chromium fontconfig fonts-noto-cjk"),
        ("interop", "nodejs npm golang-go"),
        ("production", "python3-venv"),
        ("development", "python3-venv"),
    ],
)
def test_who_is_not_root_reads_in_both_languages_what_to_install(machine: Path, part: str, packages: str) -> None:
    (machine / "no-venv").touch()
    done = _set_up(machine, part, root=False)
    assert done.returncode == 1
    assert f"Please install: {packages}" in done.stderr
    assert f"sudo apt-get install {packages}" in done.stderr
    assert f"请先安装：{packages}" in done.stderr
    assert done.stderr.count("Please install") == 1, "and nothing else is tried after that"
    assert _called(machine) == ""
    assert not (machine / "checkout" / ".venv").exists()


@pytest.mark.parametrize(
    ("part", "packages"), [("browser", "chromium fontconfig fonts-noto-cjk"), ("production", "python3-venv")]
)
def test_root_has_it_installed(machine: Path, part: str, packages: str) -> None:
    (machine / "no-venv").touch()
    done = _set_up(machine, part, root=True)
    assert f"apt-get install -y -qq --no-install-recommends {packages}\n" in _called(machine)
    assert f"Installing {packages} … / 正在安装 {packages} …" in done.stderr


def test_packages_that_did_not_come_leave_no_mark_of_success_and_are_fetched_again(machine: Path) -> None:
    stamp = machine / "checkout" / ".venv" / ".xinka-production"
    for n_tries in (1, 2):
        done = _set_up(machine, "production", root=False)
        assert done.returncode == 1, "a shop would start without its packages"
        assert "The packages did not come" in done.stderr
        assert "依赖没有装成" in done.stderr
        assert not stamp.exists()
        assert _called(machine).count("pip") == 2 * n_tries, "uv itself, then the list"
    (machine / "net").touch()
    assert _set_up(machine, "production", root=False).returncode == 0
    assert stamp.exists()
    assert "Setting up" not in _set_up(machine, "production", root=False).stderr, "the second time costs nothing"


def test_a_part_that_does_not_exist_is_refused_with_those_that_do(machine: Path) -> None:
    done = _set_up(machine, "everything", root=False)
    assert done.returncode == 2
    assert "production | development | training | browser | interop" in done.stderr


def test_the_script_is_one_that_people_can_run() -> None:
    for name in ("scripts/setup", "scripts/check", ".ci/run"):
        assert os.access(ROOT / name, os.X_OK), name
