"""Charts as SVG, drawn by the server: line, bars, funnel, histogram, sparkline. Colours come by class; no style, no id.

A chart is 360 units wide, so that its text stays readable on a phone; the style sheet shrinks the text as the box
widens. With `rtl` time, per cent and the bars run from right to left. `title` says in one sentence what is to be seen:
it is the text of the picture for whoever does not see it. Names in it are isolated by whoever writes the sentence.
"""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from markupsafe import Markup, escape

WIDTH = 360
_HEIGHT = 190
_LEVELS = 4
_START, _END, _FOOT = 34, 12, 24
"""What stands beside the drawing: the numbers, a margin, the labels below."""

_HEAD = 20
_ROW, _THICK, _BESIDE = 34, 9, 44
_LETTERS = 38
"""What the labels below a chart may have together."""

_NAME_MAX = 48
"""Characters of a name above a bar; the table beside has it whole."""

_WHOLE = 100
_NOBODY: Mapping[int, float] = MappingProxyType({})
_LOW, _HIGH = 21, 18
"""The foot of a sparkline, and how high it rises."""


@dataclass(frozen=True, slots=True)
class _Plot:
    """The field of a chart: places along it as shares of its width, values as heights."""

    top: float
    rtl: bool
    height: int = _HEIGHT

    def x(self, share: float) -> float:
        """Where a share of the way stands, from the start of the text."""
        place = _START + (WIDTH - _START - _END) * share
        return WIDTH - place if self.rtl else place

    def y(self, value: float) -> float:
        """How high a value stands."""
        return _HEAD + (self.height - _HEAD - _FOOT) * (1 - value / self.top)

    def levels(self, step: int) -> Iterable[str]:
        """The zero line and those above it, each with its number."""
        beside = 6 if self.rtl else -6
        for value in range(0, int(self.top) + 1, step):
            kind, y = "grid" if value else "base", _n(self.y(value))
            yield f'<path class="{kind}" d="M{_n(self.x(0))} {y}H{_n(self.x(1))}"/>'
            yield _text(self.x(0) + beside, self.y(value) + 3.5, number(value), "left" if self.rtl else "right")

    def label(self, share: float, text: str, side: str = "middle") -> str:
        """Words below the field; `side` is that of the words which stands at the place, as they are read."""
        edge = {"middle": "middle", "start": "right" if self.rtl else "left", "end": "left" if self.rtl else "right"}
        return _text(self.x(share), self.height - 6, text, edge[side], rtl=self.rtl)


def number(value: float) -> str:
    """A number as charts and tables write it: `1,204`, `4.8`."""
    return f"{value:,.0f}" if abs(value - round(value)) < 1e-9 else f"{value:,.1f}"  # noqa: PLR2004 -- no more than rounding.


def _n(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")


def _svg(height: int, title: str, parts: Iterable[str]) -> Markup:
    opening = f'<svg class="chart" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}">'
    return Markup(f'{opening}<g aria-hidden="true">{"".join(parts)}</g></svg>')  # noqa: S704 -- numbers, and texts that are escaped.


def _text(x: float, y: float, text: str, side: str = "middle", cls: str = "", *, rtl: bool = False) -> str:
    """Words whose left edge, middle or right edge is at x, whichever way they are read."""
    anchor = {"middle": "middle", "left": "end" if rtl else "start", "right": "start" if rtl else "end"}[side]
    named, read = f' class="{cls}"' if cls else "", ' direction="rtl"' if rtl else ""
    return f'<text x="{_n(x)}" y="{_n(y)}"{named} text-anchor="{anchor}"{read}>{escape(text)}</text>'


def _scale(highest: float) -> tuple[int, int]:
    """The step between two levels, and the highest of at most four that takes the highest value in."""
    step, power = 1, 1
    while highest > _LEVELS * step:
        step = next((n * power for n in (1, 2, 5) if n * power > step), 10 * power)
        power = 10 ** (len(str(step)) - 1)
    return step, max(1, -(-int(-(-highest // 1)) // step)) * step


def _shown(labels: Sequence[str]) -> list[int]:
    """The first, the middle and the last label: three fit a phone, where they are short; otherwise the ends do."""
    three = sorted({0, (len(labels) - 1) // 2, len(labels) - 1})
    return three if sum(len(labels[place]) for place in three) <= _LETTERS else sorted({three[0], three[-1]})


def _sides(place: int, count: int) -> str:
    return "middle" if count == 1 else "start" if place == 0 else "end" if place == count - 1 else "middle"


def line(
    title: str, labels: Sequence[str], now: Sequence[float], was: Sequence[float] = (), *, rtl: bool = False
) -> Markup:
    """A line of values over time, with the period before as a dotted one; both have a value for each label."""
    if not now:
        return Markup("")
    step, top = _scale(max(*now, *was, 0))
    plot, last = _Plot(top, rtl), len(now) - 1

    def share(place: int) -> float:
        return place / last if last else 0.5

    def path(values: Sequence[float]) -> str:
        return "L".join(f"{_n(plot.x(share(i)))} {_n(plot.y(value))}" for i, value in enumerate(values))

    foot = f"L{_n(plot.x(share(last)))} {_n(plot.y(0))}L{_n(plot.x(share(0)))} {_n(plot.y(0))}z"
    parts = [*plot.levels(step), f'<path class="area" d="M{path(now)}{foot}"/>']
    if was:
        parts.append(f'<path class="was" d="M{path(was)}"/>')
    parts.append(f'<path class="now" d="M{path(now)}"/>')
    for place in sorted({now.index(max(now)), last}):
        x, y = plot.x(share(place)), plot.y(now[place])
        parts.append(f'<path class="dot" d="M{_n(x)} {_n(y - 5)}l5 5-5 5-5-5z"/>')
        parts.append(_text(x, y - 10, number(now[place]), "middle", "v"))
    parts += [plot.label(share(i), labels[i], _sides(i, len(labels))) for i in _shown(labels)]
    return _svg(_HEIGHT, title, parts)


def _column(plot: _Plot, place: int, count: int, value: float, cls: str) -> str:
    """One bar of several side by side, from the zero line up."""
    if not value:
        return ""
    edges = sorted((plot.x(place / count), plot.x((place + 1) / count)))
    gap = min(1.5, (edges[1] - edges[0]) / 6)
    y, wide = plot.y(value), edges[1] - edges[0] - 2 * gap
    return f'<rect class="{cls}" x="{_n(edges[0] + gap)}" y="{_n(y)}" width="{_n(wide)}" height="{_n(plot.y(0) - y)}"/>'


def bar(title: str, labels: Sequence[str], values: Sequence[float], *, rtl: bool = False) -> Markup:
    """Bars side by side, one for each label; the highest has its number."""
    if not values:
        return Markup("")
    step, top = _scale(max(values))
    plot, count, best = _Plot(top, rtl), len(values), values.index(max(values))
    parts = [*plot.levels(step), *(_column(plot, i, count, value, "bar") for i, value in enumerate(values))]
    parts.append(_text(plot.x((best + 0.5) / count), plot.y(values[best]) - 5, number(values[best]), "middle", "v"))
    parts += [plot.label((i + 0.5) / count, labels[i]) for i in _shown(labels)]
    return _svg(_HEIGHT, title, parts)


def histogram(
    title: str, bins: Sequence[float], goal: float | None = None, goal_text: str = "", *, rtl: bool = False
) -> Markup:
    """How many fall into each of equal steps from 0 to 100; what lies below `goal`, the pass mark, is pale."""
    if not bins:
        return Markup("")
    step, top = _scale(max(bins))
    plot, count = _Plot(top, rtl), len(bins)
    parts = list(plot.levels(step))
    for place, value in enumerate(bins):
        is_below = goal is not None and _WHOLE * place / count < goal
        parts.append(_column(plot, place, count, value, "bar pale" if is_below else "bar"))
    if goal is not None:
        x, is_low = plot.x(float(goal) / _WHOLE), goal < _WHOLE / 3
        parts.append(f'<path class="goal" d="M{_n(x)} {_HEAD - 14}V{_n(plot.y(0))}"/>')
        is_left = is_low is rtl
        parts.append(
            _text(x + (-6 if is_left else 6), _HEAD - 6, goal_text, "right" if is_left else "left", "v", rtl=rtl)
        )
    parts += [plot.label(share / _LEVELS, str(share * _WHOLE // _LEVELS)) for share in range(_LEVELS + 1)]
    return _svg(_HEIGHT, title, parts)


def lost_at(counts: Sequence[float], under_way: Mapping[int, float] = _NOBODY) -> list[float]:
    """How many stopped at each step of a funnel after the first; `under_way` are at a step, and have not stopped."""
    pairs = enumerate(itertools.pairwise(counts))
    return [max(0, before - after - under_way.get(place, 0)) for place, (before, after) in pairs]


def worst_step(counts: Sequence[float], under_way: Mapping[int, float] = _NOBODY) -> int | None:
    """The step of a funnel at which most stopped, the first of them; None where nobody did."""
    lost = lost_at(counts, under_way)
    return lost.index(max(lost)) + 1 if lost and max(lost) > 0 else None


def funnel(
    title: str,
    steps: Sequence[tuple[str, float]],
    under_way: Mapping[int, float] = _NOBODY,
    *,
    rtl: bool = False,
) -> Markup:
    """How many reach each step, one bar below another, its name above it.

    Who stopped at a step is the pale end of its bar; that end is golden where most did. Who is `under_way` to the next
    step after so many is in no bar.
    """
    if not steps:
        return Markup("")
    counts = [count for _, count in steps]
    unit, worst = (WIDTH - _BESIDE) / max(*counts, 1), worst_step(counts, under_way)
    losses = [0, *lost_at(counts, under_way)]
    side = "right" if rtl else "left"
    parts = []
    for place, (name, count) in enumerate(steps):
        y, wide, lost = place * _ROW, max(2.0, unit * count), unit * losses[place]
        short = name if len(name) <= _NAME_MAX else f"{name[: _NAME_MAX - 1]}…"
        parts.append(_text(WIDTH if rtl else 0, y + 11, short, side, rtl=rtl))
        parts.append(_lying(0, wide, y, "bar", rtl=rtl))
        if lost:
            parts.append(_lying(wide, lost, y, "bar hit" if place == worst else "bar pale", rtl=rtl))
        end = wide + lost + 7
        parts.append(_text(WIDTH - end if rtl else end, y + 24, number(count), side, "v"))
    return _svg(len(steps) * _ROW, title, parts)


def _lying(start: float, wide: float, y: float, cls: str, *, rtl: bool) -> str:
    """A piece of a bar that lies along the text."""
    x = WIDTH - start - wide if rtl else start
    return f'<rect class="{cls}" x="{_n(x)}" y="{_n(y + 16)}" width="{_n(wide)}" height="{_THICK}"/>'


def spark(values: Sequence[float]) -> Markup:
    """A line as long as a word, beside the number that it is about; the style sheet turns it round where needed."""
    if len(values) < 2:  # noqa: PLR2004 -- a line has two ends.
        return Markup("")
    low, span = min(values), (max(values) - min(values)) or 1
    points = [(80 * i / (len(values) - 1), _LOW - _HIGH * (value - low) / span) for i, value in enumerate(values)]
    x, y = points[-1]
    drawn = " ".join(f"{_n(a)},{_n(b)}" for a, b in points)
    opening = '<svg class="spark" viewBox="0 0 80 24" aria-hidden="true">'
    return Markup(f'{opening}<polyline points="{drawn}"/><path d="M{_n(x)} {_n(y - 4)}l4 4-4 4-4-4z"/></svg>')  # noqa: S704 -- numbers.
