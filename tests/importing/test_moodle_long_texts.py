"""Moodle's XML with something very long in it: the questions beside it come, and the report names what does not."""

import base64
from pathlib import PurePath

import pytest

from studium.modules.exchange.formats.moodle.reader import read_moodle_xml
from studium.modules.exchange.model.items import ImportOutcome
from studium.modules.exchange.model.xml_source import LONG
from tests.importing.moodle_checks import assert_sound

PATH = PurePath("bank.xml")
SMALL = (
    '<question type="essay"><name><text>Small</text></name><questiontext><text>Why?</text></questiontext></question>'
)
TWELVE = bytes(12_000_000)
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<!-- question: 1 -->\n'


def bank(*questions: str, head: str = HEAD) -> bytes:
    return f"{head}<quiz>{''.join(questions)}</quiz>".encode()


def question(text: str, more: str = "") -> str:
    body = f"<questiontext format='html'><text><![CDATA[{text}]]></text>{more}</questiontext>"
    return f'<question type="essay"><name><text>Large</text></name>{body}</question>'


def attached(content: bytes) -> str:
    return f'<file name="film.bin" path="/" encoding="base64">{base64.b64encode(content).decode()}</file>'


def test_an_attachment_of_twelve_megabytes_is_named_where_no_text_shows_it() -> None:
    found = read_moodle_xml(bank(SMALL, question("Look.", attached(TWELVE)), SMALL), PATH)
    assert_sound(found)
    assert [each.question_text for each in found.questions] == ["Why?", "Look.", "Why?"]
    assert [(each.fate, each.why) for each in found.report] == [
        (ImportOutcome.IMPORTED, ""),
        (ImportOutcome.CHANGED, "the file '/film.bin' is shown nowhere and is left out"),
        (ImportOutcome.IMPORTED, ""),
    ]


def test_one_that_a_text_shows_is_a_file_of_the_course() -> None:
    """Whether it is a film that the school takes is judged with all other files."""
    found = read_moodle_xml(bank(question('<a href="@@PLUGINFILE@@/film.bin">Look</a>', attached(TWELVE)), SMALL), PATH)
    assert [len(each.content) for each in found.files if isinstance(each.content, bytes)] == [12_000_000]
    assert len(found.questions) == 2


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("x" * (LONG + 1_000_000), "HTML of more than 40,000 characters"),
        ("<p>" + "word " * 2_500_000, "HTML of more than 40,000 characters"),
    ],
)
def test_a_text_of_more_than_ten_million_characters_is_named(text: str, why: str) -> None:
    found = read_moodle_xml(bank(SMALL, question(text), SMALL), PATH)
    assert len(found.questions) == 2
    assert [each.why for each in found.report] == ["", why, ""]


def test_a_picture_of_twelve_megabytes_that_is_written_in_is_a_file() -> None:
    data = base64.b64encode(b"GIF89a" + TWELVE[6:]).decode()
    found = read_moodle_xml(bank(question(f'<p>See <img src="data:image/gif;base64,{data}"></p>'), SMALL), PATH)
    assert [len(each.content) for each in found.files if isinstance(each.content, bytes)] == [12_000_000]
    assert len(found.questions) == 2


ENTITIES = '<!DOCTYPE quiz [<!ENTITY a "ha">]>'


@pytest.mark.parametrize(
    "head",
    [
        ENTITIES,
        HEAD + ENTITIES,
        "<!-- <quiz> -->" + ENTITIES,
        "<?pi <quiz> ?>" + ENTITIES,
        '<?xml version="1.0" encoding="utf-7"?>' + ENTITIES.replace("<", "+ADw-"),
    ],
)
def test_a_long_file_may_declare_no_entities_either(head: str) -> None:
    found = read_moodle_xml(bank(SMALL, " " * LONG, head=head), PATH)
    assert not found.questions
    assert len(found.report) == 1


def test_the_whole_file_stays_bounded() -> None:
    found = read_moodle_xml(bank(SMALL, question("x", attached(bytes(26_000_000)))), PATH)
    assert [each.why for each in found.report] == ["more than 33,554,432 bytes"]
