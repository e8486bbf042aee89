"""Every element and attribute that Moodle reads or writes: it is part of our question, or a line of the report.

The fields are those of Moodle's documentation of its XML and of question/format/xml/format.php, type by type.
"""

from pathlib import PurePath

import pytest

from studium.modules.exchange.formats.moodle.reader import read_moodle_xml
from studium.modules.exchange.model.items import ImportOutcome, QuestionSet
from tests.importing.moodle_checks import assert_sound

PATH = PurePath("bank.xml")
OPTIONS = '<answer fraction="100"><text>Nile</text></answer><answer fraction="0"><text>Elbe</text></answer>'
ANSWERS = {
    "multichoice": OPTIONS,
    "truefalse": OPTIONS.replace("Nile", "true").replace("Elbe", "false"),
    "shortanswer": OPTIONS,
    "numerical": '<answer fraction="100"><text>7</text><tolerance>0.5</tolerance></answer>',
    "essay": "",
}
PIXEL = "R0lGODlhAQABAAAAACw="


def text(tag: str, words: str, more: str = "") -> str:
    return f'<{tag} format="html"><text><![CDATA[{words}]]></text>{more}</{tag}>'


def bank(kind: str, fields: str, attributes: str = "") -> QuestionSet:
    question = (
        f'<question type="{kind}"{attributes}><name><text>Rivers</text></name>{text("questiontext", "Which river?")}'
        f"{ANSWERS.get(kind, '')}{fields}</question>"
    )
    found = read_moodle_xml(f"<quiz>{question}</quiz>".encode(), PATH)
    assert_sound(found)
    return found


def everything(found: QuestionSet) -> str:
    """All that is kept of the questions, and all files."""
    return f"{found.questions!r} {[each.content for each in found.files]!r}"


# Field, what shows that it was taken over
TAKEN = [
    ("essay", "<idnumber>geo-7</idnumber>", "'external_id': 'geo-7'"),
    ("essay", text("generalfeedback", "Look <b>up</b>."), "Look **up**."),
    ("essay", "<defaultgrade>2.5000000</defaultgrade>", "Decimal('2.50')"),
    ("essay", "<tags><tag><text>europe</text></tag></tags>", "'tags': ['europe']"),
    ("essay", "<coursetags><tag><text>spring</text></tag></coursetags>", "'tags': ['spring']"),
    ("essay", text("graderinfo", "Two reasons."), "'grader_info': 'Two reasons.'"),
    ("essay", f"<image>a/b.gif</image><image_base64>{PIXEL}</image_base64>", "GIF89a"),
    (
        "essay",
        text(
            "generalfeedback",
            '<img src="@@PLUGINFILE@@/a.gif">',
            f'<file name="a.gif" path="/" encoding="base64">{PIXEL}</file>',
        ),
        "GIF89a",
    ),
    ("multichoice", '<answer fraction="0" format="html"><text>Po</text></answer>', "OptionText(text='Po'"),
    ("multichoice", "<shuffleanswers>true</shuffleanswers>", "Nile"),
    ("multichoice", "<single>true</single>", "Nile"),
    ("shortanswer", '<answer fraction="100"><text>Nil</text></answer>', "Nile|Nil"),
    ("numerical", '<answer fraction="100"><text>9</text><tolerance>0.5</tolerance></answer>', "'7|9'"),
]


@pytest.mark.parametrize(("kind", "field", "kept"), TAKEN)
def test_it_is_taken_over(kind: str, field: str, kept: str) -> None:
    found = bank(kind, field)
    assert [(each.fate, each.why) for each in found.report] == [(ImportOutcome.IMPORTED, "")]
    assert kept in everything(found)


# Field, the line of the report
REPORTED = [
    ("essay", "<penalty>0.5</penalty>", "a deduction of 50 % for each further try is left out"),
    ("essay", "<penalty>0.1000000</penalty>", "a deduction of 10 % for each further try is left out"),
    ("essay", "<penalty>many</penalty>", "a deduction of many for each further try is left out"),
    ("essay", "<hidden>1</hidden>", "it was hidden in Moodle"),
    ("essay", text("hint", "Think.", "<shownumcorrect/><clearwrong/><options>1</options>"), "hints are left out"),
    ("essay", "<hint><hintcontent><text>Think.</text></hintcontent></hint>", "hints are left out"),
    *[
        ("multichoice", text(tag, "Read chapter 2."), "the feedback on the answer as a whole is left out")
        for tag in ("correctfeedback", "partiallycorrectfeedback", "incorrectfeedback")
    ],
    (
        "multichoice",
        "<shuffleanswers>0</shuffleanswers>",
        "its options had a fixed order; a quiz shuffles those of all questions or of none",
    ),
    ("multichoice", "<answernumbering>123</answernumbering>", "its options were numbered 1., 2., 3."),
    ("multichoice", "<answernumbering>ABCD</answernumbering>", "its options were numbered A., B., C."),
    ("multichoice", "<answernumbering>iii</answernumbering>", "its options were numbered i., ii., iii."),
    ("multichoice", "<answernumbering>IIII</answernumbering>", "its options were numbered I., II., III."),
    ("multichoice", "<answernumbering>none</answernumbering>", "its options were numbered none"),
    (
        "multichoice",
        f'<answer fraction="0"><text>Po</text>{text("feedback", "No.")}</answer>',
        "the feedback on single answers is in the explanation",
    ),
    ("shortanswer", "<usecase>1</usecase>", "upper and lower case count alike"),
    (
        "numerical",
        "<units><unit><multiplier>1</multiplier><unit_name>km</unit_name></unit></units>",
        "units are not understood; only the number counts",
    ),
    ("numerical", "<showunits>1</showunits>", "units are not understood; only the number counts"),
    (
        "numerical",
        "<unitgradingtype>1</unitgradingtype><unitpenalty>0.2000000</unitpenalty>",
        "a deduction of 20 % for a wrong unit is left out",
    ),
    ("numerical", "<unitsleft>1</unitsleft>", "its unit stood before the number"),
    ("numerical", text("instructions", "Write km."), "instructions about its units are left out"),
    ("essay", "<responseformat>editorfilepicker</responseformat>", "an answer holds no files"),
    ("essay", "<responseformat>monospaced</responseformat>", "its answer was typed in a font for code"),
    (
        "essay",
        "<responseformat>noinline</responseformat>",
        "it was answered by files alone, and is answered by a text",
    ),
    ("essay", "<responserequired>0</responserequired>", "a text was not required of an answer"),
    ("essay", "<responsefieldlines>40</responsefieldlines>", "its box for the answer had 40 lines"),
    ("essay", text("responsetemplate", "Dear all"), "the text that an answer begins with is left out"),
    ("essay", "<minwordlimit>50</minwordlimit>", "an answer of at least 50 words was wanted"),
    ("essay", "<maxwordlimit>90</maxwordlimit>", "an answer of at most 90 words was wanted"),
    ("essay", "<attachments>-1</attachments>", "an answer has no files attached to it"),
    ("essay", "<attachmentsrequired>2</attachmentsrequired>", "2 files were to be attached to an answer"),
    ("essay", "<filetypeslist>.pdf</filetypeslist>", "the kinds of files that an answer may have (.pdf) are left out"),
    ("essay", "<maxbytes>1024</maxbytes>", "the largest file of an answer (1024 bytes) is left out"),
    (
        "essay",
        text("generalfeedback", "See", f'<file name="a.gif" path="/b/" encoding="base64">{PIXEL}</file>'),
        "the file '/b/a.gif' is shown nowhere and is left out",
    ),
    ("essay", "<novelty>7</novelty>", "what Moodle's file calls 'novelty' (7) is left out"),
    ("essay", "<plugin_x><deep>7</deep></plugin_x>", "what Moodle's file calls 'plugin_x' (7) is left out"),
    ("essay", '<mark max="9"/>', "what Moodle's file calls 'mark' is left out"),
    ("essay", "<switch/>", "what Moodle's file calls 'switch' is left out"),
    ("essay", OPTIONS, "what Moodle's file calls 'answer' (Nile) is left out"),
    ("essay", "stray words", "words outside of any field are left out: 'stray words'"),
    ("essay", "<tags>stray<tag><text>a</text></tag></tags>", "words outside of any field are left out: 'stray'"),
    ("essay", "<tags><tag><text>a</text><use>b</use></tag></tags>", "what Moodle's file calls 'use' (b) is left out"),
    (
        "essay",
        text("questiontext", "Another?"),
        "of 2 fields that Moodle's file calls 'questiontext', only the first is read",
    ),
    (
        "essay",
        text("generalfeedback", "See", "<attachment>b</attachment>"),
        "what Moodle's file calls 'attachment' (b) is left out",
    ),
    (
        "multichoice",
        '<answer fraction="0" format="html" colour="red"><text>Po</text></answer>',
        "'colour' ('red') of 'answer' in Moodle's file is left out",
    ),
    (
        "essay",
        text("generalfeedback", '<img src="@@PLUGINFILE@@/a.gif">', f'<file name="a.gif" author="me">{PIXEL}</file>'),
        "'author' ('me') of 'file' in Moodle's file is left out",
    ),
]


@pytest.mark.parametrize(("kind", "field", "line"), REPORTED)
def test_it_is_a_line_of_the_report(kind: str, field: str, line: str) -> None:
    (item,) = bank(kind, field).report
    assert item.fate is ImportOutcome.CHANGED
    assert line in item.why.split("; ") or item.why == line


def test_what_stands_beside_the_questions_is_a_line() -> None:
    question = '<question type="essay"><questiontext><text>Why?</text></questiontext></question>'
    found = read_moodle_xml(f'<quiz version="2">\nfirst{question}last\n</quiz>'.encode(), PATH)
    assert_sound(found)
    assert [(each.name, each.why) for each in found.report] == [
        ("version", "'2' means nothing here"),
        ("first", "they belong to no question"),
        ("last", "they belong to no question"),
        ("Why?", ""),
    ]


def test_half_marks_of_a_true_false_question_are_a_line() -> None:
    answers = '<answer fraction="100"><text>true</text></answer><answer fraction="50"><text>false</text></answer>'
    text = "<questiontext><text>Wet?</text></questiontext>"
    (item,) = read_moodle_xml(
        f'<quiz><question type="truefalse">{text}{answers}</question></quiz>'.encode(), PATH
    ).report
    assert item.why == "its wrong answer earned 50 % and earns nothing"


def test_an_attribute_of_a_question_is_a_line_of_the_report() -> None:
    (item,) = bank("essay", "", ' status="draft"').report
    assert item.why == "'status' ('draft') of 'question' in Moodle's file is left out"


# What Moodle writes into every question without anybody's choice
USUAL = [
    "<penalty>0.3333333</penalty>",
    "<penalty>0</penalty>",
    "<penalty>1.0000000</penalty>",
    "<hidden>0</hidden>",
    "<idnumber></idnumber>",
    text("generalfeedback", ""),
    "<answernumbering>abc</answernumbering>",
    "<answernumbering/>",
    "<showstandardinstruction>1</showstandardinstruction>",
    "<shownumcorrect/>",
    "<correctresponsesfeedback>true</correctresponsesfeedback>",
    text("correctfeedback", "<p>Your answer is correct.</p>"),
    text("incorrectfeedback", "Your answer is incorrect."),
    text("hint", ""),
    "<usecase>0</usecase>",
    "<unitgradingtype>0</unitgradingtype><unitpenalty>0.1</unitpenalty><showunits>3</showunits><unitsleft>0</unitsleft>",
    "<responseformat>editor</responseformat><responserequired>1</responserequired>",
    "<responsefieldlines>15</responsefieldlines><attachments>0</attachments><maxbytes>0</maxbytes>",
    "<attachmentsrequired>0</attachmentsrequired><filetypeslist></filetypeslist>",
    "<filetypeslist>*</filetypeslist>",
    "<minwordlimit></minwordlimit><maxwordlimit/>",
    text("responsetemplate", ""),
    "<tags></tags>",
    "<units/>",
]


@pytest.mark.parametrize("kind", ANSWERS)
def test_what_nobody_chose_is_no_line(kind: str) -> None:
    for field in USUAL:
        assert [(each.fate, each.why) for each in bank(kind, field).report] == [(ImportOutcome.IMPORTED, "")], field


@pytest.mark.parametrize("kind", ["essay", "multichoice", "shortanswer"])
def test_an_answer_without_a_text_is_no_line(kind: str) -> None:
    assert bank(kind, '<answer fraction="0"><text></text></answer>').report[0].why == ""


def test_what_a_category_has_is_named() -> None:
    category = (
        '<question type="category"><category><text>top/Maps</text></category>'
        + text("info", "For the second year")
        + "<idnumber>m2</idnumber></question>"
    )
    (item, _) = read_moodle_xml(f"<quiz>{category}<question type='description'/></quiz>".encode(), PATH).report
    assert (item.name, item.fate) == ("top/Maps", ImportOutcome.CHANGED)
    assert item.why == (
        "metadata.category of the questions that follow says it; its description is left out: For the second year; "
        "its ID number is left out: m2"
    )


TYPES = [
    "matching", "match", "description", "cloze", "multianswer", "calculated", "calculatedsimple", "calculatedmulti",
    "ddwtos", "gapselect", "ddimageortext", "ddmarker", "ordering", "random", "randomsamatch", "missingtype",
]  # fmt: skip


@pytest.mark.parametrize("kind", TYPES)
def test_a_type_that_ours_are_not_is_skipped_by_name(kind: str) -> None:
    fields = "<shuffleanswers>true</shuffleanswers><synchronize>0</synchronize><dataset_definitions/>"
    (item,) = bank(kind, fields).report
    assert (item.name, item.fate) == ("Rivers", ImportOutcome.SKIPPED)
    assert "there are no such" not in item.why


def test_names_that_are_cut_are_named() -> None:
    tags = f"<tags><tag><text>{'t' * 51}</text></tag></tags><idnumber>{'i' * 256}</idnumber>"
    (item,) = bank("essay", tags).report
    assert item.why == "a tag is cut to 50 characters; its ID number is cut to 255 characters"


def test_formatting_that_carries_meaning_is_named() -> None:
    (item,) = bank("essay", text("generalfeedback", "<span style='color:red'>Red</span><svg/>")).report
    assert item.why == "coloured words are shown plain; a drawing that is part of the page (SVG) is left out"


def test_signs_of_keys_survive() -> None:
    """Escaped markup may be what a learner of HTML types; its signs count too, and the report says so."""
    found = bank("shortanswer", '<answer fraction="100"><text>10<sup>3</sup></text></answer>')
    assert found.questions[0].correct_answer == "Nile|10³"
    found = bank("shortanswer", '<answer fraction="100"><text>10&lt;sup&gt;3&lt;/sup&gt;</text></answer>')
    assert found.questions[0].correct_answer == "Nile|10³|10<sup>3</sup>"
    assert found.report[0].why == "the answer '10<sup>3</sup>' counts as '10³' too"


def test_keys_keep_their_typographic_signs() -> None:
    found = bank("shortanswer", '<answer fraction="100"><text>l\u2019eau \u2013 “x” … Ä</text></answer>')
    assert found.questions[0].correct_answer == "Nile|l\u2019eau \u2013 “x” … Ä"
