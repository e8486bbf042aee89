"""GIFT, feature by feature: what is read, what our questions make of it, and what the report says."""

from decimal import Decimal
from pathlib import PurePath
from textwrap import dedent

import pytest

from studium.models import QuestionType
from studium.modules.exchange.formats.gift.parts import gift_parts
from studium.modules.exchange.formats.gift.reader import read_gift
from studium.modules.exchange.formats.questions.parts import Kind, Question, RichText, TextFormat
from studium.modules.exchange.model.items import ImportOutcome, QuestionSet
from studium.modules.exchange.model.texts import QuestionText
from tests.importing.moodle_checks import assert_sound, fates, shown

PATH = PurePath("quiz.gift")


def read(text: str) -> QuestionSet:
    found = read_gift(dedent(text).encode(), PATH)
    assert_sound(found)
    return found


def one(text: str) -> QuestionText:
    """The question that the text holds, imported as it is."""
    found = read(text)
    assert [each.fate for each in found.report] == [ImportOutcome.IMPORTED]
    return found.questions[0]


def changed(text: str) -> tuple[QuestionText, str]:
    """The question that the text holds, and what was changed in it."""
    found = read(text)
    assert [each.fate for each in found.report] == [ImportOutcome.CHANGED]
    return found.questions[0], found.report[0].why


def skipped(text: str) -> str:
    """Why the question that the text holds was skipped."""
    found = read(text)
    assert [each.fate for each in found.report] == [ImportOutcome.SKIPPED]
    assert not found.questions
    return found.report[0].why


def written(text: str) -> Question:
    (part,) = gift_parts(dedent(text))
    assert isinstance(part, Question)
    return part


def options(question: QuestionText) -> list[tuple[str, bool]]:
    return [(each.text, each.is_correct) for each in question.options]


# Where questions begin and end


def test_empty_lines_part_questions_and_lines_are_counted() -> None:
    found = read("\n\nIs rain wet? {T}\n\n\nIs fire cold?\n{F}\n   \t\nIs snow green? {FALSE}")
    assert [each.place for each in found.report] == ["quiz.gift:3", "quiz.gift:6", "quiz.gift:9"]
    assert [each.correct_answer for each in found.questions] == ["true", "false", "false"]


def test_lines_may_end_as_on_any_system() -> None:
    found = read_gift(b"\xef\xbb\xbfIs rain wet? {T}\r\n\r\nIs fire cold? {F}\r\rIs snow\rwhite?{T}", PATH)
    assert [each.question_text for each in found.questions] == ["Is rain wet?", "Is fire cold?", "Is snow white?"]
    assert [each.place for each in found.report] == ["quiz.gift:1", "quiz.gift:3", "quiz.gift:5"]


def test_utf_16_with_its_mark_is_read() -> None:
    assert read_gift("Est-ce l'été ? {T}".encode("utf-16"), PATH).questions[0].question_text == "Est-ce l'été ?"


def test_comments_are_no_part_of_a_question() -> None:
    question = one("// A first remark\nWhich is a fruit? {\n  // the next is wrong\n  ~stone\n  =plum\n} \n// done")
    assert question.question_text == "Which is a fruit?"
    assert options(question) == [("stone", False), ("plum", True)]


def test_a_file_of_comments_has_no_question() -> None:
    assert skipped("// nothing here\n\n// nor here") == "there is no question in it"


def test_id_and_tags_stand_in_comments() -> None:
    question = one(
        "// for spring [id:geo-7] [tag:rivers]\n// [tag:europe \\[north\\]]\n::Elbe::Does the Elbe flow north? {T}"
    )
    assert question.metadata == {"title": "Elbe", "external_id": "geo-7", "tags": ["rivers", "europe \\[north]"]}


def test_a_category_names_the_questions_after_it() -> None:
    found = read("On? {T}\n\n$CATEGORY: Physics/Light\nBright? {T}\n\nDim? {F}\n\n$CATEGORY: Chemistry\n\nHot? {T}")
    assert [each.metadata.get("category") for each in found.questions] == [
        None,
        "Physics/Light",
        "Physics/Light",
        "Chemistry",
    ]
    assert [(each.name, each.what) for each in found.report if each.fate is ImportOutcome.CHANGED] == [
        ("Physics/Light", "category"),
        ("Chemistry", "category"),
    ]


# Texts


def test_a_title_is_kept_beside_the_question() -> None:
    assert one("::Part 1\\: rivers::Does the Nile flow south?{F}").metadata == {"title": "Part 1: rivers"}


def test_a_title_without_an_end_is_part_of_the_text() -> None:
    question, why = changed("::Rivers Does the Nile flow south?{F}")
    assert (question.question_text, why) == ("Rivers Does the Nile flow south?", "its title is not closed by ::")


@pytest.mark.parametrize("mark", [":", "#", "=", "{", "}", "~", "\\"])
def test_marks_may_be_escaped_everywhere(mark: str) -> None:
    escaped = f"\\{mark}"
    text = f"::a{escaped}b::c{escaped}d{{={escaped}e#f{escaped}g ~h{escaped}####i{escaped}j}}"
    question = written(text)
    assert (question.title, question.stem.text) == (f"a{mark}b", f"c{mark}d")
    assert [each.text.text for each in question.answers] == [f"{mark}e", f"h{mark}"]
    assert question.answers[0].feedback == RichText(f"f{mark}g")
    assert question.feedback == RichText(f"i{mark}j")


def test_a_backslash_before_anything_else_is_itself() -> None:
    assert written("Is C:\\temp \\% \\d?{T}").stem.text == "Is C:\\temp \\% \\d?"
    assert written("Braces: \\{T\\}").stem.text == "Braces: {T}"
    assert written("It ends in \\").kind is Kind.DESCRIPTION


def test_escaped_line_ends_stay_and_others_do_not() -> None:
    assert written("One\n   two\\nthree  four{}").stem.text == "One two\nthree four"
    assert written("[plain]One\ntwo{}").stem.text == "One two"
    assert written("[markdown]- one  \n- two{}").stem.text == "- one  \n- two"
    assert written("[html]<pre>one\n  two</pre>{}").stem.text == "<pre>one\n  two</pre>"


def test_parts_have_the_format_of_the_question_unless_they_name_theirs() -> None:
    question = written("[html]<b>Which?</b>{=<i>a</i>#[plain]*x* ~[markdown]*b*#y ####[moodle]z}")
    assert [each.text.format for each in question.answers] == [TextFormat.HTML, TextFormat.MARKDOWN]
    assert [each.feedback for each in question.answers] == [
        RichText("*x*", TextFormat.PLAIN),
        RichText("y", TextFormat.HTML),
    ]
    assert question.feedback == RichText("z", TextFormat.MOODLE)


def test_a_format_that_does_not_exist_is_text() -> None:
    assert written("[wiki]Is it?{T}").stem == RichText("[wiki]Is it?")


def test_html_becomes_markdown_and_markdown_stays() -> None:
    assert one("[html]<p>Is <em>this</em> H<sub>2</sub>O?</p>{T}").question_text.startswith("Is *this* H")
    assert one("[markdown]Is *this* `code`?{T}").question_text == "Is *this* `code`?"
    assert one("Is <b>this</b> bold?{T}").question_text == "Is **this** bold?"


def test_plain_text_is_shown_as_it_is_written() -> None:
    text = "Is 2*3*4 < 5 and a_b_c \\d **not** `code` [a](b) <i> 1?"
    question = one(f"[plain]{text}{{T}}")
    assert shown(question.question_text) == text
    assert one("Is 2 * 3 < 7?{T}").question_text == "Is 2 * 3 < 7?"


def test_the_gap_of_a_missing_word_is_shown() -> None:
    assert one("The {=Nile =Nil} flows north.").question_text == "The _____ flows north."
    assert one("{=Nile} is a river").question_text == "_____ is a river"
    assert written("The {~Elbe =Nile} flows north.").has_gap
    assert not written("It flows north: {~Elbe =Nile}").has_gap


# Multiple choice


def test_single_choice() -> None:
    question = one("Which is a fruit?{~stone =plum ~[plain]iron}")
    assert question.question_type is QuestionType.MULTIPLE_CHOICE
    assert options(question) == [("stone", False), ("plum", True), ("iron", False)]
    assert (question.metadata, question.points, question.correct_answer) == ({}, Decimal(1), None)


def test_weights_that_mean_the_same_here() -> None:
    question = one("Which are fruits?{~%50%plum ~%-50%stone ~%50.00%pear ~%-50%iron}")
    assert options(question) == [("plum", True), ("stone", False), ("pear", True), ("iron", False)]
    assert question.metadata == {"scoring": "partial"}


def test_weights_that_mean_something_else() -> None:
    question, why = changed("Which are fruits?{~%75%plum ~%25%pear ~stone}")
    assert options(question) == [("plum", True), ("pear", True), ("stone", False)]
    assert why == (
        "right options count alike; they earned 75 %, 25 %; "
        "a wrong option takes away as much as a right one gives; it took 0 %"
    )


def test_several_that_may_be_chosen_but_one_is_right() -> None:
    question, why = changed("Which are fruits?{~%100%plum ~%-100%stone}")
    assert options(question) == [("plum", True), ("stone", False)]
    assert why == "one option is right, so that only one may be selected"


def test_partial_credit_of_a_single_choice_is_named() -> None:
    question, why = changed("Which is a fruit?{=plum ~%50%tomato ~%-25%stone}")
    assert options(question) == [("plum", True), ("tomato", False), ("stone", False)]
    assert why == "options that earned 50 % count as wrong; wrong options cost nothing; some had a weight below 0"


def test_each_of_several_right_options() -> None:
    question, why = changed("Name a fruit.{=plum =pear ~stone}")
    assert options(question) == [("plum", True), ("pear", True), ("stone", False)]
    assert question.metadata == {"scoring": "partial"}
    assert why == "each right option alone earned full marks; now all of them are to be selected"


def test_feedback_goes_to_the_explanation() -> None:
    question, why = changed("Which?{=plum#Yes, a fruit. ~stone ~iron#A metal. ####Fruits grow on trees.}")
    assert question.explanation == "Fruits grow on trees.\n\nplum: Yes, a fruit.\niron: A metal."
    assert why == "the feedback on single answers is in the explanation"
    assert one("Which?{=plum ~stone ####[html]<p>They <b>grow</b>.</p>}").explanation == "They **grow**."


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ("=plum ~plum", "two options with the same text"),
        ("=plum ~", "1 options; a question has 2 to 20"),
        ("= ~plum ~pear", "no option earns full marks"),
        ("~plum ~pear", "no option earns anything"),
        ("~plum", "no option earns anything"),
        ("~%100%plum", "1 options; a question has 2 to 20"),
        ("fruits =plum ~pear", "words before the first option, which must begin with = or ~"),
        ("~%150%plum ~pear", "a weight of 150 %; weights go from -100 to 100"),
        ("=plum " + " ".join(f"~p{number}" for number in range(20)), "21 options; a question has 2 to 20"),
        ("=" + "x" * 2_001 + " ~y", "an option of more than 2,000 characters"),
    ],
)
def test_options_that_cannot_be_held(answers: str, why: str) -> None:
    assert skipped(f"Which?{{{answers}}}") == why


@pytest.mark.parametrize("marks", ["x", "", "1/3", "33.3.3", "-", "50 50", "1e", "12,5,0", "½"])
def test_what_stands_where_a_weight_stands_is_never_shown(marks: str) -> None:
    for sign, other in (("=", "~"), ("~", "=")):
        assert skipped(f"Which?{{{other}pear {sign}%{marks}%plum}}") == (
            f"'%{marks}%' where a weight stands; if it is text, write a word before it"
        )
    assert skipped(f"Which?{{=%{marks}%plum}}").endswith("write a word before it")


def test_percent_signs_that_are_no_weight_are_text() -> None:
    found = one("Which?{=%PATH% ~50% ~5 % or 6 %}")
    assert options(found) == [("%PATH%", True), ("50%", False), ("5 % or 6 %", False)]
    assert one("Which?{=%PATH%}").correct_answer == "%PATH%"


@pytest.mark.parametrize(
    ("written", "percent"),
    [
        ("33.333333333333336", "33.33333"),
        ("33,33333", "33.33333"),
        (".5", "0.5"),
        ("5e1", "50"),
        ("50.", "50"),
        ("+50", "50"),
        (" 50 ", "50"),
        ("0050.000000000000000000000000000", "50"),
    ],
)
def test_weights_as_computers_write_them(written: str, percent: str) -> None:
    question, why = changed(f"Which?{{=plum ~%{written}%pear ~%-{written.strip(' +')}%fig}}")
    assert options(question) == [("plum", True), ("pear", False), ("fig", False)]
    assert why.startswith(f"options that earned {percent} % count as wrong; ")
    assert one(f"Which?{{=plum =%1e2%pear =%-{written.strip(' +')}%fig}}").correct_answer == "plum|pear"


# Empty answers fall away


@pytest.mark.parametrize(
    ("answers", "texts"),
    [
        ("~=some~a few", ["some", "a few"]),
        ("=a ~b ~", ["a", "b"]),
        ("~ =a ~ ~b", ["a", "b"]),
        ("=a ~~b", ["a", "b"]),
        ("=a ~b ~[html]<p>&nbsp;</p>", ["a", "b"]),
        ("=a ~b ~%0%", ["a", "b"]),
    ],
)
def test_empty_options_fall_away(answers: str, texts: list[str]) -> None:
    assert [text for text, _ in options(one(f"Which?{{{answers}}}"))] == texts


def test_an_empty_answer_that_says_something_is_named() -> None:
    found, why = changed("Which?{=a ~b ~#This was meant as a third.}")
    assert found.explanation == "This was meant as a third."
    assert why.startswith("an answer without a text is left out; ")
    found, why = changed("Which?{=a =%50%}")
    assert (found.correct_answer, why) == ("a", "an answer without a text is left out")
    assert one("Which?{=a = =b}").correct_answer == "a|b"


def test_a_wrong_number_is_named() -> None:
    _, why = changed("How many?{#=5 ~10#Too many.}")
    assert why == (
        "what stands behind ~ ('10') is left out: there are no wrong numbers; "
        "the feedback on single answers is in the explanation"
    )


# True or false


@pytest.mark.parametrize(
    ("word", "key"),
    [("T", "true"), ("TRUE", "true"), ("true", "true"), ("F", "false"), ("FALSE", "false"), (" f ", "false")],
)
def test_true_or_false(word: str, key: str) -> None:
    question = one(f"Is rain wet?{{{word}}}")
    assert (question.question_type, question.correct_answer) == (QuestionType.TRUE_FALSE, key)


def test_both_feedbacks_of_true_or_false_are_kept() -> None:
    question, _ = changed("Is rain wet?{T#Look again.#Yes, it is.####Water is wet.}")
    assert question.explanation == "Water is wet.\n\nLook again.\nYes, it is."


# Short answers


def test_short_answer_with_alternatives() -> None:
    question = one("Which river?{=Nile =the   Nile =%100%Nil}")
    assert question.question_type is QuestionType.SHORT_ANSWER
    assert (question.correct_answer, question.metadata) == ("Nile|the Nile|Nil", {"match": "exact"})


def test_a_single_short_answer_needs_no_sign() -> None:
    assert one("1 + 2 \\= {three}").correct_answer == "three"


def test_partly_right_answers_are_named() -> None:
    question, why = changed("Which river?{=Nile =%50%Congo =%0%* #Not that one.}")
    assert (question.correct_answer, question.explanation) == ("Nile", "Not that one.")
    assert why == (
        "the answer 'Congo' earned 50 % and earns nothing; the feedback on single answers is in the explanation"
    )


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ("=N*l", "a right answer with the wildcard *"),
        ("=%50%Nile", "no answer earns full marks"),
        ("=a|b", "a right answer with the character |, which separates alternatives"),
        ("=", "no answer in the braces"),
        ("=" + "x" * 501, "a right answer of more than 500 characters"),
        (
            " ".join("=" + str(number) * 400 for number in range(9)),
            "right answers of more than 2,000 characters together",
        ),
        ("=x" * 1_001, "more than 1,000 answers"),
    ],
)
def test_short_answers_that_cannot_be_held(answers: str, why: str) -> None:
    assert skipped(f"Which river?{{{answers}}}") == why


def test_an_escaped_asterisk_is_no_wildcard() -> None:
    assert one("Which sign multiplies?{=\\*}").correct_answer == "*"


# Numbers


@pytest.mark.parametrize(
    ("answer", "key", "tolerance"),
    [
        ("#42", "42", 0),
        ("#-1.50", "-1.5", 0),
        ("#3.14:0.005", "3.14", 0.005),
        ("#1..5", "3", 2),
        ("#-2.5..-2", "-2.25", 0.25),
        ("#1e3:1", "1000", 1),
        ("#=10:1 =20:1.0", "10|20", 1),
        ("#=%100%7:0", "7", 0),
        ("#.5:.1", "0.5", 0.1),
    ],
)
def test_numbers(answer: str, key: str, tolerance: float) -> None:
    question = one(f"How many?{{{answer}}}")
    assert question.question_type is QuestionType.SHORT_ANSWER
    assert question.correct_answer == key
    assert question.metadata == {"match": "numeric", "tolerance": tolerance}


def test_feedback_on_numbers() -> None:
    question, why = changed("How many?{#=7:0#Right. =%50%7:2#Nearly. ~#Count again.}")
    assert (question.correct_answer, question.explanation) == ("7", "7: Right.\n7 ± 2: Nearly.\nCount again.")
    assert why.startswith("the answer '7 ± 2' earned 50 % and earns nothing; ")


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("#", "no answer in the braces"),
        ("#seven", "'seven' is not a number with a decimal point"),
        ("#3,14", "'3,14' is not a number with a decimal point"),
        ("#5..1", "a range that ends before it begins"),
        ("#5:-1", "a tolerance below 0"),
        ("#*", "any number earns full marks"),
        ("#=1:0 =2:1", "several right answers with different tolerances"),
        ("#=%0%5:0 =6:2", "a number that earns less within the range of a right answer"),
        ("#=%20%5", "no answer earns full marks"),
        ("#1:0.1234567890123456789", "a tolerance of 0.1234567890123456789 has too many digits"),
    ],
)
def test_numbers_that_cannot_be_held(answer: str, why: str) -> None:
    assert skipped(f"How many?{{{answer}}}") == why


# The rest


def test_essay() -> None:
    question = one("::Trip::Where would you go?{####Any place is fine.}")
    assert (question.question_type, question.correct_answer) == (QuestionType.ESSAY, None)
    assert question.explanation == "Any place is fine."


def test_description_and_matching_are_named_with_their_reason() -> None:
    found = read("::Intro::Read the map.\n\nMatch the rivers.{=Nile -> Cairo =Elbe -> Hamburg}")
    assert not found.questions
    assert [(each.name, each.what, each.why) for each in found.report] == [
        ("Intro", "description", "a text without a question; put it into a lesson"),
        ("Match the rivers.", "matching question", "there are no matching questions here"),
    ]


def test_pairs_are_read() -> None:
    question = written("Match.{=[html]<b>Nile</b> -> Cairo = -> Paris}")
    assert [(each.question, each.answer) for each in question.pairs] == [
        (RichText("<b>Nile</b>", TextFormat.HTML), "Cairo"),
        (RichText(""), "Paris"),
    ]


def test_an_arrow_in_a_choice_is_text() -> None:
    assert options(one("How?{~wait -> go =go -> wait}")) == [("wait -> go", False), ("go -> wait", True)]


def test_a_question_without_a_text() -> None:
    assert skipped("{=a ~b}") == "without a text"
    question, why = changed("::Which one?::{=a ~b}")
    assert (question.question_text, why) == ("Which one?", "without a text; its title stands in for it")


def test_a_file_mixes_everything_and_loses_nothing() -> None:
    found = read("Wet?{T}\n\nMatch.{=a->b =c->d}\n\nBroken {=a\n\nWhich?{=a#b ~c}\n\nRead this.")
    assert fates(found) == [
        (ImportOutcome.IMPORTED, 1, ""),
        (ImportOutcome.SKIPPED, 3, "there are no matching questions here"),
        (ImportOutcome.SKIPPED, 5, "a missing closing brace }; an empty line ends a question"),
        (ImportOutcome.CHANGED, 7, "the feedback on single answers is in the explanation"),
        (ImportOutcome.SKIPPED, 9, "a text without a question; put it into a lesson"),
    ]
