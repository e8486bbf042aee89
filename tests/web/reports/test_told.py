"""The reports of imports in Arabic: the importers' own sentences are known, and what is not stays English."""

from time import perf_counter

from studium.web.reports.told import Told, reported, reported_name, told
from studium.web.translations import translations_for
from tests.web.school import tab, tree
from tests.web.teacher.imports import add_course_imports
from tests.world import World

AR, EN = translations_for("ar"), translations_for("en")


def test_a_line_is_said_thing_by_thing() -> None:
    assert [one.text for one in told(AR, "its hints were left out; its script was left out")] == [
        "تُركت تلميحاته",
        "تُرك برنامجه",
    ]
    whole = "wrong options cost nothing; some had a weight below 0"
    assert [one.is_english for one in told(AR, f"{whole}; something of its own; links lead to https")] == [
        False,
        True,
        False,
    ]
    assert told(AR, "quiz with 12 questions") == [Told("اختبار فيه 12 سؤالًا")]
    assert told(AR, "") == []


def test_values_stay_as_they_are_and_apart() -> None:
    assert [one.text for one in told(AR, "the file 'a; b.png' is not in the material; its script was left out")] == [
        "الملف \u2068a; b.png\u2069 ليس في المادة",
        "تُرك برنامجه",
    ]
    assert told(AR, "left out: captions, a due date (2020, noon), x") == [
        Told("تُرك: الترجمة النصية، موعد تسليم (\u20682020, noon\u2069)، \u2068x\u2069")
    ]
    quoted = "Mend: a tube: the title stays as it is here (A; b); the source says: nothing; or more"
    assert [one.is_english for one in told(AR, quoted)] == [False]
    assert "\u2068%(here)s\u2069" in told(AR, "the title was %(here)s here; the source says: x")[0].text


def test_a_line_of_many_says_where_the_first_of_them_are() -> None:
    many = "its file is missing (a.xml:1, b (2).xml:1 …)"
    assert told(AR, many) == [Told("ملفه مفقود (\u2068a.xml:1, b (2).xml:1\u2069…)")]
    assert told(AR, "no counterpart (a …)") == [Told("no counterpart (\u2068a\u2069…)", is_english=True)]
    assert told(AR, "x …)") == [Told("x …)", is_english=True)]
    assert reported_name(AR, "1,200 files (.png)") == "ملفات (\u200e.\u2068png\u2069) عددها 1,200"
    assert reported_name(AR, "left out: captions") == "left out: captions"
    assert told(EN, many) == [Told(many)]


def test_what_stands_in_a_sentence_is_no_markup() -> None:
    said = reported(AR, "the file '<b>' is not in the material; <i>")
    assert said == 'الملف \u2068&lt;b&gt;\u2069 ليس في المادة؛ <bdi lang="en">&lt;i&gt;</bdi>'


def test_a_long_report_takes_no_long() -> None:
    hostile = "; ".join(["left out: " + ", ".join(["a due date (" * 20] * 40)] * 40)
    begin = perf_counter()
    told(AR, hostile)
    assert perf_counter() - begin < 2


def test_what_is_full_of_signs_takes_no_longer_by_its_length() -> None:
    """A page has a hundred such lines."""
    found = told(AR, "its script was left out; " * 3 + "a; " * 2_000 + "z")
    assert [one.is_english for one in found] == [False] * 3 + [True] * 18
    assert found[-1].text.endswith("a; a; z")


async def test_a_report_is_said_in_the_language_of_the_page(world: World):
    await add_course_imports(world)
    async with tab(world, "ada", **{"accept-language": "ar"}) as ada:
        cells = tree(await ada.get("/teach/import/{J1}")).xpath("//tbody/tr/td[2]")
    assert " ".join(cells[0].text_content().split()) == "درس"
    assert [one.text for one in cells[2].xpath(".//bdi[@lang='en']")] == ["lti", "no counterpart"]
