"""``xinka guard images``: where the QR codes in pictures lead."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from xinka.engines.commands import Unusable
from xinka.engines.lines import NO_SUCH_FILE, WrongLine, judge_lines, text_field

_ORDER = ("allow", "mask", "review", "block")
#: What is longer is no path on any system; in characters.
_LONGEST_PATH = 4096
#: Larger files are not read.
_LARGEST = 32 * 1024 * 1024


@click.command()
@click.option("--own", multiple=True, metavar="DOMAIN", help="A domain whose pages are welcome. / 允许的域名")
@click.option("--ocr", is_flag=True, help="Also read and judge the text (needs the extra `ocr`). / 同时识别并审核文字")
def images(own: tuple[str, ...], ocr: bool) -> None:
    """Read `{"id", "path"}` as JSON lines and say where the QR codes of each picture lead.

    逐行读取图片路径，判断其中二维码的去向。

    Each answer holds `id`, `decision` (`allow`, `review` or `block`), `codes` with `content`, `kind`, `decision`,
    `domain`, `corners` and `why`, `text` (the lines that OCR reads) and `said` (what `guard text` says of them).
    """
    # Here, because the libraries for pictures are not needed for --help.
    from xinka.engines.textguard.images import judge_picture
    from xinka.engines.textguard.images import ocr as reading

    try:
        read_text = reading.reader() if ocr else None
    except reading.OcrNotInstalled as error:
        raise Unusable(str(error)) from None

    judge_text = _text_judge() if ocr else None

    def judge(record: dict[str, Any]) -> dict[str, Any]:
        verdict = judge_picture(_file(text_field(record, "path")), own_domains=own, read_text=read_text)
        said = judge_text("\n".join(verdict.text)) if judge_text and verdict.text else None
        return {
            "id": record.get("id"),
            "decision": max(verdict.decision, said["decision"] if said else "allow", key=_ORDER.index),
            "codes": [
                {
                    "content": code.content,
                    "kind": code.target.kind,
                    "decision": code.target.decision,
                    "domain": code.target.domain,
                    "corners": code.corners,
                    "why": {"zh": code.target.zh, "en": code.target.en},
                }
                for code in verdict.codes
            ],
            "text": list(verdict.text),
            "said": said,
            "problem": verdict.problem and dict(zip(("zh", "en"), verdict.problem, strict=True)),
        }

    sys.exit(1 if judge_lines(judge) else 0)


def _text_judge() -> Callable[[str], dict[str, Any]]:
    """Return what judges the words in a picture as a listing's; its tables are read only where words are."""
    from xinka.engines.textguard.guard import Guard
    from xinka.engines.textguard.model import Model
    from xinka.engines.textguard.reasons import report

    guard = Guard(model=Model.load())
    return lambda text: report(text, guard.judge(text, "listing"), explain=True)


def _file(path: str) -> bytes:
    try:
        found = Path(path[:_LONGEST_PATH])
        if not found.exists():
            raise WrongLine(f"{path}: {NO_SUCH_FILE}")
        if found.exists() and not found.is_file():  # a pipe may never say anything, a device never end
            raise WrongLine(f"{path}: not a file / 不是普通文件")
        if found.stat().st_size > _LARGEST:
            raise WrongLine(f"{path}: larger than 32 MiB / 文件超过 32 MiB")
        return found.read_bytes()
    except (OSError, ValueError) as error:
        if isinstance(error, WrongLine):
            raise
        raise WrongLine(f"{path}: cannot be read ({error}) / 无法读取文件") from None
