"""Writes a course as a folder of Markdown files, in one canonical form: the same course gives the same bytes."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path, PurePath

import yaml

from studium.kit.text.combining_marks import composed
from studium.models import LessonType, MarksRelease, QuizType
from studium.modules.exchange.formats.own.course import COURSE_FIELDS, COURSE_FILE, fence_after, quiz_fences
from studium.modules.exchange.formats.own.question_codecs import codec_of
from studium.modules.exchange.model.texts import CourseText, JsonObject, LessonText, QuestionText, QuizText

NAME_MAX = 80
"""Longest slug in a file name; a longer one stands in the front matter."""
_WIDTH = 100
_OTHER_BREAKS = frozenset("\r\x85\u2028\u2029")
"""What YAML takes for the end of a line, and would fold; in escapes it stays."""


def write_course(course: CourseText, folder: Path) -> None:
    """Write `course` into `folder`, which must not exist or be empty (FileExistsError otherwise)."""
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise FileExistsError(folder)
    for path, text in course_files(course):
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode())


def course_files(course: CourseText) -> Iterable[tuple[PurePath, str]]:
    """Yield every file of the course, its path in the folder and its text.

    Raises ValueError where a lesson does not follow its parent or the parent's other descendants.
    """
    yield PurePath(COURSE_FILE), _file(_course_front(course), _trimmed(_lines(course.description or "")))
    for lesson, path in zip(course.lessons, _paths(course.lessons), strict=True):
        yield path, _file(_lesson_front(lesson, path), _lesson_body(lesson))


def _paths(lessons: tuple[LessonText, ...]) -> list[PurePath]:
    """Number the lessons among their siblings, with as many digits as these need."""
    siblings: dict[str | None, int] = {}
    for lesson in lessons:
        siblings[lesson.parent] = siblings.get(lesson.parent, 0) + 1
    numbers: dict[str | None, int] = {}
    line: list[tuple[str, PurePath]] = []
    paths = []
    for lesson in lessons:
        while line and line[-1][0] != lesson.parent:
            line.pop()
        if lesson.parent is not None and not line:
            message = f"the lesson {lesson.slug!r} does not follow its parent"
            raise ValueError(message)
        numbers[lesson.parent] = number = numbers.get(lesson.parent, 0) + 1
        width = max(2, len(str(siblings[lesson.parent])))
        inside = line[-1][1] if line else PurePath()
        path = inside / f"{number:0{width}}-{_short(lesson.slug)}"
        line.append((lesson.slug, path))
        paths.append(path.with_name(f"{path.name}.md"))
    return paths


def _short(slug: str) -> str:
    return slug[:NAME_MAX].strip("-")


def _file(front: Mapping[str, object], body: str | None) -> str:
    text = f"---\n{_yaml(front)}---\n"
    return composed(f"{text}\n{body}\n" if body else text)


def _course_front(course: CourseText) -> dict[str, object]:
    values = {field.key: getattr(course, name) for name, field in COURSE_FIELDS.items()}
    return _given({"title": course.title, "slug": course.slug, **values, "metadata": course.metadata or None})


def _lesson_front(lesson: LessonText, path: PurePath) -> dict[str, object]:
    slug = None if path.stem.partition("-")[2] == lesson.slug else lesson.slug
    return _given(
        {
            "title": lesson.title,
            "slug": slug,
            "type": lesson.lesson_type,
            "description": lesson.description,
            "duration_minutes": lesson.duration_minutes,
            "video_url": lesson.video_url,
            "captions": lesson.captions or None,
            "preview": lesson.is_preview or None,
            "metadata": lesson.metadata or None,
        }
    )


def _lesson_body(lesson: LessonText) -> str | None:
    content = _plain_content(lesson.content or "", has_quiz=lesson.quiz is not None)
    if lesson.quiz is None or lesson.lesson_type is not LessonType.QUIZ:
        return content or None
    block = _yaml(_quiz(lesson.quiz, lesson.title))
    marks = "`" * max(3, _longest_run(block) + 1)
    quiz = f"{marks}quiz\n{block}{marks}"
    return f"{content}\n\n{quiz}" if content else quiz


def _plain_content(content: str, *, has_quiz: bool) -> str:
    """Keep code that is called quiz apart from a quiz block: `` ``` quiz `` with a space shows the same.

    Code that the author never closed would swallow a quiz block after it, so it is closed.
    """
    lines = _lines(content)
    for number in quiz_fences(lines):
        marks = lines[number].rstrip().removesuffix("quiz")
        lines[number] = f"{marks} quiz"
    fence = ""
    for line in lines:
        fence = fence_after(line, fence)
    if fence and has_quiz:
        lines.append(fence)
    return _trimmed(lines)


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _trimmed(lines: list[str]) -> str:
    filled = [number for number, line in enumerate(lines) if line.strip()]
    return "\n".join(lines[filled[0] : filled[-1] + 1]).rstrip() if filled else ""


def _longest_run(text: str) -> int:
    return max((len(run) for run in "".join(each if each == "`" else " " for each in text).split()), default=0)


def _quiz(quiz: QuizText, lesson_title: str) -> dict[str, object]:
    return _given(
        {
            "title": None if quiz.title == lesson_title else quiz.title,
            "description": quiz.description,
            "type": quiz.quiz_type,
            "passing_score": quiz.passing_score,
            "time_limit_minutes": quiz.time_limit_minutes,
            "max_attempts": quiz.max_attempts if quiz.quiz_type is QuizType.GRADED else None,
            "shuffle_questions": None if quiz.shuffle_questions else False,
            "shuffle_options": None if quiz.shuffle_options else False,
            "show_correct_answers": None if quiz.show_correct_answers else False,
            "release": None if quiz.release is MarksRelease.AT_ONCE else quiz.release,
            "questions": [_question(each) for each in quiz.questions] or None,
        }
    )


def _question(question: QuestionText) -> dict[str, object]:
    codec = codec_of(question.question_type)
    marking = codec.marking_of(question.metadata)
    rest = {key: value for key, value in question.metadata.items() if key not in marking}
    return _given(
        {
            "question": question.question_text,
            codec.answer_key: codec.written(question),
            "points": None if question.points == 1 else question.points,
            **marking,
            "explanation": question.explanation,
            "metadata": _sorted(rest) or None,
        }
    )


def _given(fields: Mapping[str, object]) -> JsonObject:
    return {key: value for key, value in fields.items() if value is not None}


class _Exact(str):
    """A text that composing would change; it is written in escapes."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    """Writes several lines as a block, indents lists, and sorts nothing that a person ordered."""

    def write_double_quoted(self, text: str, split: bool = True) -> None:  # noqa: FBT001, FBT002 -- PyYAML's signature.
        """Escape whatever composing would change."""
        self.allow_unicode = composed(text) == text
        super().write_double_quoted(text, split)
        self.allow_unicode = True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 -- PyYAML's signature.
        """Indent lists under their key."""
        super().increase_indent(flow, indentless=False)

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 -- PyYAML's own.
        """Write the same value twice rather than refer to it."""
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = '"' if _OTHER_BREAKS.intersection(text) else "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style=style)


def _number(dumper: yaml.SafeDumper, number: Decimal) -> yaml.ScalarNode:
    if number == number.to_integral_value():
        return dumper.represent_int(int(number))
    return dumper.represent_scalar("tag:yaml.org,2002:float", f"{number.normalize():f}")


def _escaped(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style='"')


_Dumper.add_multi_representer(str, _text)
_Dumper.add_representer(_Exact, _escaped)
_Dumper.add_representer(str, _text)
_Dumper.add_representer(Decimal, _number)


def _yaml(fields: Mapping[str, object]) -> str:
    ordered = {key: _sorted(value) if key == "metadata" else value for key, value in fields.items()}
    text: str = yaml.dump(ordered, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH)
    return text


def _sorted(value: object) -> object:
    """Metadata has no order of its own (a database may change it), so it is written by key."""
    if isinstance(value, dict):
        return {_exact(key): _sorted(value[key]) for key in sorted(value)}
    return [_sorted(each) for each in value] if isinstance(value, list) else _exact(value)


def _exact(value: object) -> object:
    """Metadata is whatever its owner put there, to the letter, where other texts are composed."""
    return _Exact(value) if isinstance(value, str) and composed(value) != value else value
