"""Make the films of the demo courses anew: a few drawings each, as WebM, which are played beside their captions.

A key frame of VP8 is what a WebP picture with loss holds, so Pillow draws and compresses, and what is written here is
the box around the frames. Nothing in them is spoken or written: the words are in the captions, in any language.
"""

import math
import random
import struct
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw

COURSES = Path(__file__).parents[1] / "studium" / "entrypoints" / "demo" / "courses"
SIZE = WIDTH, HEIGHT = 640, 360
SECONDS = 5
"""How long each drawing is shown."""
_QUALITY = 55
PAPER, INK, GOLD, BLUE, RED = "#f7f1e3", "#22364f", "#c9a24a", "#3d6ea5", "#a8443c"
Draw = ImageDraw.ImageDraw
Scene = Callable[[Draw], None]


# Drawings


def _dots(
    draw: Draw, box: tuple[int, int, int, int], *, count: int, stirred: bool, seed: int = 7
) -> list[tuple[int, int]]:
    """Dots of two colours within a box, apart or stirred; where they are."""
    chance, left, right = random.Random(seed), box[0] + 14, box[2] - 14  # noqa: S311 -- a drawing.
    places = []
    for number in range(count):
        is_first = number < count // 2
        middle = (left + right) // 2
        low, high = (left, right) if stirred else (left, middle) if is_first else (middle, right)
        x, y = chance.randint(low, high), chance.randint(box[1] + 14, box[3] - 14)
        draw.ellipse((x - 8, y - 8, x + 8, y + 8), fill=BLUE if is_first else GOLD)
        places.append((x, y))
    return places


def _pot(draw: Draw, box: tuple[int, int, int, int], *, stirred: bool, count: int = 40) -> None:
    draw.rounded_rectangle(box, 30, outline=INK, width=7)
    draw.line((box[0] - 26, box[1] + 40, box[0], box[1] + 40), fill=INK, width=7)
    draw.line((box[2], box[1] + 40, box[2] + 26, box[1] + 40), fill=INK, width=7)
    _dots(draw, box, count=count, stirred=stirred)


def _spoon(draw: Draw, x: int, y: int) -> None:
    draw.line((x + 40, y - 20, x + 130, y - 130), fill=INK, width=9)
    draw.ellipse((x - 50, y - 34, x + 50, y + 34), fill=PAPER, outline=INK, width=7)
    _dots(draw, (x - 44, y - 28, x + 44, y + 28), count=8, stirred=True)


def _sheet(draw: Draw, x: int, lines: list[float], marks: list[int]) -> None:
    """A page with lines of these lengths, some of them marked."""
    draw.rounded_rectangle((x, 40, x + 220, 320), 8, fill="#fffdf7", outline=INK, width=5)
    for number, length in enumerate(lines):
        y = 75 + number * 36
        draw.line((x + 190, y, x + 190 - int(160 * length), y), fill=RED if number in marks else INK, width=8)
        if number in marks:
            draw.ellipse((x + 198, y - 6, x + 210, y + 6), fill=RED)


def _ear(draw: Draw, x: int, waves: int) -> None:
    draw.arc((x - 50, 100, x + 50, 260), 150, 60, fill=INK, width=10)
    draw.arc((x - 22, 130, x + 26, 220), 160, 80, fill=INK, width=7)
    for number in range(waves):
        reach = 80 + number * 34
        draw.arc((x - reach, 180 - reach, x + reach, 180 + reach), 150, 210, fill=GOLD, width=8)


def _eye(draw: Draw, x: int) -> None:
    draw.arc((x - 90, 110, x + 90, 290), 215, 325, fill=INK, width=9)
    draw.arc((x - 90, 70, x + 90, 250), 35, 145, fill=INK, width=9)
    draw.ellipse((x - 26, 154, x + 26, 206), fill=BLUE)


def _screen(draw: Draw) -> None:
    draw.rounded_rectangle((150, 40, 490, 270), 12, fill="#fffdf7", outline=INK, width=7)
    draw.line((280, 310, 360, 310), fill=INK, width=9)
    draw.line((320, 270, 320, 310), fill=INK, width=9)


def _cards(draw: Draw, chosen: int | None) -> None:
    _screen(draw)
    for number in range(6):
        x, y = 175 + number % 3 * 102, 62 + number // 3 * 100
        draw.rounded_rectangle((x, y, x + 84, y + 82), 6, fill=GOLD if number == chosen else BLUE)


def _lesson(draw: Draw, share: float, *, done: bool = False) -> None:
    _screen(draw)
    draw.polygon([(290, 100), (290, 190), (370, 145)], fill=BLUE)
    draw.line((180, 235, 460, 235), fill="#d8cdb4", width=10)
    draw.line((180, 235, 180 + int(280 * share), 235), fill=GOLD, width=10)
    if done:
        draw.line([(500, 150), (530, 185), (590, 100)], fill=BLUE, width=16)


def _two_pots(draw: Draw) -> None:
    _pot(draw, (70, 150, 210, 290), stirred=True, count=16)
    _pot(draw, (330, 60, 590, 310), stirred=True, count=48)


def _bell(draw: Draw) -> None:
    points = [(x, 300 - int(220 * math.exp(-(((x - 320) / 90) ** 2) / 2))) for x in range(60, 581, 5)]
    draw.line(points, fill=INK, width=8)
    draw.line((60, 304, 580, 304), fill=INK, width=5)
    draw.line((320, 80, 320, 300), fill=GOLD, width=6)


LONG, SHORT = [1.0, 0.9, 1.0, 0.95, 1.0, 0.6, 0.4], [0.6, 0.5, 0.7, 0.4, 0.6, 0.5, 0.3]
FILMS: dict[str, list[Scene]] = {
    "introduction-to-statistics/files/samples.webm": [
        lambda draw: _pot(draw, (170, 60, 470, 310), stirred=True),
        lambda draw: (_pot(draw, (90, 60, 390, 310), stirred=True), _spoon(draw, 490, 220))[0],
        _two_pots,
        lambda draw: _pot(draw, (170, 60, 470, 310), stirred=False),
        _bell,
    ],
    "writing-clear-arabic/files/read-aloud.webm": [
        lambda draw: (_sheet(draw, 370, LONG, []), _eye(draw, 180))[0],
        lambda draw: (_sheet(draw, 370, LONG, []), _ear(draw, 220, 3))[0],
        lambda draw: (_sheet(draw, 370, LONG, [0, 2, 4]), _ear(draw, 220, 1))[0],
        lambda draw: (_sheet(draw, 370, SHORT, []), _ear(draw, 220, 3))[0],
    ],
    "getting-started-with-studium/files/a-learners-day.webm": [
        lambda draw: _cards(draw, None),
        lambda draw: _cards(draw, 4),
        lambda draw: _lesson(draw, 0.5),
        lambda draw: _lesson(draw, 1, done=True),
    ],
}


# The film


def _element(number: int, content: bytes) -> bytes:
    """An element of EBML; its size takes eight bytes, so that places can be counted before they are known."""
    head = number.to_bytes((number.bit_length() + 7) // 8)
    return head + (len(content) | 1 << 56).to_bytes(8) + content


def _whole(number: int, value: int) -> bytes:
    return _element(number, value.to_bytes(max(1, (value.bit_length() + 7) // 8)))


def _frame(scene: Scene) -> bytes:
    """A drawing as a key frame of VP8: what stands in the only chunk of its WebP."""
    image, out = Image.new("RGB", SIZE, PAPER), BytesIO()
    scene(ImageDraw.Draw(image))
    image.save(out, "WEBP", quality=_QUALITY, method=6)
    data = out.getvalue()
    assert data[12:16] == b"VP8 "  # noqa: S101 -- nothing else is written without transparency.
    return data[20 : 20 + struct.unpack("<I", data[16:20])[0]]


def film(scenes: list[Scene]) -> bytes:
    """The drawings as WebM, each shown for SECONDS."""
    milliseconds = 1000 * SECONDS
    head = _element(
        0x1A45DFA3,
        _whole(0x4286, 1) + _whole(0x42F7, 1) + _whole(0x42F2, 4) + _whole(0x42F3, 8)
        + _element(0x4282, b"webm") + _whole(0x4287, 2) + _whole(0x4285, 2),
    )  # fmt: skip
    info = _element(
        0x1549A966,
        _whole(0x2AD7B1, 1_000_000) + _element(0x4489, struct.pack(">d", milliseconds * len(scenes)))
        + _element(0x4D80, b"Studium") + _element(0x5741, b"Studium"),
    )  # fmt: skip
    video = _element(0xE0, _whole(0xB0, WIDTH) + _whole(0xBA, HEIGHT))
    track = _whole(0xD7, 1) + _whole(0x73C5, 1) + _whole(0x83, 1) + _element(0x86, b"V_VP8") + video
    tracks = _element(0x1654AE6B, _element(0xAE, track))
    clusters, cues, at = b"", b"", len(info) + len(tracks)
    for number, scene in enumerate(scenes):
        block = _element(0xA3, b"\x81" + struct.pack(">hB", 0, 0x80) + _frame(scene))
        cluster = _element(0x1F43B675, _whole(0xE7, number * milliseconds) + block)
        place = _element(0xB7, _whole(0xF7, 1) + _whole(0xF1, at + len(clusters)))
        cues += _element(0xBB, _whole(0xB3, number * milliseconds) + place)
        clusters += cluster
    return head + _element(0x18538067, info + tracks + clusters + _element(0x1C53BB6B, cues))


if __name__ == "__main__":
    for name, scenes in FILMS.items():
        path = COURSES / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(film(scenes))
