"""A picture or document of a Markdown course is found however its name is spelled; what is not found is reported."""

from pathlib import Path

import pytest

from studium.modules.exchange.model.items import CourseItem
from tests.importing.studio import read, tarred, tree, upload, zipped
from tests.world import World

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c63f8cfc0f01f0005000"
    "1ff56c7e28b0000000049454e44ae426082"
)
E_ACUTE, E_AND_ACUTE = "\u00e9", "e\u0301"
# What an author writes in the lesson, and what the file is called.
FOUND = {
    "as it is": ("![x](files/wheel.png)", "files/wheel.png"),
    "capital ending": ("![x](files/Wheel.PNG)", "files/Wheel.PNG"),
    "other capitals": ("![x](Files/wheel.png)", "files/WHEEL.png"),
    "encoded space": ("![x](files/my%20wheel.png)", "files/my wheel.png"),
    "space in angles": ("![x](<files/my wheel.png>)", "files/my wheel.png"),
    "encoded in its name, too": ("![x](files/my%20wheel.png)", "files/my%20wheel.png"),
    "encoded letter": ("![x](files/caf%C3%A9.png)", f"files/caf{E_ACUTE}.png"),
    "composed": (f"![x](files/caf{E_ACUTE}.png)", f"files/caf{E_AND_ACUTE}.png"),
    "decomposed": (f"![x](files/caf{E_AND_ACUTE}.png)", f"files/caf{E_ACUTE}.png"),
    "backslash": ("![x](files\\wheel.png)", "files/wheel.png"),
    "from here": ("![x](./files/wheel.png)", "files/wheel.png"),
    "up and down": ("![x](files/../files/wheel.png)", "files/wheel.png"),
    "up too far": ("![x](../../files/wheel.png)", "files/wheel.png"),
    "escaped by Markdown": ("![x](files/my\\_wheel.png)", "files/my_wheel.png"),
    "escaped by HTML": ("![x](files/a&amp;b.png)", "files/a&b.png"),
    "with brackets": ("![x](files/wheel(1).png)", "files/wheel(1).png"),
    "with a title": ('![x](files/Wheel.PNG "A wheel")', "files/Wheel.PNG"),
    "with a query": ("![x](files/wheel.png?raw=true)", "files/wheel.png"),
    "in a folder": ("![x](files/week1/wheel.png)", "files/week1/wheel.png"),
    "by reference": ("![x][wheel]\n\n[wheel]: files/Wheel.PNG", "files/Wheel.PNG"),
    "in HTML": ('<img src="files/Wheel.PNG">', "files/Wheel.PNG"),
    "in Arabic": ("![x](files/عجلة.png)", "files/عجلة.png"),
}
LOST = {
    "not there": "files/hub.png",
    "beside the lesson": "wheel.png",
    "another page": "02-two.md",
    "encoded, not there": "files/my%20hub.png",
}


def course(text: str, *names: str, deep: bool = False) -> dict[str, str | bytes]:
    page = f"---\ntitle: One\n---\n\n{text}\n"
    lesson = {"01-up.md": "---\ntitle: Up\n---\n", "01-up/01-one.md": page} if deep else {"01-one.md": page}
    return {"course.md": "---\ntitle: Caps\n---\n", **lesson, **dict.fromkeys(names, PIXEL)}


def last(item: CourseItem) -> str:
    return item.course.lessons[-1].content or ""


@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("case", FOUND)
def test_it_is_found(case: str, tmp_path: Path, deep: bool) -> None:  # noqa: FBT001 -- a parameter.
    text, name = FOUND[case]
    if deep:
        text = text.replace("](", "](../").replace('="', '="../').replace("]: ", "]: ../").replace("](../<", "](<../")
    path = tmp_path / "course.tar.gz"
    path.write_bytes(tarred(course(text, name, deep=deep)))
    item = read(path, tmp_path)
    assert [each for each in item.report if each.fate != "imported"] == []
    assert item.files[0].token in last(item)
    assert name.rpartition("/")[2].casefold() not in last(item).casefold()


@pytest.mark.parametrize("case", LOST)
def test_what_is_not_found_is_a_line_of_the_report(case: str, tmp_path: Path) -> None:
    item = read(tree(tmp_path / "course", course(f"![x]({LOST[case]})", "files/wheel.png")), tmp_path)
    assert last(item) == f"![x]({LOST[case]})"
    (line,) = [each for each in item.report if each.fate == "skipped"]
    assert (line.name, line.place, line.what) == (LOST[case], "01-one.md:1", "link or picture")


@pytest.mark.parametrize("target", ["https://e.org/a.png", "mailto:a@e.org", "#part", "/api/v1/files/x", "//e.org/a"])
def test_what_leads_elsewhere_is_left_alone(target: str, tmp_path: Path) -> None:
    item = read(tree(tmp_path / "course", course(f"[x]({target})")), tmp_path)
    assert (last(item), [each.fate for each in item.report]) == (f"[x]({target})", ["imported"] * 2)


def test_two_files_that_differ_in_capitals_are_two(tmp_path: Path) -> None:
    path = tmp_path / "course.zip"
    path.write_bytes(
        zipped(course("![x](files/Wheel.PNG) ![y](files/wheel.png)", "files/wheel.png", "files/Wheel.PNG"))
    )
    item = read(path, tmp_path)
    tokens = {file.reference: file.token for file in item.files}
    assert last(item) == f"![x]({tokens['files/Wheel.PNG']}) ![y]({tokens['files/wheel.png']})"


async def test_a_picture_in_capitals_is_shown_on_the_page(world: World) -> None:
    done = await upload(world, "ada", zipped(course("![wheel](files/Wheel.PNG)", "files/Wheel.PNG")))
    (lesson,) = (await world.call("ada", "GET", f"/courses/{done['course_id']}/lessons")).json()["items"]
    address = lesson["content"].partition("![wheel](/api/v1")[2].rstrip(")")
    answer = await world.call("ada", "GET", address)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    assert {each["fate"] for each in done["report"]} == {"imported"}


async def test_a_picture_of_the_course_itself_that_is_missing_is_left_out(world: World) -> None:
    files = course("Text.") | {"course.md": "---\ntitle: Caps\nthumbnail_url: files/None.png\n---\n"}
    done = await upload(world, "ada", zipped(files))
    assert (done["status"], done["summary"]["skipped"]) == ("done", 1)
