"""``xinka backup`` and ``xinka restore``: the whole database into one sealed file, and back."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import click

from xinka.config.cli.shop import open_database, refusals_told
from xinka.config.environment import Environment, load
from xinka.config.starting import see_that_it_is_ours

_NAME = "xinka-%Y%m%d-%H%M%S.backup"
_ANY = "xinka-????????-??????.backup"


@click.command()
@click.argument("target", type=click.Path(path_type=Path), default=".")
@click.option(
    "--keep",
    type=click.IntRange(min=1),
    help="Remove all but the newest N backups of that directory. / 只保留最新 N 份。",
)
def backup(target: Path, keep: int | None) -> None:
    """Write a backup into a directory (named by the time) or a file; `-` is standard output.

    The shop may run meanwhile. The file is sealed with the master key, which is not in it: keep `master.key` elsewhere.

    备份整个数据库，可在营业时进行。文件用主密钥加密，文件里没有主密钥：master.key 要另外保管。
    """
    if keep is not None and not target.is_dir():
        raise click.UsageError("--keep needs a directory / --keep 要与目录一起使用")
    with _in_words(), open_database() as environment:
        from xinka.config import backups  # here, because --help does without

        if str(target) == "-":
            with _noted(environment, "-") as count:
                backups.write_backup(environment, sys.stdout.buffer, count)
            return
        file = target / datetime.now(UTC).strftime(_NAME) if target.is_dir() else target
        with _noted(environment, file.name) as count, _bar("Backing up / 正在备份") as show:
            _write_whole(file, lambda out: backups.write_backup(environment, out, _both(count, show)))
    click.echo(f"{file}  {file.stat().st_size / 1e6:.1f} MB")
    click.echo(
        "Keep the master key somewhere else: one opens nothing without the other.\n主密钥请另外保管：两者缺一不可。"
    )
    if keep is not None:
        _remove_older(target, keep)


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--check", is_flag=True, help="Only read it to its end and say whether it is whole. / 只检查文件是否完整。"
)
def restore(file: Path, check: bool) -> None:
    """Fill an empty database from a backup: all of it, or nothing.

    The master key of that time must be in place. Afterwards, `xinka check` proves that all of it agrees.

    把备份恢复到空数据库：要么全部恢复，要么什么都不改。需要当时的主密钥。恢复后请运行 `xinka check`。
    """
    from xinka.config import backups  # here, because --help does without

    with _in_words():
        environment = load()
        see_that_it_is_ours(environment)
        if not environment.has_key:
            raise click.ClickException(
                "there is no master key; put the one of that time in place as "
                f"{environment.key_file} / 没有主密钥，请先把当时的主密钥放好"
            )
        with _bar("Reading / 正在检查", file.stat().st_size) as on_progress:
            n_tables = backups.look_over(environment, file, on_progress)
        if not check:
            with (
                open_database(may_be_new=True) as opened,
                _bar("Restoring / 正在恢复", file.stat().st_size) as on_progress,
            ):
                backups.restore(opened, file, on_progress)
    if check:
        click.echo(f"whole: {n_tables} tables / 备份完整，共 {n_tables} 张表")
    else:
        click.echo(f"{n_tables} tables restored; now run `xinka check` / 已恢复 {n_tables} 张表，请运行 `xinka check`")


@contextmanager
def _noted(environment: Environment, name: str) -> Iterator[Callable[[int], None]]:
    """Have the office told what becomes of a backup; yields what counts its bytes. It is whole without that, too."""
    from psycopg import Error  # here, because --help does without

    from xinka.config import backups  # here for the same reason

    began, sizes = time.monotonic(), [0]
    whole = False
    try:
        yield sizes.append
        whole = True
    finally:
        took_ms = round((time.monotonic() - began) * 1000)
        try:
            backups.note(environment, took_ms=took_ms, written=(name, sizes[-1]) if whole else None)
        except Error as error:
            said = str(error).partition("\n")[0]
            click.echo(f"the office was not told of this backup / 没能记到后台: {said}", err=True)


def _both(first: Callable[[int], None], second: Callable[[int], None]) -> Callable[[int], None]:
    def call(done: int) -> None:
        first(done)
        second(done)

    return call


def _write_whole(file: Path, write: Callable[[BinaryIO], None]) -> None:
    """Have a file written beside its place and put there when it is whole and on the disk; nobody else may read it."""
    if file.exists():
        raise click.ClickException(f"{file} exists already; name another file / 文件已存在，请换个名字")
    draft = file.with_name(f"{file.name}.part")
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:  # noqa: PTH123 - by its number
            write(out)
            out.flush()
            os.fsync(out.fileno())
        draft.replace(file)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _remove_older(directory: Path, keep: int) -> None:
    """Remove the oldest backups that this command has named, and nothing else."""
    for file in sorted(directory.glob(_ANY))[:-keep]:
        file.unlink()
        click.echo(f"removed / 已删除: {file}")


@contextmanager
def _in_words() -> Iterator[None]:
    """Tell what went wrong in both languages."""
    try:
        with refusals_told():
            yield
    except OSError as error:  # a full disk, a directory that is not there or may not be written to
        raise click.ClickException(
            f"{error.filename or 'a file'} could not be read or written: {error.strerror or error}. Nothing was"
            " changed; see to the directory, its rights and its room, and try again"
            " / 文件读写失败，什么都没有改动；请检查目录是否存在、权限和剩余空间"
        ) from None


@contextmanager
def _bar(what: str, size: int | None = None) -> Iterator[Callable[[int], None]]:
    """Show the bytes that are done."""
    from rich.console import Console  # here, because --help does without
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

    columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=size)
        yield lambda done: bar.update(task, completed=done)
