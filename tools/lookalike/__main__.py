"""Builds the tables in ``src/xinka/engines/lookalike/tables``; takes about two minutes.

``scripts/setup training`` and Debian's unicode-data, wamerican, fonts-noto-cjk, fonts-lxgw-wenkai and
fonts-wqy-microhei first, then ``.venv/bin/python -m tools.lookalike DIR``, where DIR holds ``confusables.txt``
(Unicode), ``chaizi-jt.txt`` and ``chaizi-ft.txt`` (character parts, CC BY 3.0),
``similar_shape_SimilarCharacter.txt`` (MIT) and jieba 0.42.1's ``dict.txt`` as ``jieba-dict.txt`` (MIT).
"""

from __future__ import annotations

import sys
import zlib
from collections import defaultdict
from pathlib import Path

import click
import msgspec

from tools.lookalike import disguises, letters, shapes, sources
from xinka.engines.lookalike import known

_OUT = Path(__file__).parents[2] / "src/xinka/engines/lookalike/tables/letters.bin"


def _by_written(alike: dict[str, dict[str, float]]) -> dict[str, tuple[str, bytes]]:
    """Return for each character somebody may write the common ones it is taken for, the likeliest first."""
    turned: dict[str, dict[str, float]] = defaultdict(dict)
    for meant, others in alike.items():
        for written, chance in others.items():
            turned[written][meant] = max(chance, turned[written].get(meant, 0.0))
    found = {}
    for written, meant_by in turned.items():
        ranked = sorted(meant_by.items(), key=lambda item: -item[1])
        found[written] = "".join(meant for meant, _ in ranked), bytes(round(100 * chance) for _, chance in ranked)
    return found


def build(folder: Path) -> None:
    """Build the table from the sources in the folder and from Debian's."""
    ways = sources.parts([folder / "chaizi-jt.txt", folder / "chaizi-ft.txt"])
    listed = sources.similar(folder / "similar_shape_SimilarCharacter.txt")
    characters = [chr(code) for code in range(0x4E00, 0xA000)]
    alike = shapes.look_alikes(shapes.Parts(ways), listed, characters)
    common = set(sources.common())
    for letter, others in letters.variants().items():
        if letter in common:
            alike.setdefault(letter, {}).update(dict.fromkeys(others, 0.98))
    table = {
        "fold": letters.folds(folder / "confusables.txt"),
        "sound": letters.sounds(),
        "split": letters.splits(ways),
        "near": _by_written(alike),
    }
    _OUT.parent.mkdir(exist_ok=True)
    _OUT.write_bytes(zlib.compress(msgspec.msgpack.encode(table), 9))
    click.echo(f"{ {part: len(found) for part, found in table.items()} }, {_OUT.stat().st_size} bytes")


def build_words(folder: Path) -> None:
    """Build the filter of common words from jieba's dictionary and Debian's list of American English."""
    chinese = [line.split()[0] for line in (folder / "jieba-dict.txt").read_text(encoding="utf-8").splitlines()]
    english = Path("/usr/share/dict/american-english").read_text(encoding="utf-8").split()
    words = {word.lower() for word in [*chinese, *english] if len(word) > 1 and "'" not in word}
    (_OUT.parent / "words.bin").write_bytes(known.pack(sorted(words)))
    click.echo(f"{len(words)} words")


if __name__ == "__main__":
    build_words(Path(sys.argv[1]))
    build(Path(sys.argv[1]))
    disguises.build()
