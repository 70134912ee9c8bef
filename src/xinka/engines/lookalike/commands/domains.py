"""``xinka guard domains``: JSON lines in, JSON lines out."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from xinka.engines.commands import Unusable
from xinka.engines.lines import WrongLine, judge_lines, text_field
from xinka.engines.lookalike.commands.names import owner_field, read_official

_FIELDS = ("domain", "url", "sender")


def read_official_domains(path: Path) -> Iterator[tuple[str, str | None]]:
    """Yield (domain or bare label, owner or None) of a file, see ``read_official``.

    Raises:
        Unusable: also where one is none that somebody could have registered, so that it would never be found.
    """
    from xinka.engines.lookalike.hosts import read_host  # here: `--help` needs no tables

    for name, owner in read_official(path):
        host = read_host(name)
        if not host.label or host.name == host.suffix or host.is_number:
            raise Unusable(
                f"{path.name}: `{name[:100]}` is no domain; write one like example.com, or its label"
                f" / “{name[:100]}”不是域名，请写成 example.com 或其主体部分"
            )
        yield name, owner


@click.command()
@click.option(
    "--official",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Official domains, one a line, optionally a tab and the owner. 官方域名，每行一个，可加制表符和所有者。",
)
def domains(official: Path) -> None:
    """Say which domains, addresses and senders are made to pass for official ones.

    识别冒充官方的域名、网址与发件人。In: {"id", "domain" | "url" | "sender", "reply_to"?, "owner"?};
    out: {"id", "decision", "score", "official", "reasons"}.
    """
    from xinka.engines.lookalike.domains import DomainIndex  # here: as above
    from xinka.engines.lookalike.senders import judge_sender

    index = DomainIndex(read_official_domains(official))

    def judge(record: dict[str, Any]) -> dict[str, Any]:
        field = next((name for name in _FIELDS if name in record), None)
        if field is None:
            raise WrongLine("`domain`, `url` or `sender` is missing / 缺少字段 domain、url 或 sender")
        text, owner = text_field(record, field), owner_field(record)
        if field == "sender":
            answers = text_field(record, "reply_to") if record.get("reply_to") is not None else None
            verdict = judge_sender(text, index, owner=owner, reply_to=answers)
        else:
            verdict = index.judge(text, owner)
        return {"id": record.get("id")} | verdict.as_record()

    sys.exit(1 if judge_lines(judge) else 0)
