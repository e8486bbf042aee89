"""A course as text: what a Markdown folder holds, before it becomes rows and after it left them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from decimal import Decimal
from pathlib import PurePath
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from studium.models import Difficulty, LessonType, MarksRelease, QuestionType, QuizType

COURSE_FILE_MAX = 1_048_576
"""Bytes of the file that describes the course."""
FOLDER_MAX = 268_435_456
"""Bytes of all its texts together, and of each: a quiz of 500 questions of the longest texts has 200 MB."""
MAX_LEVELS = 3
MAX_QUESTIONS = 500
MAX_POINTS = Decimal("9999.99")
DEFAULT_ATTEMPTS = 3
"""Attempts of a graded quiz that does not name them; a practice quiz has no limit."""

T = TypeVar("T")
JsonObject = dict[str, object]


class CourseFormatError(ValueError):
    """A course folder breaks the format at `path` (relative to the folder), `line` (from 1); `reason` says how."""

    def __init__(self, path: PurePath, line: int, reason: str) -> None:
        self.path, self.line, self.reason = path, line, reason
        super().__init__(f"{path.as_posix()}:{line}: {reason}")


@dataclass(frozen=True)
class SourceLocation:
    """A line of a file, for messages."""

    path: PurePath
    line: int

    def error(self, reason: str) -> CourseFormatError:
        """Return the error that names this place; the caller raises it."""
        return CourseFormatError(self.path, self.line, reason)

    def at(self, line: int) -> "SourceLocation":
        """Another line of the same file."""
        return SourceLocation(self.path, line)

    @contextmanager
    def blamed(self, what: str) -> Iterator[None]:
        """Turn a rule that the API shares (a pydantic or plain ValueError) into an error at this place."""
        try:
            yield
        except ValidationError as invalid:
            reason = f"{what}: {invalid.errors()[0]['msg'].removeprefix('Value error, ')}"
            raise self.error(reason) from None
        except CourseFormatError:
            raise
        except ValueError as invalid:
            reason = f"{what}: {invalid}"
            raise self.error(reason) from None

    def checked(self, what: str, adapter: TypeAdapter[T], value: object) -> T:
        """Return `value` as `adapter` accepts it, or raise CourseFormatError here."""
        with self.blamed(what):
            return adapter.validate_python(value)


@dataclass(frozen=True)
class OptionText:
    """One option of a multiple-choice question."""

    text: str
    is_correct: bool


@dataclass(frozen=True)
class QuestionText:
    """A question with its key. `correct_answer` is as the database keeps it: alternatives separated by `|`."""

    question_type: QuestionType
    question_text: str
    points: Decimal = Decimal(1)
    options: tuple[OptionText, ...] = ()
    correct_answer: str | None = None
    explanation: str | None = None
    metadata: JsonObject = field(default_factory=dict)


@dataclass(frozen=True)
class QuizText:
    """The quiz of a lesson. `passing_score` is percent; a practice quiz has no `max_attempts`."""

    title: str
    description: str | None = None
    quiz_type: QuizType = QuizType.GRADED
    passing_score: Decimal = Decimal(70)
    time_limit_minutes: int | None = None
    max_attempts: int | None = None
    shuffle_questions: bool = True
    shuffle_options: bool = True
    show_correct_answers: bool = True
    release: MarksRelease = MarksRelease.AT_ONCE
    questions: tuple[QuestionText, ...] = ()


@dataclass(frozen=True)
class LessonText:
    """A lesson. `parent` is the slug of the lesson that it hangs under, `depth` 0 for a lesson of the first level.

    `captions` are the addresses of what is said in its video, by language.
    """

    title: str
    slug: str
    lesson_type: LessonType
    content: str | None = None
    video_url: str | None = None
    duration_minutes: int | None = None
    is_preview: bool = False
    depth: int = 0
    parent: str | None = None
    quiz: QuizText | None = None
    description: str | None = None
    metadata: JsonObject = field(default_factory=dict)
    captions: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class CourseText:
    """A course with its lessons in the order of the outline: children follow their parent.

    All fields but `lessons` are named as the columns of `courses` that export and import keep.
    """

    title: str
    slug: str
    description: str | None = None
    category: str | None = None
    difficulty_level: Difficulty | None = None
    estimated_duration_minutes: int | None = None
    metadata: JsonObject = field(default_factory=dict)
    lessons: tuple[LessonText, ...] = ()
    thumbnail_url: str | None = None


COURSE_COLUMNS = tuple(each.name for each in fields(CourseText) if each.name != "lessons")
"""The columns of `courses` that export and import keep."""
