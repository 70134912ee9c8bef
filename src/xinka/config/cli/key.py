"""``xinka key``: another master key for the shop, and everything sealed anew with it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from xinka.config import supervisor
from xinka.config.cli.shop import must_be_a_shop, open_shop, room
from xinka.config.environment import Environment, key_in, load, read
from xinka.config.starting import see_that_it_is_ours
from xinka.engines.commands import BilingualGroup

if TYPE_CHECKING:
    from xinka.flows.master_key.resealing import Progress

_MOST_NAMED = 10
_WHAT_ENDS = (
    "Everybody is signed out, and links in mails sent so far stop working (buyers find their orders by address and "
    "password). Go on?\n所有人都会退出登录，已发邮件里的链接也会失效（买家仍可用联系方式和订单密码找到订单）。"
    "要继续吗？"
)


@click.group(cls=BilingualGroup)
def key() -> None:
    """Change the master key.

    更换主密钥。
    """


@key.command()
@click.option(
    "--to",
    "given",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file of the new key, made if there is none; only where XINKA_MASTER_KEY names the old one. "
    "/ 新密钥的文件，没有就新建；仅当旧密钥由 XINKA_MASTER_KEY 指定时使用",
)
@click.option("--yes", is_flag=True, help="Do not ask. / 不再询问")
def change(given: Path | None, *, yes: bool) -> None:
    """Give the stopped shop another master key; then start it and run `xinka key reseal`.

    更换主密钥（需要先停店，几秒钟完成），之后开店并运行 `xinka key reseal`。
    """
    environment = load()
    see_that_it_is_ours(environment)
    must_be_a_shop(environment)
    file = _next_key_file(environment, given)
    with _closed(environment), open_shop():
        if not yes:
            click.confirm(_WHAT_ENDS, abort=True)
        kept = None if given else _place_of_old(environment)
        with _gone_if_refused(file, kept):
            old, new = environment.master_key, key_in(file)
            if old == new:
                raise click.ClickException(f"{file} holds the key that is in use / {file} 里就是正在使用的密钥")
            if kept is not None and not kept.exists():
                os.link(environment.key_file, kept)
            changed = _change(old, new)
        if given is None:
            file.replace(environment.key_file)
    _say_done(environment, changed, given, kept)


def _next_key_file(environment: Environment, given: Path | None) -> Path:
    is_variable = bool(read("XINKA_MASTER_KEY"))
    if is_variable and given is None:
        raise click.ClickException(
            "XINKA_MASTER_KEY names the key, so say with --to in which file the new one shall be "
            "/ 主密钥由 XINKA_MASTER_KEY 指定，请用 --to 写明新密钥放在哪个文件"
        )
    if given is not None and not is_variable:
        raise click.ClickException(
            f"the key lies in {environment.key_file}; leave --to out / 主密钥在 {environment.key_file}，不用写 --to"
        )
    return given or environment.next_key_file


@contextmanager
def _closed(environment: Environment) -> Iterator[None]:
    """Keep the shop of this data directory from starting meanwhile."""
    try:
        with supervisor.sole_supervisor(environment.data_dir):
            yield
    except supervisor.AlreadyRunning:
        raise click.ClickException(
            "the shop is running; stop it, change the key, and start it again: this takes seconds "
            "/ 商店正在运行；请先停店，换好密钥再开店，只要几秒钟"
        ) from None


def _place_of_old(environment: Environment) -> Path:
    """Return the second name of the old key: backups made so far open with no other."""
    file, number = environment.key_file, 1
    while True:
        end = f"until-{date.today()}" + (f"-{number}" if number > 1 else "")  # noqa: DTZ011 - the operator's calendar
        kept = file.with_name(f"{file.name}.{end}")
        if not kept.exists() or kept.read_bytes() == file.read_bytes():
            return kept
        number += 1


@contextmanager
def _gone_if_refused(*files: Path | None) -> Iterator[None]:
    """Take away again what this run lays there if it is refused: it would look as if the key had changed.

    Only a refusal says for sure that the database has the old key. After anything else, as a lost connection, it may
    have the new one, so that stays, and whoever starts next finds out.
    """
    from django.db import ProgrammingError  # here, because --help does without Django

    laid = [file for file in files if file is not None and not file.exists()]
    try:
        yield
    except (click.ClickException, ProgrammingError):
        for file in laid:
            file.unlink(missing_ok=True)
        raise


def _change(old: bytes, new: bytes) -> Any:
    from xinka.platform.vault.envelope import EnvelopeError  # here, because --help does without it

    changing = room("xinka.flows.master_key.changing")
    try:
        return changing.change_master_key(old, new)
    except changing.ShopIsOpen as error:
        names = ", ".join(error.args)
        raise click.ClickException(
            f"parts of the shop are still connected to the database ({names}); stop them first. Nothing was changed. "
            f"/ 商店还有进程连着数据库（{names}），请先停掉；没有做任何改动。"
        ) from None
    except EnvelopeError as error:
        raise click.ClickException(f"{error}\nNothing was changed. / 没有做任何改动。") from None


def _say_done(environment: Environment, changed: Any, given: Path | None, kept: Path | None) -> None:
    n = changed.n_keys
    click.echo(f"{n} keys are sealed with the new master key / {n} 个数据密钥已改用新的主密钥")
    if changed.damaged:
        click.echo(
            "These second factors could not be read before and cannot be now; take them off in the office / "
            f"这些账号的两步验证之前就读不出来，请在后台移除：{', '.join(changed.damaged[:_MOST_NAMED])}",
            err=True,
        )
    if given:
        click.echo(f"1. Put what is in {given} into XINKA_MASTER_KEY / 把 {given} 的内容写进 XINKA_MASTER_KEY")
    else:
        click.echo(f"1. Copy {environment.key_file} to your safe / 把 {environment.key_file} 备份到安全的地方")
    old = kept or "XINKA_MASTER_KEY"
    click.echo(
        f"2. Keep the old one ({old}) beside the backups made so far, and nowhere else: only it opens them / "
        f"旧密钥（{old}）只和以前的备份放在一起：那些备份只有它能打开\n"
        "3. Start the shop / 开店\n"
        "4. Run `xinka key reseal` while it sells / 开店后运行 `xinka key reseal`，不影响营业"
    )


@key.command()
def reseal() -> None:
    """Seal everything anew and destroy the keys of before; the shop may sell, and a run that was cut off goes on.

    用新的密钥重新加密全部内容并销毁旧的数据密钥；不影响营业，中断后再运行会接着做。
    """
    from xinka.config.behind import BEHIND_ALL, BEHIND_THE_TILL, connections_step_behind, lead_a_session, step_behind

    lead_a_session()
    with open_shop():
        step_behind(BEHIND_ALL)  # after the shop is open: its database must not inherit this
        connections_step_behind(BEHIND_THE_TILL)
        resealing = room("xinka.flows.master_key.resealing")
        columns = _follow(resealing.reseal())
        staying = resealing.destroy_unused(room("xinka.stock.actions").keys_of_waiting_files())
    damaged = [f"{one.place} {name}" for one in columns for name in one.damaged]
    n_done = sum(one.done for one in columns)
    click.echo(f"{n_done} sealed anew / {n_done} 条已重新加密")
    if damaged:
        shown = "\n".join(f"    {one}" for one in damaged[:_MOST_NAMED])
        raise click.ClickException(
            f"{len(damaged)} do not open, because they were changed or moved; their keys are kept "
            f"/ 有 {len(damaged)} 条打不开（被改动或移动过），相应密钥保留\n{shown}"
        )
    if staying:
        click.echo(
            f"Kept for uploads that wait to be imported: {len(staying)}; run this again in a day "
            f"/ 还有等待导入的文件在用 {len(staying)} 个旧密钥，请过一天再运行一次"
        )
        return
    click.echo("Keys of before are destroyed / 以前的数据密钥已销毁")


def _follow(steps: Iterator[Progress]) -> list[Progress]:
    """Draw how far it is; return what there is to say of each column."""
    from rich.console import Console  # here, because --help does without it
    from rich.progress import Progress as Bar

    columns: dict[str, Progress] = {}
    with Bar(console=Console(stderr=True), transient=True) as bar:
        tasks = {}
        for step in steps:
            name = str(step.place)
            if name not in tasks:
                tasks[name] = bar.add_task(name)
            columns[name] = step
            bar.update(tasks[name], total=step.total, completed=step.done + len(step.damaged))
    return list(columns.values())
