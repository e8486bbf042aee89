"""What the outline of a course shows to its teachers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from studium.kit.base.problems import NotFound
from studium.kit.text.links import is_own_file
from studium.models import LessonType
from studium.modules.courses.outline import MAX_LEVELS, Parents, Place, Step, place_of
from studium.modules.courses.schemas import CourseOut, LessonOut
from studium.modules.quizzes.schemas import QuizOut

FOLDED_FROM = 200
"""Lessons of an outline whose parts are folded."""

_PART = 50
_FIRST, _AFTER = "first", "after"


@dataclass(frozen=True, slots=True)
class Row:
    """A lesson where it stands, with what hangs below it, the steps that it can make, and what it lacks."""

    lesson: LessonOut
    number: str
    quiz: QuizOut | None
    level: int
    below: list["Row"]
    steps: frozenset[Step]

    @property
    def height(self) -> int:
        """How many levels it takes with what hangs below it."""
        return 1 + max((row.height for row in self.below), default=0)

    @property
    def lacks(self) -> str:
        """The first thing that learners would miss: a name for the templates, empty where there is none."""
        lesson = self.lesson
        if lesson.lesson_type is LessonType.QUIZ:
            return _lack_of(self.quiz)
        if lesson.lesson_type is LessonType.VIDEO:
            if not lesson.video_url:
                return "video"
            return "" if lesson.captions or not is_own_file(lesson.video_url) else "captions"
        return "" if (lesson.content or "").strip() else "text"

    def walk(self) -> Iterator["Row"]:
        """It, and all below it, in order."""
        yield self
        for row in self.below:
            yield from row.walk()


def _lack_of(quiz: QuizOut | None) -> str:
    if quiz is None:
        return "quiz"
    if not quiz.questions_count:
        return "questions"
    return "" if quiz.is_published else "publication"


@dataclass(frozen=True, slots=True)
class Part:
    """Rows that are folded together."""

    rows: list[Row]
    is_open: bool

    @property
    def last(self) -> Row:
        """The last lesson of the part."""
        return list(self.rows[-1].walk())[-1]


@dataclass(frozen=True, slots=True)
class Said:
    """What was done last, for one sentence: the lesson, where it is, and where it goes back to."""

    row: Row
    done: str
    place: int
    of: int
    parent: Row | None
    undo: str

    @property
    def focus(self) -> str:
        """The control of its row that has the focus: the one that was used, else its opposite, else its title."""
        opposite = {"up": "down", "down": "up", "in": "out", "out": "in"}
        can = {step.value for step in self.row.steps}
        return next((name for name in (self.done, opposite.get(self.done, "")) if name in can), "title")


@dataclass(frozen=True, slots=True)
class OutlineView:
    """A course, its lessons as a tree, and what was done to them last."""

    course: CourseOut
    rows: list[Row]
    said: Said | None

    @classmethod
    def of(
        cls, course: CourseOut, rows: list[Row], *, touched: UUID | None = None, done: str = "", undo: str = ""
    ) -> Self:
        """The outline after something was `done` to the lesson `touched`, if it is still there."""
        found = None if touched is None else _said(rows, touched, done, undo)
        return cls(course, rows, found)

    @property
    def all(self) -> list[Row]:
        """Every lesson in order."""
        return [row for top in self.rows for row in top.walk()]

    @property
    def needy(self) -> list[Row]:
        """The lessons that lack something."""
        return [row for row in self.all if row.lacks]

    @property
    def parts(self) -> list[Part]:
        """The rows in parts that fold; the one with the lesson that was touched is open, else the first."""
        parts: list[list[Row]] = [[]]
        for row in self.rows:
            if sum(1 for top in parts[-1] for _ in top.walk()) >= _PART:
                parts.append([])
            parts[-1].append(row)
        touched = None if self.said is None else self.said.row.lesson.id
        has = [any(row.lesson.id == touched for top in part for row in top.walk()) for part in parts]
        return [Part(part, has[at] or (at == 0 and not any(has))) for at, part in enumerate(parts)]

    @property
    def is_folded(self) -> bool:
        """Whether there are too many for one look."""
        return self.course.lessons_count >= FOLDED_FROM


@dataclass(frozen=True, slots=True)
class LessonView:
    """A lesson in the outline, with all that can be done to it there."""

    course: CourseOut
    row: Row
    rows: list[Row]

    @property
    def places(self) -> list[tuple[str, Row, bool]]:
        """Where it could stand besides: what a form sends, beside which lesson, and whether below that one."""
        own = {row.lesson.id for row in self.row.walk()}
        found = []
        for other in (row for top in self.rows for row in top.walk()):
            if other.lesson.id in own:
                continue
            if other.level + self.row.height <= MAX_LEVELS:
                found.append((f"{_FIRST}:{other.lesson.id}", other, True))
            if other.level + self.row.height - 1 <= MAX_LEVELS:
                found.append((f"{_AFTER}:{other.lesson.id}", other, False))
        return found

    @property
    def may_have_below(self) -> bool:
        """Whether another lesson fits below it."""
        return self.row.level < MAX_LEVELS


def _said(rows: list[Row], lesson_id: UUID, done: str, undo: str) -> Said | None:
    around, parent = rows, None
    for row in (one for top in rows for one in top.walk()):
        if row.lesson.id == lesson_id:
            above = next((one for top in rows for one in top.walk() if row in one.below), None)
            around, parent = (rows, None) if above is None else (above.below, above)
            return Said(row, done, around.index(row) + 1, len(around), parent, undo)
    return None


def tree_of(lessons: Sequence[LessonOut], quizzes: Sequence[QuizOut]) -> list[Row]:
    """The lessons at the top, each with those below it."""
    below: dict[UUID | None, list[LessonOut]] = {}
    for lesson in lessons:
        below.setdefault(lesson.parent_lesson_id, []).append(lesson)
    return _rows(None, "", below, {quiz.lesson_id: quiz for quiz in quizzes})


def _rows(
    parent: UUID | None,
    prefix: str,
    below: dict[UUID | None, list[LessonOut]],
    quizzes: dict[UUID, QuizOut],
    level: int = 1,
) -> list[Row]:
    around, rows = below.get(parent, []), []
    for at, lesson in enumerate(around):
        number = f"{prefix}{at + 1}"
        children = _rows(lesson.id, f"{number}.", below, quizzes, level + 1)
        row = Row(lesson, number, quizzes.get(lesson.id), level, children, frozenset())
        can = {
            Step.UP: at > 0,
            Step.DOWN: at + 1 < len(around),
            Step.IN: at > 0 and level + row.height <= MAX_LEVELS,
            Step.OUT: level > 1,
        }
        steps = frozenset(step for step, possible in can.items() if possible)
        rows.append(Row(lesson, number, row.quiz, level, children, steps))
    return rows


def row_of(rows: Sequence[Row], lesson_id: UUID) -> Row:
    """The row of a lesson; raise NotFound."""
    found = next((row for top in rows for row in top.walk() if row.lesson.id == lesson_id), None)
    if found is None:
        message = "There is no such lesson."
        raise NotFound(message)
    return found


def written(place: Place) -> str:
    """A place as a form sends it: `after:` a lesson, or `first:` below one, below none at the top."""
    if place.after is not None:
        return f"{_AFTER}:{place.after}"
    return f"{_FIRST}:{place.parent or ''}"


def read_place(text: str, lesson_id: UUID, parents: Parents) -> Place:
    """The place that a form names; raise NotFound for what is none."""
    kind, _, name = text.partition(":")
    if kind == _FIRST and not name:
        return Place(None, None)
    try:
        named = UUID(name)
        parent = parents[named]
    except (ValueError, KeyError):
        message = "There is no such place in this course."
        raise NotFound(message) from None
    if kind == _FIRST:
        return Place(named, None)
    return place_of(lesson_id, parents) if named == lesson_id else Place(parent, named)
