"""The words of the API document that no route says: what it is, its parts, headers and parameters."""

DESCRIPTION = """\
A learning school behind one HTTP API: people with roles, courses of lessons, enrollments and progress, quizzes marked
by machine and by hand, certificates that anyone can verify, files, and figures about all of it.

**Begin** with `GET /api/v1/courses`, which needs no log-in, then `POST /api/v1/auth/login`. Send the `access_token`
as `Authorization: Bearer …`; it is good for a quarter of an hour, then `POST /api/v1/auth/refresh` gives the next
one. Where somebody has a second factor, the log-in answers with a `challenge_token` for `POST
/api/v1/auth/mfa/verify`.

**Errors** are `application/problem+json` (RFC 9457). Decide by `code`, which is stable; show `detail` to people. Each
operation lists the codes it can answer; `default` is what any request may hear.

**Lists** are pages: `items`, and `next_cursor` for the next page until it is null. The `Link` header says the same.

**Versions.** What can be changed has a `version`, and its answer an `ETag`. Send it back as `If-Match`, and a change
that somebody else made meanwhile is 412 instead of lost.

**Once.** A `POST` with an `Idempotency-Key` acts once, however often it is sent within a day.

**Stability.** Within `/api/v1` there are additions only: new operations, members, values, codes. Ignore what you do
not know. What will go away is announced by the headers `Deprecation` (RFC 9745) and `Sunset` (RFC 8594), at least six
months ahead.

Times are RFC 3339 in UTC, percentages 0 to 100 with at most two places, ids UUIDs. Unknown members and parameters are
refused (422), so that a misspelt one is never lost in silence."""

TAGS = {
    "auth": "Register, log in and out, renew tokens, second factor, mailed links, sessions.",
    "users": "One's own account; for admins everybody's, and the audit log.",
    "system": "The school's machinery, for admins: checks, jobs, storage, mail, backups.",
    "courses": "The catalogue, and the upkeep of one's own courses; import and export.",
    "enrollments": "A learner in a course: enrol, complete lessons, report progress, review; rosters for its staff.",
    "lessons": "The outline of a course and its lessons.",
    "trash": "What was removed from a course: brought back for 30 days.",
    "quizzes": "The quizzes of a course, and what its staff do about them: statistics, regrades, accommodations.",
    "questions": "The questions of a quiz. Staff see the keys, learners the questions of their open attempt.",
    "attempts": "Taking a quiz: start, save answers, hand in, read the result; marking by hand.",
    "grading": "One desk for all grading: what waits over all courses, and words that one gives again and again.",
    "certificates": "The proof of a completed course: for its holder, and for whoever verifies it.",
    "files": "Upload, list, download and remove files.",
    "analytics": "Figures for learners, instructors and admins, as JSON or CSV.",
}
"""In the order of a learner's way."""

PARAMETERS = {
    "course_id": "The course.",
    "lesson_id": "A lesson of the course.",
    "quiz_id": "A quiz of the course.",
    "question_id": "A question of the quiz.",
    "attempt_id": "An attempt at the quiz.",
    "enrollment_id": "The enrollment: one learner in one course.",
    "student_id": "The learner.",
    "instructor_id": "The instructor who owns the courses.",
    "user_id": "The account.",
    "passkey_id": "The passkey, as `GET /auth/passkeys` lists it.",
    "session_id": "The session, as `GET /auth/sessions` lists it.",
    "certificate_id": "The certificate.",
    "export_id": "The export, as the mail about it names it.",
    "certificate_number": "The number on the certificate, such as `CERT-20260105-A1B2C3`.",
    "file_id": "The file.",
    "import_id": "The import.",
    "invitation_id": "The invitation.",
    "code_id": "The join code.",
    "regrade_id": "The regrade.",
    "comment_id": "One of the caller's own comments.",
    "slug": "The course's name in addresses, such as `python-for-data`.",
    "limit": "Items on a page at most.",
    "status": "Only those in this state.",
    "role": "Only people of this role.",
    "is_active": "Only active accounts, or only deactivated ones.",
    "category": "Only courses of this category.",
    "difficulty_level": "Only courses of this level.",
    "is_published": "Only published courses, or only drafts that the caller may see.",
    "mine": "Only courses that the caller owns.",
    "sort": "The order; by relevance where `q` is given, else newest first.",
    "file_type": "Only files of this kind.",
    "folder": "Only files of this folder.",
    "paper": "The paper's size.",
    "from": "The first day of the period, in UTC.",
    "to": "The last day of the period, in UTC.",
    "if-match": "The `ETag` of what was read: 412 where it has changed since. Without it the last change wins.",
    "outcome": "Only what was done, or only what was refused.",
    "actor_id": "Only what this account did.",
    "target_id": "Only what was done to this account or thing.",
    "since": "Only from this moment on, RFC 3339 with an offset.",
    "until": "Only before this moment, RFC 3339 with an offset.",
    "accept": "`text/csv` gives a table in place of JSON.",
}

KEY_PARAMETER = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "1 to 255 printable characters, such as a UUID: sent again within 24 hours with the same body, "
    "the request is answered as before and acts no second time.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "example": "5f0c4b0e-6c1f-4a38-9a51-0f0f1c8b1a52",
}

HEADERS = {
    "X-Request-Id": (
        "Names this request in the server's logs; sent along by the caller, or made up.",
        "0197a3c1b6e47d0f",
    ),
    "ETag": ("The version of what is answered, for `If-Match`.", '"v3"'),
    "Link": ("The next page, with `rel=next`.", '</api/v1/courses?cursor=WyJj>; rel="next"'),
    "RateLimit": (
        "What is left of each limit that the request met (`r`); in how many seconds there is more (`t`).",
        '"password-source-300";r=29',
    ),
    "RateLimit-Policy": (
        "The limits that the request met: how many (`q`) in how many seconds (`w`).",
        '"password-source-300";q=30;w=300',
    ),
    "Retry-After": ("After how many seconds to try again.", "30"),
    "Idempotency-Replayed": (
        "`true` where the answer is the stored one of an earlier request with the same key.",
        "true",
    ),
    "WWW-Authenticate": ("How to authenticate.", 'Bearer realm="studium"'),
    "Location": ("Where to look for what was made.", "/api/v1/courses/imports/0197a3c1-b6e4-7d0f-8a51-0f0f1c8b1a52"),
    "Content-Disposition": ("The file's name.", 'attachment; filename="CERT-20260105-A1B2C3.pdf"'),
}

ANSWERS = {
    "200": "Done.",
    "201": "Created.",
    "202": "Taken in; a job does the work.",
    "204": "Done; there is nothing to say.",
}

STATUSES = {
    "400": "The request cannot be understood, or a code or token in it is no good.",
    "401": "It is not known who asks, or what they showed is no good.",
    "403": "The caller may not do this.",
    "404": "It does not exist, or the caller may not know that it does.",
    "409": "It does not go with the present state.",
    "410": "It is gone.",
    "412": "It has changed since it was read.",
    "413": "Too large.",
    "415": "The body or file is of a type that is not taken.",
    "416": "The range lies outside the file.",
    "422": "The input breaks a rule.",
    "429": "Too many requests.",
    "503": "Too busy, or something is down; try again after `Retry-After` seconds.",
    "507": "The server's disk is full.",
    "default": "What any request may hear: it is no proper one (400, 408, 414, 431), or the server has a defect (500).",
}
