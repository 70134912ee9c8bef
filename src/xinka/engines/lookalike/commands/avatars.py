"""``xinka guard avatars``: JSON lines in, JSON lines out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from xinka.engines.commands import Unusable
from xinka.engines.lines import NO_SUCH_FILE, WrongLine, judge_lines, text_field
from xinka.engines.lookalike.commands.names import owner_field

if TYPE_CHECKING:
    from PIL import Image

    from xinka.engines.lookalike.avatars import AvatarIndex

#: What is longer is no path on any system; in characters.
_LONGEST_PATH = 4096
_KINDS = frozenset([".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp"])


def opened(path: Path) -> Image.Image:
    """Open a picture; a pipe, from which nothing may ever come, and a device are none.

    Raises:
        OSError, ValueError, Image.DecompressionBombError: it cannot be read.
    """
    if not path.exists():
        raise FileNotFoundError("no such file")
    if not path.is_file():
        raise OSError("not a file / 不是普通文件")
    from PIL import Image  # here: `--help` needs no pictures

    return Image.open(path)


def read_directory(folder: Path) -> AvatarIndex:
    """Return an index of the pictures in a directory by file name; one in a subdirectory belongs to that owner.

    Raises:
        Unusable: there is none that can be read, so that nothing could ever be found.
    """
    from PIL import Image  # here: as above

    from xinka.engines.lookalike.avatars import AvatarIndex

    index = AvatarIndex()
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in _KINDS and not path.is_dir():
            owner = path.parent.name if path.parent != folder else None
            try:
                with opened(path) as picture:
                    index.add(path.relative_to(folder).as_posix(), picture, owner)
            except (OSError, ValueError, Image.DecompressionBombError) as error:
                sys.stderr.write(f"{path.name}: no picture ({error}) / 不是图片\n")
    if not len(index):
        raise Unusable(f"{folder.name}: holds no official picture / 没有可用的官方图片")
    return index


@click.command()
@click.option(
    "--official",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Directory of official pictures; a subdirectory is the owner's. 官方头像目录，子目录名即所有者。",
)
def avatars(official: Path) -> None:
    """Say which pictures are made of official ones.

    识别由官方头像改成的图片。In: {"id", "path", "owner"?}; out: {"id", "decision", "score", "official", "reasons"}.
    """
    from PIL import Image  # here: as above

    index = read_directory(official)

    def judge(record: dict[str, Any]) -> dict[str, Any]:
        path, owner = text_field(record, "path"), owner_field(record)
        try:
            with opened(Path(path[:_LONGEST_PATH])) as picture:
                verdict = index.judge(picture, owner)
        except FileNotFoundError:
            raise WrongLine(f"{path}: {NO_SUCH_FILE}") from None
        except (OSError, ValueError, Image.DecompressionBombError) as error:
            raise WrongLine(f"{path}: no picture ({error}) / 不是图片") from None
        return {"id": record.get("id")} | verdict.as_record()

    sys.exit(1 if judge_lines(judge) else 0)
