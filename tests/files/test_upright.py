"""Pictures are stored as they were held: of every format and mode, whatever else a camera puts into the file."""

from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from tests.files.helpers import Desk

# The database has no part in what a file's content is.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

ORIENTATION = 0x0112
LYING, STANDING = (60, 30), (30, 60)
NAMES = {"jpg": "JPEG", "mpo": "MPO", "png": "PNG", "webp": "WEBP"}
MODES = {
    "jpg": ["L", "RGB", "CMYK"],
    "mpo": ["RGB"],
    "png": ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"],
    "webp": ["RGB", "RGBA"],
}


def held(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    return exif


def shot(kind: str, mode: str, orientation: int, **options: Any) -> bytes:  # noqa: ANN401 -- whatever Pillow takes.
    """A picture whose left upper corner is light."""
    light, dark = Image.new("L", LYING, 255), Image.new("L", (30, 15), 0)
    for corner in ((30, 0), (0, 15), (30, 15)):
        light.paste(dark, corner)
    image = light.convert("RGB").convert("CMYK") if mode == "CMYK" else light.convert(mode)
    out = BytesIO()
    image.save(out, NAMES[kind], exif=held(orientation), **options)
    return out.getvalue()


def light_corner(image: Image.Image) -> tuple[bool, bool]:
    """Whether the light corner is on the right, and whether it is at the bottom."""
    grey = image.convert("L") if image.mode != "I;16" else image.point(lambda level: level, "L")
    width, height = grey.size
    corners = {(x > 2, y > 2): grey.getpixel((x, y)) for x in (2, width - 3) for y in (2, height - 3)}
    return max(corners, key=lambda corner: float(str(corners[corner])))


# What each orientation does to a picture whose light corner is the left upper one, by the rules of Exif.
TURNED = {
    1: (LYING, (False, False)),
    2: (LYING, (True, False)),
    3: (LYING, (True, True)),
    4: (LYING, (False, True)),
    5: (STANDING, (False, False)),
    6: (STANDING, (True, False)),
    7: (STANDING, (True, True)),
    8: (STANDING, (False, True)),
}


async def stored(desk: Desk, kind: str, content: bytes) -> Image.Image:
    file = await desk.take("sam", f"a.{'jpg' if kind == 'mpo' else kind}", content)
    image = Image.open(BytesIO((await desk.download("sam", file["id"])).content))
    assert not image.getexif()
    return image


@pytest.mark.parametrize(("kind", "mode"), [(kind, mode) for kind, modes in MODES.items() for mode in modes])
async def test_a_picture_of_any_mode_stands_upright(folder_desk: Desk, kind: str, mode: str) -> None:
    image = await stored(folder_desk, kind, shot(kind, mode, 6))
    assert (image.size, light_corner(image)) == TURNED[6]


@pytest.mark.parametrize("orientation", TURNED)
@pytest.mark.parametrize("kind", NAMES)
async def test_every_way_to_hold_a_camera(folder_desk: Desk, kind: str, orientation: int) -> None:
    image = await stored(folder_desk, kind, shot(kind, "RGB", orientation))
    assert (image.size, light_corner(image)) == TURNED[orientation]


async def test_of_a_phones_pictures_in_one_the_first_counts(folder_desk: Desk) -> None:
    """A multi-picture object: a picture, and another for depth or for the second eye."""
    behind = Image.new("RGB", LYING, "blue")
    image = await stored(folder_desk, "mpo", shot("mpo", "RGB", 6, save_all=True, append_images=[behind]))
    assert (image.format, getattr(image, "n_frames", 1)) == ("JPEG", 1)
    assert (image.size, light_corner(image)) == TURNED[6]


@pytest.mark.parametrize("kind", ["png", "webp"])
async def test_a_moving_picture_stands_upright_in_every_frame(folder_desk: Desk, kind: str) -> None:
    frames = [Image.new("RGB", LYING, (80 * number, 0, 0)) for number in range(3)]
    out = BytesIO()
    options: dict[str, Any] = {"save_all": True, "append_images": frames[1:], "duration": 80, "loop": 2}
    frames[0].save(out, NAMES[kind], exif=held(6), **options)
    image = await stored(folder_desk, kind, out.getvalue())
    assert (image.size, image.n_frames, image.info["loop"]) == (STANDING, 3, 2)  # type: ignore[attr-defined]
    for number in range(3):
        image.seek(number)
        red = image.convert("RGB").getpixel((15, 30))
        assert isinstance(red, tuple)
        assert abs(red[0] - 80 * number) < 12
        assert image.info["duration"] == 80


async def test_a_moving_png_with_holes_keeps_them(folder_desk: Desk) -> None:
    frames = [Image.new("RGBA", LYING, (0, 0, 0, 0)) for _ in range(3)]
    for number, frame in enumerate(frames):
        frame.paste((255, 0, 0, 255), (20 * number, 0, 20 * number + 20, 30))
    out = BytesIO()
    frames[0].save(out, "PNG", save_all=True, append_images=frames[1:], duration=80, disposal=1)
    image = await stored(folder_desk, "png", out.getvalue())
    assert image.n_frames == 3  # type: ignore[attr-defined]
    for number in range(3):
        image.seek(number)
        shown = image.convert("RGBA")
        alphas = [
            pixel[3] for pixel in (shown.getpixel((20 * at + 10, 15)) for at in range(3)) if isinstance(pixel, tuple)
        ]
        assert alphas == [255 if at == number else 0 for at in range(3)]
