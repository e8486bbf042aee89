"""The GIFT files of a grammar that others wrote, each with the parse that they expect of it, field by field."""

import json
import os
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from html import unescape
from pathlib import Path, PurePath
from typing import Any

import pytest

from studium.models import QuestionType
from studium.modules.exchange.formats.gift.parts import gift_parts
from studium.modules.exchange.formats.gift.reader import read_gift
from studium.modules.exchange.formats.questions.numbers import Near, near
from studium.modules.exchange.formats.questions.parts import Answer, Kind, Question, RichText
from studium.modules.exchange.model.items import ImportOutcome
from studium.modules.exchange.model.texts import QuestionText
from tests.importing.moodle_checks import assert_sound, shown, words

Json = Mapping[str, Any]

FOLDER = (
    Path(os.environ.get("STUDIUM_TEST_FIXTURES", Path(__file__).parents[2].parent / "shared" / "fixtures")) / "gift"
)
FILES = sorted(FOLDER.glob("*.gift"))
COUNT = 26
KINDS = {
    "Category": Kind.CATEGORY,
    "Description": Kind.DESCRIPTION,
    "MC": Kind.CHOICE,
    "TF": Kind.TRUE_FALSE,
    "Short": Kind.SHORT,
    "Numerical": Kind.NUMERICAL,
    "Matching": Kind.MATCHING,
    "Essay": Kind.ESSAY,
}
HELD = {
    "MC": QuestionType.MULTIPLE_CHOICE,
    "TF": QuestionType.TRUE_FALSE,
    "Short": QuestionType.SHORT_ANSWER,
    "Numerical": QuestionType.SHORT_ANSWER,
    "Essay": QuestionType.ESSAY,
}

pytestmark = pytest.mark.skipif(
    not FILES, reason=f"no GIFT files in {FOLDER}; set STUDIUM_TEST_FIXTURES to the folder that holds gift/"
)
each_file = pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])


def expected(path: Path) -> list[Json]:
    found: list[Json] = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"), parse_float=Decimal)
    return found


def test_all_files_are_there() -> None:
    assert len(FILES) == COUNT


@each_file
def test_it_is_read_as_expected_in_every_field(path: Path) -> None:
    found = list(gift_parts(path.read_text(encoding="utf-8")))
    wanted = expected(path)
    assert len(found) == len(wanted)
    for part, want in zip(found, wanted, strict=True):
        assert isinstance(part, Question)
        got = as_json(part)
        assert want.keys() <= got.keys(), "a field that is not compared"
        assert {key: got[key] for key in want} == without_shapes(want)


def as_json(question: Question) -> dict[str, Any]:
    """A question of ours with the names of the expected parse."""
    first, second = (*question.remarks, None, None)[:2]
    found: dict[str, Any] = {
        "type": next(name for name, kind in KINDS.items() if kind is question.kind),
        "id": question.external_id,
        "tags": list(question.tags) or None,
        "title": question.title,
        "stem": rich(question.stem),
        "hasEmbeddedAnswers": question.has_gap,
        "globalFeedback": rich(question.feedback),
    }
    match question.kind:
        case Kind.TRUE_FALSE:
            found |= {"isTrue": question.is_true, "trueFeedback": rich(first), "falseFeedback": rich(second)}
        case Kind.MATCHING:
            found["matchPairs"] = [
                {"subquestion": rich(pair.question), "subanswer": pair.answer} for pair in question.pairs
            ]
        case Kind.CHOICE | Kind.SHORT | Kind.NUMERICAL:
            found["choices"] = [choice(each, question.kind) for each in question.answers]
    return found


def rich(text: RichText | None) -> dict[str, str] | None:
    return None if text is None else {"format": text.format.value, "text": text.text}


def choice(answer: Answer, kind: Kind) -> dict[str, Any]:
    return {
        "isCorrect": answer.is_right,
        "weight": answer.weight,
        "text": near(answer.text.text) if kind is Kind.NUMERICAL else rich(answer.text),
        "feedback": rich(answer.feedback),
    }


def without_shapes(want: Json) -> Json:
    """The expected parse with its three ways to write a number as one."""
    if want["type"] != "Numerical":
        return want
    choices = want["choices"]
    if isinstance(choices, Mapping):
        choices = [{"isCorrect": True, "weight": None, "text": choices, "feedback": None}]
    return {**want, "choices": [{**each, "text": number(each["text"])} for each in choices]}


def number(text: Json) -> Near:
    match text["type"]:
        case "simple":
            return Near(Decimal(text["number"]), Decimal(0))
        case "range":
            return Near(Decimal(text["number"]), Decimal(text["range"]))
        case _:
            low, high = Decimal(text["numberLow"]), Decimal(text["numberHigh"])
            return Near((low + high) / 2, (high - low) / 2)


@each_file
def test_its_questions_are_ours_and_the_report_names_the_rest(path: Path) -> None:
    found = read_gift(path.read_bytes(), PurePath(path.name))
    wanted = expected(path)
    assert_sound(found)
    assert [each.fate is not ImportOutcome.SKIPPED for each in found.report] == [
        each["type"] in HELD or each["type"] == "Category" for each in wanted
    ]
    held = [each for each in wanted if each["type"] in HELD]
    for question, want in zip(found.questions, held, strict=True):
        compare(question, want)
    left = [each for each in wanted if each["type"] not in HELD]
    named = [item for item in found.report if item.fate is ImportOutcome.SKIPPED or item.what == "category"]
    for item, want in zip(named, left, strict=True):
        assert (item.what, bool(item.why)) == (KINDS[want["type"]].value, True)
        assert words(item.name) in words(want["title"] or want["stem"]["text"])


def compare(question: QuestionText, want: Json) -> None:
    """Everything of the expected parse that our question can hold is in it."""
    assert question.question_type is HELD[want["type"]]
    assert shown(question.question_text) == visible(want["stem"])
    assert question.metadata.get("title") == want["title"]
    assert question.metadata.get("external_id") == want["id"]
    assert question.metadata.get("tags") == want["tags"]
    assert question.points == 1
    for feedback in feedbacks(want):
        assert visible(feedback) in shown(question.explanation or "")
    match want["type"]:
        case "TF":
            assert question.correct_answer == str(want["isTrue"]).lower()
        case "MC":
            assert [each.text for each in question.options] == [visible(each["text"]) for each in want["choices"]]
            assert [each.is_correct for each in question.options] == [earns(each) > 0 for each in want["choices"]]
        case "Short":
            assert question.metadata["match"] == "exact"
            full = [words(each["text"]["text"]) for each in want["choices"] if earns(each) == 100]
            assert question.correct_answer == "|".join(full)
        case "Numerical":
            assert question.metadata["match"] == "numeric"
            numbers = [each["text"] for each in without_shapes(want)["choices"] if earns(each) == 100]
            tolerance = Decimal(str(question.metadata["tolerance"]))
            assert [Near(Decimal(question.correct_answer or ""), tolerance)] == numbers
        case _:
            assert question.correct_answer is None


def visible(text: Json) -> str:
    """The words that a reader of an expected text sees."""
    if text["format"] == "html":
        return words(unescape(re.sub("<!--.*?-->|<[^<>]*>", "", text["text"].replace("</p>", " "))))
    return shown(text["text"]) if text["format"] == "markdown" else words(text["text"])


def earns(choice: Json) -> Decimal:
    if choice["weight"] is not None:
        return Decimal(choice["weight"])
    return Decimal(100 if choice["isCorrect"] else 0)


def feedbacks(want: Json) -> Sequence[Json]:
    choices = without_shapes(want).get("choices", [])
    found = [want.get("globalFeedback"), want.get("trueFeedback"), want.get("falseFeedback")]
    return [each for each in (*found, *(choice["feedback"] for choice in choices)) if each is not None]
