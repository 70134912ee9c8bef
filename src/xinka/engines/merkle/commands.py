"""``xinka log``: make a log, add to it, sign it, prove, verify, follow, witness; each imported when it is called."""

from __future__ import annotations

import errno
from typing import Any

import click

from xinka.engines.commands import StoppableGroup, give_up_output, told

_PLACES = {
    "create": "xinka.engines.merkle.commands_writing:create",
    "append": "xinka.engines.merkle.commands_writing:append",
    "checkpoint": "xinka.engines.merkle.commands_writing:checkpoint",
    "mend": "xinka.engines.merkle.commands_writing:mend",
    "prove": "xinka.engines.merkle.commands_checking:prove",
    "verify": "xinka.engines.merkle.commands_checking:verify",
    "monitor": "xinka.engines.merkle.commands_checking:monitor",
    "witness": "xinka.engines.merkle.commands_witness:witness",
}
_REFUSED, _UNUSABLE, _LATER = 1, 2, 3
#: What waiting does not mend: the place that was named is wrong, or is somebody else's.
_WRONG_PLACE = frozenset(
    [errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.EACCES, errno.EPERM, errno.EROFS]
)


class _LogGroup(StoppableGroup):
    """Says refusals in both languages, and by the exit code what kind they are."""

    def invoke(self, ctx: click.Context) -> Any:
        from xinka.engines.merkle import errors  # here: `--help` needs none of it

        try:
            return super().invoke(ctx)
        except errors.MerkleError as refusal:
            click.echo(refusal.message("zh"), err=True)
            click.echo(refusal.message("en"), err=True)
            ctx.exit(_exit_code(refusal))
        except OSError as error:
            give_up_output()
            click.echo(told(error), err=True)
            ctx.exit(_UNUSABLE if error.errno in _WRONG_PLACE else _LATER)


def _exit_code(refusal: Exception) -> int:
    from xinka.engines.merkle import errors  # here: as above

    if isinstance(refusal, errors.LogBusy | errors.SourceFailed):
        return _LATER
    unusable = (
        errors.BadFormat
        | errors.KeyUnusable
        | errors.LogMissing
        | errors.LogExists
        | errors.NoSuchEntry
        | errors.WitnessMissing
    )
    return _UNUSABLE if isinstance(refusal, unusable) else _REFUSED


@click.group(cls=_LogGroup, places=_PLACES)
def log() -> None:
    """A log that can only grow, and can prove it.

    只能增长、且能自证的日志。

    \b
    Exit codes 退出码:
      0  done, or it holds            完成，或核对无误
      1  refused: forged, damaged, rolled back, not cosigned
                                      拒绝：伪造、损坏、回退或未获联署
      2  wrong use, unreadable input, a place that is not there or not yours
                                      用法错误、输入无法读取，或路径不存在、没有权限
      3  try again: busy, not reachable, no room  稍后再试：被占用、连接不上或磁盘已满
      130  stopped by Ctrl-C          被 Ctrl-C 停止

    \b
    Example 示例:
      xinka log create orders --origin shop.example/orders
      printf 'one\\ntwo\\n' | xinka log append orders
      xinka log prove orders 1 > two.tlog-proof
      printf two | xinka log verify two.tlog-proof --key orders/vkey --entry -
    """  # noqa: D301 - click reads the character
