"""Walk through the demo school and keep what was sent and answered as the examples of the API document.

    .venv/bin/python -m tests.api_document.record_examples FOLDER      # an empty folder for the school

`make openapi` puts them into the document; `test_examples.py` holds them against their schemas.
"""

import asyncio
import json
import re
import sys
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from uuid import UUID

import httpx2
import pyotp

from studium.access.codes import EXPORT_KEPT, export_ticket
from studium.app import create_app
from studium.entrypoints.demo.people import ADMIN, LEARNER
from studium.entrypoints.demo.school import load_demo
from studium.kit.base.clock import now
from studium.kit.base.config import load_settings
from studium.kit.db.migrations import upgrade
from studium.modules.users.demo import PASSWORD
from tests.auth.authenticator import Authenticator
from tests.jobs.dead import dead_job

TARGET = Path(str(files("studium.entrypoints.reference"))) / "examples.json"
ITEMS, TEXT = 2, 200
ADDRESS = "http://localhost:8000"
"""Passkeys want a name for the school."""

SECRETS = {
    "access_token",
    "refresh_token",
    "challenge_token",
    "secret",
    "otpauth_uri",
    "recovery_codes",
    "token",
    "code",
}
_CURSOR = re.compile(r"^[A-Za-z0-9_-]+\.[0-9a-f]{32}$")


class Recorder:
    """Sends requests to the demo school by operation, and keeps the examples."""

    def __init__(self, client: httpx2.AsyncClient, document: dict[str, Any]) -> None:
        self.client = client
        self.places = {
            operation["operationId"]: (method.upper(), path)
            for path, operations in document["paths"].items()
            for method, operation in operations.items()
        }
        self.kept: dict[str, dict[str, Any]] = {}
        self.token = ""

    async def do(self, name: str, body: Any = None, *, query: str = "", keep: bool = True, **content: Any) -> Any:  # noqa: ANN401 -- JSON.
        """Send a request as whoever logged in last, keep it as an example, and return the answer's JSON."""
        method, path = self.places[name]
        names = set(re.findall(r"{(\w+)}", path))
        path = path.format(**{each: content.pop(each) for each in names})
        more = {} if body is None else {"json": body}
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        answer = await self.client.request(
            method, f"{path}?{query}" if query else path, headers=headers, **more, **content
        )
        assert answer.status_code < 400, (name, answer.status_code, answer.text)
        example = self.kept.setdefault(name, {"responses": {}}) if keep else {"responses": {}}
        if body is not None:
            example["request"] = shortened(body)
        elif "files" in content:
            example["request"] = uploaded(**content)
        if answer.headers.get("content-type") != "application/json":
            return answer.content
        found = answer.json()
        example["responses"][str(answer.status_code)] = shortened(found)
        return found

    async def log_in(self, email: str, password: str = PASSWORD) -> Any:  # noqa: ANN401 -- JSON.
        """Be somebody from now on."""
        self.token = ""
        found = await self.do("logIn", {"email": email, "password": password})
        self.token = found.get("access_token", "")
        return found


def uploaded(files: dict[str, tuple[str, bytes, str]], data: dict[str, str]) -> dict[str, Any]:
    """The form of an upload: a text as it is, the bytes of anything else by the file's name."""
    [(field, (name, content, kind))] = files.items()
    text = content.decode() if kind.startswith("text/") else f"the bytes of {name}"
    return {
        field: text,
        **{key: value == "true" if value in {"true", "false"} else value for key, value in data.items()},
    }


def shortened(value: Any, name: str = "") -> Any:  # noqa: ANN401 -- JSON.
    """The same with a few items and the beginnings of texts, and without anything that looks like a secret."""
    if isinstance(value, dict):
        return {key: shortened(inner, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [shortened(inner, name) for inner in value[:ITEMS]]
    if isinstance(value, str):
        if name in SECRETS and not value.isdigit():
            return f"example-{name.replace('_', '-')}"
        if _CURSOR.match(value):
            return "WyJjb3Vyc2VzIl0.0123456789abcdef0123456789abcdef"
        return value if len(value) <= TEXT or (name == "qr_svg" and (value := "<svg></svg>")) else value[:TEXT] + " …"
    return value


async def everything(folder: Path) -> dict[str, Any]:
    """Build a demo school in the folder, and record each operation once."""
    settings = load_settings(
        data_dir=folder, public_base_url=ADDRESS, _env_file=None, jobs="external", log_level="ERROR"
    )
    await asyncio.to_thread(upgrade, settings.database_url)
    await load_demo(settings)
    app = create_app(settings)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(app.router.lifespan_context(app))
        transport = httpx2.ASGITransport(app=app)
        client = await stack.enter_async_context(
            httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000")
        )
        recorder = Recorder(client, app.openapi())
        course = await teaching(recorder, app)
        await learning(recorder, app, course)
        await administering(recorder, app)
    missing = recorder.places.keys() - recorder.kept.keys()
    assert not missing, f"nothing was recorded of {sorted(missing)}"
    return {name: recorder.kept[name] for name in recorder.places}


def mailed(settings_folder: Path, what: str) -> str:
    """The token in the newest mail with such a link."""
    texts = [path.read_text() for path in sorted((settings_folder / "mail").glob("*.eml"))]
    found = re.findall(rf"{what}[?#]token=3D([\w.=\n-]+)|{what}[?#]token=([\w.-]+)", "\n".join(texts))
    return unquote(next(filter(None, found[-1])).replace("=\n", ""))


async def _exchange(r: Recorder, app: Any, at: dict[str, Any]) -> None:  # noqa: ANN401 -- as below.
    """The course goes out, and would come in again."""
    archive = await r.do("exportCourse", **at)
    found = await r.do(
        "importCourse", files={"file": ("bicycle.zip", archive, "application/zip")}, data={"dry_run": "true"}
    )
    await app.state.runtime.jobs.drain()
    await r.do("readImport", import_id=found["id"])
    await r.do("listImports")


async def teaching(r: Recorder, app: Any) -> dict[str, Any]:  # noqa: ANN401 -- the application.
    """An instructor builds a course."""
    await r.log_in("ada@demo.studium.example")
    course = await r.do(
        "createCourse",
        {
            "title": "Bicycle repair",
            "description": "Mend it yourself: tyres, brakes and gears in four evenings.",
            "category": "Crafts",
            "difficulty_level": "beginner",
            "estimated_duration_minutes": 240,
        },
    )
    at = {"course_id": course["id"]}
    await r.do("updateCourse", {"title": "Bicycle repair for everybody"}, **at)
    text = {
        "title": "A flat tyre",
        "lesson_type": "text",
        "content": "# A flat tyre\n\nTake the wheel off first.",
        "is_preview": True,
    }
    first = await r.do("createLesson", text, **at)
    video = {
        "title": "Brakes",
        "lesson_type": "video",
        "video_url": "https://videos.example/brakes.mp4",
        "duration_minutes": 12,
    }
    second = await r.do("createLesson", video, **at, keep=False)
    third = await r.do("createLesson", {"title": "Are you ready?", "lesson_type": "quiz"}, **at, keep=False)
    extra = await r.do("createLesson", {"title": "Tools", "lesson_type": "quiz"}, **at, keep=False)
    never = await r.do("createQuiz", {"lesson_id": extra["id"], "title": "Tools"}, **at, keep=False)
    await r.do("deleteQuiz", **at, quiz_id=never["id"])
    await r.do("updateLesson", {"duration_minutes": 15}, **at, lesson_id=first["id"])
    await undoing(r, at, first["id"], extra["id"])
    await r.do("reorderLessons", {"lesson_ids": [second["id"], first["id"], third["id"]]}, **at)
    quiz = await r.do(
        "createQuiz",
        {
            "lesson_id": third["id"],
            "title": "Are you ready?",
            "quiz_type": "graded",
            "passing_score": 70,
            "max_attempts": 5,
            "time_limit_minutes": 10,
        },
        **at,
    )
    at_quiz = {**at, "quiz_id": quiz["id"]}
    choice = {
        "question_text": "What comes first?",
        "question_type": "multiple_choice",
        "points": 2,
        "options": [{"text": "Take the wheel off", "is_correct": True}, {"text": "Pump it up", "is_correct": False}],
        "explanation": "A tube comes out of a wheel in the hand.",
    }
    one = await r.do("createQuestion", choice, **at_quiz)
    two = await r.do(
        "createQuestion",
        {"question_text": "Why do brakes squeal?", "question_type": "essay", "points": 5},
        **at_quiz,
        keep=False,
    )
    claim = {"question_text": "Oil belongs on the brakes.", "question_type": "true_false", "correct_answer": "false"}
    three = await r.do("createQuestion", claim, **at_quiz, keep=False)
    await r.do("pasteQuestions", {"text": "Which of these wear out?\n* Tyres\n- Names"}, **at_quiz)
    await r.do("updateQuestion", {"points": 3}, **at_quiz, question_id=one["id"])
    await r.do("reorderQuestions", {"question_ids": [two["id"], one["id"], three["id"]]}, **at_quiz)
    await r.do("readQuestion", **at_quiz, question_id=one["id"])
    await r.do("listQuestions", **at_quiz)
    await r.do("deleteQuestion", **at_quiz, question_id=three["id"])
    await r.do("updateQuiz", {"shuffle_options": True}, **at_quiz)
    await r.do("publishQuiz", **at_quiz)
    await r.do("unpublishQuiz", **at_quiz)
    await r.do("publishQuiz", **at_quiz)
    await r.do("readQuiz", **at_quiz)
    await r.do("listQuizzes", **at)
    await r.do("publishCourse", **at)
    await r.do("unpublishCourse", **at)
    await r.do("publishCourse", **at)
    spare = await r.do("createCourse", {"title": "Never mind"}, keep=False)
    await r.do("deleteCourse", course_id=spare["id"])
    await _exchange(r, app, at)
    upload = {"file": ("tools.csv", b"tool,use\npump,air\n", "text/csv")}
    file = await r.do("uploadFile", files=upload, data={"folder": "bicycle"})
    await r.do("listMyFiles")
    await r.do("readFile", file_id=file["id"])
    await r.do("downloadFile", file_id=file["id"])
    await r.do("deleteFile", file_id=file["id"])
    return {**at_quiz, "lessons": [first["id"], second["id"], third["id"]], "questions": [one, two]}


async def undoing(r: Recorder, at: dict[str, Any], lesson_id: str, removed_id: str) -> None:
    """An instructor looks at an earlier text, removes a lesson, and brings both back."""
    text = {"content": "# A flat tyre\n\nThe wheel comes off."}
    await r.do("updateLesson", text, **at, lesson_id=lesson_id, keep=False)
    await r.do("listLessonVersions", **at, lesson_id=lesson_id)
    await r.do("readLessonVersion", **at, lesson_id=lesson_id, number=2, query="compare=current")
    await r.do("restoreLessonVersion", **at, lesson_id=lesson_id, number=2)
    await r.do("deleteLesson", **at, lesson_id=removed_id)
    found = await r.do("listTrash", **at)
    await r.do("restoreFromTrash", **at, item_id=found["items"][0]["id"])
    await r.do("deleteLesson", **at, lesson_id=removed_id, keep=False)


async def learning(r: Recorder, app: Any, course: dict[str, Any]) -> None:  # noqa: ANN401 -- the application.
    """Somebody registers, learns, and gets a certificate; the instructor marks."""
    at = {"course_id": course["course_id"]}
    r.token = ""
    await r.do("listCourses", query="q=bicycle")
    await r.do("listCategories")
    await r.do("readCourse", **at)
    await r.do("readCourseBySlug", slug="bicycle-repair")
    await r.do("listLessons", **at)
    await r.do("readLesson", **at, lesson_id=course["lessons"][0])
    person = {"email": "noor@example.org", "full_name": "Noor Haddad", "password": "a long walk by the sea"}
    await r.do("register", person)
    await r.do("registerUser", {**person, "email": "noor.two@example.org"})
    await r.do("requestEmailConfirmation", {"email": person["email"]})
    await app.state.runtime.jobs.drain()
    await r.do("confirmEmail", {"token": mailed(app.state.settings.data_dir, "confirm-email")})
    await r.log_in(LEARNER.email)
    await r.do("changeAddress", {"email": "amina.new@example.org"})
    await app.state.runtime.jobs.drain()
    await r.do("confirmAddress", {"token": mailed(app.state.settings.data_dir, "confirm-address")})
    r.token = ""
    await r.do("requestPasswordReset", {"email": person["email"]})
    await app.state.runtime.jobs.drain()
    await r.do(
        "resetPassword",
        {"token": mailed(app.state.settings.data_dir, "reset-password"), "new_password": "another walk by the sea"},
    )
    await r.do("logInByForm", data={"username": LEARNER.email, "password": PASSWORD})
    r.kept["logInByForm"]["request"] = {"username": LEARNER.email, "password": PASSWORD}
    tokens = await r.log_in(person["email"], "another walk by the sea")
    tokens = await r.do("refreshTokens", {"refresh_token": tokens["refresh_token"]})
    r.token = tokens["access_token"]
    await studying(r, app, course, person["email"])


async def studying(r: Recorder, app: Any, course: dict[str, Any], email: str) -> None:  # noqa: ANN401 -- the application.
    """From the enrollment to the certificate."""
    at = {"course_id": course["course_id"]}
    me = await r.do("readMe")
    await r.do("updateMe", {"full_name": "Noor Haddad-Vik", "metadata": {"language": "en"}})
    enrollment = await r.do("enroll", {"course_id": course["course_id"]})
    here = {"enrollment_id": enrollment["id"]}
    await r.do("dropEnrollment", **here)
    await r.do("enroll", {"course_id": course["course_id"]})
    await r.do("updateEnrollment", {"status": "dropped"}, **here)
    await r.do("enroll", {"course_id": course["course_id"]})
    await r.do("listMyCourses")
    await r.do("readEnrollment", **here)
    await r.do(
        "recordProgress",
        {"completion_percentage": 40, "last_position_seconds": 300, "time_spent_seconds": 60},
        **here,
        lesson_id=course["lessons"][1],
    )
    for lesson in course["lessons"][:2]:
        await r.do("completeLesson", **here, lesson_id=lesson)
    await r.do("listEnrollmentLessons", **here)
    await r.do("reviewCourse", {"rating": 5, "review": "Clear, short and useful."}, **here)
    await r.do("reviewCourse", {"rating": 4, "review": "Good pace, good examples."}, **here)
    await r.do("deleteReview", **here)
    await r.do("reviewCourse", {"rating": 4, "review": "Good pace, good examples."}, **here)
    taking = {**here, "quiz_id": course["quiz_id"]}
    attempt = await r.do("startAttempt", **taking)
    this = {**taking, "attempt_id": attempt["id"]}
    options = next(each["options"] for each in attempt["questions"] if each["options"])
    right = next(option["id"] for option in options if option["text"] == "Take the wheel off")
    answers = [
        {"question_id": course["questions"][0]["id"], "selected_option_ids": [right]},
        {"question_id": course["questions"][1]["id"], "answer_text": "Dirt, or a pad that is worn."},
    ]
    await r.do("saveAnswers", {"answers": answers[:1]}, **this)
    await r.do("submitAttempt", {"answers": answers}, **this)
    await r.do("readAttempt", **this)
    await r.do("listAttempts", **taking)
    await r.do("findQuiz", quiz_id=taking["quiz_id"])
    await r.do("findAttempt", attempt_id=attempt["id"])
    await r.do("readMyProgress")
    await r.do("readMyDashboard")
    await guarding(r, email)
    await r.log_in("ada@demo.studium.example")
    r.kept["logIn"]["request"] = {"email": LEARNER.email, "password": PASSWORD}
    await staff(r, course, this, me["id"])
    await bringing_in(r, course["course_id"])
    await r.log_in(email, "another walk by the sea")
    certificate = await r.do("generateCertificate", **here)
    await r.do("generateCertificate", **here)
    await r.do("listMyCertificates")
    await r.do("readCertificate", certificate_id=certificate["id"])
    await r.do("downloadCertificate", certificate_id=certificate["id"])
    await r.do("verifyCertificate", certificate_number=certificate["certificate_number"])
    await r.do("showVerificationPage", certificate_number=certificate["certificate_number"])
    await leaving(r, email)
    await r.log_in(ADMIN.email)
    await r.do("revokeCertificate", {"reason": "Issued to the wrong person."}, certificate_id=certificate["id"])
    await r.do("readInstructorOverview", instructor_id=(await r.do("readCourse", **at))["instructor_id"])


async def leaving(r: Recorder, email: str) -> None:
    """Asking to be forgotten, and staying after all."""
    await r.do("requestOwnErasure")
    await r.log_in(email, "another walk by the sea")
    await r.do("readOwnErasure")
    await r.do("cancelOwnErasure")
    await r.do("logOut", {"all": False})


async def guarding(r: Recorder, email: str) -> None:
    """A second factor, there and gone."""
    await r.do("reauthenticate", {"password": "another walk by the sea"})
    pending = await r.do("enableMfa", {"password": "another walk by the sea"})
    codes = (await r.do("confirmMfa", {"code": pyotp.TOTP(pending["secret"]).now()}))["recovery_codes"]
    learner = r.token
    challenge = (await r.log_in(email, "another walk by the sea"))["challenge_token"]
    await r.do("verifyMfa", {"challenge_token": challenge, "code": codes[0]})
    r.kept["verifyMfa"]["request"] = {"challenge_token": "example-challenge-token", "code": "492039"}
    r.kept["confirmMfa"]["request"] = {"code": "492039"}
    r.token = learner
    await r.do("disableMfa", {"password": "another walk by the sea", "code": codes[1]})
    r.kept["disableMfa"]["request"] = {"password": "another walk by the sea", "code": "492039"}
    await passkeys(r)
    sessions = (await r.do("listSessions"))["items"]
    await r.do("revokeSession", session_id=sessions[0]["id"])


async def passkeys(r: Recorder) -> None:
    """A passkey of the learner from the first to the last."""
    device = Authenticator(origin="http://localhost:8000", host="localhost")
    asked = await r.do("beginPasskey")
    made = {"challenge_token": asked["challenge_token"], "credential": device.create(asked["public_key"])}
    passkey = await r.do("addPasskey", {**made, "name": "My phone"})
    await r.do("listPasskeys")
    await r.do("renamePasskey", {"name": "My old phone"}, passkey_id=passkey["id"])
    learner, r.token = r.token, ""
    begun = await r.do("beginPasskeyLogin")
    used = {"challenge_token": begun["challenge_token"], "credential": device.get(begun["public_key"])}
    await r.do("logInWithPasskey", used)
    name, signed = "AAECAwQFBgcICQoLDA0ODw", {"clientDataJSON": "eyJ0eXBlIjoid2ViYXV0aG4ifQ"}
    credential = {"id": name, "rawId": name, "type": "public-key"}
    r.kept["addPasskey"]["request"] = {
        "challenge_token": "example-challenge-token",
        "credential": {**credential, "response": {**signed, "attestationObject": "o2NmbXRkbm9uZQ"}},
        "name": "My phone",
    }
    signed |= {"authenticatorData": "SZYN5YgOjGh0NBcPZHZgW4", "signature": "MEUCIQDx"}
    r.kept["logInWithPasskey"]["request"] = {
        "challenge_token": "example-challenge-token",
        "credential": {**credential, "response": signed},
    }
    r.token = learner
    await r.do("removePasskey", passkey_id=passkey["id"])


async def staff(r: Recorder, course: dict[str, Any], attempt: dict[str, Any], student: str) -> None:
    """What the instructor sees of those who learn, and does about it."""
    at, at_quiz = {"course_id": course["course_id"]}, {"course_id": course["course_id"], "quiz_id": course["quiz_id"]}
    grade = {
        "scores": [{"question_id": course["questions"][1]["id"], "points": 4.5, "feedback": "Well seen."}],
        "feedback": "Good work.",
    }
    await r.do("listWaiting")
    await r.do("summarizeWaiting")
    comment = await r.do("addComment", {"text": "Well seen."})
    await r.do("listComments")
    await r.do("updateComment", {"text": "Well seen. Say what you would do about it."}, comment_id=comment["id"])
    await r.do("gradeAttempt", {**grade, "release": False}, **attempt, keep=False)
    await r.do("releaseMarks", **at_quiz)
    r.kept["releaseMarks"]["responses"]["202"] = {**r.kept["releaseMarks"]["responses"]["200"], "left": 120}
    await r.do("gradeAttempt", {**grade, "comment_ids": [comment["id"]]}, **attempt)
    await r.do("deleteComment", comment_id=comment["id"])
    await r.do("listGradeChanges", **attempt)
    await r.do("listQuizAttempts", **at_quiz)
    await r.do("readQuizStatistics", **at_quiz)
    await r.do("setAccommodation", {"extra_time_percent": 50, "extra_attempts": 1}, **at_quiz, student_id=student)
    await r.do("setAccommodation", {"extra_time_percent": 25, "extra_attempts": 1}, **at_quiz, student_id=student)
    await r.do("listAccommodations", **at_quiz)
    await r.do("readAccommodation", **at_quiz, student_id=student)
    await r.do("listEnrollmentAttempts", enrollment_id=attempt["enrollment_id"])
    await r.do("listEnrollmentAccommodations", enrollment_id=attempt["enrollment_id"])
    await r.do("deleteAccommodation", **at_quiz, student_id=student)
    regrade = await r.do("startRegrade", {"dry_run": True, "never_lower": True}, **at_quiz)
    r.kept["startRegrade"]["responses"]["202"] = {**r.kept["startRegrade"]["responses"]["200"], "status": "running"}
    await r.do("listRegrades", **at_quiz)
    await r.do("readRegrade", **at_quiz, regrade_id=regrade["id"])
    await r.do("readRegradeReport", **at_quiz, regrade_id=regrade["id"])
    await r.do("listCourseEnrollments", **at)
    await r.do("readEnrollmentStatistics", **at)
    await r.do("listReviews", **at)
    await r.do("readCourseAnalytics", **at)


async def bringing_in(r: Recorder, course: str) -> None:
    """The instructor brings people into the course, and somebody joins by a code."""
    at: dict[str, Any] = {"course_id": course}
    ada = r.token
    people = [{"email": "lin.chen@example.org"}, {"email": "not an address"}]
    enrolled = await r.do("enrollPeople", {"people": people}, **at)
    r.kept["enrollPeople"]["responses"]["200"]["items"][1]["code"] = "invalid_email"
    await r.do("listInvitations", **at)
    await r.do("withdrawInvitation", **at, invitation_id=enrolled["items"][0]["invitation_id"])
    code = await r.do("createJoinCode", {"expires_at": "2030-09-01T00:00:00Z", "max_uses": 30}, **at)
    await r.log_in(LEARNER.email)
    mine = await r.do("joinCourse", {"code": code["code"]})
    await r.do("dropEnrollment", enrollment_id=mine["id"], keep=False)
    await r.do("joinCourse", {"code": code["code"]})
    r.kept["joinCourse"]["request"] = {"code": "BRKE-WHEE"}
    r.token = ada
    await r.do("listJoinCodes", **at)
    await r.do("revokeJoinCode", **at, code_id=code["id"])


async def administering(r: Recorder, app: Any) -> None:  # noqa: ANN401 -- the application.
    """What admins do with people."""
    await r.do("listUsers", query="role=instructor")
    person = await r.do("createUser", {"email": "li.wei@example.org", "full_name": "Li Wei", "role": "instructor"})
    one = {"user_id": person["id"]}
    await r.do("readUser", **one)
    await r.do("updateUser", {"role": "student"}, **one)
    await r.do("listUserSessions", **one)
    await r.do("endUserSessions", **one)
    await r.do("resetUserMfa", **one)
    await r.do("anonymizeUser", {"reason": "Left the school.", "certificates": "keep"}, **one)
    await r.do("readErasure", **one)
    await r.do("cancelUserErasure", **one)
    await r.do("exportUserData", {"reason": "The person asked in writing."}, **one)
    export = await r.do("exportOwnData")
    await app.state.runtime.jobs.drain()
    await r.do("readOwnExport")
    ticket = export_ticket(app.state.runtime.keys, UUID(export["id"]), now() + EXPORT_KEPT)
    await r.do("downloadExport", export_id=export["id"], query=f"ticket={ticket}")
    await r.do("deactivateUser", **one)
    table = (
        b"email,full_name,role,language,external_id,courses,is_active\n"
        b"amal.nasser@example.org,Amal Nasser,student,ar,S-1042,bicycle-repair,true\n"
        b"ben.okafor@example.org,B,student,en,S-1043,,true\n"
    )
    upload = {"file": ("class-7b.csv", table, "text/csv")}
    plan = await r.do("importPeople", files=upload, data={"invite": "new"})
    await app.state.runtime.jobs.drain()
    await r.do("readPeopleImport", import_id=plan["id"])
    await r.do("applyPeopleImport", import_id=plan["id"])
    await r.do("listAuditEvents")
    await r.do("readSystemOverview")
    dead = await dead_job(app.state.runtime)
    await r.do("readSystem")
    await r.do("requeueJob", job_id=dead)
    await r.do("dropJob", job_id=await dead_job(app.state.runtime))


if __name__ == "__main__":
    examples = asyncio.run(everything(Path(sys.argv[1])))
    TARGET.write_text(json.dumps(examples, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(f"{len(examples)} operations, {datetime.now(UTC):%H:%M}\n")
