"""Commands that are imported when they are called, so that each starts as quickly as what it needs itself."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

#: What shells make of a process that SIGINT ended: 128 + 2.
_INTERRUPTED = 130


class Unusable(click.ClickException):
    """What a command was given besides its input cannot be used, so nothing was answered; ends it with 2."""

    exit_code = 2


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


class StoppableGroup(LazyGroup):
    """Ends with the status that shells know when it is stopped by Ctrl-C, for 1 means something else here."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, as click does."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("stopped / 已停止", err=True)
            ctx.exit(_INTERRUPTED)
