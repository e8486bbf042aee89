"""What the pages for everybody show."""

from dataclasses import dataclass, field
from typing import Self
from uuid import UUID

from studium.kit.http.pagination import Page
from studium.kit.text.links import is_own_file
from studium.modules.courses.schemas import CategoriesOut, CourseOut
from studium.modules.users.demo import DemoLogIn
from studium.web.files import own_file


@dataclass(frozen=True, slots=True)
class Book:
    """A course as a book on a shelf."""

    id: UUID
    slug: str
    title: str
    instructor: str
    category: str | None
    level: str | None
    minutes: int | None
    lessons: int
    rating: str | None
    ratings: int
    picture: str | None
    is_draft: bool
    picture_text: str = ""
    """What its own picture shows, for those who do not see it."""

    @classmethod
    def of(cls, course: CourseOut) -> Self:
        """The book of a course as the API shows it."""
        average = course.rating.average
        return cls(
            id=course.id,
            slug=course.slug,
            title=course.title,
            instructor=course.instructor.full_name,
            category=course.category,
            level=None if course.difficulty_level is None else course.difficulty_level.value,
            minutes=course.estimated_duration_minutes,
            lessons=course.lessons_count,
            rating=None if average is None else f"{average:.1f}",
            ratings=course.rating.count,
            picture=picture_of(course.thumbnail_url),
            is_draft=not course.is_published,
            picture_text=picture_text(course),
        )


def picture_text(course: CourseOut) -> str:
    """What the picture of a course shows: `thumbnail_text` of its metadata."""
    text = (course.metadata or {}).get("thumbnail_text")
    return text if isinstance(text, str) else ""


def picture_of(address: str | None) -> str | None:
    """The picture of a course, if it is one of our own files: a browser is not sent elsewhere for it."""
    return own_file(address) if address is not None and is_own_file(address) else None


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A page of the catalogue, and what it was asked for: all of it stands in the address."""

    books: list[Book]
    categories: tuple[tuple[str, int], ...]
    total: int
    next_cursor: str | None
    query: dict[str, str]
    is_first: bool
    demo: list[DemoLogIn] = field(default_factory=list)

    @classmethod
    def of(cls, page: Page[CourseOut], found: CategoriesOut, query: dict[str, str], *, is_first: bool) -> Self:
        """The catalogue of a page of the API."""
        books = [Book.of(course) for course in page.items]
        categories = tuple((one.name, one.courses_count) for one in found.items)
        return cls(books, categories, page.total or 0, page.next_cursor, query, is_first)
