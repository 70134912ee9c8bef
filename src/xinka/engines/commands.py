"""Commands that are imported when they are called, so that each starts as quickly as what it needs itself."""

from __future__ import annotations

import os
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


class Unusable(click.ClickException):
    """What a command was given besides its input cannot be used, so nothing was answered; ends it with 2."""

    exit_code = 2


def give_up_output() -> None:
    """Let what is left of standard output go nowhere, so that the end does not try again and fail again."""
    with suppress(OSError, ValueError, AttributeError), Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


class LazyGroup(click.Group):
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
