"""Moodle's XML that is broken, hostile or far too long: a line of the report each time, and never an exception."""

from pathlib import Path, PurePath
from time import process_time
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studium.modules.exchange.formats.moodle.elements import READERS
from studium.modules.exchange.formats.moodle.reader import read_moodle_xml
from studium.modules.exchange.formats.questions.questions import PARTS_MAX
from studium.modules.exchange.model.items import ImportOutcome
from tests.importing.moodle_checks import assert_sound, fates

PATH = PurePath("bank.xml")
TAGS = st.sampled_from([
    "question", "name", "text", "questiontext", "answer", "feedback", "generalfeedback", "category", "single", "file",
    "defaultgrade", "fraction", "tolerance", "subquestion", "tags", "tag", "idnumber", "graderinfo", "usecase", "units",
    "unit", "hint", "hidden", "shuffleanswers", "other",
])  # fmt: skip
WORDS = st.sampled_from([
    "", "true", "false", "100", "-50", "33.33333", "1e5", "0", "*", "a|b", "<p>x</p>", "<img src='@@PLUGINFILE@@/a'>",
    "data:image/png;base64,", "é\u0301", "\u202e", "\x85", "AAAA", "word", " ", "1:2", "**", "9" * 30,
])  # fmt: skip
ATTRIBUTES = st.dictionaries(
    st.sampled_from(["type", "format", "fraction", "name", "path", "encoding"]),
    st.one_of(st.sampled_from([*READERS, "html", "markdown", "plain_text", "base64", "/"]), WORDS),
    max_size=3,
)


def element(children: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    inside = st.one_of(WORDS.map(escape), st.lists(children, max_size=6).map("".join))
    return st.builds(written, TAGS, ATTRIBUTES, inside)


def written(tag: str, attributes: dict[str, str], inside: str) -> str:
    return f"<{tag}{''.join(f' {name}={quoteattr(value)}' for name, value in attributes.items())}>{inside}</{tag}>"


ELEMENTS = st.recursive(WORDS.map(escape), element, max_leaves=20)
QUESTIONS = st.builds(
    lambda kind, inside: written("question", {"type": kind}, inside), st.sampled_from(list(READERS)), ELEMENTS
)


@given(st.lists(st.one_of(QUESTIONS, ELEMENTS), max_size=4).map("".join))
def test_any_elements_give_sound_questions(body: str) -> None:
    found = read_moodle_xml(f"<quiz>{body}</quiz>".encode(), PATH)
    assert_sound(found)
    assert found.report


@given(
    st.sampled_from(list(READERS)), st.lists(st.builds(written, TAGS, ATTRIBUTES, ELEMENTS), max_size=6).map("".join)
)
def test_any_fields_give_sound_questions(kind: str, fields: str) -> None:
    text = "<questiontext><text>Which?</text></questiontext>"
    assert_sound(read_moodle_xml(f'<quiz><question type="{kind}">{text}{fields}</question></quiz>'.encode(), PATH))


@given(st.binary())
def test_any_bytes_give_a_report(data: bytes) -> None:
    assert read_moodle_xml(data, PATH).report
    assert read_moodle_xml(b"<quiz>" + data + b"</quiz>", PATH).report


def why(data: bytes) -> str:
    found = read_moodle_xml(data, PATH)
    assert not found.questions
    assert len(found.report) == 1
    return found.report[0].why


def test_broken_xml_is_named_with_its_line() -> None:
    found = read_moodle_xml(b"<quiz>\n<question>\n</quiz>", PATH)
    assert found.report[0].place == "bank.xml:3"
    assert found.report[0].why.startswith("not well-formed XML: ")


def test_entities_of_a_document_type_are_refused(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("the secret")
    question = b'<quiz><question type="essay"><questiontext><text>&a;</text></questiontext></question></quiz>'
    laughs = b'<!DOCTYPE quiz [<!ENTITY b "ha"><!ENTITY a "&b;&b;">]>'
    has_external_effects = f'<!DOCTYPE quiz [<!ENTITY a SYSTEM "{secret.as_uri()}">]>'.encode()
    remote = b'<!DOCTYPE quiz SYSTEM "http://127.0.0.1:9/a.dtd">'
    for declaration in (laughs, has_external_effects, remote):
        assert why(declaration + question)


def test_other_xml_is_refused() -> None:
    assert why(b"<course/>") == "not a file of questions, which begins with <quiz>"
    assert why(b"<quiz/>") == "there is no question in it"
    assert why(b"<quiz><course/></quiz>") == "not a <question>"
    assert why(b"").startswith("not well-formed XML")


def test_another_encoding_is_read_where_it_is_declared_and_named_where_not() -> None:
    question = '<question type="essay"><questiontext><text>é?</text></questiontext></question>'
    xml = f'<?xml version="1.0" encoding="{{}}"?><quiz>{question}</quiz>'
    for encoding in ("utf-8", "iso-8859-1", "utf-16"):
        assert read_moodle_xml(xml.format(encoding).encode(encoding), PATH).questions[0].question_text == "é?"
    assert why(xml.format("utf-8").encode("iso-8859-1")).startswith("not well-formed XML")
    assert why(xml.format("klingon").encode())


def test_deep_nesting_is_refused() -> None:
    assert why(b"<quiz>" + b"<a>" * 10_000 + b"</a>" * 10_000 + b"</quiz>").startswith("not well-formed XML")


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        ('<file name="a.png" encoding="base64">???</file>', "the file '/a.png' is damaged: its base64 cannot be read"),
        ('<file name="a.png" encoding="base64">é</file>', "the file '/a.png' is damaged: its base64 cannot be read"),
        ('<file name="a.png" path="/b/" encoding="hex">00</file>', "the file '/b/a.png' is not in base64"),
    ],
)
def test_damaged_files_are_named(file: str, reason: str) -> None:
    question = f'<question type="essay"><questiontext><text>Why?</text>{file}</questiontext></question>'
    assert why(f"<quiz>{question}</quiz>".encode()) == reason


@pytest.mark.parametrize("fraction", ["150", "-101", "full", "1e3", "1/3", "33.3.3", "50 %", ""])
def test_weights_that_are_none(fraction: str) -> None:
    answers = f'<answer fraction="{fraction}"><text>a</text></answer>' * 2
    question = f'<question type="multichoice"><questiontext><text>Which?</text></questiontext>{answers}</question>'
    assert why(f"<quiz>{question}</quiz>".encode()).startswith("a weight of ")


def test_more_answers_than_anyone_reads() -> None:
    answers = "<answer><text>a</text></answer>" * 1_001
    assert why(f'<quiz><question type="shortanswer">{answers}</question></quiz>'.encode()) == "more than 1,000 answers"


def test_a_hundred_thousand_questions_take_seconds_and_the_report_says_where_it_stopped() -> None:
    question = '<question type="essay"><questiontext format="plain_text"><text>Why?</text></questiontext></question>\n'
    started = process_time()
    found = read_moodle_xml(f"<quiz>\n{question * 100_000}</quiz>".encode(), PATH)
    assert process_time() - started < 20
    assert len(found.questions) == PARTS_MAX
    assert fates(found)[-1] == (
        ImportOutcome.SKIPPED,
        20_002,
        "more than 20,000 questions; nothing from here on was read",
    )


def test_lines_are_counted_beyond_65_535() -> None:
    question = b'<question type="essay"><questiontext><text>Why?</text></questiontext></question>'
    found = read_moodle_xml(b"<quiz>" + b"\n" * 70_000 + question + b"</quiz>", PATH)
    assert found.report[0].place == "bank.xml:70001"
