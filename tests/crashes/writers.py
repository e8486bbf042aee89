"""Eight people who write at once: each teaches a course of their own, and learns in those of the others."""

import base64
import hashlib
import json
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx2

from studium.kit.base.ids import new_id
from studium.models import (
    Course,
    Enrollment,
    Lesson,
    LessonProgress,
    QuizAttempt,
    RefreshToken,
    UploadedFile,
    User,
)
from tests.crashes.ledger import Holding, Key, Ledger, row
from tests.processes.school import NO_CERTIFICATES

PASSWORD = "violet kettle 41"
OPS_PER_LEARNER = 40
LESSONS_MAX = 4
Json = dict[str, Any]


class Unanswered(Exception):
    """The server died, or was too busy: nobody knows whether the write happened."""


@dataclass
class Shared:
    """What all writers know."""

    address: str
    ledger: Ledger
    dying: threading.Event
    courses: list["TaughtCourse"] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


@dataclass
class TaughtCourse:
    """A published course: its lessons in no order, and the quiz of its last one."""

    id: str
    lessons: list[str]
    quiz_lesson: str
    quiz: str
    questions: list[Json]


@dataclass
class OpenPost:
    """What was sent under an Idempotency-Key, and what to do with its answer."""

    token: str
    path: str
    body: Json
    done: Callable[[Json], None]
    refusals: tuple[str, ...]
    key: str = field(default_factory=lambda: new_id().hex)


class Writer:
    """One of the eight: a thread with a connection of its own."""

    def __init__(self, shared: Shared, number: int) -> None:
        self.shared, self.ledger = shared, shared.ledger
        self.chance = random.Random(number)
        self.client = self._client()
        self.teacher = ""
        self.learner = ""
        self.refresh_token = ""
        self.learner_ops = 0
        self.course: TaughtCourse | None = None
        self.extra_lessons: list[str] = []
        self.enrollments: dict[str, tuple[str, TaughtCourse]] = {}
        self.attempts: dict[str, tuple[str, str]] = {}
        self.titles: dict[str, Key] = {}
        self.open_post: OpenPost | None = None

    def _client(self) -> httpx2.Client:
        return httpx2.Client(base_url=f"{self.shared.address}/api/v1", timeout=15, verify=NO_CERTIFICATES)

    def work(self) -> None:
        """Write until the server dies."""
        self.client.close()
        self.client = self._client()
        try:
            self._finish_post()
            while not self.shared.dying.is_set():
                self._step()
        except Unanswered:
            return
        except Exception as error:  # noqa: BLE001 -- the test reports it.
            self.shared.faults.append(f"{type(error).__name__}: {error}")

    def send(
        self,
        token: str,
        method: str,
        path: str,
        body: Json | None = None,
        *,
        refusals: tuple[str, ...] = (),
        **more: Any,  # noqa: ANN401 -- whatever the client takes.
    ) -> Json | None:
        """Send a request: its answer, None for one of the `refusals` (by code); anything else is a fault."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        headers |= more.pop("headers", {})
        try:
            answer = self.client.request(method, path, headers=headers, json=body, **more)
        except httpx2.TransportError as error:
            if self.shared.dying.is_set():
                raise Unanswered from error
            raise
        if answer.status_code == 503:
            raise Unanswered
        found: Json = answer.json() if answer.content else {}
        if answer.is_success:
            return found
        if found.get("code") in refusals:
            return None
        message = f"{method} {path} {body}: {answer.status_code} {answer.text}"
        raise AssertionError(message)

    def post(self, token: str, path: str, body: Json, done: Callable[[Json], None], *refusals: str) -> None:
        """Act once under an Idempotency-Key; what gets no answer is sent again after the restart."""
        self.open_post = OpenPost(token, path, body, done, refusals)
        self._finish_post()

    def _finish_post(self) -> None:
        """Send what is open; what happened already is answered from memory, and happens no second time."""
        if (post := self.open_post) is None:
            return
        headers = {"Idempotency-Key": post.key}
        answer = self.send(post.token, "POST", post.path, post.body, refusals=post.refusals, headers=headers)
        self.open_post = None
        if answer is not None:
            post.done(answer)

    def _step(self) -> None:
        if not self.learner or self.learner_ops >= OPS_PER_LEARNER:
            self.become_somebody_new()
        self.learner_ops += 1
        acts = {
            self.enrol: 8,
            self.progress: 26,
            self.complete: 22,
            self.quiz: 18,
            self.upload: 6,
            self.review: 5,
            self.edit_course: 8,
            self.edit_lesson: 5,
            self.add_lesson: 2,
            self.remove_lesson: 1,
            self.renew: 2,
        }
        self.chance.choices(list(acts), list(acts.values()))[0]()

    def become_somebody_new(self) -> None:
        """Register and log in."""
        name = new_id().hex
        email = f"{name}@crash.example"
        person = row(User, email=email)
        self.ledger.sending(person, full_name=name, role="student")
        self.send("", "POST", "/auth/register", {"email": email, "full_name": name, "password": PASSWORD})
        self.ledger.known(person, full_name=name, role="student")
        self.ledger.count("register")
        tokens = self.send("", "POST", "/auth/login", {"email": email, "password": PASSWORD})
        assert tokens is not None
        self.ledger.count("log in")
        self.learner, self.refresh_token = tokens["access_token"], tokens["refresh_token"]
        self.learner_ops = 0
        self.enrollments, self.attempts = {}, {}

    def renew(self) -> None:
        """Change the refresh token for another; an unanswered one is lost, so the next learner is another person."""
        token, self.refresh_token = self.refresh_token, ""
        if not token:
            return
        self.ledger.gone(row(RefreshToken, token_jti=_claim(token)))
        tokens = self.send("", "POST", "/auth/refresh", {"refresh_token": token})
        assert tokens is not None
        self.learner, self.refresh_token = tokens["access_token"], tokens["refresh_token"]
        self.ledger.known(row(RefreshToken, token_jti=_claim(self.refresh_token)), revoked_at=None)
        self.ledger.count("refresh")

    def enrol(self) -> None:
        course = self.chance.choice(self.shared.courses)

        def done(answer: Json) -> None:
            self.enrollments[course.id] = (answer["id"], course)
            self.ledger.known(row(Enrollment, id=answer["id"]), course_id=course.id)
            self.ledger.count("enrol")

        self.post(self.learner, "/enrollments", {"course_id": course.id}, done, "already_enrolled")

    def _some_enrollment(self) -> tuple[str, TaughtCourse] | None:
        return self.chance.choice(list(self.enrollments.values())) if self.enrollments else None

    def progress(self) -> None:
        if (found := self._some_enrollment()) is None:
            return
        enrollment, course = found
        lesson = self.chance.choice(tuple(course.lessons))
        key = row(LessonProgress, enrollment_id=enrollment, lesson_id=lesson)
        mark = new_id().hex
        changes: Json = {"last_position_seconds": self.chance.randrange(10_000), "metadata": {"mark": mark}}
        position = changes["last_position_seconds"]
        self.ledger.sending(key, last_position_seconds=position, metadata=Holding(mark))
        path = f"/enrollments/{enrollment}/lessons/{lesson}/progress"
        answer = self.send(self.learner, "PATCH", path, changes, refusals=("not_found",))
        if answer is None:
            self.ledger.refused(key)
            return
        assert answer["last_position_seconds"] == position
        seen: Json = {"last_position_seconds": position}
        if answer["metadata"] == changes["metadata"]:  # A completed enrollment keeps what it had.
            seen["metadata"] = Holding(mark)
        self.ledger.known(key, **seen)
        self.ledger.count("progress")

    def complete(self) -> None:
        if (found := self._some_enrollment()) is None:
            return
        enrollment, course = found
        lesson = self.chance.choice(tuple(course.lessons))
        key = row(LessonProgress, enrollment_id=enrollment, lesson_id=lesson)
        path = f"/enrollments/{enrollment}/lessons/{lesson}/complete"
        self.ledger.sending(key, status="completed", completion_percentage=100.0)
        refusals = ("not_found", "enrollment_not_active", "quiz_not_passed")
        answer = self.send(self.learner, "POST", path, refusals=refusals)
        if answer is None:
            self.ledger.refused(key)
            return
        self.ledger.known(key, status="completed", completion_percentage=100.0)
        self._note_status(enrollment, answer["enrollment"]["status"])
        self.ledger.count("complete")

    def _note_status(self, enrollment: str, status: str) -> None:
        """Completed is final, and brings a certificate."""
        if status == "completed":
            self.ledger.known(row(Enrollment, id=enrollment), status="completed", progress_percentage=100.0)

    def quiz(self) -> None:
        """Start, save or submit: whatever comes next."""
        if (found := self._some_enrollment()) is None:
            return
        enrollment, course = found
        path = f"/enrollments/{enrollment}/quizzes/{course.quiz}/attempts"
        if enrollment not in self.attempts:
            self._start(enrollment, path)
        elif self.chance.random() < 0.6:
            self._save(enrollment, course)
        else:
            self._submit(enrollment)

    def _start(self, enrollment: str, path: str) -> None:
        def done(answer: Json) -> None:
            self.attempts[enrollment] = (f"{path}/{answer['id']}", answer["id"])
            number = answer["attempt_number"]
            self.ledger.known(row(QuizAttempt, id=answer["id"]), attempt_number=number, enrollment_id=enrollment)
            self.ledger.count("start")

        self.post(self.learner, path, {}, done, "no_attempts_left", "enrollment_not_active")

    def _save(self, enrollment: str, course: TaughtCourse) -> None:
        path, attempt = self.attempts[enrollment]
        truth, word = course.questions
        mark = new_id().hex
        given = [
            {"question_id": truth["id"], "answer_text": self.chance.choice(("true", "false"))},
            {"question_id": word["id"], "answer_text": mark},
        ]
        key = row(QuizAttempt, id=attempt)
        self.ledger.sending(key, answers=Holding(mark))
        self.send(self.learner, "PATCH", path, {"answers": given})
        self.ledger.known(key, answers=Holding(mark))
        self.ledger.count("save")

    def _submit(self, enrollment: str) -> None:
        path, attempt = self.attempts.pop(enrollment)

        def done(answer: Json) -> None:
            seen = {"status": "graded", "score": answer["score"], "is_passed": answer["is_passed"]}
            self.ledger.known(row(QuizAttempt, id=attempt), **seen)
            self.ledger.count("submit")

        self.ledger.sending(row(QuizAttempt, id=attempt), status="graded")
        self.post(self.learner, f"{path}/submit", {}, done)

    def upload(self) -> None:
        content = f"# {new_id().hex}\n".encode() * self.chance.randrange(1, 400)
        files = {"file": ("notes.md", content, "text/markdown")}
        key = {"Idempotency-Key": new_id().hex}
        answer = self.send(self.learner, "POST", "/files/upload", files=files, headers=key)
        assert answer is not None
        digest = hashlib.sha256(content).hexdigest()
        self.ledger.known(row(UploadedFile, id=answer["id"]), checksum=digest, file_size=len(content))
        self.ledger.count("upload")

    def review(self) -> None:
        if (found := self._some_enrollment()) is None:
            return
        words = {"rating": self.chance.randint(1, 5), "review": new_id().hex}
        key = row(Enrollment, id=found[0])
        self.ledger.sending(key, **words)
        path = f"/enrollments/{found[0]}/review"
        if self.send(self.learner, "POST", path, words, refusals=("progress_too_low",)) is None:
            self.ledger.refused(key)
            return
        self.ledger.known(key, **words)
        self.ledger.count("review")

    def edit_course(self) -> None:
        """Title and description change together or not at all."""
        assert self.course is not None
        mark = new_id().hex
        words = {"title": f"Course {mark}", "description": f"About {mark}"}
        key = row(Course, id=self.course.id)
        self.ledger.sending(key, **words)
        self.send(self.teacher, "PATCH", f"/courses/{self.course.id}", words)
        self.ledger.known(key, **words)
        self.ledger.count("edit course")

    def edit_lesson(self) -> None:
        assert self.course is not None
        lesson = self.chance.choice(self.course.lessons)
        words = {"content": f"# {new_id().hex}\n"}
        key = row(Lesson, id=lesson)
        self.ledger.sending(key, **words)
        self.send(self.teacher, "PATCH", f"/courses/{self.course.id}/lessons/{lesson}", words)
        self.ledger.known(key, **words)
        self.ledger.count("edit lesson")

    def add_lesson(self) -> None:
        """Insert a lesson among the others: every active learner is recounted."""
        course = self.course
        assert course is not None
        if len(course.lessons) >= LESSONS_MAX:
            return
        title = new_id().hex

        def done(answer: Json) -> None:
            course.lessons.append(answer["id"])
            self.extra_lessons.append(answer["id"])
            self.titles[answer["id"]] = row(Lesson, title=title)
            self.ledger.known(self.titles[answer["id"]], id=answer["id"])
            self.ledger.count("add lesson")

        wish = {"title": title, "lesson_type": "text", "content": "More.", "order_index": 2}
        self.post(self.teacher, f"/courses/{course.id}/lessons", wish, done)

    def remove_lesson(self) -> None:
        """Remove a lesson: learners who had only that one left are done."""
        if not self.extra_lessons or self.course is None:
            return
        lesson = self.extra_lessons.pop()
        self.course.lessons.remove(lesson)
        for key in (row(Lesson, id=lesson), self.titles.pop(lesson)):
            self.ledger.gone(key)
        self.send(self.teacher, "DELETE", f"/courses/{self.course.id}/lessons/{lesson}", refusals=("not_found",))
        self.ledger.count("remove lesson")


def _claim(token: str, name: str = "jti") -> str:
    """A claim of a token, unchecked."""
    part = token.split(".")[1]
    return str(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))[name])
