"""How alike two Han characters look: renders of free fonts, shared parts, strokes, and a list made by people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import click
import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from sklearn.linear_model import LogisticRegression

from tools.lookalike import sources

#: Font files with the number of the face; SIL OFL 1.1 but the last, which is Apache-2.0.
FONTS = (
    ("opentype/noto/NotoSansCJK-Regular.ttc", 2),
    ("opentype/noto/NotoSerifCJK-Regular.ttc", 2),
    ("truetype/lxgw-wenkai/LXGWWenKai-Regular.ttf", 0),
    ("truetype/wqy/wqy-microhei.ttc", 0),
)
_SIDE = 32
_CANDIDATES = 50
#: A pair below this probability is no look-alike; most keep far fewer than ``_MOST``.
_LEAST, _MOST = 0.06, 60


def renders(font: tuple[str, int], characters: list[str]) -> np.ndarray:
    """Return one row a character: blurred, centred, of length one; a character the font lacks is all zero."""
    face = ImageFont.truetype(str(Path("/usr/share/fonts") / font[0]), _SIDE - 4, index=font[1])
    blank = face.getmask("\U0010fffe").getbbox(), bytes(face.getmask("\U0010fffe"))
    rows = np.zeros((len(characters), _SIDE * _SIDE), dtype=np.float32)
    for number, character in enumerate(characters):
        mask = face.getmask(character)
        if (mask.getbbox(), bytes(mask)) == blank:
            continue
        image = Image.new("L", (_SIDE, _SIDE))
        ImageDraw.Draw(image).text((_SIDE // 2, _SIDE // 2), character, fill=255, font=face, anchor="mm")
        row = np.asarray(image.filter(ImageFilter.GaussianBlur(1.1)), dtype=np.float32).ravel()
        row = row - row.mean()
        rows[number] = row / (float(np.linalg.norm(row)) or 1.0)
    return rows


def nearest(targets: list[str], characters: list[str], parts: Parts) -> Iterator[tuple[str, str, np.ndarray]]:
    """Yield (target, other, likeness in each font) for the most alike by the mean over the fonts.

    Those are the most alike of all, of the common characters, and of the common ones that share a part.
    """
    everything = np.stack([renders(font, characters) for font in FONTS])
    where = {character: number for number, character in enumerate(characters)}
    common = np.array([where[target] for target in targets])
    sharing: dict[str, list[int]] = defaultdict(list)
    for target in targets:
        for piece in parts.pieces(target) | {target}:
            sharing[piece].append(where[target])
    for start in range(0, len(targets), 256):
        part = targets[start : start + 256]
        rows = [where[target] for target in part]
        likeness = np.stack([font[rows] @ font.T for font in everything])
        present = (np.abs(likeness) > 1e-6).sum(axis=0)
        mean = np.where(present >= 2, likeness.sum(axis=0) / np.maximum(present, 1), -1.0)
        for row, target in enumerate(part):
            relatives = np.array([one for piece in parts.pieces(target) | {target} for one in sharing[piece]])
            groups = (np.arange(len(characters)), common, relatives)
            best = {int(column) for group in groups for column in group[np.argsort(-mean[row, group])[:_CANDIDATES]]}
            for column in sorted(best):
                if characters[column] != target and mean[row, column] > 0:
                    seen = likeness[:, row, column]
                    yield target, characters[column], seen[np.abs(seen) > 1e-6]


class Parts:
    """What characters are made of, down to parts that cannot be taken apart."""

    def __init__(self, ways: dict[str, list[str]]) -> None:
        self._ways = ways
        self._leaves: dict[str, frozenset[str]] = {}
        self.strokes = {
            character: int(value.split()[0]) for character, _, value in sources.unihan("IRGSources", "kTotalStrokes")
        }

    def of(self, character: str, depth: int = 3) -> frozenset[str]:
        """Return a character's parts at every level, itself left out."""
        found = self._leaves.get(character)
        if found is None:
            self._leaves[character] = found = frozenset()
            ways = self._ways.get(character, [])[:1] if depth else []
            pieces = {piece for way in ways for piece in way if piece not in "一丨丶丿乙亅"}
            deeper = {part for piece in pieces for part in self.of(piece, depth - 1)}
            self._leaves[character] = found = frozenset(pieces | deeper)
        return found

    def pieces(self, character: str) -> set[str]:
        """Return the parts a character falls into first."""
        return {piece for way in self._ways.get(character, [])[:2] for piece in way if piece not in "一丨丶丿乙亅"}

    def features(self, one: str, other: str, seen: np.ndarray) -> list[float]:
        """Return what the model looks at: fonts, shared parts, one inside the other, strokes."""
        mine, theirs = self.of(one) | {one}, self.of(other) | {other}
        shared = len(mine & theirs) / max(1, len(mine | theirs))
        here, there = self.strokes.get(one, 9), self.strokes.get(other, 9)
        inside = float(one in theirs or other in mine)
        strokes = abs(here - there) / (here + there)
        return [float(seen.mean()), float(seen.max()), float(seen.min()), shared, inside, strokes]


def look_alikes(parts: Parts, listed: dict[str, set[str]], characters: list[str]) -> dict[str, dict[str, float]]:
    """Return for each common character its look-alikes with a probability, learned from the list people made."""
    targets = sources.common()
    pairs = [(one, other, parts.features(one, other, seen)) for one, other, seen in nearest(targets, characters, parts)]
    known = [pair for pair in pairs if pair[1] in listed or pair[0] in listed]
    model = LogisticRegression(C=10.0, class_weight="balanced", max_iter=500)
    model.fit([pair[2] for pair in known], [pair[1] in listed.get(pair[0], ()) for pair in known])
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for (one, other, _), chance in zip(pairs, model.predict_proba([pair[2] for pair in pairs])[:, 1], strict=True):
        found[one][other] = float(chance)
    for one in targets:
        for other in listed.get(one, ()):
            found[one][other] = max(0.85, found[one].get(other, 0.0))
        ranked = sorted(found[one].items(), key=lambda item: -item[1])[:_MOST]
        found[one] = {other: chance for other, chance in ranked if chance >= _LEAST}
    click.echo(f"look-alike model {model.coef_.round(2).tolist()}, {sum(map(len, found.values()))} pairs")
    return found
