"""What the editor of a lesson and its undo show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from studium.kit.base.languages import SPOKEN, language_name
from studium.kit.base.problems import PreconditionFailed
from studium.models import LessonType, TrashKind
from studium.modules.courses.checker import Finding
from studium.modules.courses.comparison import LinePair
from studium.modules.courses.schemas import CaptionsOut, CourseOut, LessonOut
from studium.modules.courses.schemas_versions import LessonVersionOut, LessonVersionText
from studium.modules.files.schemas import FileOut
from studium.modules.trash.schemas import TrashItemOut
from studium.web.forms import Form


@dataclass(frozen=True, slots=True)
class Shown:
    """A text as learners see it, and what to mend in it. `mended` is the text where a repair was asked for."""

    html: str
    remarks: Sequence[Finding]
    minutes: int
    mended: str | None = None


@dataclass(frozen=True, slots=True)
class EditorView:
    """A lesson to edit; `others` is the text that stands now where somebody saved it meanwhile, line by line."""

    course: CourseOut
    lesson: LessonOut
    shown: Shown
    files: Sequence[FileOut]
    form: Form = field(default_factory=Form)
    compared: Sequence[LinePair] = ()

    @property
    def is_refused(self) -> bool:
        """Whether what was typed was not saved."""
        return self.form.problem is not None

    @property
    def is_behind(self) -> bool:
        """Whether somebody saved another text meanwhile."""
        return isinstance(self.form.problem, PreconditionFailed)

    @property
    def values(self) -> Mapping[str, Any]:
        """What stands in the fields: what was typed and refused, else the lesson."""
        if self.form.typed:
            return {name: self.form[name] for name in FIELDS}
        lesson = self.lesson
        return {
            "title": lesson.title,
            "lesson_type": lesson.lesson_type.value,
            "duration_minutes": lesson.duration_minutes or "",
            "video_url": lesson.video_url or "",
            "is_preview": "1" if lesson.is_preview else "",
            "description": lesson.description or "",
            "content": lesson.content or "",
        }

    @property
    def kinds(self) -> tuple[LessonType, ...]:
        """The types of lessons."""
        return tuple(LessonType)

    @property
    def languages(self) -> list[tuple[str, str]]:
        """The languages of the school, in which captions are mostly needed, each as it calls itself."""
        return [(tag, language_name(tag)) for tag in SPOKEN]

    @property
    def captions(self) -> list[tuple[str, CaptionsOut]]:
        """The captions with the names of their languages."""
        return [(language_name(one.language), one) for one in self.lesson.captions or ()]


FIELDS = ("title", "lesson_type", "duration_minutes", "video_url", "is_preview", "description", "content")


@dataclass(frozen=True, slots=True)
class VersionsView:
    """The texts that a lesson had before."""

    course: CourseOut
    lesson: LessonOut
    versions: Sequence[LessonVersionOut]


@dataclass(frozen=True, slots=True)
class VersionView:
    """A text that a lesson had before, beside the one that it has now."""

    course: CourseOut
    lesson: LessonOut
    version: LessonVersionText
    pairs: Sequence[LinePair]


@dataclass(frozen=True, slots=True)
class TrashView:
    """What was removed from a course."""

    course: CourseOut
    items: Sequence[TrashItemOut]
    next_cursor: str | None

    def word(self, kind: TrashKind) -> str:
        """The icon of a kind."""
        return {TrashKind.LESSON: "text", TrashKind.QUIZ: "quiz", TrashKind.QUESTION: "help"}[kind]
