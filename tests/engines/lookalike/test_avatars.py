"""Pictures made of official ones are found; other pictures pass."""

import random
from collections.abc import Callable

import pytest
from PIL import Image, ImageDraw, ImageOps

from xinka.engines.lookalike.avatars import AvatarIndex


def drawn(seed: int) -> Image.Image:
    chance = random.Random(seed)
    picture = Image.new("RGB", (200, 200), tuple(chance.randrange(256) for _ in range(3)))
    pen = ImageDraw.Draw(picture)
    for _ in range(7):
        corners = [(chance.randrange(200), chance.randrange(200)) for _ in range(3)]
        pen.polygon(corners, fill=tuple(chance.randrange(256) for _ in range(3)))
    return picture


@pytest.fixture(scope="module")
def index() -> AvatarIndex:
    found = AvatarIndex()
    for seed in range(8):
        found.add(f"{seed}.png", drawn(seed), "ada")
    return found


@pytest.mark.parametrize(
    "edit",
    [
        lambda picture: picture,
        ImageOps.mirror,
        ImageOps.invert,
        ImageOps.grayscale,
        lambda picture: picture.rotate(8),
        lambda picture: picture.rotate(90),
        lambda picture: picture.crop((12, 12, 188, 188)),
        lambda picture: ImageOps.expand(picture, 30, "white"),
        lambda picture: picture.resize((48, 48)),
    ],
)
def test_an_edited_official_picture_is_found(index: AvatarIndex, edit: Callable[[Image.Image], Image.Image]) -> None:
    for seed in (1, 5):
        verdict = index.judge(edit(drawn(seed)))
        assert (verdict.decision != "clear", verdict.official) == (True, f"{seed}.png")


def test_other_pictures_and_plain_ones_pass(index: AvatarIndex) -> None:
    for seed in range(100, 112):
        assert index.judge(drawn(seed)).decision == "clear"
    assert index.judge(Image.new("RGB", (50, 50), "red")).decision == "clear"
    assert AvatarIndex().judge(drawn(1)).decision == "clear"


def test_the_owner_carries_its_own_picture_and_eve_does_not(index: AvatarIndex) -> None:
    assert index.judge(drawn(2), owner="ada").decision == "clear"
    assert index.judge(drawn(2), owner="eve").decision == "impostor"


def test_a_picture_is_left_as_it_was(index: AvatarIndex) -> None:
    picture = drawn(3)
    index.judge(picture)
    assert (picture.size, picture.tobytes()) == ((200, 200), drawn(3).tobytes())
