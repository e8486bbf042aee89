"""What is asked: requests by the title of what they do, spread over everybody who is logged in."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from uuid import UUID

from bench.contenders import KEYS
from bench.school import COURSES_EACH, LESSONS_EACH, LOGGED_IN, Size, course_of, id_of

API = "/api/v1"
_MANY = 20_000


@dataclass(frozen=True, slots=True)
class Scenario:
    """Requests of one kind; those that write need the school put back between rounds."""

    title: str
    requests: list[bytes]
    writes: bool = False


def request(method: str, path: str, bearer: str, body: object = None) -> bytes:
    """One HTTP/1.1 request."""
    head = f"{method} {API}{path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {bearer}\r\n"
    if body is not None:
        text = json.dumps(body)
        return f"{head}Content-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n{text}".encode()
    return f"{head}Content-Length: 0\r\n\r\n".encode() if method == "POST" else f"{head}\r\n".encode()


def bearer_of(kind: str, number: int) -> str:
    """The access token of somebody who is logged in."""
    claims = {"sub": str(id_of(kind, number)), "sid": str(id_of(f"{kind}-session", number))}
    return KEYS.sign("access", claims, lifetime=timedelta(hours=12))


def scenarios(size: Size) -> list[Scenario]:
    """Everything that all contenders answer."""
    bearers = [bearer_of("student", number) for number in range(LOGGED_IN)]

    def reads(path: Callable[[int], str]) -> list[bytes]:
        return [request("GET", path(number), bearers[number]) for number in range(LOGGED_IN)]

    def lesson(number: int) -> str:
        course = course_of(size, number, number % COURSES_EACH)
        key = id_of("lesson", course * LESSONS_EACH + number % LESSONS_EACH)
        return f"/courses/{id_of('course', course)}/lessons/{key}"

    def enrollment(number: int) -> str:
        return f"/enrollments/{id_of('enrollment', number * COURSES_EACH + number % COURSES_EACH)}"

    return [
        Scenario("course list", reads(lambda _: "/courses?limit=20")),
        Scenario("my-courses", reads(lambda _: "/enrollments/my-courses")),
        Scenario("lesson read", reads(lesson)),
        Scenario("enrollment detail", reads(enrollment)),
        Scenario("complete a lesson", list(_completions(size, bearers)), writes=True),
        Scenario("report progress", list(_reports(size, bearers)), writes=True),
        Scenario("enrol", list(islice(_enrolments(size, bearers), _MANY)), writes=True),
    ]


def _steps(size: Size, bearers: list[str]) -> Iterator[tuple[str, UUID, UUID]]:
    """Every lesson but the last of every course of everybody: the learner's token, the enrollment, the lesson."""
    for number in range(LOGGED_IN * COURSES_EACH * (LESSONS_EACH - 1)):
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
