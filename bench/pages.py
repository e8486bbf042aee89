"""A page beside the answers of the API that it is made of: processor time of the server for each."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import psycopg

from bench.contenders import Contender, contender
from bench.load import press
from bench.papers import id_of
from bench.report import Options
from bench.scenarios import bearer_of, request
from bench.school import COURSES_EACH, LESSONS_EACH, Size, address_of, course_of, database
from studium.web.learner.routes_courses import REVIEWS

_PEOPLE = 50
_WARM_UP_SECONDS = 0.5
_ADD = """INSERT INTO sessions (id, user_id, created_at, last_seen_at, expires_at, browser_digest, browser_role)
    VALUES (%s, %s, %s, %s, %s, %s, 'student')
    ON CONFLICT (id) DO UPDATE SET last_seen_at = excluded.last_seen_at, expires_at = excluded.expires_at"""


@dataclass(frozen=True, slots=True)
class Compared:
    """A page by its path for each learner, and the paths below `/api/v1` that hold the same."""

    title: str
    page: Callable[[int], str]
    answers: tuple[Callable[[int], str], ...]


def pages(options: Options) -> None:
    """A page and the sum of its answers, in turns."""
    size, url = options.small, database(options.server, options.small)
    _let_in(url)
    options.report.table(
        f"Pages, {size.enrollments:,} enrollments", "", "page µs", "API µs", "page ÷ API", "page /s", "page p99 ms"
    )
    for each in _compared(size):
        if options.only in each.title:
            with contender("studium", url) as ours:
                page, answers = _costs(ours, each, options)
            options.report.row(each.title, round(page), round(answers), page / answers, round(ours.rate), ours.p99)


def _costs(ours: Contender, each: Compared, options: Options) -> tuple[float, float]:
    """The cost of the page and of all its answers; what `ours` keeps in the end is the page's."""
    shown = [_page(each.page(number), number) for number in range(_PEOPLE)]
    asked = [
        [request("GET", path(number), bearer_of("student", number)) for number in range(_PEOPLE)]
        for path in each.answers
    ]
    sums = sum(_cost(ours, requests, options) for requests in asked)
    return _cost(ours, shown, options), sums


def _cost(ours: Contender, requests: list[bytes], options: Options) -> float:
    for kept in (ours.microseconds, ours.per_second, ours.slowest):
        kept.clear()
    asyncio.run(press(ours.port, requests, seconds=_WARM_UP_SECONDS))
    for _ in range(options.rounds):
        asyncio.run(ours.measure(requests, options.seconds))
    return ours.cost


def _compared(size: Size) -> list[Compared]:
    def course(number: int) -> int:
        return course_of(size, number, number % COURSES_EACH)

    def enrollment(number: int) -> str:
        return f"/enrollments/{id_of('enrollment', number * COURSES_EACH + number % COURSES_EACH)}"

    def progress(number: int) -> str:
        return f"{enrollment(number)}/lessons?limit={LESSONS_EACH}"

    def slug(number: int) -> str:
        return f"course-{course(number)}"

    def by_slug(number: int) -> str:
        return f"/courses/slug/{slug(number)}"

    def reviews(number: int) -> str:
        return f"/courses/{id_of('course', course(number))}/reviews?limit={REVIEWS}"

    def lesson(number: int) -> str:
        key = id_of("lesson", course(number) * LESSONS_EACH)
        return f"/courses/{id_of('course', course(number))}/lessons/{key}"

    catalogue = "/courses?limit=24&sort=popular&include_total=true"
    return [
        Compared("catalogue", lambda _: "/courses", (lambda _: catalogue, lambda _: "/courses/categories")),
        Compared("course", lambda number: f"/courses/{slug(number)}", (by_slug, enrollment, progress, reviews)),
        Compared("lesson", lambda number: f"/courses/{slug(number)}/lesson-1", (by_slug, enrollment, progress, lesson)),
        Compared("home", lambda _: "/home", (lambda _: "/enrollments/my-courses?limit=100",)),
    ]


def _cookie(number: int) -> str:
    return f"bench-browser-{number:04}"


def _page(path: str, number: int) -> bytes:
    """What a browser asks for that has been here before, but for the page itself."""
    head = f"GET {path} HTTP/1.1\r\nHost: bench.example\r\nAccept: text/html\r\nAccept-Encoding: br, gzip\r\n"
    return f"{head}Accept-Language: en\r\nCookie: __Host-studium={_cookie(number)}\r\n\r\n".encode()


def _let_in(url: str) -> None:
    """Sessions of browsers for the first learners."""
    at = datetime.now(UTC)
    with psycopg.connect(address_of(url), autocommit=True) as connection:
        for number in range(_PEOPLE):
            digest = sha256(_cookie(number).encode()).hexdigest()
            keys = id_of("student-browser", number), id_of("student", number)
            connection.execute(_ADD, (*keys, at, at, at + timedelta(days=1), digest))
