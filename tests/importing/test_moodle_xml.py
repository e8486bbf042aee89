"""Moodle's XML, type by type: what is read, what our questions make of it, and what the report says."""

import base64
from decimal import Decimal
from pathlib import PurePath

import pytest

from studium.models import QuestionType
from studium.modules.exchange.formats.moodle.reader import read_moodle_xml
from studium.modules.exchange.model.items import ImportOutcome, QuestionSet
from studium.modules.exchange.model.texts import QuestionText
from tests.importing.moodle_checks import assert_sound, fates

PATH = PurePath("bank.xml")
DEFAULTS = """
  <correctfeedback format="html"><text>Your answer is correct.</text></correctfeedback>
  <incorrectfeedback format="html"><text><![CDATA[<p>Your answer is incorrect.</p>]]></text></incorrectfeedback>
  <shownumcorrect/><penalty>0.3333333</penalty><hidden>0</hidden><answernumbering>abc</answernumbering>
"""


def read(body: str) -> QuestionSet:
    found = read_moodle_xml(f'<?xml version="1.0" encoding="UTF-8"?>\n<quiz>\n{body}\n</quiz>'.encode(), PATH)
    assert_sound(found)
    return found


def question(kind: str, body: str, text: str = "Which river?", name: str = "Rivers") -> str:
    return (
        f'<question type="{kind}"><name><text>{name}</text></name>'
        f'<questiontext format="html"><text><![CDATA[{text}]]></text></questiontext>{DEFAULTS}{body}</question>'
    )


def one(kind: str, body: str, text: str = "Which river?") -> QuestionText:
    found = read(question(kind, body, text))
    assert fates(found) == [(ImportOutcome.IMPORTED, 3, "")]
    return found.questions[0]


def changed(kind: str, body: str, text: str = "Which river?") -> tuple[QuestionText, str]:
    found = read(question(kind, body, text))
    assert [each.fate for each in found.report] == [ImportOutcome.CHANGED], found.report
    return found.questions[0], found.report[0].why


def skipped(kind: str, body: str, text: str = "Which river?") -> str:
    found = read(question(kind, body, text))
    assert [each.fate for each in found.report] == [ImportOutcome.SKIPPED]
    assert found.report[0].name == "Rivers"
    return found.report[0].why


def answer(text: str, fraction: str = "0", feedback: str = "", more: str = "") -> str:
    said = f'<feedback format="html"><text><![CDATA[{feedback}]]></text></feedback>'
    return f'<answer fraction="{fraction}" format="html"><text><![CDATA[{text}]]></text>{said}{more}</answer>'


def options(found: QuestionText) -> list[tuple[str, bool]]:
    return [(each.text, each.is_correct) for each in found.options]


# What all types share


def test_title_id_tags_points_and_general_feedback() -> None:
    found = one(
        "essay",
        "<defaultgrade>2.5000000</defaultgrade><idnumber>geo-7</idnumber>"
        "<generalfeedback format='html'><text>&lt;p&gt;Look at a map.&lt;/p&gt;</text></generalfeedback>"
        "<tags><tag><text>rivers</text></tag><tag><text>europe</text></tag></tags>",
    )
    assert (found.question_type, found.points, found.explanation) == (
        QuestionType.ESSAY,
        Decimal("2.50"),
        "Look at a map.",
    )
    assert found.metadata == {"title": "Rivers", "external_id": "geo-7", "tags": ["rivers", "europe"]}


def test_a_category_names_the_questions_after_it() -> None:
    category = '<question type="category"><category><text>$course$/top/Maps</text></category></question>'
    found = read(question("essay", "") + category + question("essay", ""))
    assert [each.metadata.get("category") for each in found.questions] == [None, "$course$/top/Maps"]
    assert (found.report[1].what, found.report[1].fate, found.report[1].name) == (
        "category",
        ImportOutcome.CHANGED,
        "$course$/top/Maps",
    )


@pytest.mark.parametrize(
    ("text_format", "text", "markdown"),
    [
        ("html", "<p>Is <b>it</b>?</p>", "Is **it**?"),
        ("markdown", "Is *it*?", "Is *it*?"),
        ("plain_text", "Is *it* 1 < 2?", "Is \\*it\\* 1 \\< 2?"),
        ("moodle_auto_format", "Is it\n1 &amp; 2?", "Is it\\\n1 \\& 2?"),
        ("moodle_auto_format", "Is it\n1 & 2?", "Is it\\\n1 & 2?"),
        ("moodle_auto_format", "Is <b>it</b>?", "Is **it**?"),
        ("unheard_of", "Is <b>it</b>?", "Is **it**?"),
    ],
)
def test_texts_by_format(text_format: str, text: str, markdown: str) -> None:
    found = read(
        f'<question type="essay"><name><text/></name><questiontext format="{text_format}">'
        f"<text><![CDATA[{text}]]></text></questiontext></question>"
    )
    assert found.questions[0].question_text == markdown


def test_html_that_is_not_in_cdata_is_read_too() -> None:
    found = read(
        "<question type='essay'><questiontext format='html'><text><p>Is <b>it</b>?</p></text></questiontext></question>"
    )
    assert found.questions[0].question_text == "Is **it**?"


def test_files_come_with_the_text_that_shows_them() -> None:
    file = f'<file name="nile.png" path="/" encoding="base64">{base64.b64encode(b"a picture").decode()}</file>'
    found = read(
        '<question type="multichoice"><questiontext format="html"><text><![CDATA[<p>Where is'
        f' <img src="@@PLUGINFILE@@/nile.png" alt="this">?</p>]]></text>{file}</questiontext>'
        + answer("here", "100", '<img src="@@PLUGINFILE@@/nile.png">', "")
        + answer('<img src="@@PLUGINFILE@@/nile.png" alt="x">', "0", "", file)
        + "</question>"
    )
    (item,) = found.files
    assert (item.filename, item.place, item.content) == ("nile.png", "bank.xml:3", b"a picture")
    assert found.questions[0].question_text == f"Where is ![this]({item.token})?\n\n**Picture 1:** ![x]({item.token})"
    assert options(found.questions[0]) == [("here", True), ("Picture 1", False)]
    assert found.report[0].why == (
        "pictures of its options stand in its text, and the options name them; "
        "the file '/nile.png' is not in the material and is left out"
    )


def test_files_of_a_skipped_question_are_not_taken() -> None:
    file = '<file name="a.png" path="/" encoding="base64">AAAA</file>'
    body = f'<questiontext format="html"><text>&lt;img src="@@PLUGINFILE@@/a.png"&gt;</text>{file}</questiontext>'
    found = read(f'<question type="description"><name><text>x</text></name>{body}</question>')
    assert found.files == ()


def test_what_ours_have_no_place_for_is_named() -> None:
    extra = (
        "<partiallycorrectfeedback format='html'><text>Half of it.</text></partiallycorrectfeedback>"
        "<hint format='html'><text>Think.</text></hint><hidden>1</hidden>"
        "<responsetemplate format='html'><text>Dear all</text></responsetemplate><attachments>2</attachments>"
    )
    found = read(f"<question type='essay'><questiontext><text>Why?</text></questiontext>{extra}</question>")
    assert found.report[0].why == (
        "the feedback on the answer as a whole is left out; hints are left out; it was hidden in Moodle; "
        "the text that an answer begins with is left out; an answer has no files attached to it"
    )


@pytest.mark.parametrize(
    ("grade", "why"),
    [
        ("0.0000000", "points of 0; a question has 0.01 to 999.99"),
        ("1000", "points of 1000; a question has 0.01 to 999.99"),
        ("-1", "points of -1; a question has 0.01 to 999.99"),
        ("ten", "points of 'ten', which is not a number"),
        ("1e9", "points of 1000000000; a question has 0.01 to 999.99"),
    ],
)
def test_points_that_cannot_be_held(grade: str, why: str) -> None:
    assert skipped("essay", f"<defaultgrade>{grade}</defaultgrade>") == why


def test_points_are_rounded() -> None:
    found, why = changed("essay", "<defaultgrade>0.3333333</defaultgrade>")
    assert (found.points, why) == (Decimal("0.33"), "its points are rounded to 0.33")


@pytest.mark.parametrize(
    ("grade", "points"), [("1,5", "1.5"), (".5", "0.5"), ("2e1", "20"), ("1.50000000000000000", "1.5")]
)
def test_points_as_computers_write_them(grade: str, points: str) -> None:
    assert one("essay", f"<defaultgrade>{grade}</defaultgrade>").points == Decimal(points)


@pytest.mark.parametrize("weight", ["33.333333333333336", "33,33333", "3.3333333333E1"])
def test_weights_as_computers_write_them(weight: str) -> None:
    body = (
        "<single>false</single>" + "".join(answer(text, weight) for text in "abc") + answer("d", "-33,333333333333336")
    )
    found = one("multichoice", body)
    assert [each.is_correct for each in found.options] == [True, True, True, False]


# The types


def test_single_choice() -> None:
    body = "<single>true</single><shuffleanswers>1</shuffleanswers>" + answer("<p>Nile</p>", "100") + answer("Elbe")
    found = one("multichoice", body)
    assert found.question_type is QuestionType.MULTIPLE_CHOICE
    assert (options(found), found.metadata) == ([("Nile", True), ("Elbe", False)], {"title": "Rivers"})


def test_several_may_be_chosen() -> None:
    answers = (
        answer("Nile", "33.33333") + answer("Elbe", "33.33333") + answer("Po", "33.33333") + answer("Alps", "-33.33333")
    )
    found = one("multichoice", f"<single>false</single>{answers}")
    assert [each.is_correct for each in found.options] == [True, True, True, False]
    assert found.metadata["scoring"] == "partial"


def test_what_a_choice_loses() -> None:
    body = "<single>1</single><shuffleanswers>false</shuffleanswers>"
    found, why = changed(
        "multichoice", body + answer("Nile", "100", "Right.") + answer("Congo", "50", "<p>Nearly.</p>")
    )
    assert found.explanation == "Nile: Right.\nCongo: Nearly."
    assert why == (
        "its options had a fixed order; a quiz shuffles those of all questions or of none; "
        "options that earned 50 % count as wrong; the feedback on single answers is in the explanation"
    )


def test_true_or_false() -> None:
    assert one("truefalse", answer("true", "100") + answer("false", "0")).correct_answer == "true"
    assert one("truefalse", answer("false", "100") + answer("true", "0")).correct_answer == "false"
    found, why = changed("truefalse", answer("Wahr", "0", "No.") + answer("Falsch", "100", "Yes."))
    assert (found.correct_answer, found.explanation) == ("false", "No.\nYes.")
    assert why.startswith("its first answer is taken for true; ")


@pytest.mark.parametrize(
    "answers", ["", answer("true", "100"), answer("true", "50") + answer("false", "50"), answer("true") * 3]
)
def test_true_or_false_without_a_key(answers: str) -> None:
    assert skipped("truefalse", answers) == "a true/false question needs two answers, one of which earns full marks"


def test_short_answer() -> None:
    found = one("shortanswer", "<usecase>0</usecase>" + answer("Nile", "100") + answer("the Nile", "100") + answer("*"))
    assert (found.correct_answer, found.metadata["match"]) == ("Nile|the Nile", "exact")
    found, why = changed("shortanswer", "<usecase>1</usecase>" + answer("Nile", "100") + answer("Nil", "80"))
    assert found.correct_answer == "Nile"
    assert why == "upper and lower case count alike; the answer 'Nil' earned 80 % and earns nothing"


def test_number() -> None:
    tolerance = "<tolerance>0.05</tolerance>"
    found = one("numerical", answer("3.1", "100", "", tolerance) + answer("*"))
    assert (found.correct_answer, found.metadata["match"], found.metadata["tolerance"]) == ("3.1", "numeric", 0.05)
    units = "<units><unit><multiplier>1</multiplier><unit_name>m</unit_name></unit></units>"
    found, why = changed("numerical", f"{units}<answer>7<fraction>1</fraction></answer>")
    assert (found.correct_answer, why) == ("7", "units are not understood; only the number counts")


@pytest.mark.parametrize("text", ["1..5", "1:2", "many", "{x}"])
def test_no_number(text: str) -> None:
    assert skipped("numerical", answer(text, "100")) == f"{text!r} is not a number with a decimal point"


def test_essay_keeps_notes_for_graders_from_learners() -> None:
    found = one("essay", "<graderinfo format='html'><text>&lt;p&gt;Two reasons.&lt;/p&gt;</text></graderinfo>")
    assert (found.metadata["grader_info"], found.explanation) == ("Two reasons.", None)


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("description", "a text without a question; put it into a lesson"),
        ("matching", "there are no matching questions here"),
        ("cloze", "a text with gaps that are filled in (Moodle calls the type 'cloze')"),
        ("calculated", "its numbers are made up anew for each learner (Moodle calls the type 'calculated')"),
        ("ddwtos", "words are dragged into a text (Moodle calls the type 'ddwtos')"),
        ("poodle", "there are no such questions here (Moodle calls the type 'poodle')"),
        ("", "there are no such questions here (Moodle calls the type '')"),
    ],
)
def test_types_that_ours_are_not_are_named(kind: str, why: str) -> None:
    pair = "<subquestion format='html'><text>Nile</text><answer><text>Cairo</text></answer></subquestion>"
    grade = "<defaultgrade>0</defaultgrade>" if kind == "description" else ""
    assert skipped(kind, pair + grade, "{1:SHORTANSWER:=Nile}") == why
