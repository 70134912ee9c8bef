"""A wheel of the checkout holds what the engines read, and its commands need the base dependencies alone.

Nothing is fetched: the locked build backend builds it, and it runs beside the packages that are here. An import of any
package that is not among the base dependencies (Django, say) fails as if the package were not there.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from importlib.metadata import PathDistribution, distribution, packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
DATA = ("packs/*.yml", "tables/*.json", "tables/*.bin", "model/weights.bin", "model/card.json")
PROGRAM = """
import sys

allowed, wheel = set(sys.argv[1].split(",")) | sys.stdlib_module_names | {"xinka"}, sys.argv[2]


class OnlyBase:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in allowed:
            raise ModuleNotFoundError(f"No module named {name!r}: not a base dependency", name=name)


sys.meta_path.insert(0, OnlyBase())
sys.path.insert(0, wheel)
sys.argv[:] = ["xinka", *sys.argv[3:]]
import xinka

assert xinka.__file__.startswith(wheel), xinka.__file__
from xinka.config.cli import main

main()
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", place],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (file,) = place.glob("*.whl")
    with zipfile.ZipFile(file) as packed:
        packed.extractall(place / "site")
    return place / "site"


def base_dependencies(wheel: Path) -> Iterator[str]:
    """Yield the names of the distributions that ``pip install xinka`` without extras brings."""
    (metadata,) = wheel.glob("*.dist-info")
    waiting, seen = list(PathDistribution(metadata).requires or ()), set()
    while waiting:
        requirement = Requirement(waiting.pop())
        name = canonicalize_name(requirement.name)
        if name in seen or (requirement.marker and not requirement.marker.evaluate({"extra": ""})):
            continue
        seen.add(name)
        yield name
        waiting += distribution(name).requires or ()


def run(wheel: Path, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    base = set(base_dependencies(wheel))
    names = [
        name
        for name, owners in packages_distributions().items()
        if any(canonicalize_name(owner) in base for owner in owners)
    ]
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, ",".join(names), str(wheel), *arguments],
        input=given,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        cwd=wheel.parent,
        env={**os.environ, "XINKA_CACHE": str(wheel.parent / "cache")},
    )


def test_every_pack_table_and_weight_of_the_checkout_is_in_the_wheel(wheel: Path) -> None:
    for engine, patterns in (("textguard", DATA), ("lookalike", ("tables/*.bin",))):
        source, packed = ROOT / "src/xinka/engines" / engine, wheel / "xinka/engines" / engine
        for pattern in patterns:
            files = sorted(source.glob(pattern))
            assert files, pattern
            for file in files:
                assert (packed / file.relative_to(source)).read_bytes() == file.read_bytes(), file


def test_the_shop_in_the_wheel_speaks_chinese(wheel: Path) -> None:
    found = {file.relative_to(wheel) for file in wheel.rglob("*.mo")}
    assert found >= {file.relative_to(ROOT / "src") for file in (ROOT / "src").rglob("*.mo")} != set()


def test_the_shop_is_out_of_reach_of_the_base_dependencies(wheel: Path) -> None:
    done = run(wheel, "manage", "check")
    assert done.returncode == 2
    assert done.stderr.startswith("Error: this command needs the whole shop, and django is not installed")


def test_texts_are_judged_from_the_wheel(wheel: Path) -> None:
    done = run(wheel, "guard", "text", given=json.dumps({"id": 1, "text": "出售QQ老号 加V：abc_12345"}))
    assert (done.returncode, done.stderr) == (0, "")
    answer = json.loads(done.stdout)
    assert answer["decision"] == "block"
    assert answer["masks"] == [{"start": 10, "end": 19, "kind": "wechat"}]


def test_names_are_judged_from_the_wheel(wheel: Path, tmp_path: Path) -> None:
    official = tmp_path / "official.txt"
    official.write_text("支付宝客服\n", encoding="utf-8")
    done = run(wheel, "guard", "names", "--official", str(official), given=json.dumps({"id": 1, "name": "支付宝容服"}))
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["decision"] == "impostor"


def test_the_log_explains_itself_from_the_wheel(wheel: Path) -> None:
    done = run(wheel, "log", "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert all(command in done.stdout for command in ("append", "checkpoint", "prove", "verify"))
