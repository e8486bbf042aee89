"""Covers of courses without a picture: eight patterns in one file, of which each shows a window in a cloth of its own.

The same slug has the same cover always. No text inside: the label is part of the page, and is read, translated and
searched.
"""

from dataclasses import dataclass
from hashlib import sha256
from math import cos, exp, pi, sin, sqrt
from random import Random

CLOTHS = ("navy", "wine", "bottle", "plum", "sea", "slate", "rust", "olive")
"""Classes of the style sheet, which set the ground, the figure and the gold of a cover."""

_FAMILIES = {
    "Programming": ("tiles", "navy"),
    "Mathematics": ("hills", "wine"),
    "Health": ("rings", "bottle"),
    "Teaching": ("rosette", "plum"),
    "Business": ("quarters", "sea"),
    "Languages": ("stars", "rust"),
    "Crafts": ("scales", "slate"),
    "Nature": ("sunflower", "olive"),
}
PATTERNS = tuple(sorted(pattern for pattern, _ in _FAMILIES.values()))
_GROUND, _FIGURE, _GOLD = "var(--cloth)", "var(--figure)", "var(--thread)"
_GOLDEN_ANGLE = 2.399963


@dataclass(frozen=True, slots=True)
class Cover:
    """Which pattern, in which cloth, and which window of it (`viewBox`)."""

    pattern: str
    cloth: str
    window: str


def cover(slug: str, category: str | None) -> Cover:
    """The cover of a course. Known categories have a pattern and a cloth of their own; others are dealt by the slug."""
    seed = sha256(slug.encode()).digest()
    pattern, cloth = _FAMILIES.get(category or "", (PATTERNS[seed[0] % 8], CLOTHS[seed[1] % 8]))
    return Cover(pattern, cloth, f"{seed[2] % 46} {seed[3] % 61} 255 340")


def _stroke(path: str, colour: str, width: float, rest: str = "") -> str:
    return f'<path d="{path}" stroke="{colour}" stroke-width="{width}"{rest}/>'


def _tiles() -> str:
    dealt = Random(11)
    figure: list[str] = []
    gold: list[str] = []
    for y in range(0, 400, 50):
        for x in range(0, 300, 50):
            path = (
                f"M{x + 25} {y}a25 25 0 0 1-25 25M{x + 50} {y + 25}a25 25 0 0 0-25 25"
                if dealt.random() < 0.5  # noqa: PLR2004 -- one way or the other.
                else f"M{x + 25} {y}a25 25 0 0 0 25 25M{x} {y + 25}a25 25 0 0 1 25 25"
            )
            (gold if dealt.random() < 0.12 else figure).append(path)  # noqa: PLR2004 -- a few of them.
    round_ = ' stroke-linecap="round"'
    drawn = "".join(figure)
    return _stroke(drawn, _FIGURE, 9, round_) + _stroke(drawn, "#0003", 2) + _stroke("".join(gold), _GOLD, 9, round_)


def _hills() -> str:
    dealt, drawn = Random(5), []
    for line in range(22):
        peaks = [(150 + dealt.gauss(0, 42), dealt.uniform(19, 36), dealt.uniform(8, 56)) for _ in range(2)]
        points, last = [], 60 + line * 16
        first = last
        for x in range(12, 301, 12):
            height = sum(top * exp(-(((x - at) / wide) ** 2) / 2) for at, wide, top in peaks)
            y = round(60 + line * 16 - height)
            points.append(f"{12} {y - last}")
            last = y
        gold = line == 14  # noqa: PLR2004 -- one of them.
        drawn.append(
            f'<path d="M0 {first}l{" ".join(points)}V460H0z" fill="{_GROUND}" stroke="{_GOLD if gold else _FIGURE}" '
            f'stroke-width="{2.4 if gold else 1.5}" stroke-linejoin="round"/>'
        )
    return "".join(drawn)


def _rings() -> str:
    def ring(x: int, y: int, radius: int, colour: str, width: int) -> str:
        return f'<circle cx="{x}" cy="{y}" r="{radius}" stroke="{colour}" stroke-width="{width}"/>'

    many = (ring(78, 300, 12 + 15 * step, _FIGURE, 3) for step in range(22))
    few = (ring(240, 90, 12 + 15 * step, *((_GOLD, 4) if step == 3 else (_FIGURE, 3))) for step in range(11))  # noqa: PLR2004 -- a drawing.
    return "".join(many) + "".join(few)


def _rosette() -> str:
    drawn = []
    for radius, depth, colour in ((128, 34, _FIGURE), (92, 28, _GOLD), (58, 20, _FIGURE)):
        points, last = [], (radius, 0)
        for degree in range(4, 361, 4):
            angle = degree * pi / 180
            reach = radius + depth * sin(9 * angle)
            here = (round(reach * cos(angle)), round(reach * sin(angle)))
            points.append(f"{here[0] - last[0]} {here[1] - last[1]}")
            last = here
        name = f"r{radius}"
        drawn.append(
            f'<path id="{name}" d="M{radius} 0l{" ".join(points)}z" stroke="{colour}" stroke-linejoin="round"/>'
            + "".join(f'<use href="#{name}" transform="rotate({turn})"/>' for turn in (7, 13, 20, 27, 33))
        )
    gem = f'<path d="M0-22 15 0 0 22-15 0z" fill="{_GOLD}"/>'
    return f'<g transform="translate(150 250)">{"".join(drawn)}{gem}</g>'


def _quarters() -> str:
    dealt, drawn = Random(3), []
    for y in range(0, 400, 60):
        for x in range(0, 300, 60):
            corner, colour = dealt.randrange(4), _GOLD if dealt.random() < 0.14 else _FIGURE  # noqa: PLR2004 -- a drawing.
            left, top = x + corner % 2 * 60, y + corner // 2 * 60
            across, down = (1 if corner % 2 == 0 else -1), (1 if corner < 2 else -1)  # noqa: PLR2004 -- a drawing.
            for radius, strength in ((58, ".38"), (38, ".7"), (18, "1")):
                drawn.append(
                    f'<path d="M{left} {top}h{across * radius}a{radius} {radius} 0 0 {1 if across * down > 0 else 0}'
                    f'{-across * radius} {down * radius}z" fill="{colour}" fill-opacity="{strength}"/>'
                )
    return "".join(drawn)


def _stars() -> str:
    corners = ((37.5 if step % 2 else 28.6, step * pi / 8 + pi / 8) for step in range(16))
    path = "M" + "L".join(f"{reach * cos(angle):.1f} {reach * sin(angle):.1f}" for reach, angle in corners) + "z"
    square = '<path d="M-14-14h28v28h-28zM0-19.8 19.8 0 0 19.8-19.8 0z"'
    kinds = "".join(
        f'<g id="{name}">{_stroke(path, _FIGURE, 2)}{square} stroke="{colour}" stroke-width="1.6"/></g>'
        for name, colour in (("s0", _FIGURE), ("s1", _GOLD))
    )
    dealt = Random(8)
    placed = (
        f'<use href="#s{int((x + y) % 3 == dealt.randrange(3))}" x="{x * 75}" y="{y * 75}"/>'
        for y in range(6)
        for x in range(5)
    )
    return f"<defs>{kinds}</defs>{''.join(placed)}"


def _scales() -> str:
    dealt = Random(2)

    def scale(name: str, colour: str) -> str:
        rings = "".join(f'<circle r="{radius}"/>' for radius in (25, 18, 11, 4))
        return f'<g id="{name}" fill="{_GROUND}" stroke="{colour}" stroke-width="1.8">{rings}</g>'

    placed = (
        f'<use href="#c{int(dealt.random() < 0.07)}" x="{x * 50 + (25 if y % 2 else 0)}" y="{y * 25}"/>'  # noqa: PLR2004 -- a drawing.
        for y in range(17)
        for x in range(7)
    )
    return f"<defs>{scale('c0', _FIGURE)}{scale('c1', _GOLD)}</defs>{''.join(placed)}"


def _sunflower() -> str:
    """Seeds along the golden angle, as dashes of no length with round ends: one path for each size."""
    sizes: dict[tuple[int, bool], list[str]] = {}
    for seed in range(3, 520):
        angle, reach = seed * _GOLDEN_ANGLE, 10 * sqrt(seed)
        x, y = round(150 + reach * cos(angle)), round(290 + reach * sin(angle))
        if -8 < x < 308 and -8 < y < 408:  # noqa: PLR2004 -- the sheet and its edge.
            sizes.setdefault((2 + int(reach / 32), seed % 21 == 0), []).append(f"M{x} {y}h0")
    return "".join(
        _stroke("".join(places), _GOLD if gold else _FIGURE, size, ' stroke-linecap="round"')
        for (size, gold), places in sorted(sizes.items())
    )


def sheet() -> str:
    """The file of all patterns, each a symbol under its name."""
    drawn = {
        "tiles": _tiles,
        "hills": _hills,
        "rings": _rings,
        "rosette": _rosette,
        "quarters": _quarters,
        "stars": _stars,
        "scales": _scales,
        "sunflower": _sunflower,
    }
    symbols = "".join(f'<g id="{name}" fill="none">{draw()}</g>' for name, draw in sorted(drawn.items()))
    return f'<svg xmlns="http://www.w3.org/2000/svg"><defs>{symbols}</defs></svg>'
