"""Walk through a running school: from a course of another system to a certificate that anybody can verify.

    .venv/bin/python examples/walk.py [ADDRESS] [--mail-folder data/mail]

It needs the demo school's admin, or another one by --admin-email and --admin-password.
"""

import argparse
import secrets
import sys
import time
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import httpx2

PASSWORD = "a-long-walk-in-autumn"
PATIENCE_SECONDS = 30


class WalkError(Exception):
    """What went wrong, in one sentence."""


class Walker:
    """One person and what they send."""

    def __init__(self, client: httpx2.Client) -> None:
        self.client = client
        self.tokens: dict[str, str] = {}

    def send(self, method: str, path: str, body: Any = None, *, expect: int = 200, files: Any = None) -> Any:  # noqa: ANN401 -- JSON.
        """Send a request and return its JSON; raise WalkError for another status than expected."""
        headers = {"Authorization": f"Bearer {self.tokens['access_token']}"} if self.tokens else {}
        answer = self.client.request(method, f"/api/v1{path}", json=body, files=files, headers=headers)
        if answer.status_code != expect:
            message = f"{method} {path} answered {answer.status_code} instead of {expect}: {answer.text[:500]}"
            raise WalkError(message)
        return answer.json() if "json" in answer.headers.get("content-type", "") else answer.content

    def log_in(self, email: str, password: str) -> None:
        """Log in; later requests carry the token."""
        self.tokens = self.send("POST", "/auth/login", {"email": email, "password": password})


def say(step: str) -> None:
    """Print one step."""
    print(f"  • {step}", flush=True)


def make_instructor(client: httpx2.Client, args: argparse.Namespace, run: str) -> Walker:
    """The admin makes an instructor, who logs in."""
    admin = Walker(client)
    admin.log_in(args.admin_email, args.admin_password)
    say(f"{args.admin_email} logs in")
    email = f"inga.{run}@walk.example.com"
    person = {"email": email, "full_name": "Inga Teacher", "role": "instructor", "password": PASSWORD}
    admin.send("POST", "/users", person, expect=201)
    say(f"and makes an instructor, {email}")
    instructor = Walker(client)
    instructor.log_in(email, PASSWORD)
    return instructor


def zipped(folder: Path) -> bytes:
    """A folder as an archive."""
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder.parent))
    return buffer.getvalue()


def import_course(instructor: Walker, folder: Path) -> dict[str, Any]:
    """Import a course, see what became of every item, and publish it; return it with lessons, quizzes and questions."""
    upload = {"file": (f"{folder.name}.zip", zipped(folder), "application/zip")}
    found = instructor.send("POST", "/courses/import", expect=202, files=upload)
    started = time.monotonic()
    while found["status"] not in {"done", "failed"}:
        if time.monotonic() - started > PATIENCE_SECONDS:
            message = f"The import took more than {PATIENCE_SECONDS} seconds; is a worker running?"
            raise WalkError(message)
        time.sleep(0.1)
        found = instructor.send("GET", f"/courses/imports/{found['id']}")
    if found["fault"] is not None:
        message = f"The import failed: {found['fault']['place']}: {found['fault']['reason']}"
        raise WalkError(message)
    counts = ", ".join(f"{count} {fate}" for fate, count in found["summary"].items())
    say(f"Inga imports {folder.name}: {counts}")
    for item in found["report"]:
        if item["fate"] == "skipped":
            say(f"{item['place']} {item['name']} was left out: {item['why']}")
    path = f"/courses/{found['course_id']}"
    course = instructor.send("POST", f"{path}/publish")
    say(f"and publishes “{course['title']}” with {course['lessons_count']} lessons")
    quizzes = instructor.send("GET", f"{path}/quizzes")["items"]
    questions = {
        quiz["lesson_id"]: instructor.send("GET", f"{path}/quizzes/{quiz['id']}/questions")["items"] for quiz in quizzes
    }
    lessons = instructor.send("GET", f"{path}/lessons")["items"]
    return {"id": course["id"], "lessons": lessons, "questions": questions}


def make_student(client: httpx2.Client, run: str) -> Walker:
    """A student registers, logs in and refreshes."""
    email = f"sam.{run}@walk.example.com"
    student = Walker(client)
    person = {"email": email, "full_name": "Sam Łukasz عمر", "password": PASSWORD}
    student.send("POST", "/auth/register", person, expect=201)
    student.log_in(email, PASSWORD)
    student.tokens = student.send("POST", "/auth/refresh", {"refresh_token": student.tokens["refresh_token"]})
    me = student.send("GET", "/users/me")
    say(f"{me['full_name']} registers, logs in, refreshes, and is a {me['role']}")
    return student


def learn(student: Walker, course: dict[str, Any]) -> None:
    """Enrol, do the lessons in order, pass the quizzes."""
    enrollment = student.send("POST", "/enrollments", {"course_id": course["id"]}, expect=201)["id"]
    for lesson in course["lessons"]:
        if lesson["quiz_id"] is not None:
            take_quiz(student, enrollment, lesson, course["questions"][lesson["id"]])
        else:
            done = student.send("POST", f"/enrollments/{enrollment}/lessons/{lesson['id']}/complete")
            say(f"Sam completes “{lesson['title']}”: {done['enrollment']['progress_percentage']:.0f} %")
    status = student.send("GET", f"/enrollments/{enrollment}")["status"]
    say(f"the course is {status}")


def take_quiz(student: Walker, enrollment: str, lesson: dict[str, Any], questions: list[dict[str, Any]]) -> None:
    """Answer every question by its key; the first answer is saved before the others are handed in."""
    path = f"/enrollments/{enrollment}/quizzes/{lesson['quiz_id']}/attempts"
    attempt = student.send("POST", path, expect=201)["id"]
    answers = [right_answer(question) for question in questions]
    student.send("PATCH", f"{path}/{attempt}", {"answers": answers[:1]})
    result = student.send("POST", f"{path}/{attempt}/submit", {"answers": answers[1:]})
    passed = "passed" if result["is_passed"] else "not passed"
    say(f"Sam takes the quiz of “{lesson['title']}” and gets {result['percentage']:.0f} %: {passed}")


def right_answer(question: dict[str, Any]) -> dict[str, Any]:
    """What the key says."""
    if question["question_type"] == "multiple_choice":
        right = [option["id"] for option in question["options"] if option["is_correct"]]
        return {"question_id": question["id"], "selected_option_ids": right}
    return {"question_id": question["id"], "answer_text": question["correct_answer"].partition("|")[0]}


def collect(student: Walker, mail_folder: Path | None) -> None:
    """Wait for the certificate, download it, verify it."""
    started = time.monotonic()
    while not (found := student.send("GET", "/certificates/my-certificates")["items"]):
        if time.monotonic() - started > PATIENCE_SECONDS:
            message = f"No certificate came within {PATIENCE_SECONDS} seconds; is a worker running?"
            raise WalkError(message)
        time.sleep(0.1)
    number = found[0]["certificate_number"]
    say(f"the certificate {number} is there after {time.monotonic() - started:.1f} s")
    pdf = student.send("GET", f"/certificates/{found[0]['id']}/download")
    say(f"its PDF has {len(pdf):,} bytes")
    verified = student.client.get(f"/api/v1/certificates/verify/{number}").json()
    page = student.client.get(f"/verify/{number}")
    if not verified["valid"] or verified["student_name"] not in page.text:
        message = f"The certificate {number} could not be verified."
        raise WalkError(message)
    say(f"anybody can verify it: {student.client.base_url.join(f'/verify/{number}')}")
    if mail_folder is not None:
        find_mail(mail_folder, number)


def find_mail(folder: Path, number: str) -> None:
    """Find the mail that brings the certificate."""
    started = time.monotonic()
    while not (found := [path for path in folder.glob("*.eml") if number in path.read_text("utf-8")]):
        if time.monotonic() - started > PATIENCE_SECONDS:
            message = f"No mail about {number} came to {folder}."
            raise WalkError(message)
        time.sleep(0.1)
    say(f"its mail is {found[0]}")


def main() -> int:
    """Walk; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("address", nargs="?", default="http://127.0.0.1:8000", help="of the school (%(default)s)")
    parser.add_argument("--admin-email", default="admin@demo.studium.example")
    parser.add_argument("--admin-password", default="learn-with-studium-demo")
    parser.add_argument("--mail-folder", type=Path)
    parser.add_argument(
        "--course", type=Path, default=Path(__file__).with_name("bicycle-olx"), help="a folder of OLX or Markdown"
    )
    args = parser.parse_args()
    run = secrets.token_hex(3)
    try:
        with httpx2.Client(base_url=args.address, timeout=20) as client:
            instructor = make_instructor(client, args, run)
            course = import_course(instructor, args.course)
            student = make_student(client, run)
            learn(student, course)
            collect(student, args.mail_folder)
            student.send("POST", "/auth/logout", expect=204)
            student.send("GET", "/users/me", expect=401)
            say("Sam logs out, and the token is worth nothing at once")
    except WalkError as error:
        print(error, file=sys.stderr)
        return 1
    except httpx2.TransportError as error:
        print(f"{args.address} does not answer: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
