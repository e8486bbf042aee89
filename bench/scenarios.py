"""What is asked: requests by the title of what they do, spread over everybody who is logged in."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from uuid import UUID

from bench.contenders import KEYS, NAMES, WITHOUT_REFERENCE
from bench.papers import QUIZ, id_of, question_id
from bench.school import (
    CERTIFICATES,
    COURSES_EACH,
    LESSONS_EACH,
    LOGGED_IN,
    TEXTS_EACH,
    Size,
    certificate_number,
    course_of,
)

API = "/api/v1"
_MANY = 20_000
_ATTEMPTS = 1_500
"""That are begun before a round of saving or submitting."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """Requests of one kind; those that write need the school put back between rounds, and each is sent once.

    `follow` makes the requests that are measured out of the answers to `requests`. `by` names who can answer.
    """

    title: str
    requests: list[bytes]
    writes: bool = False
    follow: Callable[[list[bytes]], list[bytes]] | None = None
    repeats: bool = False
    by: tuple[str, ...] = NAMES


def request(method: str, path: str, bearer: str, body: object = None) -> bytes:
    """One HTTP/1.1 request."""
    head = f"{method} {API}{path} HTTP/1.1\r\nHost: localhost\r\n"
    if bearer:
        head += f"Authorization: Bearer {bearer}\r\n"
    if body is not None:
        text = json.dumps(body)
        return f"{head}Content-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n{text}".encode()
    return f"{head}Content-Length: 0\r\n\r\n".encode() if method == "POST" else f"{head}\r\n".encode()


def bearer_of(kind: str, number: int) -> str:
    """The access token of somebody who is logged in."""
    claims = {"sub": str(id_of(kind, number)), "sid": str(id_of(f"{kind}-session", number))}
    return KEYS.sign("access", claims, lifetime=timedelta(hours=12))


def scenarios(size: Size) -> list[Scenario]:
    """Every row of the table."""
    bearers = [bearer_of("student", number) for number in range(LOGGED_IN)]

    def reads(path: Callable[[int], str]) -> list[bytes]:
        return [request("GET", path(number), bearers[number]) for number in range(LOGGED_IN)]

    def lesson(number: int) -> str:
        course = course_of(size, number, number % COURSES_EACH)
        key = id_of("lesson", course * LESSONS_EACH + number % LESSONS_EACH)
        return f"/courses/{id_of('course', course)}/lessons/{key}"

    def enrollment(number: int) -> str:
        return f"/enrollments/{id_of('enrollment', number * COURSES_EACH + number % COURSES_EACH)}"

    teacher, admin = bearer_of("teacher", 0), bearer_of("admin", 0)

    def staff(path: str) -> list[bytes]:
        """Of the course that everybody takes, and that the first teacher owns."""
        return [request("GET", path.format(id_of("course", 0)), teacher)]

    def outline(number: int) -> str:
        return (
            f"/courses/{id_of('course', course_of(size, number, number % COURSES_EACH))}/lessons?limit={LESSONS_EACH}"
        )

    checks = [request("GET", f"/certificates/verify/{certificate_number(n)}", "") for n in range(CERTIFICATES)]
    starts, paper = list(islice(_starts(size, bearers), _ATTEMPTS)), _Paper(size, bearers)
    return [
        Scenario("course list", reads(lambda _: "/courses?limit=20")),
        Scenario("lesson read", reads(lesson)),
        Scenario("my-courses", reads(lambda _: "/enrollments/my-courses")),
        Scenario("enrollment detail", reads(enrollment)),
        Scenario("complete a lesson", list(_completions(size, bearers)), writes=True),
        Scenario("report progress", list(_reports(size, bearers)), writes=True),
        Scenario("enrol", list(islice(_enrolments(size, bearers), _MANY)), writes=True),
        Scenario("quiz: start", list(islice(_starts(size, bearers), _MANY)), writes=True),
        Scenario("quiz: save", starts[:LOGGED_IN], writes=True, follow=paper.saves, repeats=True),
        Scenario("quiz: submit", starts, writes=True, follow=paper.submits),
        Scenario("outline", reads(outline), by=WITHOUT_REFERENCE),
        Scenario("roster", staff("/enrollments/courses/{}?limit=20"), by=WITHOUT_REFERENCE),
        Scenario("course stats", staff("/enrollments/courses/{}/stats")),
        Scenario("certificate check", checks, by=WITHOUT_REFERENCE),
        Scenario("my-dashboard", reads(lambda _: "/analytics/my-dashboard"), by=("studium",)),
        Scenario("course dashboard", staff("/analytics/courses/{}"), by=("studium",)),
        Scenario("school dashboard", [request("GET", "/analytics/system/overview", admin)], by=("studium",)),
    ]


class _Paper:
    """The saves and submits that follow the starts of `_starts`, in the same order."""

    def __init__(self, size: Size, bearers: list[str]) -> None:
        self._places = list(islice(_sittings(size, bearers), _ATTEMPTS))

    def saves(self, started: list[bytes]) -> list[bytes]:
        """One answer at a time, of every question in turn."""
        return [
            request("PATCH", path, bearer, {"answers": [question.answer(question_id(quiz, place))]})
            for place, question in enumerate(QUIZ)
            for bearer, path, quiz in self._opened(started)
        ]

    def submits(self, started: list[bytes]) -> list[bytes]:
        """All answers, which are right: the lesson is completed."""
        return [
            request("POST", f"{path}/submit", bearer, {"answers": answers_to(quiz)})
            for bearer, path, quiz in self._opened(started)
        ]

    def _opened(self, started: list[bytes]) -> Iterator[tuple[str, str, UUID]]:
        for (bearer, path, quiz), body in zip(self._places, started, strict=False):
            yield bearer, f"{path}/{json.loads(body)['id']}", quiz


def answers_to(quiz: UUID) -> list[dict[str, object]]:
    """Right answers to every question of an ordinary quiz."""
    return [question.answer(question_id(quiz, place)) for place, question in enumerate(QUIZ)]


def _sittings(size: Size, bearers: list[str]) -> Iterator[tuple[str, str, UUID]]:
    """Every quiz of everybody: the learner's token, the address of the attempts, the quiz."""
    for number in range(LOGGED_IN * COURSES_EACH):
        place, student = divmod(number, LOGGED_IN)
        quiz = id_of("quiz", course_of(size, student, place))
        path = f"/enrollments/{id_of('enrollment', student * COURSES_EACH + place)}/quizzes/{quiz}/attempts"
        yield bearers[student], path, quiz


def _starts(size: Size, bearers: list[str]) -> Iterator[bytes]:
    for bearer, path, _ in _sittings(size, bearers):
        yield request("POST", path, bearer)


def _steps(size: Size, bearers: list[str]) -> Iterator[tuple[str, UUID, UUID]]:
    """Every lesson of text of every course of everybody: the learner's token, the enrollment, the lesson."""
    for number in range(LOGGED_IN * COURSES_EACH * TEXTS_EACH):
        rest, student = divmod(number, LOGGED_IN)
        step, place = divmod(rest, COURSES_EACH)
        lesson = id_of("lesson", course_of(size, student, place) * LESSONS_EACH + step)
        yield bearers[student], id_of("enrollment", student * COURSES_EACH + place), lesson


def _completions(size: Size, bearers: list[str]) -> Iterator[bytes]:
    for bearer, enrollment, lesson in _steps(size, bearers):
        yield request("POST", f"/enrollments/{enrollment}/lessons/{lesson}/complete", bearer)


def _reports(size: Size, bearers: list[str]) -> Iterator[bytes]:
    body = {"completion_percentage": 40, "last_position_seconds": 30, "time_spent_seconds": 30}
    for bearer, enrollment, lesson in _steps(size, bearers):
        yield request("PATCH", f"/enrollments/{enrollment}/lessons/{lesson}/progress", bearer, body)


def _enrolments(size: Size, bearers: list[str]) -> Iterator[bytes]:
    for course in range(size.courses):
        for student, bearer in enumerate(bearers):
            if course not in {course_of(size, student, place) for place in range(COURSES_EACH)}:
                yield request("POST", "/enrollments", bearer, {"course_id": str(id_of("course", course))})
