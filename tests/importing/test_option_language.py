"""Options and keys are plain text: the same from every source, the same for every learner, the same after an export."""

from html import escape
from typing import Any
from xml.sax.saxutils import quoteattr

import pytest

from tests.importing.studio import exported, tarred, upload, zipped
from tests.world import World

PIXEL = "R0lGODlhAQABAAAAACwAAAAAAQABAAACAkQBADs="
SIGNS = [
    "2*3*4",
    "a_b * c",
    "3.54 kN",
    "1. first",
    "# no heading",
    "`code` [a](b) <b> & &amp;",
    "C:\\temp\\*",
    r"\(x_1^2\) and $a*b*c$",
    "~~a~~ | b",
    "l\u2019eau \u2013 “x”",
    "Ω ≤ 10³, x₁",
]
HTML = {
    "10<sup>3</sup>": "10³",
    "x<sub>1</sub>": "x₁",
    "x<sup>1</sup>": "x¹",
    "<b>a</b><i>b</i>": "ab",
    "v<sub>Q</sub>": "v_(Q)",
}


def olx(options: list[str], key: str = "") -> bytes:
    choices = "".join(f'<choice correct="{str(at == 0).lower()}">{each}</choice>' for at, each in enumerate(options))
    response = f"<stringresponse answer={quoteattr(key)} type='ci'><textline/></stringresponse>"
    more = f"<problem display_name='K'><p>Key?</p>{response}</problem>" if key else ""
    unit = (
        f"<problem display_name='O'><p>Which?</p><multiplechoiceresponse><choicegroup>{choices}</choicegroup>"
        f"</multiplechoiceresponse></problem>{more}"
    )
    nested = f'<sequential display_name="S"><vertical display_name="V">{unit}</vertical></sequential>'
    course = f'<course display_name="Demo"><chapter display_name="Part">{nested}</chapter></course>'
    return tarred({"course.xml": '<course org="demo" course="opt" url_name="r"/>', "course/r.xml": course})


def moodle(options: list[str], key: str = "") -> bytes:
    def answers(texts: list[str]) -> str:
        return "".join(
            f'<answer fraction="{100 if at == 0 else 0}" format="html"><text>{escape(each)}</text></answer>'
            for at, each in enumerate(texts)
        )

    text = "<questiontext format='html'><text>Which?</text></questiontext>"
    more = f'<question type="shortanswer">{text}{answers([key])}</question>' if key else ""
    return f'<quiz><question type="multichoice">{text}{answers(options)}</question>{more}</quiz>'.encode()


def gift(options: list[str], key: str = "") -> bytes:
    def typed(text: str) -> str:
        return "".join(f"\\{char}" if char in r"\:#={}~" else char for char in text)

    lines = [f"{'~' if at else '='}[html]{typed(each)}" for at, each in enumerate(options)]
    more = f"\n\nKey?{{={typed(key)}}}" if key else ""
    return f"Which?{{\n{chr(10).join(lines)}\n}}{more}".encode()


SOURCES = {"a.tar.gz": olx, "a.xml": moodle, "a.gift": gift}


async def questions(world: World, course_id: str) -> list[dict[str, Any]]:
    path = f"/courses/{course_id}/quizzes"
    (quiz,) = (await world.call("root", "GET", path)).json()["items"]
    found: list[dict[str, Any]] = (await world.call("root", "GET", f"{path}/{quiz['id']}/questions")).json()["items"]
    return sorted(found, key=lambda question: str(question["question_type"]))


async def imported(world: World, name: str, data: bytes) -> tuple[str, list[dict[str, Any]]]:
    done = await upload(world, "ada", data, name)
    assert done["status"] == "done", done["fault"]
    return done["course_id"], await questions(world, done["course_id"])


def texts(question: dict[str, Any]) -> list[str]:
    return [each["text"] for each in question["options"]]


@pytest.mark.parametrize("name", SOURCES)
async def test_signs_are_plain_text_from_every_source(world: World, name: str) -> None:
    key = "a_b \u2013 l\u2019eau"
    _, (choice, short) = await imported(world, name, SOURCES[name]([escape(each) for each in SIGNS], key))
    assert texts(choice) == SIGNS
    assert short["correct_answer"] == key


@pytest.mark.parametrize("name", SOURCES)
async def test_raised_and_lowered_letters_survive_from_every_source(world: World, name: str) -> None:
    _, (choice, short) = await imported(world, name, SOURCES[name](list(HTML), "10<sup>3</sup>"))
    assert texts(choice) == list(HTML.values())
    assert short["correct_answer"] == "10³|10<sup>3</sup>"


@pytest.mark.parametrize("name", ["a.tar.gz", "a.xml"])
async def test_a_picture_in_an_option_is_shown_with_the_question(world: World, name: str) -> None:
    picture = f'<img src="data:image/gif;base64,{PIXEL}" alt="a dot"/>'
    done = await upload(world, "ada", SOURCES[name]([picture, "no dot"]), name)
    (choice,) = await questions(world, done["course_id"])
    assert texts(choice) == ["Picture 1", "no dot"]
    text, _, shown = choice["question_text"].partition("\n\n")
    assert text == "Which?"
    assert shown.startswith("**Picture 1:** ![a dot](/api/v1/files/")
    said = [each["why"] for each in done["report"]]
    assert any("pictures of its options stand in its text, and the options name them" in why for why in said)


async def test_an_export_and_its_import_keep_options_to_the_byte(world: World) -> None:
    course_id, before = await imported(world, "a.xml", moodle([escape(each) for each in SIGNS], "a_b"))
    data = await exported(world, "ada", course_id)
    again = await upload(world, "eve", data)
    assert again["outcome"] == "created", again["fault"]
    after = await questions(world, again["course_id"])
    assert [texts(each) for each in after if each["options"]] == [SIGNS]
    assert [each["correct_answer"] for each in after] == [each["correct_answer"] for each in before]


async def test_the_course_format_keeps_them_too(world: World) -> None:
    listed = "".join(
        f"      - {'wrong' if at else 'right'}: {each!r}\n" for at, each in enumerate(["2*3*4", "a_b * c"])
    )
    lesson = f"---\ntitle: Q\ntype: quiz\n---\n```quiz\nquestions:\n  - question: Which?\n    options:\n{listed}```\n"
    _, (choice,) = await imported(world, "a.zip", zipped({"course.md": "---\ntitle: T\n---\n", "01-q.md": lesson}))
    assert texts(choice) == ["2*3*4", "a_b * c"]
