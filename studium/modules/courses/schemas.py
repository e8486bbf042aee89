"""Courses and lessons, as they come in and go out."""

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from pydantic import Field

from studium.kit.schema import (
    Id,
    Input,
    Label,
    LongText,
    Metadata,
    Number,
    Output,
    Paragraphs,
    Patch,
    PersonOut,
    SafeUrl,
    Title,
    unset,
)
from studium.models import Difficulty, LessonType

MAX_LESSONS = 1_000
MAX_MINUTES = 100_000

Slug = Annotated[str, Field(min_length=1, max_length=255, pattern="^[a-z0-9]+(-[a-z0-9]+)*$")]
Minutes = Annotated[int, Field(ge=1, le=MAX_MINUTES)]
DifficultyIn = Annotated[Difficulty, Field(strict=False)]
LessonTypeIn = Annotated[LessonType, Field(strict=False)]

_FORGED = frozenset({"id", "is_published", "created_at", "updated_at", "version"})


class CourseCreate(Input):
    """A new course, always a draft. Without `slug` one is made from the title."""

    not_allowed: ClassVar[frozenset[str]] = _FORGED

    title: Title
    slug: Slug | None = None
    description: Paragraphs | None = None
    category: Label | None = None
    difficulty_level: DifficultyIn | None = None
    thumbnail_url: SafeUrl | None = None
    estimated_duration_minutes: Minutes | None = None
    metadata: Metadata | None = None
    instructor_id: Id | None = None


class CourseUpdate(Patch):
    """What may change; publishing has verbs of its own, the owner changes only by an admin."""

    not_allowed: ClassVar[frozenset[str]] = _FORGED

    title: Title = unset()
    slug: Slug = unset()
    description: Paragraphs | None = None
    category: Label | None = None
    difficulty_level: DifficultyIn | None = None
    thumbnail_url: SafeUrl | None = None
    estimated_duration_minutes: Minutes | None = None
    metadata: Metadata | None = None
    instructor_id: Id = unset()


class RatingOut(Output):
    """The average of all reviews, 1..5, null without one."""

    average: Number | None
    count: int


class CourseOut(Output):
    """A course with its owner and its counts."""

    id: UUID
    title: str
    slug: str
    description: str | None
    instructor_id: UUID
    instructor: PersonOut
    category: str | None
    difficulty_level: Difficulty | None
    is_published: bool
    thumbnail_url: str | None
    estimated_duration_minutes: int | None
    metadata: dict[str, Any] | None
    lessons_count: int
    enrollments_count: int
    rating: RatingOut
    created_at: datetime
    updated_at: datetime
    version: int


class LessonCreate(Input):
    """A new lesson; with `order_index` it is inserted there and the rest moves down, without it goes to the end."""

    not_allowed: ClassVar[frozenset[str]] = frozenset({"id", "course_id", "version", "archived_at"})

    title: Title
    slug: Slug | None = None
    lesson_type: LessonTypeIn
    description: Paragraphs | None = None
    content: LongText | None = None
    order_index: Annotated[int, Field(ge=1, le=MAX_LESSONS)] | None = None
    parent_lesson_id: Id | None = None
    duration_minutes: Minutes | None = None
    video_url: SafeUrl | None = None
    is_preview: bool = False
    metadata: Metadata | None = None


class LessonUpdate(Patch):
    """What may change; the order changes by `reorder`."""

    not_allowed: ClassVar[frozenset[str]] = frozenset({"id", "course_id", "version", "archived_at", "order_index"})

    title: Title = unset()
    slug: Slug = unset()
    lesson_type: LessonTypeIn = unset()
    description: Paragraphs | None = None
    content: LongText | None = None
    parent_lesson_id: Id | None = None
    duration_minutes: Minutes | None = None
    video_url: SafeUrl | None = None
    is_preview: bool = unset()
    metadata: Metadata | None = None


class LessonOrder(Input):
    """Every live lesson of the course, in the order wanted."""

    lesson_ids: Annotated[list[Id], Field(max_length=MAX_LESSONS)]


class LessonOut(Output):
    """A lesson. Where `is_locked`, `content`, `content_html`, `video_url` and `metadata` are null."""

    id: UUID
    course_id: UUID
    title: str
    slug: str
    description: str | None
    lesson_type: LessonType
    order_index: int
    parent_lesson_id: UUID | None
    duration_minutes: int | None
    is_preview: bool
    is_locked: bool
    content: str | None
    content_html: str | None
    video_url: str | None
    metadata: dict[str, Any] | None
    quiz_id: UUID | None
    created_at: datetime
    updated_at: datetime
    version: int
