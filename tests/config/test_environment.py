"""A wrong setting names itself; secrets come from files; the master key is made once and is its owner's alone."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from xinka.config import environment
from xinka.config.database_url import as_django
from xinka.config.environment import BadEnvironment, load


@pytest.fixture(autouse=True)
def _own_data_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XINKA_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("DATABASE_URL", raising=False)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("XINKA_SITE_URL", "shop.example"),
        ("XINKA_SITE_URL", "ftp://shop.example"),
        ("XINKA_SITE_URL", "https://"),
        ("XINKA_DEBUG", "maybe"),
        ("XINKA_DEBUG_FILE", "/nowhere/at/all"),
    ],
)
def test_a_wrong_value_names_its_variable(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(BadEnvironment, match=f"xinka: {name}: .*\n信卡：{name}："):
        load()


@pytest.mark.parametrize(
    ("site", "may"),
    [("https://shop.example", False), ("http://192.0.2.7:8000", False), ("http://127.0.0.1.shop.example", False),
     ("http://localhost:8000", True), ("http://[::1]:8000", True)],
)  # fmt: skip
def test_what_shows_the_inside_is_on_for_this_machine_alone(
    site: str, monkeypatch: pytest.MonkeyPatch, *, may: bool
) -> None:
    monkeypatch.setenv("XINKA_SITE_URL", site)
    assert not load().debug
    monkeypatch.setenv("XINKA_DEBUG", "1")
    if may:
        assert load().debug
    else:
        with pytest.raises(BadEnvironment, match="xinka: XINKA_DEBUG: "):
            load()


@pytest.mark.parametrize("value", ["0", "-1", "1.5", "１", "many", ""])
def test_a_number_is_a_plain_one_and_not_too_small(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XINKA_TILL_WORKERS", value)
    with pytest.raises(BadEnvironment, match="XINKA_TILL_WORKERS"):
        environment.read_int("XINKA_TILL_WORKERS", 1, least=1)


def test_a_secret_may_lie_in_a_file_which_wins_over_the_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "url").write_text("postgresql://cy@db.example/shop\n", encoding="utf-8")
    monkeypatch.setenv("DATABASE_URL_FILE", str(tmp_path / "url"))
    monkeypatch.setenv("DATABASE_URL", "postgresql://eve@elsewhere/shop")
    assert load().database_url.partition("?")[0] == "postgresql://cy@db.example/shop"


def test_the_master_key_is_made_once_even_by_many_at_the_same_time(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: load().master_key, range(8)))
    assert keys == {load().master_key}
    assert stat.S_IMODE((tmp_path / "master.key").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["master.key"]


@pytest.mark.parametrize("text", ["abc", "0" * 63, "z" * 64, "0" * 66])
def test_a_malformed_master_key_stops_the_start_without_being_shown(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XINKA_MASTER_KEY", text)
    with pytest.raises(BadEnvironment) as refused:
        _ = load().master_key
    assert text not in str(refused.value)


def test_keys_for_different_purposes_differ_and_stay_the_same() -> None:
    assert load().derive("cookies") == load().derive("cookies") != load().derive("mail")


def test_a_database_url_reaches_django_with_its_socket_and_options(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://cy:p%40ss@/shop?host=/var/lib/x%20y&sslmode=disable")
    settings = as_django(load())
    found = {name: settings[name] for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT")}
    assert found == {"NAME": "shop", "USER": "cy", "PASSWORD": "p@ss", "HOST": "/var/lib/x y", "PORT": ""}
    assert settings["OPTIONS"]["sslmode"] == "disable"


def test_another_database_than_postgresql_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "mysql://cy@db.example/shop")
    with pytest.raises(BadEnvironment, match="DATABASE_URL"):
        as_django(load())
