"""XInclude elements are never followed, and the report names each with its line."""

from pathlib import Path

import pytest

from tests.importing.studio import read, tree

INCLUDE = '<xi:include xmlns:xi="{space}" href="file:///etc/passwd" parse="text"><xi:fallback/></xi:include>'
SPACES = ("http://www.w3.org/2001/XInclude", "http://www.w3.org/2003/XInclude")
WHY = "nothing is read from elsewhere: 'file:///etc/passwd'"
CHOICES = (
    "<label>Q{}?</label><choicegroup><choice correct='true'>A</choice><choice correct='false'>B</choice></choicegroup>"
)
PLACES = {
    "in a sequential": "{}<vertical display_name='v'><html>words</html></vertical>",
    "in a vertical": "<vertical display_name='v'>{}<html>words</html></vertical>",
    "in a page": "<vertical display_name='v'><html><p>some {} words</p></html></vertical>",
    "in a video": "<vertical display_name='v'><video youtube_id_1_0='abcdefghijk'>{}</video></vertical>",
    "in a problem": f"<vertical display_name='v'><problem><multiplechoiceresponse>{CHOICES}</multiplechoiceresponse>"
    "</problem></vertical>",
}


def inclusions(path: Path, scratch: Path) -> list[tuple[str, str, str, str]]:
    report = read(path, scratch).report
    return [(each.place, each.fate, each.what, each.why) for each in report if each.name == "xi:include"]


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("place", PLACES)
def test_one_in_open_edx_is_reported(tmp_path: Path, place: str, space: str) -> None:
    inside = PLACES[place].format("\n" + INCLUDE.format(space=space))
    course = f"<course url_name='r' org='o' course='c'><chapter><sequential>{inside}</sequential></chapter></course>"
    folder = tree(tmp_path / "course", {"course.xml": course})
    assert inclusions(folder, tmp_path) == [("course.xml:2", "skipped", "inclusion", WHY)]
    assert [each.title for each in read(folder, tmp_path).course.lessons] == ["Section 1", "Subsection 1", "v"]


def test_the_words_around_it_stay(tmp_path: Path) -> None:
    inside = PLACES["in a page"].format(INCLUDE.format(space=SPACES[0]))
    course = f"<course url_name='r'><chapter><sequential>{inside}</sequential></chapter></course>"
    lesson = read(tree(tmp_path / "course", {"course.xml": course}), tmp_path).course.lessons[-1]
    assert lesson.content is not None
    assert lesson.content.split() == ["some", "words"]


def test_one_in_a_page_of_its_own_is_reported(tmp_path: Path) -> None:
    page = "<vertical display_name='v'><html filename='page'/></vertical>"
    course = f"<course url_name='r'><chapter><sequential>{page}</sequential></chapter></course>"
    files = {"course.xml": course, "html/page.html": f"<p>words {INCLUDE.format(space=SPACES[0])}</p>"}
    found = inclusions(tree(tmp_path / "course", files), tmp_path)
    assert found == [("html/page.html:1", "skipped", "inclusion", "nothing is read from elsewhere")]


@pytest.mark.parametrize("spot", range(3))
def test_one_in_moodle_is_reported(tmp_path: Path, spot: int) -> None:
    spots = ["", "", ""]
    spots[spot] = "\n" + INCLUDE.format(space=SPACES[0])
    path = tmp_path / "questions.xml"
    path.write_text(
        f"<quiz>{spots[0]}<question type='truefalse'>{spots[1]}<name><text>n</text></name><questiontext format='html'>"
        f"<text>Blue? {spots[2]}</text></questiontext><answer fraction='100'><text>true</text></answer>"
        "<answer fraction='0'><text>false</text></answer></question></quiz>"
    )
    assert inclusions(path, tmp_path) == [("questions.xml:2", "skipped", "inclusion", WHY)]
