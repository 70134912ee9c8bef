"""What click says of wrong use in English, said in Chinese as well."""

from __future__ import annotations

import re
from collections.abc import Iterable

import click

_CHINESE = re.compile(r"[\u3400-\u9fff]")
#: What click writes, and what it is in Chinese; groups are put in as they were written.
_SAID = [
    (r"No such option:? '?(.+?)'?(?:\.| \(|\?|$).*", "没有选项 {0}"),
    (r"No such command '(.+?)'.*", "没有命令 {0}"),
    (r"Got unexpected extra arguments? \((.*)\)", "多出参数：{0}"),
    (r"Missing argument '(.+?)'.*", "缺少参数 {0}"),
    (r"Missing option '(.+?)'.*", "缺少选项 {0}"),
    (r"Option '(.+?)' requires an argument.*", "选项 {0} 需要一个值"),
    (r"Option '(.+?)' requires (\d+) arguments.*", "选项 {0} 需要 {1} 个值"),
    (r"Option '(.+?)' does not take a value.*", "选项 {0} 不带值"),
    (r"(?:File|Path) '(.*)' does not exist.*", "文件“{0}”不存在"),
    (r"Directory '(.*)' does not exist.*", "目录“{0}”不存在"),
    (r"'(.*)': No such file or directory", "文件“{0}”不存在"),
    (r"(?:File|Path) '(.*)' is a directory.*", "“{0}”是目录，请给出文件"),
    (r"(?:Directory|Path) '(.*)' is a file.*", "“{0}”是文件，请给出目录"),
    (r"(?:File|Path|Directory) '(.*)' is not readable.*", "“{0}”没有读取权限"),
    (r"(?:File|Path|Directory) '(.*)' is not writable.*", "“{0}”没有写入权限"),
    (r"'(.*)': Permission denied", "“{0}”没有权限"),
    (r"'(.*)': Is a directory", "“{0}”是目录，请给出文件"),
    (r"'(.*)' is not one of (.*?)\.?", "“{0}”不可用，可选：{1}"),
    (r"'(.*)' is not a valid integer(?: range)?\.?", "“{0}”不是整数"),
    (r"'(.*)' is not a valid float(?: range)?\.?", "“{0}”不是数字"),
    (r"(.+) is not in the range (.+?)\.?", "{0} 超出范围 {1}"),
]
_PATTERNS = [(re.compile(pattern, re.DOTALL), chinese) for pattern, chinese in _SAID]


def in_both(error: click.UsageError) -> click.UsageError:
    """Return an error of wrong use that says in Chinese as well what is wrong; one that does so already as it is."""
    # click calls a number with limits a "valid integer range", which "abc" is not by being out of it.
    english = re.sub(r"( is not a valid (?:integer|float)) range", r"\1", error.format_message())
    if _CHINESE.search(english):
        return error
    where = f"参数 {_hint(error)}：" if type(error) is click.BadParameter else ""
    message = f"{english} / {where}{_in_chinese(error, english)}"
    return click.UsageError(message, error.ctx)


def _in_chinese(error: click.UsageError, english: str) -> str:
    # What a type of click finds wrong is behind "Invalid value for …: ", which the name of the parameter stands for.
    said = error.message if type(error) is click.BadParameter else english
    for pattern, chinese in _PATTERNS:
        if found := pattern.fullmatch(said):
            return chinese.format(*found.groups())
    return "用法不对，请看 --help"


def _hint(error: click.BadParameter) -> str:
    given: str | Iterable[str] | None = error.param_hint
    if given is None and error.param is not None:
        given = error.param.get_error_hint(error.ctx) if error.ctx else error.param.name
    return given if isinstance(given, str) else " / ".join(given or ())
