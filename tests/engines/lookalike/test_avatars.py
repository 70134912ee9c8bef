"""Pictures made of official ones are found; other pictures, edited the same way, pass."""

import io
import random
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from xinka.engines.lookalike import avatars, pictures
from xinka.engines.lookalike.avatars import AvatarIndex


def drawn(seed: int) -> Image.Image:
    chance = random.Random(seed)
    picture = Image.new("RGB", (200, 200), tuple(chance.randrange(256) for _ in range(3)))
    pen = ImageDraw.Draw(picture)
    for _ in range(7):
        corners = [(chance.randrange(200), chance.randrange(200)) for _ in range(3)]
        pen.polygon(corners, fill=tuple(chance.randrange(256) for _ in range(3)))
    return picture


def disc_with(inside: tuple[int, int, int, int]) -> Image.Image:
    picture = Image.new("RGB", (200, 200), "white")
    pen = ImageDraw.Draw(picture)
    pen.ellipse((10, 10, 190, 190), fill="navy")
    pen.rectangle(inside, fill="white")
    return picture


def round_masked(picture: Image.Image) -> Image.Image:
    mask = Image.new("L", picture.size, 0)
    ImageDraw.Draw(mask).ellipse((0, 0, 199, 199), fill=255)
    return Image.composite(picture, Image.new("RGB", picture.size, "white"), mask)


def with_badge(picture: Image.Image) -> Image.Image:
    picture = picture.copy()
    ImageDraw.Draw(picture).ellipse((140, 140, 196, 196), fill=(20, 150, 60))
    return picture


def with_ribbon(picture: Image.Image) -> Image.Image:
    picture = picture.copy()
    ImageDraw.Draw(picture).rectangle((0, 160, 200, 200), fill=(200, 20, 20))
    return picture


def small_and_coarse(picture: Image.Image) -> Image.Image:
    packed = io.BytesIO()
    picture.filter(ImageFilter.GaussianBlur(2)).resize((64, 64)).save(packed, "JPEG", quality=30)
    return Image.open(packed)


def as_jpeg(picture: Image.Image) -> Image.Image:
    packed = io.BytesIO()
    picture.save(packed, "JPEG", quality=25)
    return Image.open(packed)


EDITS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "nothing": lambda picture: picture,
    "mirror": ImageOps.mirror,
    "negative": ImageOps.invert,
    "grey": ImageOps.grayscale,
    "brighter": lambda picture: ImageEnhance.Brightness(picture).enhance(1.2),
    "turn 8": lambda picture: picture.rotate(8),
    "turn 90": lambda picture: picture.rotate(90),
    "crop 12": lambda picture: picture.crop((24, 24, 176, 176)),
    "corner": lambda picture: picture.crop((24, 0, 200, 176)),
    "border": lambda picture: ImageOps.expand(picture, 30, "white"),
    "two borders": lambda picture: ImageOps.expand(ImageOps.expand(picture, 10, "black"), 20, "white"),
    "small": lambda picture: picture.resize((48, 48)),
    "blur": lambda picture: picture.filter(ImageFilter.GaussianBlur(2)),
    "jpeg": as_jpeg,
    "round": round_masked,
    "badge": with_badge,
    "ribbon": with_ribbon,
    "small and coarse": small_and_coarse,
}


@pytest.fixture(scope="module")
def index() -> AvatarIndex:
    found = AvatarIndex()
    for seed in range(8):
        found.add(f"{seed}.png", drawn(seed), "ada")
    return found


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS.keys())
def test_an_edited_official_picture_is_found_and_another_edited_so_is_not(
    index: AvatarIndex, edit: Callable[[Image.Image], Image.Image]
) -> None:
    for seed in (1, 5):
        verdict = index.judge(edit(drawn(seed)))
        assert (verdict.decision != "clear", verdict.official) == (True, f"{seed}.png")
    for seed in (101, 105):
        verdict = index.judge(edit(drawn(seed)))
        assert (verdict.decision, verdict.official) == ("clear", None)


def test_colours_in_their_places_add_to_a_likeness_and_other_colours_take_nothing_away(index: AvatarIndex) -> None:
    covered = with_ribbon(drawn(1))
    in_colour, in_grey = index.judge(covered), index.judge(ImageOps.grayscale(covered))
    assert in_colour.score > in_grey.score
    assert index.judge(ImageOps.invert(drawn(1))).official == "1.png"


def test_colours_make_up_for_what_is_laid_over_but_not_for_other_outlines() -> None:
    left = np.array([-0.2, -0.13, -0.1, 0.1], dtype=np.float32)
    with_them = avatars.with_colours(left, np.ones(4, dtype=np.float32))
    assert [round(float(one), 3) for one in with_them] == [-0.2, -0.13, 0.15, 0.35]
    assert (avatars.with_colours(left, np.zeros(4, dtype=np.float32)) == left).all()


def test_the_same_picture_registered_many_times_is_still_found() -> None:
    index = AvatarIndex()
    for number in range(12):
        index.add(f"copy{number}.png", drawn(7))
    assert index.judge(ImageOps.mirror(drawn(7))).decision == "impostor"
    assert index.judge(with_badge(drawn(7))).decision != "clear"
    assert index.judge(drawn(107)).decision == "clear"


def test_plain_pictures_and_an_empty_index_pass(index: AvatarIndex) -> None:
    assert index.judge(Image.new("RGB", (50, 50), "red")).decision == "clear"
    assert AvatarIndex().judge(drawn(1)).decision == "clear"


def test_a_simple_logo_is_found_but_not_in_another_disc() -> None:
    index = AvatarIndex()
    index.add("disc.png", disc_with((50, 50, 90, 150)))
    assert index.judge(disc_with((50, 50, 90, 150))).official == "disc.png"
    assert index.judge(disc_with((60, 90, 140, 110))).decision == "clear"


def test_the_owner_carries_its_own_picture_and_eve_does_not(index: AvatarIndex) -> None:
    assert index.judge(drawn(2), owner="ada").decision == "clear"
    assert index.judge(drawn(2), owner="eve").decision == "impostor"


def test_a_mirrored_picture_says_so(index: AvatarIndex) -> None:
    assert [reason.code for reason in index.judge(ImageOps.mirror(drawn(2))).reasons] == ["outline", "mirrored"]
    assert [reason.code for reason in index.judge(drawn(2)).reasons] == ["outline"]


def test_a_picture_is_left_as_it_was(index: AvatarIndex) -> None:
    picture = drawn(3)
    index.judge(picture)
    assert (picture.size, picture.tobytes()) == ((200, 200), drawn(3).tobytes())


def test_of_a_moving_picture_the_first_frame_counts_and_that_is_said(index: AvatarIndex) -> None:
    packed = io.BytesIO()
    drawn(4).save(packed, "GIF", save_all=True, append_images=[drawn(104)])
    verdict = index.judge(Image.open(packed))
    assert (verdict.official, verdict.reasons[-1].code) == ("4.png", "animated")


def test_a_white_drawing_on_nothing_is_seen() -> None:
    index = AvatarIndex()
    alpha = drawn(6).convert("L").point([255 if value > 90 else 0 for value in range(256)])
    ghost = Image.merge("RGBA", (*Image.new("RGB", (200, 200), "white").split(), alpha))
    index.add("ghost.png", ghost)
    assert index.judge(ghost).official == "ghost.png"


def test_what_is_too_large_too_narrow_or_of_one_colour_is_refused_with_the_reason() -> None:
    with pytest.raises(ValueError, match="more than 40000000"):
        pictures.load(Image.new("1", (8000, 5001)))
    with pytest.raises(ValueError, match="show nothing"):
        pictures.load(Image.new("RGB", (900, 7)))
    index = AvatarIndex()
    with pytest.raises(ValueError, match="one colour"):
        index.add("red.png", Image.new("RGB", (50, 50), "red"))
    assert len(index) == 0


def test_a_broken_file_is_an_error_of_reading(index: AvatarIndex) -> None:
    packed = io.BytesIO()
    drawn(1).save(packed, "PNG")
    with pytest.raises(OSError, match=r"truncated|broken"):
        index.judge(Image.open(io.BytesIO(packed.getvalue()[:1500])))
