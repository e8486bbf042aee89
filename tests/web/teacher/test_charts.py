"""Charts: what they show, in both directions, of any numbers; their words are escaped and carry no style."""

import re
from collections.abc import Callable

import pytest
from lxml import etree
from markupsafe import Markup

from studium.web import charts

LABELS = [f"week {n}" for n in range(11)]
NOW, WAS = [6, 9, 8, 12, 14, 11, 16, 13, 19, 17, 18], [5, 6, 7, 6, 9, 10, 8, 11, 9, 12, 10]
STEPS = [("Enrolled", 184), ("Mean", 171), ("Samples", 131), ("Practice", 126)]
HOSTILE = '</svg><script>alert(1)</script>" onload="x'
DRAWN: list[Callable[..., Markup]] = [
    lambda **o: charts.line(HOSTILE, LABELS, NOW, WAS, **o),
    lambda **o: charts.bar(HOSTILE, LABELS, NOW, **o),
    lambda **o: charts.histogram(HOSTILE, [0, 1, 1, 2, 3, 5, 9, 22, 38, 31], 70, HOSTILE, **o),
    lambda **o: charts.funnel(HOSTILE, [(HOSTILE, 3), *STEPS], **o),
]


def read(svg: str) -> etree._Element:
    return etree.fromstring(svg)


def numbers(found: etree._Element, name: str, cls: str) -> list[float]:
    return [float(part.get(name, "")) for part in found.iter("rect") if part.get("class") == cls]


@pytest.mark.parametrize("draw", DRAWN)
@pytest.mark.parametrize("rtl", [False, True])
def test_a_chart_is_a_picture_with_a_sentence_and_stays_inside_its_box(draw: Callable[..., Markup], *, rtl: bool):
    svg = draw(rtl=rtl)
    found = read(svg)
    assert (found.get("role"), found.get("aria-label"), found.get("class")) == ("img", HOSTILE, "chart")
    assert {part.tag for part in found.iter()} <= {"svg", "g", "path", "rect", "text"}
    assert not {name for part in found.iter() for name in part.attrib} & {"style", "id", "onload", "fill"}
    _, _, wide, high = map(float, str(found.get("viewBox")).split())
    for part in found.iter("rect"):
        x, y, w, h = (float(part.get(name, "")) for name in ("x", "y", "width", "height"))
        assert x >= 0 and y >= 0 and w > 0 and h > 0 and x + w <= wide + 0.1 and y + h <= high  # noqa: PT018 -- one rectangle.
    for part in found.iter("text"):
        assert 0 <= float(part.get("x", "")) <= wide
        assert 0 <= float(part.get("y", "")) <= high
    words = [part for part in found.iter("text") if part.get("direction") == "rtl"]
    assert bool(words) is rtl


def test_time_runs_from_right_to_left_in_arabic():
    ways = []
    for rtl in (False, True):
        path = next(
            part for part in read(charts.line("t", LABELS, NOW, rtl=rtl)).iter("path") if part.get("class") == "now"
        )
        ways.append([float(point.split()[0]) for point in str(path.get("d"))[1:].split("L")])
    assert ways[0] == sorted(ways[0])
    assert ways[1] == sorted(ways[1], reverse=True)
    assert [round(a + b) for a, b in zip(*ways, strict=True)] == [charts.WIDTH] * len(NOW)


def test_the_highest_and_the_last_point_carry_their_numbers():
    found = read(charts.line("t", LABELS, NOW, WAS))
    assert [part.text for part in found.iter("text") if part.get("class") == "v"] == ["19", "18"]
    below = [part.text for part in found.iter("text") if float(part.get("y", "")) > 180]
    assert below == ["week 0", "week 5", "week 10"]


@pytest.mark.parametrize(
    ("highest", "levels"),
    [
        (0, ["0", "1"]),
        (1, ["0", "1"]),
        (5, ["0", "2", "4", "6"]),
        (19, ["0", "5", "10", "15", "20"]),
        (4001, ["0", "2,000", "4,000", "6,000"]),
        (0.4, ["0", "1"]),
    ],
)
def test_levels_are_round_numbers_and_take_the_highest_value_in(highest: float, levels: list[str]):
    found = read(charts.bar("t", ["a", "b"], [0, highest]))
    assert [part.text for part in found.iter("text") if part.get("class") is None][: len(levels)] == levels


def test_a_funnel_marks_where_most_stop():
    for rtl in (False, True):
        found = read(charts.funnel("t", STEPS, rtl=rtl))
        whole, lost = numbers(found, "width", "bar"), numbers(found, "width", "bar hit")
        assert whole[0] == charts.WIDTH - 44
        assert len(lost) == 1
        assert round(lost[0], 0) == round((171 - 131) / 184 * whole[0], 0)
        assert len(numbers(found, "width", "bar pale")) == 2
    assert charts.worst_step([184, 171, 131, 126]) == 2
    assert charts.worst_step([3, 3, 4]) is charts.worst_step([3]) is charts.worst_step([]) is None
    assert charts.worst_step([184, 171, 131, 126], {1: 35}) == 1
    under_way = read(charts.funnel("t", STEPS, {1: 35}))
    assert round(numbers(under_way, "width", "bar hit")[0], 0) == round(13 / 184 * (charts.WIDTH - 44), 0)
    long = read(charts.funnel("t", [("x" * 200, 1)]))
    assert len(str(next(long.iter("text")).text)) == 48


def test_a_histogram_pales_what_is_below_the_pass_mark():
    found = read(charts.histogram("t", [1] * 10, 70, "pass mark 70"))
    assert (len(numbers(found, "x", "bar pale")), len(numbers(found, "x", "bar"))) == (7, 3)
    (goal,) = [part for part in found.iter("path") if part.get("class") == "goal"]
    place = float(re.findall(r"M([\d.]+)", str(goal.get("d")))[0])
    assert max(numbers(found, "x", "bar pale")) < place < min(numbers(found, "x", "bar"))


@pytest.mark.parametrize("few", [[], [3], [0, 0], [7.5, 2.25]])
def test_few_numbers_and_none_can_be_drawn(few: list[float]):
    labels = [str(n) for n in range(len(few))]
    drawn = [charts.line("t", labels, few), charts.line("t", labels, few, few), charts.bar("t", labels, few)]
    drawn += [
        charts.histogram("t", few, 50),
        charts.funnel("t", list(zip(labels, few, strict=True))),
        charts.spark(few),
    ]
    for svg in drawn:
        assert "nan" not in svg
        assert svg == "" or read(svg) is not None


def test_a_sparkline_is_drawn_for_the_eye_alone():
    found = read(charts.spark([3, 1, 4, 1, 5]))
    assert found.get("aria-hidden") == "true"


@pytest.mark.parametrize("draw", [charts.line, charts.bar])
def test_labels_that_would_run_into_each_other_give_way_to_the_ends(draw: Callable[..., Markup]):
    shown = {}
    for name, labels in {"short": LABELS, "long": [f"{n} September 2026" for n in range(1, 12)]}.items():
        drawn = [part.text for part in read(draw("t", labels, NOW)).iter("text")]
        shown[name] = [text for text in drawn if text in labels]
    assert shown == {
        "short": ["week 0", "week 5", "week 10"],
        "long": ["1 September 2026", "11 September 2026"],
    }
