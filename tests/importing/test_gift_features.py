"""Every feature that GIFT's documentation lists: it is part of our question, or a line of the report."""

from pathlib import PurePath

import pytest

from studium.modules.exchange.formats.gift.reader import read_gift
from studium.modules.exchange.model.items import ImportOutcome, QuestionSet
from tests.importing.moodle_checks import assert_sound

PATH = PurePath("quiz.gift")
REMARKS = "the feedback on single answers is in the explanation"


def read(text: str) -> QuestionSet:
    found = read_gift(text.encode(), PATH)
    assert_sound(found)
    return found


# Feature, what shows that it was taken over, the line of the report if it is changed by that
TAKEN = [
    ("::Name::Wet?{T}", "'title': 'Name'", ""),
    ("// [id:a7]\nWet?{T}", "'external_id': 'a7'", ""),
    ("// [tag:a] [tag:b c]\nWet?{T}", "'tags': ['a', 'b c']", ""),
    ("[html]<b>Wet</b>?{T}", "**Wet**?", ""),
    ("[markdown]*Wet*?{T}", "*Wet*?", ""),
    ("[plain]*Wet*?{T}", "\\\\*Wet\\\\*?", ""),
    ("[moodle]<i>Wet</i>?{T}", "*Wet*?", ""),
    ("Wet?{TRUE}", "correct_answer='true'", ""),
    ("Wet?{F}", "correct_answer='false'", ""),
    ("Wet?{T#Look again.#Yes.}", "Look again.\\nYes.", REMARKS),
    ("Which?{=a ~b}", "OptionText(text='a', is_correct=True)", ""),
    ("Which?{=a#Good. ~b#Bad.}", "a: Good.\\nb: Bad.", REMARKS),
    ("Which?{=a ~b ####All.}", "explanation='All.'", ""),
    ("Which?{~%50%a ~%50%b ~%-50%c}", "'scoring': 'partial'", ""),
    ("Which?{=a ~[markdown]*b*}", "OptionText(text='b', is_correct=False)", ""),
    ("Who {=is ~are} it?", "Who _____ it?", ""),
    ("Who?{=a =b}", "correct_answer='a|b'", ""),
    ("Who?{=%100%a#Yes.}", "a: Yes.", REMARKS),
    ("How many?{#5}", "'match': 'numeric'", ""),
    ("How many?{#5:0.5}", "'tolerance': 0.5", ""),
    ("How many?{#4..6}", "'tolerance': 1", ""),
    ("How many?{#=5:1#Yes. ~#No.}", "5 ± 1: Yes.\\nNo.", REMARKS),
    ("Why?{}", "QuestionType.ESSAY", ""),
    ("Why?{####Any reason.}", "explanation='Any reason.'", ""),
    ("1 \\= 1, a\\:b \\{c\\} \\#d \\~e?{T}", "1 = 1, a:b {c} #d ~e?", ""),
    ("One\\ntwo?{T}", "One\\\\\\ntwo?", ""),
    ("CO<sub>2</sub>?{T}", "CO₂?", ""),
    ("Is 5 &lt; 6?{T}", "Is 5 \\\\< 6?", ""),
]


@pytest.mark.parametrize(("text", "kept", "why"), TAKEN)
def test_it_is_taken_over(text: str, kept: str, why: str) -> None:
    found = read(text)
    assert [(each.fate, each.why) for each in found.report] == [
        (ImportOutcome.CHANGED if why else ImportOutcome.IMPORTED, why)
    ]
    assert kept in repr(found.questions)


# Feature, the fate and the line of the report
REPORTED = [
    ("Match.{=a -> b =c -> d}", ImportOutcome.SKIPPED, "there are no matching questions here"),
    ("Just read.", ImportOutcome.SKIPPED, "a text without a question; put it into a lesson"),
    ("Which?{=a ~%50%b}", ImportOutcome.CHANGED, "options that earned 50 % count as wrong"),
    ("Which?{=a ~%-50%b}", ImportOutcome.CHANGED, "wrong options cost nothing; some had a weight below 0"),
    ("Who?{=a =%50%b}", ImportOutcome.CHANGED, "the answer 'b' earned 50 % and earns nothing"),
    ("Who?{=a*}", ImportOutcome.SKIPPED, "a right answer with the wildcard *"),
    ("How many?{#=5 =%50%5:1}", ImportOutcome.CHANGED, "the answer '5 ± 1' earned 50 % and earns nothing"),
    ("How many?{#*}", ImportOutcome.SKIPPED, "any number earns full marks"),
    (
        "How many?{#5 ~6#No.}",
        ImportOutcome.CHANGED,
        "what stands behind ~ ('6') is left out: there are no wrong numbers",
    ),
    ("Which?{=a ~b ~#Nothing.}", ImportOutcome.CHANGED, "an answer without a text is left out"),
    ("// [id:a] [id:b]\nWet?{T}", ImportOutcome.CHANGED, "of its 2 ids, only the first is kept"),
    (f"::{'n' * 256}::Wet?{{T}}", ImportOutcome.CHANGED, "its title is cut to 255 characters"),
    (f"// [tag:{'t' * 51}]\nWet?{{T}}", ImportOutcome.CHANGED, "a tag is cut to 50 characters"),
    (f"// [id:{'t' * 256}]\nWet?{{T}}", ImportOutcome.CHANGED, "its ID number is cut to 255 characters"),
    ("::Name Wet?{T}", ImportOutcome.CHANGED, "its title is not closed by ::"),
    ("[html]<u>Wet</u>?{T}", ImportOutcome.CHANGED, "underlined words are shown plain"),
    (
        "[html]<img src='@@PLUGINFILE@@/a.png'> Wet?{T}",
        ImportOutcome.CHANGED,
        "the file '/a.png' is not in the material and is left out",
    ),
    (
        "[html]<a href='b.html'>Wet</a>?{T}",
        ImportOutcome.CHANGED,
        "a link or picture whose address means nothing here is left out",
    ),
    (
        "Is it e" + "\u0301" * 40 + "?{T}",
        ImportOutcome.CHANGED,
        "of more than 30 accents on one letter, the rest is left out",
    ),
]


@pytest.mark.parametrize(("text", "fate", "line"), REPORTED)
def test_it_is_a_line_of_the_report(text: str, fate: ImportOutcome, line: str) -> None:
    (item,) = read(text).report
    assert item.fate is fate
    assert line in item.why


def test_a_category_is_kept_and_a_line() -> None:
    found = read("$CATEGORY: $course$/Maps\n\nWet?{T}")
    assert found.questions[0].metadata == {"category": "$course$/Maps"}
    assert [(each.fate, each.what) for each in found.report] == [
        (ImportOutcome.CHANGED, "category"),
        (ImportOutcome.IMPORTED, "true false question"),
    ]


def test_comments_are_for_those_who_read_the_file() -> None:
    assert [each.fate for each in read("// question: 7  name: Wet\n// for spring\nWet?{T}").report] == [
        ImportOutcome.IMPORTED
    ]
