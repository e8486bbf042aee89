"""Every page of the school, and what each caller gets there: the table that no page may be missing from."""

from studium.web.app import page_routes
from studium.web.routing import PageRoute

CALLERS = (None, "sam", "ada", "root")
_OPEN = (200, 200, 200, 200)
_DOOR = (200, 303, 303, 303)
_INSIDE = (303, 200, 200, 200)
_TEACHERS = (303, 403, 200, 200)
_REGRADES = "/live/courses/{course_id}/quizzes/{quiz_id}/regrades/{regrade_id}"
_ADMINS = (303, 403, 403, 200)

ROWS: dict[str, tuple[int, int, int, int]] = {
    "/": (200, 303, 303, 303),
    "/courses": _OPEN,
    "/help": _OPEN,
    "/accessibility": _OPEN,
    "/privacy": _OPEN,
    "/reading": _OPEN,
    "/offline": _OPEN,
    "/login": _DOOR,
    "/login/code": (303, 303, 303, 303),
    "/register": _DOOR,
    "/reset": _OPEN,
    "/confirm-email": _OPEN,
    "/confirm-address": _OPEN,
    "/reset-password": _OPEN,
    "/set-password": _OPEN,
    "/home": _INSIDE,
    "/my/certificates": _INSIDE,
    "/my/courses": _INSIDE,
    "/my/files": _INSIDE,
    "/courses/{slug}": _OPEN,
    "/courses/{slug}/{lesson}": _OPEN,
    "/quizzes/{quiz_id}": _INSIDE,
    "/attempts/{attempt_id}": (303, 200, 303, 303),
    "/attempts/{attempt_id}/submit": (303, 200, 303, 303),
    "/attempts/{attempt_id}/result": _INSIDE,
    "/files/{file_id}/download": _OPEN,
    "/files/{file_id}/captions": (404, 404, 404, 404),
    "/certificates/{certificate_id}": (303, 200, 200, 200),
    "/certificates/{certificate_id}/download": (303, 200, 200, 200),
    "/account": _INSIDE,
    "/account/security": _INSIDE,
    "/account/prove": _INSIDE,
    "/account/second-factor": _INSIDE,
    "/account/passkeys": _INSIDE,
    "/account/privacy": _INSIDE,
    "/account/privacy/erasure": _INSIDE,
    "/teach": _TEACHERS,
    "/teach/courses/{course_id}": (303, 403, 303, 303),
    "/teach/import": _TEACHERS,
    "/teach/import/{import_id}": (303, 403, 200, 404),
    "/teach/courses/new": _TEACHERS,
    "/teach/courses/{course_id}/settings": _TEACHERS,
    "/teach/courses/{course_id}/publish": _TEACHERS,
    "/teach/courses/{course_id}/delete": _TEACHERS,
    "/teach/courses/{course_id}/export": _TEACHERS,
    "/teach/courses/{course_id}/outline": _TEACHERS,
    "/teach/courses/{course_id}/outline/{lesson_id}": _TEACHERS,
    "/teach/courses/{course_id}/outline/{lesson_id}/delete": _TEACHERS,
    "/teach/courses/{course_id}/figures": _TEACHERS,
    "/teach/courses/{course_id}/figures.csv": _TEACHERS,
    "/teach/courses/{course_id}/lessons/{lesson_id}": _TEACHERS,
    "/teach/courses/{course_id}/lessons/{lesson_id}/versions": _TEACHERS,
    "/teach/courses/{course_id}/lessons/{lesson_id}/versions/{number}": (303, 403, 404, 404),
    "/teach/courses/{course_id}/trash": _TEACHERS,
    "/teach/courses/{course_id}/quizzes": _TEACHERS,
    "/teach/courses/{course_id}/quizzes/{quiz_id}": _TEACHERS,
    "/teach/courses/{course_id}/quizzes/{quiz_id}/questions/new": _TEACHERS,
    "/teach/courses/{course_id}/quizzes/{quiz_id}/questions/{question_id}": _TEACHERS,
    "/teach/courses/{course_id}/quizzes/{quiz_id}/paste": _TEACHERS,
    "/teach/courses/{course_id}/quizzes/{quiz_id}/try": _TEACHERS,
    "/teach/courses/{course_id}/quizzes/{quiz_id}/regrade": _TEACHERS,
    "/teach/courses/{course_id}/quizzes/{quiz_id}/regrade/{regrade_id}": (303, 403, 404, 404),
    "/join": _INSIDE,
    "/teach/courses/{course_id}/learners": _TEACHERS,
    "/teach/courses/{course_id}/learners.csv": _TEACHERS,
    "/teach/courses/{course_id}/learners/enroll": _TEACHERS,
    "/teach/courses/{course_id}/learners/invitations": _TEACHERS,
    "/teach/courses/{course_id}/learners/{enrollment_id}": _TEACHERS,
    "/teach/grading": _TEACHERS,
    "/teach/grading/comments": _TEACHERS,
    "/teach/grading/{attempt_id}": _TEACHERS,
    "/teach/courses/{course_id}/quizzes/{quiz_id}/marks": _TEACHERS,
    "/admin": _ADMINS,
    "/admin/figures.csv": _ADMINS,
    "/admin/audit": _ADMINS,
    "/admin/system": _ADMINS,
    "/admin/people": _ADMINS,
    "/admin/people.csv": _ADMINS,
    "/admin/people/new": _ADMINS,
    "/admin/people/import": _ADMINS,
    "/admin/people/imports/{import_id}": _ADMINS,
    "/admin/people/imports/{import_id}/report.csv": _ADMINS,
    "/admin/people/{user_id}": _ADMINS,
    "/admin/people/{user_id}/export": _ADMINS,
    "/admin/people/{user_id}/anonymize": _ADMINS,
    "/live/imports/{import_id}": (303, 403, 404, 404),
    "/live/people-imports/{import_id}": (303, 403, 403, 404),
    _REGRADES: (303, 403, 404, 404),
    "/live/grading": (303, 403, 404, 404),
}
"""The status for nobody, a learner, the teacher and an admin, by the path of the route."""

_NO_ID = "00000000-0000-7000-8000-000000000000"
PLACES: dict[str, str] = {
    "/live/imports/{import_id}": f"/live/imports/{_NO_ID}",
    "/live/people-imports/{import_id}": f"/live/people-imports/{_NO_ID}",
    _REGRADES: f"/live/courses/{{C1}}/quizzes/{{Q1}}/regrades/{_NO_ID}",
    "/admin/people/imports/{import_id}": "/admin/people/imports/{I1}",
    "/admin/people/imports/{import_id}/report.csv": "/admin/people/imports/{I1}/report.csv",
    "/admin/people/{user_id}": "/admin/people/{sam}",
    "/admin/people/{user_id}/export": "/admin/people/{sam}/export",
    "/admin/people/{user_id}/anonymize": "/admin/people/{sam}/anonymize",
    "/quizzes/{quiz_id}": "/quizzes/{Q1}",
    "/attempts/{attempt_id}": "/attempts/{T1}",
    "/attempts/{attempt_id}/submit": "/attempts/{T1}/submit",
    "/attempts/{attempt_id}/result": "/attempts/{T3}/result",
    "/courses/{slug}": "/courses/course-c1",
    "/courses/{slug}/{lesson}": "/courses/course-c1/lesson-l1",
    "/files/{file_id}/download": "/files/{F3}/download",
    "/files/{file_id}/captions": "/files/{F3}/captions",
    "/certificates/{certificate_id}": "/certificates/{X3}",
    "/certificates/{certificate_id}/download": "/certificates/{X3}/download",
    "/teach/courses/{course_id}": "/teach/courses/{C1}",
    "/teach/import/{import_id}": "/teach/import/{J1}",
    "/teach/courses/{course_id}/settings": "/teach/courses/{C1}/settings",
    "/teach/courses/{course_id}/publish": "/teach/courses/{C1}/publish",
    "/teach/courses/{course_id}/delete": "/teach/courses/{C1}/delete",
    "/teach/courses/{course_id}/export": "/teach/courses/{C1}/export",
    "/teach/courses/{course_id}/outline": "/teach/courses/{C1}/outline",
    "/teach/courses/{course_id}/outline/{lesson_id}": "/teach/courses/{C1}/outline/{L1}",
    "/teach/courses/{course_id}/outline/{lesson_id}/delete": "/teach/courses/{C1}/outline/{L1}/delete",
    "/teach/courses/{course_id}/figures": "/teach/courses/{C1}/figures",
    "/teach/courses/{course_id}/figures.csv": "/teach/courses/{C1}/figures.csv",
    "/teach/courses/{course_id}/lessons/{lesson_id}": "/teach/courses/{C1}/lessons/{L2}",
    "/teach/courses/{course_id}/lessons/{lesson_id}/versions": "/teach/courses/{C1}/lessons/{L2}/versions",
    "/teach/courses/{course_id}/lessons/{lesson_id}/versions/{number}": "/teach/courses/{C1}/lessons/{L2}/versions/1",
    "/teach/courses/{course_id}/trash": "/teach/courses/{C1}/trash",
    "/teach/courses/{course_id}/quizzes": "/teach/courses/{C1}/quizzes",
    "/teach/courses/{course_id}/quizzes/{quiz_id}": "/teach/courses/{C1}/quizzes/{Q1}",
    "/teach/courses/{course_id}/quizzes/{quiz_id}/questions/new": "/teach/courses/{C1}/quizzes/{Q1}/questions/new",
    "/teach/courses/{course_id}/quizzes/{quiz_id}/questions/{question_id}": (
        "/teach/courses/{C1}/quizzes/{Q1}/questions/{K1}"
    ),
    "/teach/courses/{course_id}/quizzes/{quiz_id}/paste": "/teach/courses/{C1}/quizzes/{Q1}/paste",
    "/teach/courses/{course_id}/quizzes/{quiz_id}/try": "/teach/courses/{C1}/quizzes/{Q1}/try",
    "/teach/courses/{course_id}/quizzes/{quiz_id}/regrade": "/teach/courses/{C1}/quizzes/{Q1}/regrade",
    "/teach/courses/{course_id}/quizzes/{quiz_id}/regrade/{regrade_id}": (
        "/teach/courses/{C1}/quizzes/{Q1}/regrade/{K1}"
    ),
    "/teach/courses/{course_id}/learners": "/teach/courses/{C1}/learners",
    "/teach/courses/{course_id}/learners.csv": "/teach/courses/{C1}/learners.csv",
    "/teach/courses/{course_id}/learners/enroll": "/teach/courses/{C1}/learners/enroll",
    "/teach/courses/{course_id}/learners/invitations": "/teach/courses/{C1}/learners/invitations",
    "/teach/courses/{course_id}/learners/{enrollment_id}": "/teach/courses/{C1}/learners/{E1}",
    "/teach/grading/{attempt_id}": "/teach/grading/{T4}?every=1",
    "/teach/courses/{course_id}/quizzes/{quiz_id}/marks": "/teach/courses/{C1}/quizzes/{Q2}/marks",
    "/confirm-email": "/confirm-email?token=abc",
    "/confirm-address": "/confirm-address?token=abc",
    "/set-password": "/set-password?token=abc",
}
"""Where a page is looked at that has something in its address."""

NO_PAGES = frozenset(
    {
        "/files/{file_id}/download",
        "/files/{file_id}/captions",
        "/certificates/{certificate_id}/download",
        *(path for path in ROWS if path.startswith("/live/") or path.endswith(".csv")),
        "/teach/courses/{course_id}/export",
    }
)
"""Addresses of pages that give something else: a file, or events."""

BESIDES = (
    "/courses?q=nothing+is+called+so",
    "/courses?level=beginner&sort=title",
    "/no-such-page",
    "/my/courses?state=dropped",
    "/courses/course-c3",
    "/reset-password?token=",
)
"""Other states of pages: an empty list, a filter, a problem, a link that is cut off."""


OWN = (
    "/attempts/{T2}/result",
    "/attempts/{T4}/result",
    "/quizzes/{Q2}",
    "/courses/course-c1/lesson-l3",
)
"""The same for a learner: a result that is hidden, one that waits for a grader, a practice quiz, a quiz lesson."""

STAFF: tuple[tuple[str, str], ...] = (
    ("/teach/courses/{C1}/outline?lesson={L1}&done=down&undo=first:", "ada"),
    ("/teach/courses/{C1}/lessons/{L1}", "ada"),
    ("/teach/courses/{C1}/lessons/{L1}/versions/2", "ada"),
    ("/teach/courses/{C1}/quizzes/{Q2}", "ada"),
    ("/teach/courses/{C1}/quizzes/{Q1}/questions/{K2}", "ada"),
    ("/teach/courses/{C1}/quizzes/{Q1}/questions/new?kind=short_answer", "ada"),
    ("/teach/courses/{C1}/quizzes/{Q1}/questions/new?kind=essay", "ada"),
    ("/admin/people?q=nobody+is+called+so&role=student&state=inactive", "root"),
    ("/admin/people/imports/{I1}?show=error", "root"),
    ("/admin/people/imports/{I2}", "root"),
    ("/teach/courses/{C0}/publish", "ada"),
    ("/teach/import/{J1}?show=skipped", "ada"),
    ("/teach/import/{J2}", "ada"),
    ("/teach/import/{J3}", "ada"),
    ("/teach?whose=all&state=published", "root"),
    ("/teach/grading?item_id={Q2}&names=hidden", "ada"),
    ("/teach/grading/{T4}", "ada"),
    ("/teach/courses/{C1}/learners?silent_days=14&q=s", "ada"),
    ("/teach/courses/{C3}/learners/{E3}", "root"),
    ("/admin?span=months", "root"),
    ("/admin/audit?action=quiz.&outcome=refused&target_id={sam}&since=2026-01-05", "root"),
)
"""The same for staff: where, and who looks."""


def paths() -> set[str]:
    """The pages of the route table."""
    return {route.path for route in page_routes() if isinstance(route, PageRoute) and "GET" in (route.methods or ())}
