"""kill -9 at random under eight writers: every acknowledged write is there, and everything fits, after each restart.

The long form (`make test-slow`) kills twenty times on each database under at least 5,000 acknowledged writes.
"""

import hashlib
import random
import threading
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from studium.models import Certificate, Enrollment, EnrollmentStatus, UploadedFile
from tests import forks
from tests.crashes.ledger import Ledger, connected
from tests.crashes.writers import PASSWORD, Json, Shared, TaughtCourse, Writer
from tests.processes.school import School, school, stop, until

if TYPE_CHECKING:
    from subprocess import Popen

WRITERS = 8
READY_SECONDS = 5.0
ADMIN = "root@crash.example"
TEACHER = "ada@crash.example"


class Storm:
    """A school under fire: its processes, its writers, and what was acknowledged to them."""

    def __init__(self, opened: School, database_url: str, processes: int) -> None:
        self.school, self.database_url = opened, database_url
        self.processes = processes
        self.shared = Shared(opened.address, Ledger(), threading.Event())
        self.writers = [Writer(self.shared, number) for number in range(WRITERS)]
        self.chance = random.Random(database_url)
        self.ready: list[float] = []
        self.running: list[Popen[bytes]] = []

    @property
    def is_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")

    def start(self) -> None:
        """Start everything, and note how long it took until it was ready."""
        began = monotonic()
        options = () if self.is_sqlite else ("--workers", str(self.processes))
        self.running = [self.school.serve(*options)]
        self.ready.append(monotonic() - began)
        if not self.is_sqlite:
            self.running.append(self.school.start("worker"))

    def prepare(self) -> None:
        """An admin, a teacher, and a published course for each writer."""
        root = self.log_in(ADMIN)
        person = {"email": TEACHER, "full_name": "Ada Example", "role": "instructor", "password": PASSWORD}
        assert self.school.call("POST", "/users", root, json=person).status_code == 201
        self.meet_teacher()
        self.shared.courses = [self._course(writer, number) for number, writer in enumerate(self.writers)]

    def log_in(self, email: str) -> str:
        answer = self.school.call("POST", "/auth/login", json={"email": email, "password": PASSWORD})
        return str(answer.json()["access_token"])

    def meet_teacher(self) -> None:
        """Give all writers a fresh token of the teacher."""
        token = self.log_in(TEACHER)
        for writer in self.writers:
            writer.teacher = token

    def _course(self, writer: Writer, number: int) -> TaughtCourse:
        def post(path: str, body: Json) -> Any:  # noqa: ANN401 -- JSON.
            answer = self.school.call("POST", path, writer.teacher, json=body)
            assert answer.is_success, answer.text
            return answer.json()

        course = post("/courses", {"title": f"Course {number}"})["id"]
        wishes = [{"title": f"Lesson {place}", "lesson_type": "text", "content": "Words."} for place in range(2)]
        lessons = [post(f"/courses/{course}/lessons", wish)["id"] for wish in wishes]
        last = post(f"/courses/{course}/lessons", {"title": "Quiz", "lesson_type": "quiz"})["id"]
        wish = {"lesson_id": last, "title": "Quiz", "max_attempts": 100, "passing_score": 50}
        quiz = post(f"/courses/{course}/quizzes", wish)["id"]
        asked = [
            {"question_text": "It holds.", "question_type": "true_false", "correct_answer": "true"},
            {"question_text": "Why?", "question_type": "short_answer", "correct_answer": "because"},
        ]
        questions = [post(f"/courses/{course}/quizzes/{quiz}/questions", question) for question in asked]
        post(f"/courses/{course}/quizzes/{quiz}/publish", {})
        post(f"/courses/{course}/publish", {})
        writer.course = TaughtCourse(course, [*lessons, last], last, quiz, questions)
        return writer.course

    def rage(self, writes: int) -> None:
        """Let everybody write until so many writes more are acknowledged, and a random moment longer; then kill."""
        self.shared.dying.clear()
        threads = [threading.Thread(target=writer.work, daemon=True) for writer in self.writers]
        wanted = self.shared.ledger.acknowledged + writes
        for thread in threads:
            thread.start()
        until(lambda: self.shared.ledger.acknowledged >= wanted or not any(map(threading.Thread.is_alive, threads)), 60)
        sleep(self.chance.uniform(0, 0.2))
        assert self.shared.faults == []
        self.kill()
        for thread in threads:
            thread.join(30)
        assert self.shared.faults == []

    def kill(self) -> None:
        """Kill every process at once; or, in one of three storms with a worker, that one some time before."""
        server, *workers = self.running
        for worker in workers:
            if self.chance.random() < 0.3:
                worker.kill()
                sleep(self.chance.uniform(0, 0.3))
        self.shared.dying.set()
        for process in (server, *workers):
            process.kill()
            process.wait()

    def check(self) -> None:
        """What was acknowledged since the last look is there, and everything fits."""
        assert self.shared.ledger.missing(self.database_url) == []
        self.reconcile()

    def reconcile(self) -> None:
        program = [*self.school.program, "reconcile", "--invariants"]
        done = forks.run(program, env=self.school.environment)
        assert done.returncode == 0, done.stdout + done.stderr

    def calm_down(self) -> None:
        """Let all jobs run, and look at everything once more: completions and certificates, files and their content."""
        until(self.school.is_idle, 60)
        assert self.shared.ledger.missing(self.database_url, all_of_them=True) == []
        with connected(self.database_url) as connection:
            completed = select(func.count()).where(Enrollment.status == EnrollmentStatus.COMPLETED)
            certificates = select(func.count()).select_from(Certificate)
            assert connection.scalar(completed) == connection.scalar(certificates)
            for path, checksum in connection.execute(select(UploadedFile.storage_path, UploadedFile.checksum)):
                content = (self.school.folder / "files" / path).read_bytes()
                assert hashlib.sha256(content).hexdigest() == checksum
        self.reconcile()
        assert [stop(process) for process in self.running] == [0] * len(self.running)


@pytest.fixture
def storm(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> Iterator[Storm]:
    with school(tmp_path, database_url=database_url, sweep_seconds="1") as opened:
        admin = ("create-admin", "--email", ADMIN, "--name", "Robin Root", "--password-stdin")
        opened.run(*admin, typed=f"{PASSWORD}\n")
        made = Storm(opened, database_url, processes=2 if request.node.get_closest_marker("slow") else 1)
        yield made
        for writer in made.writers:
            writer.client.close()


def endure(storm: Storm, cycles: int, least: int, most: int) -> None:
    storm.start()
    storm.prepare()
    for cycle in range(cycles):
        storm.rage(storm.chance.randint(least, most))
        storm.start()
        storm.check()
        if cycle % 4 == 3:
            storm.meet_teacher()
    storm.calm_down()
    ledger = storm.shared.ledger
    found = f"{cycles} kills, {ledger.acknowledged} writes {ledger.kinds}, ready in at most {max(storm.ready):.1f} s"
    (storm.school.folder / "storm.txt").write_text(found)


def test_a_kill_loses_no_acknowledged_write(storm: Storm) -> None:
    endure(storm, cycles=1, least=60, most=90)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_twenty_kills_lose_no_acknowledged_write(storm: Storm) -> None:
    endure(storm, cycles=20, least=250, most=400)
    assert storm.shared.ledger.acknowledged >= 5_000
    assert max(storm.ready) <= READY_SECONDS, storm.ready
