"""A small course of Open edX never makes much work: what is named often is read once, and all of it is bounded."""

from collections.abc import Mapping
from pathlib import Path, PurePath
from time import process_time

import pytest

from studium.modules.exchange.formats.olx import bounds as olx_bounds
from studium.modules.exchange.formats.olx.tree import Tree
from studium.modules.exchange.model.texts import CourseFormatError
from tests.importing.olx import CHOICE, course, imported, lesson, line, quiz

PAGE = f"<p>{'words and <b>more</b> words ' * 4_000}</p>"
OPTION = "<choice correct='true'>a</choice><choice>b</choice>"
RESPONSE = f"<multiplechoiceresponse><choicegroup>{OPTION}</choicegroup></multiplechoiceresponse>"


def units(inside: str, number: int) -> dict[str, str | bytes]:
    files = course("")
    many = "".join(f"<vertical display_name='U'>{inside}</vertical>" for _ in range(number))
    files["course/r.xml"] = str(files["course/r.xml"]).replace("<vertical display_name='Unit'></vertical>", many)
    return files


BIG: dict[str, tuple[Mapping[str, str | bytes], str]] = {
    "a page that is shown 800 times": (
        units("<html filename='p'/>" * 2, 400) | {"html/p.html": PAGE},
        "more than 33,554,432 characters in all lessons and questions together",
    ),
    "a problem that is asked 900 times": (
        units("<problem url_name='p'/>", 900) | {"problem/p.xml": f"<problem><p>{'x' * 15_000}</p>{RESPONSE * 90}</problem>"},  # noqa: E501
        "more than 33,554,432 characters in all lessons and questions together",
    ),
    "more elements than any course has": (course("<discussion/>" * 20_001), "more than 20,000 elements in a course"),
    "more lessons than any course has": (units("<html>w</html>", 1_001), "more than 1,000 lessons"),
    "a name that leads in a circle": (
        course("<vertical url_name='a'/>") | {"vertical/a.xml": "<vertical><vertical url_name='b'/></vertical>",
                                              "vertical/b.xml": "<vertical><vertical url_name='a'/></vertical>"},
        "vertical/a hangs below itself",
    ),
    "units within units": (course("<wrapper>" * 30 + "</wrapper>" * 30), "nested too deep"),
}  # fmt: skip


@pytest.mark.parametrize("case", BIG)
def test_what_would_be_too_much_is_refused_at_once(tmp_path: Path, case: str) -> None:
    files, words = BIG[case]
    began = process_time()
    with pytest.raises(CourseFormatError, match=words):
        imported(tmp_path, files)
    assert process_time() - began < 20


@pytest.mark.parametrize("number", [101, 100_000])
def test_a_problem_of_many_responses_is_named(tmp_path: Path, number: int) -> None:
    began = process_time()
    many = "<stringresponse answer='a'/>" * number
    item = imported(tmp_path, course(f"<problem display_name='P'><p>text</p>{many}</problem>"))
    assert line(item, "P").why == f"it asks {number:,} things in one text; 100 are possible"
    assert process_time() - began < 10


def test_many_options_are_counted_before_they_are_read(tmp_path: Path) -> None:
    many = RESPONSE.replace(OPTION, OPTION * 50_000)
    began = process_time()
    item = imported(tmp_path, course(f"<problem display_name='P'><p>text</p>{many}</problem>"))
    assert "it has 100000 options; 2 to 20 are possible" in line(item, "P").why
    assert process_time() - began < 10


@pytest.mark.parametrize("options", ["(" * 5_000, "('" + "a" * 60_000 + "','b')", "9" * 40_000])
def test_a_list_of_options_that_is_no_list_is_named(tmp_path: Path, options: str) -> None:
    problem = f"<optionresponse><optioninput options=\"{options}\" correct='b'/></optionresponse>"
    item = imported(tmp_path, course(f"<problem display_name='P'><p>text</p>{problem}</problem>"))
    assert line(item, "P").fate == "skipped"


@pytest.mark.parametrize(
    ("weight", "points"),
    [("1e50", 1), ("9" * 1_000_000, 1), ("-3", 1), ("NaN", 1), ("2.5", 2.5), ("1e2", 100), ("null", 1)],
)
def test_a_weight_is_a_number_that_points_can_be(tmp_path: Path, weight: str, points: float) -> None:
    item = imported(tmp_path, course(f"<problem weight='{weight}'>{CHOICE}</problem>"))
    assert float(quiz(item).questions[0].points) == points


def test_a_page_that_is_named_often_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    text = Tree.text

    def noted(tree: Tree, path: PurePath, most: int) -> str:
        read.append(path.name)
        return text(tree, path, most)

    monkeypatch.setattr(Tree, "text", noted)
    item = imported(tmp_path, units("<html filename='p'/>", 40) | {"html/p.html": "<p>words</p>"})
    assert (read, lesson(item).content) == (["p.html"], "words")


def test_files_that_name_each_other_are_bounded_in_what_is_parsed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(olx_bounds, "MAX_PARSED", 100_000)
    pages = {f"html/p{each}.html": PAGE[:30_000] for each in range(5)}
    with pytest.raises(CourseFormatError, match="bytes are read, as its files name each other so often"):
        imported(tmp_path, units("".join(f"<html filename='p{each}'/>" for each in range(5)), 1) | pages)


def test_a_thousand_names_of_one_kind_take_no_longer_than_their_number(tmp_path: Path) -> None:
    began = process_time()
    slugs = imported(tmp_path, units("<html>w</html>", 990)).lesson_ids
    assert (len(slugs), process_time() - began < 10) == (992, True)
