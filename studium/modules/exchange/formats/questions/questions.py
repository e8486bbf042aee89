"""Makes our questions of Moodle's, and says what became of each: imported as it is, changed, or skipped and why."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from pathlib import PurePath

from studium.kit.text.visible import shows_something
from studium.models import QuestionType
from studium.modules.exchange.formats.questions.keys import Metadata, numeric_key, right_options, short_key
from studium.modules.exchange.formats.questions.markdown import plain_to_markdown, without_tags
from studium.modules.exchange.formats.questions.numbers import plain
from studium.modules.exchange.formats.questions.parts import (
    ANYTHING,
    TEXTLESS,
    Answer,
    Kind,
    Part,
    Question,
    Refused,
    Unreadable,
)
from studium.modules.exchange.formats.questions.texts import LABEL_MAX, Texts, label
from studium.modules.exchange.model.items import FileItem, ImportOutcome, ImportReportEntry, QuestionSet, place_of
from studium.modules.exchange.model.texts import OptionText, QuestionText

PARTS_MAX = 20_000
"""Questions of one file that are looked at; a quiz holds 500."""
TEXT_MAX = 20_000
OPTION_MAX = 2_000
OPTIONS = range(2, 21)
NAME_MAX = 80
TAG_MAX, TAGS_MAX = 50, 20
GRADER_INFO_MAX = 1_000
_CENT = Decimal("0.01")
_POINTS_MAX = Decimal("999.99")
_HELD = {
    Kind.CHOICE: QuestionType.MULTIPLE_CHOICE,
    Kind.TRUE_FALSE: QuestionType.TRUE_FALSE,
    Kind.SHORT: QuestionType.SHORT_ANSWER,
    Kind.NUMERICAL: QuestionType.SHORT_ANSWER,
    Kind.ESSAY: QuestionType.ESSAY,
}
_NOT_HELD = {
    Kind.DESCRIPTION: "a text without a question; put it into a lesson",
    Kind.MATCHING: "there are no matching questions here",
}


def question_set(parts: Iterable[Part], path: PurePath) -> QuestionSet:
    """Return the questions among `parts` that our four types can hold, and the fate of every part."""
    questions: list[QuestionText] = []
    files: dict[str, FileItem] = {}
    report: list[ImportReportEntry] = []
    category = ""
    for number, part in enumerate(parts):
        if number == PARTS_MAX:
            report.append(_too_many(part, path))
            break
        if isinstance(part, Question) and part.kind is Kind.CATEGORY:
            category = label(part.title or "")
        made, line = _made(part, category, path)
        if made is not None:
            questions.append(made[0])
            files.update({each.token: each for each in made[1]})
        report.append(line)
    if not report:
        report.append(
            ImportReportEntry(path.name, place_of(path, 1), ImportOutcome.SKIPPED, "file", "there is no question in it")
        )
    return QuestionSet(tuple(questions), tuple(files.values()), tuple(report))


def _too_many(part: Part, path: PurePath) -> ImportReportEntry:
    why = f"more than {PARTS_MAX:,} questions; nothing from here on was read"
    return ImportReportEntry(path.name, place_of(path, part.line), ImportOutcome.SKIPPED, "rest of the file", why)


_Made = tuple[QuestionText, tuple[FileItem, ...]]


def _made(part: Part, category: str, path: PurePath) -> tuple[_Made | None, ImportReportEntry]:
    """Return our question, if it can be one, and its line of the report."""
    place = place_of(path, part.line)
    if isinstance(part, Refused):
        return None, ImportReportEntry(
            label(without_tags(part.name[:TEXT_MAX]), NAME_MAX), place, ImportOutcome.SKIPPED, part.what, part.why
        )
    name = label(part.title or without_tags(part.stem.text[: 4 * TEXT_MAX]), NAME_MAX)
    if part.kind is Kind.CATEGORY:
        why = "metadata.category of the questions that follow says it" if category else "it has no name"
        why = "; ".join([why, *part.losses])
        return None, ImportReportEntry(
            category, place, ImportOutcome.CHANGED if category else ImportOutcome.SKIPPED, part.kind.value, why
        )
    texts = Texts(place)
    for loss in part.losses:
        texts.lose(loss)
    try:
        question = _question(part, category, texts)
    except Unreadable as fault:
        return None, ImportReportEntry(name, place, ImportOutcome.SKIPPED, part.kind.value, str(fault))
    fate = ImportOutcome.CHANGED if texts.losses else ImportOutcome.IMPORTED
    what = f"{question.question_type.value.replace('_', ' ')} question"
    return (question, texts.files), ImportReportEntry(name, place, fate, what, "; ".join(texts.losses))


def _question(part: Question, category: str, texts: Texts) -> QuestionText:
    if part.kind in _NOT_HELD:
        raise Unreadable(_NOT_HELD[part.kind])
    options, key, marking = _key(part, texts)
    return QuestionText(
        question_type=_HELD[part.kind],
        question_text=_stem(part, texts),
        points=_points(part, texts),
        options=options,
        correct_answer=key,
        explanation=_explanation(part, texts),
        metadata=marking | _about(part, category, texts),
    )


def _key(part: Question, texts: Texts) -> tuple[tuple[OptionText, ...], str | None, Metadata]:
    """Return the options, the correct answer, and how it is marked."""
    match part.kind:
        case Kind.CHOICE:
            options = _options(part.answers, texts)
            right, marking = right_options(replace(part, answers=tuple(options.values())), texts)
            return _checked(list(options), right), None, marking
        case Kind.TRUE_FALSE:
            return (), "true" if part.is_true else "false", {}
        case Kind.SHORT:
            return (), *short_key(part, texts)
        case Kind.NUMERICAL:
            return (), *numeric_key(part, texts)
        case _:
            return (), None, {}


def _options(answers: tuple[Answer, ...], texts: Texts) -> dict[str, Answer]:
    """The answers by their text, which no two may share. Those without a text fall away, as they do in Moodle."""
    options: dict[str, Answer] = {}
    for answer in answers:
        text = texts.option(answer.text)
        if not text:
            if answer.percent or answer.feedback is not None:
                texts.lose(TEXTLESS)
            continue
        if text in options:
            same = options[text].text.text == answer.text.text
            reason = "two options with the same text" if same else "two options that differ in formatting alone"
            raise Unreadable(reason)
        options[text] = answer
        if len(options) > OPTIONS[-1]:
            raise Unreadable(_count(len(answers)))
    return options


def _count(options: int) -> str:
    return f"{options} options; a question has {OPTIONS[0]} to {OPTIONS[-1]}"


def _checked(words: list[str], right: list[bool]) -> tuple[OptionText, ...]:
    if len(words) not in OPTIONS:
        raise Unreadable(_count(len(words)))
    if max(map(len, words)) > OPTION_MAX:
        reason = f"an option of more than {OPTION_MAX:,} characters"
        raise Unreadable(reason)
    return tuple(OptionText(text, is_right) for text, is_right in zip(words, right, strict=True))


def _stem(part: Question, texts: Texts) -> str:
    text = texts.markdown(part.stem)
    text = text if shows_something(text) else ""
    if not text and part.title:
        texts.lose("without a text; its title stands in for it")
        text = plain_to_markdown(label(part.title))
    text = texts.below(text)
    if not shows_something(text) or len(text) > TEXT_MAX:
        reason = "without a text" if not shows_something(text) else f"a text of more than {TEXT_MAX:,} characters"
        raise Unreadable(reason)
    return text


def _points(part: Question, texts: Texts) -> Decimal:
    points = part.points.quantize(_CENT, ROUND_HALF_UP) if part.points <= _POINTS_MAX else part.points
    if not _CENT <= points <= _POINTS_MAX:
        reason = f"points of {plain(part.points)}; a question has {_CENT} to {_POINTS_MAX}"
        raise Unreadable(reason)
    if points != part.points:
        texts.lose(f"its points are rounded to {points}")
    return points


def _explanation(part: Question, texts: Texts) -> str | None:
    """The general feedback, and below it that on single answers, which has no place of its own."""
    remarks = list(_remarks(part, texts))
    if remarks:
        texts.lose("the feedback on single answers is in the explanation")
    paragraphs = [texts.markdown(part.feedback), "\n".join(remarks)]
    explanation = "\n\n".join(each for each in paragraphs if each)
    if len(explanation) > TEXT_MAX:
        texts.lose(f"feedback of more than {TEXT_MAX:,} characters is left out")
        return None
    return explanation or None


def _remarks(part: Question, texts: Texts) -> Iterator[str]:
    """Yield the feedback on each answer. Which answer of a true/false question it is for, its words must say."""
    for remark in part.remarks:
        words = texts.markdown(remark)
        if words:
            yield words
    for answer in part.answers:
        words = texts.markdown(answer.feedback)
        if words:
            name = "" if answer.text.text == ANYTHING else _named(part, answer, texts)
            yield f"{name}: {words}" if name else words


def _named(part: Question, answer: Answer, texts: Texts) -> str:
    name = answer.number if part.kind is Kind.NUMERICAL else label(texts.option(answer.text), 200)
    return plain_to_markdown(name)


def _about(part: Question, category: str, texts: Texts) -> Metadata:
    """What our questions have no field for and nobody should lose: title, id, tags, category, notes for graders."""
    tags = [tag for tag in dict.fromkeys(texts.fitting(tag, TAG_MAX, "a tag") for tag in part.tags) if tag]
    if len(tags) > TAGS_MAX:
        texts.lose(f"only its first {TAGS_MAX} tags are kept")
    about = {
        "title": texts.fitting(part.title, LABEL_MAX, "its title"),
        "external_id": texts.fitting(part.external_id, LABEL_MAX, "its ID number"),
        "category": category,
        "tags": tags[:TAGS_MAX],
        "grader_info": _grader_info(part, texts),
    }
    return {key: value for key, value in about.items() if value}


def _grader_info(part: Question, texts: Texts) -> str:
    words = texts.note(part.grader_info)
    if len(words) > GRADER_INFO_MAX:
        texts.lose(f"notes for graders of more than {GRADER_INFO_MAX:,} characters are left out")
        return ""
    return words
