"""Commands that are imported when they are called, so that each starts as quickly as what it needs itself."""

from __future__ import annotations

import errno
import os
import re
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any, Self

import click

#: What shells make of a process that SIGINT ended: 128 + 2.
_INTERRUPTED = 130


#: The system says why in English.
_IN_CHINESE = {
    errno.ENOSPC: "磁盘已满",
    errno.EDQUOT: "磁盘配额已满",
    errno.EFBIG: "文件超过允许的大小",
    errno.EROFS: "文件系统只读",
    errno.EACCES: "没有权限",
    errno.EPERM: "不允许",
    errno.EIO: "磁盘出错",
    errno.EMFILE: "打开的文件太多",
    errno.ENOENT: "文件或目录不存在",
    errno.ENOTDIR: "路径中有一段不是目录",
    errno.EISDIR: "是目录而不是文件",
    errno.ENAMETOOLONG: "名称过长",
}


def told(error: OSError) -> str:
    """Return in both languages what the system refused and why."""
    why = _IN_CHINESE.get(error.errno or 0)
    return f"读写失败{f'（{why}）' if why else ''} / Reading or writing failed: {error}"


class Unusable(click.ClickException):
    """What a command was given besides its input cannot be used, so nothing was answered; ends it with 2."""

    exit_code = 2


def give_up_output() -> None:
    """Let what is left of standard output go nowhere, so that the end does not try again and fail again."""
    with suppress(OSError, ValueError, AttributeError), Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


_CHINESE = re.compile(r"[\u3400-\u9fff]")


class BilingualGroup(click.Group):
    """A group whose list says in both languages what each command does: the first sentence that it says in each."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands."""
        rows = []
        for name in self.list_commands(ctx):
            command = self.get_command(ctx, name)
            if command is not None and not command.hidden:
                rows.append((name, _in_a_line(command.help or "")))
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def _in_a_line(text: str) -> str:
    """Return the first sentence in English and the first in Chinese."""
    paragraphs = [" ".join(each.split()) for each in text.split("\n\n")]
    english = next((each for each in paragraphs if not _CHINESE.search(each)), "")
    chinese = next((each for each in paragraphs if _CHINESE.search(each)), "")
    sentences = (re.split(r"(?<=\.)\s|;\s", english)[0].rstrip("."), re.split(r"[。；（]", chinese)[0])
    return " / ".join(each for each in sentences if each)


class LazyGroup(BilingualGroup):
    """A group whose commands are named by the place they are found at, ``"package.module:attribute"``."""

    def __init__(self, *args: Any, places: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._places = places

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order they were given in."""
        return [*self._places, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command that is asked for, and no other."""
        place = self._places.get(cmd_name)
        if place is None:
            return super().get_command(ctx, cmd_name)
        module, _, attribute = place.partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        """Read the group's own options, as click does."""
        with _in_both_languages():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that is asked for, as click does."""
        with _in_both_languages():
            return super().invoke(ctx)


@contextmanager
def _in_both_languages() -> Iterator[None]:
    """Say in both languages what click finds wrong with the use of a command."""
    try:
        yield
    except click.UsageError as error:
        from xinka.engines.usage import in_both  # here: nearly every call is right

        raise in_both(error) from None


class StopBetween:
    """While it is entered, Ctrl-C waits until what must not be torn is done: a batch being written, a signature."""

    def __init__(self) -> None:
        self._is_busy = self._is_asked = False
        self._before: Any = None

    def __enter__(self) -> Self:
        usual = signal.getsignal(signal.SIGINT) is signal.default_int_handler
        if usual and threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._hear)
        return self

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _hear(self, *_: object) -> None:
        if not self._is_busy:
            raise KeyboardInterrupt
        self._is_asked = True

    @contextmanager
    def later(self) -> Iterator[None]:
        """Do what must not be torn; raises ``KeyboardInterrupt`` afterwards where Ctrl-C came meanwhile."""
        self._is_busy = True
        try:
            yield
        finally:
            self._is_busy = False
        if self._is_asked:
            self._is_asked = False
            raise KeyboardInterrupt


class StoppableGroup(LazyGroup):
    """Ends with the status that shells know when it is stopped by Ctrl-C, for 1 means something else here."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, as click does."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("stopped / 已停止", err=True)
            ctx.exit(_INTERRUPTED)
