"""``xinka migrate`` and ``xinka manage``: Django's own commands on the shop's database."""

from __future__ import annotations

import warnings
from smtplib import SMTPException

import click

from xinka.config.cli.shop import open_database, open_shop, room, set_up_django

#: Django's commands that look at files only, so that no database need be started for them.
_WITHOUT_DATABASE = {
    "makemigrations",
    "check",
    "collectstatic",
    "findstatic",
    "help",
    "diffsettings",
    "--help",
    "version",
}
#: Of ``manage migrate``: what changes nothing, and what is only about words.
_ONLY_LOOKS = {"--plan", "--check", "--help", "-h"}
_ABOUT_WORDS = {"--noinput", "--no-input", "--no-color", "--force-color", "--traceback"}


@click.command()
def migrate() -> None:
    """Bring the tables up to date.

    更新数据库结构。
    """
    _migrate()


def _migrate() -> None:
    with open_shop(may_be_new=True):
        changed = room("xinka.config.prepare").migrate()
    click.echo("done / 已完成" if changed else "nothing to do / 无需更新")


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def manage(arguments: tuple[str, ...]) -> None:
    """Run one of Django's management commands (`xinka manage help` lists them).

    运行 Django 管理命令。
    """
    arguments = arguments or ("help",)
    if arguments[0] == "migrate" and not _ONLY_LOOKS & set(arguments):
        _see_that_it_may_be_patient(arguments[1:])
        _migrate()
        return
    if arguments[0] in _WITHOUT_DATABASE:
        warnings.filterwarnings("ignore", message="Got an error checking a consistent migration history")
        _execute(arguments)
        return
    with open_database():
        _execute(arguments)


def _see_that_it_may_be_patient(options: tuple[str, ...]) -> None:
    """Refuse what ``xinka migrate`` does not do: Django's own would hold up every sale, or leave half of the tables."""
    left = [one for one in options if one not in _ABOUT_WORDS and not one.startswith(("-v", "--verbosity"))]
    if [option for option in left if not option.isdigit()]:  # a number is that of -v
        raise click.ClickException(
            f"{' '.join(left)}: tables are changed all together, by `xinka migrate`, and are not taken back; to go "
            "back, restore the backup from before the update / "
            "数据表只能一起更新（`xinka migrate`），不会往回改；要退回旧版本，请恢复升级之前的备份"
        )


def _execute(arguments: tuple[str, ...]) -> None:
    set_up_django()
    from django.core.management import execute_from_command_line  # here, because every --help does without Django

    try:
        execute_from_command_line(["xinka manage", *arguments])
        if arguments[0] == "sendtestemail":
            click.echo(_where_it_went())
    except (SMTPException, OSError) as error:
        if arguments[0] != "sendtestemail":
            raise
        raise click.ClickException(f"the mail was not sent: {error} / 邮件没有发出去") from None


def _where_it_went() -> str:
    """Say who took a test letter: a file in a folder has left nothing, and silence would look like success."""
    from django.conf import settings  # here, because Django is loaded only now

    if folder := getattr(settings, "EMAIL_FILE_PATH", None):
        return (
            f"EMAIL_URL names no mail server, so the mail is a file in {folder} and went nowhere "
            f"/ EMAIL_URL 没有写邮件服务器：邮件只是 {folder} 里的一个文件，没有发给任何人"
        )
    server = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    return (
        f"{server} took the mail, from {settings.DEFAULT_FROM_EMAIL}; now look whether it arrives, and not among spam "
        f"/ {server} 已收下；发件人是 {settings.DEFAULT_FROM_EMAIL}。请看看收到没有，是不是进了垃圾箱"
    )
