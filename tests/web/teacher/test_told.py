"""The reports of imports in Arabic: the importers' own sentences are known, and what is not stays English."""

import re
from pathlib import Path

from studium.modules import exchange
from studium.web.teacher.imports.told import _KNOWN, Told, told
from studium.web.translations import translations_for
from tests.web.school import tab, tree
from tests.web.teacher.imports import add_course_imports
from tests.world import World

AR = translations_for("ar")


def test_every_known_sentence_is_one_of_the_importers() -> None:
    """So that one that is changed there is changed here too."""
    source = "".join(path.read_text() for path in Path(exchange.__file__).parent.rglob("*.py"))
    joined = re.sub(r'"\s*f?"', "", source)
    made = {"lesson (", "question (", " question", " kept", " changed", " removed"}
    lost = [one for one in _KNOWN if one not in joined and not any(part in one for part in made)]
    assert lost == []


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


async def test_a_report_is_said_in_the_language_of_the_page(world: World):
    await add_course_imports(world)
    async with tab(world, "ada", **{"accept-language": "ar"}) as ada:
        cells = tree(await ada.get("/teach/import/{J1}")).xpath("//tbody/tr/td[2]")
    assert " ".join(cells[0].text_content().split()) == "درس"
    assert [one.text for one in cells[2].xpath("bdi[@lang='en']")] == ["lti", "no counterpart"]
