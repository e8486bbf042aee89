"""Every sentence that an import can report is known to the pages, and is said in Arabic with the same values."""

import ast
from dataclasses import fields

from studium.models import LessonType, QuestionType
from studium.modules.courses import actions_lessons
from studium.modules.exchange.formats.questions.parts import Kind
from studium.modules.exchange.model.texts import COURSE_COLUMNS, LessonText, QuestionText, QuizText
from studium.modules.exchange.writing.merging import Kept, overwritten
from studium.modules.files import actions_upload, archives, formats
from studium.modules.files.pictures import images, parts
from studium.modules.quizzes.authoring import actions as quizzes
from studium.web.messages import row_error
from studium.web.reports.sentences import LISTS, PARTS, SENTENCES, VALUE, Form
from studium.web.reports.told import told
from studium.web.translations import translations_for
from tests.web.reports.importers import ROOT, items, texts

AR = translations_for("ar")
RULING = (archives, formats, quizzes, actions_lessons, actions_upload, images, parts)
"""Modules of others whose refusals a report repeats."""
FORMS = frozenset(VALUE.sub("{}", sentence) for sentence in SENTENCES)

MADE = {
    "a missing {}": ["a missing opening brace {", "a missing closing brace }; an empty line ends a question"],
    "{} of {}, which is not a number": ["points of 'x', which is not a number"],
    "not a file of questions, which begins with <{}>": ["not a file of questions, which begins with <quiz>"],
    "what Moodle's file calls {}{} is left out": [
        "what Moodle's file calls 'x' is left out",
        "what Moodle's file calls 'x' (y) is left out",
    ],
    "{} of {} in Moodle's file is left out": ["'format' ('x') of 'question' in Moodle's file is left out"],
    "the course comes to more than {} {}": [
        "the course comes to more than 20,000 questions",
        "the course comes to more than 5 bytes are read, as its files name each other so often",
        "the course comes to more than 5 characters in all lessons and questions together",
    ],
    "its problems are one graded quiz: {}": ["its problems are one graded quiz: 3 attempts, passed with 70 per cent"],
    "it stands beside the outline{}": ["it stands beside the outline; it has 12 words"],
    "lesson ({})": [f"lesson ({kind})" for kind in LessonType],
    "question ({})": [f"question ({kind})" for kind in QuestionType],
    "{} question": [f"{kind.replace('_', ' ')} question" for kind in QuestionType],
    "{} in Markdown": ["page in Markdown"],
    "must be a number where `match` is numeric": ["answer: must be a number where `match` is numeric"],
    "unknown key {}; {}": ["unknown key 'tile'; did you mean 'title'?", "unknown key 'x'; known are title, slug"],
    "{} ({} …)": ["its file is missing (a.xml:1, b (2).xml:1, c.xml:4 …)"],
    "the {} stays as it is here ({}); the source says: {}": [
        str(Kept(name, "a; b (c)", "d; e"))
        for name in {
            *COURSE_COLUMNS,
            *(each.name for kind in (LessonText, QuizText) for each in fields(kind)),
            *(each.name for each in fields(QuestionText)),
            "key",
        }
        - {"slug", "depth", "quiz", "questions", "options", "correct_answer", "question_type", "lessons"}
    ],
    "the {} was {} here; the source says: {}": [*overwritten({"title": None}, {"title": "x"})],
    "{}, but it was changed here": ["the source has it no more, but it was changed here"],
    "the key is hidden, because its problems show it {}": [
        "the key is hidden, because its problems show it never",
        "the key is hidden, because its problems show it only after 3 attempts or only when no attempt is left",
    ],
    "{} (Moodle calls the type {})": ["there are no such questions here (Moodle calls the type 'x')"],
    "{}. {}": ["the source has it no more. Somebody has taken this quiz; unpublish it instead."],
    "{}, but it was changed or made here": ["the source has it no more, but it was changed or made here"],
    "{} kept": [f"{what} kept" for what in ("course", "lesson", "quiz", "question")],
    "{} changed": [f"{what} changed" for what in ("course", "lesson", "quiz", "question")],
}
"""Sentences that are put together of others, with what comes of them."""

OTHER = {
    "closing brace }; an empty line ends a question", "opening brace {", "Daha fazla", "{} {}", "{} {} {}", " {} {}",
    '{} <img src="@@PLUGINFILE@@{}">', "Your answer is correct.", "Your answer is partially correct.",
    "Your answer is incorrect.", "That's right", "Well done!", "A., B., C.", "i., ii., iii.", "I., II., III.",
    "{} ({})",
    "bytes are read, as its files name each other so often", "characters in all lessons and questions together",
    "{} attempts, passed with {} per cent", "Alt bölüm", "the text", "`essay: true`", "{} quiz",
    "the lesson {} does not follow its parent", "{}:{}: {}", "field larger", "unexpected end", "mot de passe",
    "adlcp|ADL SCORM|adlnet", 'attachment; filename="{}"', "The course as a folder of Markdown files.",
    "import {} {} {}", "people-import {}", "people {} {} {}", "every row of the report", "Only rows that do this.",
    "email, full_name (or givenName, familyName), role, language, external_id (or sourcedId), courses, is_active",
}  # fmt: skip
"""Texts that are part of a sentence above, of a file, or of the program alone."""
RULES = {"the course {}", "the lesson {}", "the quiz {}", "question {} of the quiz {}", "{}: {}: {}"}
"""What a rule of the API says of a value, in its own words: those of a form of the pages have texts of their own."""
PROBLEMS = {
    "Line {}: {}", "There is nothing here that you may see.", "Questions that cannot be read", "Invalid CSV",
    "There is no such import.", "There is no plan to apply: look at the import's status.", "The plan is stale",
    "Something has changed since the plan was made; import the file again.", "There is no plan yet",
}  # fmt: skip
"""Refusals, which pages say by their codes."""


def _of_rows() -> tuple[set[str], set[str]]:
    """The codes and the sentences of rows of people that cannot be carried out: pages say these by their codes."""
    codes, details = set[str](), set[str]()
    for name in ("judging.py", "persons.py"):
        for node in ast.walk(ast.parse((ROOT / "people" / name).read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "code" and isinstance(node.value, ast.Constant):
                codes.add(str(node.value.value))
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "RowError":
                codes |= {str(each.value) for each in node.args[1:2] if isinstance(each, ast.Constant)}
    details = {text for place, text in texts() if place.startswith(("people/judging", "people/persons"))}
    return codes, details


def test_every_sentence_of_the_importers_is_known_to_the_pages() -> None:
    codes, details = _of_rows()
    unknown = [
        (place, text)
        for place, text in texts()
        if text not in FORMS | MADE.keys() | OTHER | RULES | PROBLEMS | details and "\\" not in text
    ]
    assert unknown == []
    assert [code for code in codes if row_error(AR, code, "In English.") == "In English."] == []


def test_every_kind_of_item_is_known_to_the_pages() -> None:
    said = {*items(), *Kind}
    assert sorted(said - FORMS - MADE.keys()) == []


def test_sentences_that_are_put_together_are_said_in_arabic() -> None:
    made = {each for examples in MADE.values() for each in examples}
    assert [each for each in sorted(made) if any(one.is_english for one in told(AR, each))] == []


def test_every_sentence_is_said_in_arabic_with_its_values() -> None:
    for sentence in sorted(SENTENCES):
        values = {name: _example(name) for name in VALUE.findall(sentence)}
        said = told(AR, VALUE.sub(lambda found: _example(found[1]), sentence))
        assert [one.is_english for one in said] == [False], sentence
        shown = [value for name, value in values.items() if name not in PARTS | LISTS.keys()]
        assert all(value in said[0].text for value in shown), sentence
        assert said[0].text != sentence or sentence == "%(where)s: %(part)s", sentence


def _example(name: str) -> str:
    if name in PARTS:
        return "without a text"
    return "captions" if name in LISTS else "7"


def test_the_list_holds_nothing_that_no_importer_says() -> None:
    made = [each for examples in MADE.values() for each in examples]
    said = {text for _, text in (*texts(), *texts(*RULING))} | set(items())
    source = "".join(path.read_text(encoding="utf-8") for path in ROOT.rglob("*.py"))
    lost = [
        form.sentence
        for form in map(Form, sorted(SENTENCES))
        if VALUE.sub("{}", form.sentence) not in said
        and f'"{form.sentence}"' not in source
        and not any(_is_in(form, each) for each in made)
    ]
    assert lost == []


def _is_in(form: Form, made: str) -> bool:
    """Whether a sentence that is put together of others has it in it."""
    return form.sentence in made or any(form.values(each) is not None for each in (made, *made.split("; ")))
