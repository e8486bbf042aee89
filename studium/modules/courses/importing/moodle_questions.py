"""Makes our questions of Moodle's, and says what became of each: imported as it is, changed, or skipped and why."""

from collections.abc import Iterable, Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import PurePath

from studium.models import QuestionType
from studium.modules.courses.course_text import OptionText, QuestionText
from studium.modules.courses.importing.items import Fate, FileItem, QuestionSet, ReportItem, place_of
from studium.modules.courses.importing.moodle_keys import Metadata, numeric_key, right_options, short_key
from studium.modules.courses.importing.moodle_markdown import without_tags
from studium.modules.courses.importing.moodle_numbers import plain
from studium.modules.courses.importing.moodle_parts import ANYTHING, Answer, Kind, Part, Question, Refused, Unreadable
from studium.modules.courses.importing.moodle_texts import Texts, label

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
    report: list[ReportItem] = []
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
        report.append(ReportItem(path.name, place_of(path, 1), Fate.SKIPPED, "file", "there is no question in it"))
    return QuestionSet(tuple(questions), tuple(files.values()), tuple(report))


def _too_many(part: Part, path: PurePath) -> ReportItem:
    why = f"more than {PARTS_MAX:,} questions; nothing from here on was read"
    return ReportItem(path.name, place_of(path, part.line), Fate.SKIPPED, "rest of the file", why)


_Made = tuple[QuestionText, tuple[FileItem, ...]]


def _made(part: Part, category: str, path: PurePath) -> tuple[_Made | None, ReportItem]:
    """Return our question, if it can be one, and its line of the report."""
    place = place_of(path, part.line)
    if isinstance(part, Refused):
        return None, ReportItem(
            label(without_tags(part.name[:TEXT_MAX]), NAME_MAX), place, Fate.SKIPPED, part.what, part.why
        )
    name = label(part.title or without_tags(part.stem.text[: 4 * TEXT_MAX]), NAME_MAX)
    if part.kind is Kind.CATEGORY:
        why = "metadata.category of the questions that follow says it" if category else "it has no name"
        return None, ReportItem(category, place, Fate.CHANGED if category else Fate.SKIPPED, part.kind.value, why)
    texts = Texts(place)
    for loss in part.losses:
        texts.lose(loss)
    try:
        question = _question(part, category, texts)
    except Unreadable as fault:
        return None, ReportItem(name, place, Fate.SKIPPED, part.kind.value, str(fault))
    fate = Fate.CHANGED if texts.losses else Fate.IMPORTED
    what = f"{question.question_type.value.replace('_', ' ')} question"
    return (question, texts.files), ReportItem(name, place, fate, what, "; ".join(texts.losses))


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
            right, marking = right_options(part, texts)
            return _options(part.answers, right, texts), None, marking
        case Kind.TRUE_FALSE:
            return (), "true" if part.is_true else "false", {}
        case Kind.SHORT:
            return (), *short_key(part, texts)
        case Kind.NUMERICAL:
            return (), *numeric_key(part, texts)
        case _:
            return (), None, {}


def _options(answers: tuple[Answer, ...], right: list[bool], texts: Texts) -> tuple[OptionText, ...]:
    if len(answers) not in OPTIONS:
        reason = f"{len(answers)} options; a question has {OPTIONS[0]} to {OPTIONS[-1]}"
        raise Unreadable(reason)
    words = [texts.words(answer.text) for answer in answers]
    if "" in words or len(set(words)) < len(words):
        reason = "an empty option" if "" in words else "two options with the same text"
        raise Unreadable(reason)
    if max(map(len, words)) > OPTION_MAX:
        reason = f"an option of more than {OPTION_MAX:,} characters"
        raise Unreadable(reason)
    return tuple(OptionText(text, is_right) for text, is_right in zip(words, right, strict=True))


def _stem(part: Question, texts: Texts) -> str:
    text = texts.markdown(part.stem)
    if not text and part.title:
        texts.lose("without a text; its title stands in for it")
        text = label(part.title)
    if not 1 <= len(text) <= TEXT_MAX:
        reason = "without a text" if not text else f"a text of more than {TEXT_MAX:,} characters"
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
    paragraphs = [texts.words(part.feedback), "\n".join(remarks)]
    explanation = "\n\n".join(each for each in paragraphs if each)
    if len(explanation) > TEXT_MAX:
        texts.lose(f"feedback of more than {TEXT_MAX:,} characters is left out")
        return None
    return explanation or None


def _remarks(part: Question, texts: Texts) -> Iterator[str]:
    """Yield the feedback on each answer. Which answer of a true/false question it is for, its words must say."""
    for remark in part.remarks:
        words = texts.words(remark)
        if words:
            yield words
    for answer in part.answers:
        words = texts.words(answer.feedback)
        if words:
            yield words if answer.text.text == ANYTHING else f"{_named(part, answer, texts)}: {words}"


def _named(part: Question, answer: Answer, texts: Texts) -> str:
    return answer.number if part.kind is Kind.NUMERICAL else label(texts.words(answer.text), 200)


def _about(part: Question, category: str, texts: Texts) -> Metadata:
    """What our questions have no field for and nobody should lose: title, id, tags, category, notes for graders."""
    tags = [tag for tag in dict.fromkeys(label(tag, TAG_MAX) for tag in part.tags) if tag]
    if len(tags) > TAGS_MAX:
        texts.lose(f"only its first {TAGS_MAX} tags are kept")
    about = {
        "title": label(part.title or ""),
        "external_id": label(part.external_id or ""),
        "category": category,
        "tags": tags[:TAGS_MAX],
        "grader_info": _grader_info(part, texts),
    }
    return {key: value for key, value in about.items() if value}


def _grader_info(part: Question, texts: Texts) -> str:
    words = texts.words(part.grader_info)
    if len(words) > GRADER_INFO_MAX:
        texts.lose(f"notes for graders of more than {GRADER_INFO_MAX:,} characters are left out")
        return ""
    return words
