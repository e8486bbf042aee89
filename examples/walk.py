"""Walk through a running school: from an empty course to a certificate that anybody can verify.

    .venv/bin/python examples/walk.py [ADDRESS] [--mail-folder data/mail]

It needs the demo school's admin, or another one by --admin-email and --admin-password.
"""

import argparse
import secrets
import sys
import time
from pathlib import Path
from typing import Any

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

    def send(self, method: str, path: str, body: Any = None, *, expect: int = 200) -> Any:  # noqa: ANN401 -- JSON.
        """Send a request and return its JSON; raise WalkError for another status than expected."""
        headers = {"Authorization": f"Bearer {self.tokens['access_token']}"} if self.tokens else {}
        answer = self.client.request(method, f"/api/v1{path}", json=body, headers=headers)
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


def make_course(instructor: Walker, run: str) -> dict[str, Any]:
    """A course with a lesson of each type and a quiz, published."""
    course = instructor.send("POST", "/courses", {"title": f"Walking {run}"}, expect=201)
    path = f"/courses/{course['id']}"
    wishes: list[dict[str, Any]] = [
        {"title": "Why walk?", "lesson_type": "text", "content": "# Why walk?\nBecause.", "is_preview": True},
        {"title": "How to walk", "lesson_type": "video", "video_url": "https://videos.example.com/walk.mp4"},
        {"title": "Go for a walk", "lesson_type": "assignment", "content": "Go round the block."},
        {"title": "What have you learnt?", "lesson_type": "quiz"},
    ]
    lessons = [instructor.send("POST", f"{path}/lessons", wish, expect=201) for wish in wishes]
    say(f"Inga writes “{course['title']}” with lessons of four types")
    wish = {"lesson_id": lessons[-1]["id"], "title": "The end"}
    quiz = instructor.send("POST", f"{path}/quizzes", wish, expect=201)
    questions = [
        {
            "question_text": "How many feet does a walker have on the ground?",
            "question_type": "multiple_choice",
            "options": [{"text": "At least one", "is_correct": True}, {"text": "None"}],
        },
        {"question_text": "Walking is healthy.", "question_type": "true_false", "correct_answer": "true"},
    ]
    asked = [
        instructor.send("POST", f"{path}/quizzes/{quiz['id']}/questions", question, expect=201)
        for question in questions
    ]
    instructor.send("POST", f"{path}/quizzes/{quiz['id']}/publish")
    instructor.send("POST", f"{path}/publish")
    say("adds a quiz of two questions, and publishes both")
    return {"id": course["id"], "lessons": lessons, "quiz": quiz["id"], "questions": asked}


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
    """Enrol, do the lessons, pass the quiz."""
    enrollment = student.send("POST", "/enrollments", {"course_id": course["id"]}, expect=201)["id"]
    for lesson in course["lessons"][:-1]:
        done = student.send("POST", f"/enrollments/{enrollment}/lessons/{lesson['id']}/complete")
        say(f"Sam completes “{lesson['title']}”: {done['enrollment']['progress_percentage']:.0f} %")
    path = f"/enrollments/{enrollment}/quizzes/{course['quiz']}/attempts"
    attempt = student.send("POST", path, expect=201)["id"]
    choice, truth = course["questions"]
    right = [option["id"] for option in choice["options"] if option["is_correct"]]
    saved = {"answers": [{"question_id": choice["id"], "selected_option_ids": right}]}
    student.send("PATCH", f"{path}/{attempt}", saved)
    last = {"answers": [{"question_id": truth["id"], "answer_text": "true"}]}
    result = student.send("POST", f"{path}/{attempt}/submit", last)
    say(f"takes the quiz and gets {result['percentage']:.0f} %: {'passed' if result['is_passed'] else 'not passed'}")
    status = student.send("GET", f"/enrollments/{enrollment}")["status"]
    say(f"the course is {status}")


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
    parser.add_argument("address", nargs="?", default="http://127.0.0.1:8000")
    parser.add_argument("--admin-email", default="admin@demo.studium.example")
    parser.add_argument("--admin-password", default="learn-with-studium-demo")
    parser.add_argument("--mail-folder", type=Path)
    args = parser.parse_args()
    run = secrets.token_hex(3)
    try:
        with httpx2.Client(base_url=args.address, timeout=20) as client:
            instructor = make_instructor(client, args, run)
            course = make_course(instructor, run)
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
