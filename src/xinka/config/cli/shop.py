"""Gives a command the shop it shall work on: its data directory, its database and, when wanted, Django."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType

import click

from xinka.config.environment import Environment, load
from xinka.config.starting import see_that_it_is_ours, vouch_for
from xinka.platform.database.embedded import DatabaseDidNotStart, EmbeddedPostgres
from xinka.platform.logs import only_warnings

#: What a person is told whose database was never prepared, or by another version.
WRONG_TABLES = (
    "the tables are missing or not of this version; run `xinka migrate` first "
    "/ 数据表不存在或版本不符，请先运行 `xinka migrate`"
)
_OTHER_TABLES = {"UndefinedTable", "UndefinedColumn"}


def embedded_database(environment: Environment) -> EmbeddedPostgres | None:
    """Return the shop's own PostgreSQL, or ``None`` when ``DATABASE_URL`` names another one."""
    return None if environment.database_url else EmbeddedPostgres(environment.data_dir / "postgres")


def must_be_a_shop(environment: Environment) -> None:
    """Refuse a place without a shop, before an empty one with a new master key is made there by looking."""
    database = embedded_database(environment)
    if database is not None and not (database.directory / "PG_VERSION").exists():
        raise click.ClickException(
            f"there is no shop in {environment.data_dir}; XINKA_DATA_DIR or DATABASE_URL names it "
            "/ 这里没有店铺，请用 XINKA_DATA_DIR 或 DATABASE_URL 指明"
        )


@contextmanager
def open_database(*, may_be_new: bool = False) -> Iterator[Environment]:
    """Have the database running and named in the environment; a server that only this command needed ends with it.

    Only a command that begins a shop makes one where there is none: whoever forgot ``XINKA_DATA_DIR`` is told so.
    """
    environment = load()
    see_that_it_is_ours(environment)
    if not may_be_new:
        must_be_a_shop(environment)
    database = embedded_database(environment)
    os.environ["XINKA_DATA_DIR"] = str(environment.data_dir)
    if database is None:
        vouch_for(environment)
        yield environment
        return
    try:
        os.environ["DATABASE_URL"] = database.start()
    except (DatabaseDidNotStart, OSError) as error:
        raise click.ClickException(f"{error}\n数据库没有启动成功。") from None
    try:
        vouch_for(load())
        yield load()
    finally:
        database.stop()


@contextmanager
def open_shop(*, may_be_new: bool = False) -> Iterator[None]:
    """Have the database running and Django ready."""
    with open_database(may_be_new=may_be_new):
        set_up_django()
        from django.db import ProgrammingError  # here, because Django is loaded only now

        try:
            yield
        except ProgrammingError as error:
            if type(error.__cause__).__name__ not in _OTHER_TABLES:
                raise
            raise click.ClickException(WRONG_TABLES) from None
        from django.db import connections  # here, because Django is loaded only now

        connections.close_all()


@contextmanager
def refusals_told() -> Iterator[None]:
    """Say what the shop refuses in both languages, and end with status 1."""
    from xinka.kernel.errors import Refusal  # here, because --help does without it

    try:
        yield
    except Refusal as refusal:
        raise click.ClickException(f"{refusal.message('en')} / {refusal.message('zh-hans')}") from None


def set_up_django() -> None:
    """Load Django's applications."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xinka.config.settings")
    import django  # here, because most commands and every --help do without

    django.setup()
    only_warnings()


def room(name: str) -> ModuleType:
    """Import a module of the house by name once Django is ready; commands stay quick to list that way."""
    return import_module(name)
