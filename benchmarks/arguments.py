"""What a measurement is asked for at the terminal, and what is wrong with it, in English and Chinese."""

from __future__ import annotations

import argparse
import re
from typing import Any, NoReturn

import click

from xinka.config.cli.bench import told_in_short
from xinka.engines.usage import in_both

#: What argparse writes, and what it is in Chinese; groups are put in as they were written.
_SAID = [
    (r"argument (.+?): invalid int value: '(.*)'", "参数 {0}：“{1}”不是整数"),
    (r"argument (.+?): invalid float value: '(.*)'", "参数 {0}：“{1}”不是数字"),
    (r"argument (.+?): invalid choice: '(.+?)' \(choose from (.+)\)", "参数 {0}：“{1}”不可用，可选：{2}"),
    (r"argument (.+?): expected .*arguments?", "参数 {0} 需要一个值"),
    (r"argument (.+?): ignored explicit argument '(.*)'", "参数 {0} 不带值"),
    (r"ambiguous option: (.+?) could match (.+)", "选项 {0} 不明确，可能是 {1}"),
    (r"unrecognized arguments: (.+)", "没有这样的参数：{0}"),
    (r"the following arguments are required: (.+)", "缺少参数 {0}"),
]
_CHINESE = re.compile(r"[\u3400-\u9fff]")


class Arguments(argparse.ArgumentParser):
    """A parser that knows its measurement by the name people call it by, and says in both languages what is wrong."""

    def __init__(self, file: str, doc: str | None) -> None:
        name = file.rpartition("/")[2].removesuffix(".py")
        super().__init__(prog=f"xinka bench {name}", description=told_in_short(doc or ""))

    def error(self, message: str) -> NoReturn:
        """Write how it is used and what was wrong, and end with status 2."""
        super().error(message if _CHINESE.search(message) else f"{message} / {in_chinese(message)}")


class BilingualCommand(click.Command):
    """A measurement that reads its options by click, and says in both languages what is wrong with them."""

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        """Read the options, as click does."""
        try:
            return super().make_context(*args, **kwargs)
        except click.UsageError as error:
            raise in_both(error) from None


def in_chinese(message: str) -> str:
    """Return in Chinese what argparse found wrong."""
    for pattern, chinese in _SAID:
        if found := re.fullmatch(pattern, message, re.DOTALL):
            return chinese.format(*found.groups())
    return "用法不对，请看 --help"


def whole(least: int) -> Any:
    """Return a type of argument: a whole number of at least so much."""

    def count(text: str) -> int:
        number = int(text)
        if number < least:
            raise argparse.ArgumentTypeError(f"{number} is less than {least} / {number} 小于 {least}")
        return number

    count.__name__ = "int"  # what argparse calls it when "x" is none
    return count


def duration(text: str) -> float:
    """Read a measured time of at least a second, which every figure needs."""
    number = float(text)
    if not 1 <= number <= 86_400:
        raise argparse.ArgumentTypeError(f"{text} is not between 1 and 86400 / {text} 不在 1 到 86400 之间")
    return number


duration.__name__ = "float"
