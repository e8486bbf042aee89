"""Courses and lessons, as they come in and go out."""

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from pydantic import AfterValidator, Field

from studium.kit.http.schemas import (
    Id,
    Label,
    MarkdownText,
    Metadata,
    MultilineText,
    Number,
    PatchModel,
    PersonOut,
    RequestModel,
    ResponseModel,
    SafeUrl,
    Title,
    unset,
)
from studium.kit.text.links import is_own_file
from studium.models import Difficulty, LessonType

MAX_LESSONS = 1_000
MAX_RENDERED = 20
"""Lessons of a page of the outline that has their HTML."""

MAX_MINUTES = 100_000

Slug = Annotated[str, Field(min_length=1, max_length=255, pattern="^[a-z0-9]+(-[a-z0-9]+)*$")]
Minutes = Annotated[int, Field(ge=1, le=MAX_MINUTES)]
DifficultyIn = Annotated[Difficulty, Field(strict=False)]
LessonTypeIn = Annotated[LessonType, Field(strict=False)]

LanguageTag = Annotated[str, Field(max_length=35, pattern="^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,4}$")]
"""A language as BCP 47 writes it: `en`, `pt-BR`, `zh-Hant`."""

MAX_CAPTIONS = 20


def _own_file(url: str) -> str:
    if not is_own_file(url):
        message = "must be the address of an uploaded file, such as /api/v1/files/…/download"
        raise ValueError(message)
    return url


class CaptionsIn(RequestModel):
    """What is said in the video of a lesson, in one language: a WebVTT file of the course, or a public one."""

    language: LanguageTag
    url: Annotated[SafeUrl, AfterValidator(_own_file)]


def _one_each(captions: list[CaptionsIn]) -> list[CaptionsIn]:
    if len({each.language.lower() for each in captions}) < len(captions):
        message = "must not name a language twice"
        raise ValueError(message)
    return captions


Captions = Annotated[list[CaptionsIn], Field(max_length=MAX_CAPTIONS), AfterValidator(_one_each)]

_FORGED = frozenset({"id", "is_published", "created_at", "updated_at", "version"})


class CourseCreate(RequestModel):
    """A new course, always a draft. Without `slug` one is made from the title."""

    not_allowed: ClassVar[frozenset[str]] = _FORGED

    title: Title
    slug: Slug | None = None
    description: MultilineText | None = None
    category: Label | None = None
    difficulty_level: DifficultyIn | None = None
    thumbnail_url: SafeUrl | None = None
    estimated_duration_minutes: Minutes | None = None
    metadata: Metadata | None = None
    instructor_id: Id | None = None


class CourseUpdate(PatchModel, CourseCreate):
    """What may change; publishing has verbs of its own, the owner changes only by an admin."""

    title: Title = unset()
    slug: Slug = unset()
    instructor_id: Id = unset()


class RatingOut(ResponseModel):
    """The average of all reviews, 1..5, null without one."""

    average: Number | None
    count: int


class CategoryOut(ResponseModel):
    """A category with the number of published courses in it."""

    name: str
    courses_count: int


class CategoriesOut(ResponseModel):
    """The categories of the catalogue, by name: 100 at most, the largest."""

    items: list[CategoryOut]


class CourseOut(ResponseModel):
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


class LessonCreate(RequestModel):
    """A new lesson; with `order_index` it is inserted there and the rest moves down, without it goes to the end."""

    not_allowed: ClassVar[frozenset[str]] = frozenset({"id", "course_id", "version", "archived_at"})

    title: Title
    slug: Slug | None = None
    lesson_type: LessonTypeIn
    description: MultilineText | None = None
    content: MarkdownText | None = None
    order_index: Annotated[int, Field(ge=1, le=MAX_LESSONS)] | None = None
    parent_lesson_id: Id | None = None
    duration_minutes: Minutes | None = None
    video_url: SafeUrl | None = None
    captions: Captions = Field(default_factory=list)
    is_preview: bool = False
    metadata: Metadata | None = None


class LessonUpdate(PatchModel):
    """What may change; the order changes by `reorder`."""

    not_allowed: ClassVar[frozenset[str]] = frozenset({"id", "course_id", "version", "archived_at", "order_index"})

    title: Title = unset()
    slug: Slug = unset()
    lesson_type: LessonTypeIn = unset()
    description: MultilineText | None = None
    content: MarkdownText | None = None
    parent_lesson_id: Id | None = None
    duration_minutes: Minutes | None = None
    video_url: SafeUrl | None = None
    captions: Captions = unset()
    is_preview: bool = unset()
    metadata: Metadata | None = None


class LessonOrder(RequestModel):
    """Every live lesson of the course, in the order wanted."""

    lesson_ids: Annotated[list[Id], Field(max_length=MAX_LESSONS)]


class CaptionsOut(ResponseModel):
    """The captions of a video in one language: a WebVTT file, read under the rules of all files."""

    language: str
    url: str


class LessonOut(ResponseModel):
    """A lesson. Where `is_locked`, `content`, `content_html`, `video_url`, `captions` and `metadata` are null.

    In a list `content_html` is null unless it was asked for.
    """

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
    captions: list[CaptionsOut] | None
    metadata: dict[str, Any] | None
    quiz_id: UUID | None
    created_at: datetime
    updated_at: datetime
    version: int
