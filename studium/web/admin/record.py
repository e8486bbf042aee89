"""The record of who did what, in words for people."""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from markupsafe import Markup, escape

from studium.modules.users.queries_named import Named, Thing
from studium.modules.users.schemas import AuditEventOut
from studium.web.translations import Translations

_NAMED_BY = {
    "student_id": "user",
    "owner_id": "user",
    "lesson_id": "lesson",
    "import_id": "people_import",
}
"""Details that are the id of something, and of what."""


def audit_action(words: Translations, action: str) -> str:
    """What was done, in words; the name of the action where there are none."""
    _ = words.gettext
    known = {
        "auth.login": _("Log-in"),
        "auth.logout": _("Log-out"),
        "auth.mfa_passed": _("Second step of a log-in"),
        "auth.mfa_enabled": _("Second factor turned on"),
        "auth.mfa_disabled": _("Second factor turned off"),
        "auth.reauthenticated": _("Password given once more"),
        "auth.session_revoked": _("Session ended"),
        "auth.refresh": _("Session of a program renewed"),
        "auth.email_confirmed": _("Address confirmed"),
        "auth.address_change_requested": _("Change of address asked for"),
        "auth.address_changed": _("Address changed"),
        "auth.password_reset": _("Password reset by mail"),
        "auth.reset_requested": _("Reset of a password asked for"),
        "auth.verification_requested": _("Another mail to confirm the address"),
        "auth.passkey_added": _("Passkey added"),
        "auth.passkey_removed": _("Passkey removed"),
        "auth.passkey_renamed": _("Passkey renamed"),
        "users.registered": _("Account registered"),
        "users.created": _("Account made"),
        "users.changed": _("Account changed"),
        "users.password_changed": _("Password changed"),
        "users.mfa_reset": _("Second factor reset"),
        "users.sessions_ended": _("All sessions ended"),
        "users.export_requested": _("Export of data asked for"),
        "users.erasure_requested": _("Erasure asked for"),
        "users.erasure_cancelled": _("Erasure cancelled"),
        "users.erased": _("Person anonymized"),
        "users.downloaded": _("Table of people saved"),
        "users.expired": _("Account let go by age"),
        "users.files_expired": _("Files of deactivated people deleted"),
        "people_imports.applied": _("Import of people begun"),
        "people_imports.finished": _("People imported"),
        "course.created": _("Course made"),
        "course.given": _("Course given to somebody else"),
        "course.published": _("Course published"),
        "course.unpublished": _("Course hidden"),
        "course.deleted": _("Course deleted"),
        "course.imported": _("Course imported"),
        "course.exported": _("Course exported"),
        "lesson.created": _("Lesson added"),
        "lesson.removed": _("Lesson put into the trash"),
        "lesson.restored": _("Lesson brought back"),
        "quiz.created": _("Quiz made"),
        "quiz.published": _("Quiz published"),
        "quiz.unpublished": _("Quiz hidden"),
        "quiz.removed": _("Quiz put into the trash"),
        "quiz.restored": _("Quiz brought back"),
        "quiz.question_removed": _("Question put into the trash"),
        "quiz.question_restored": _("Question brought back"),
        "progress.complete": _("Lesson marked as done for somebody"),
        "progress.update": _("Progress written for somebody"),
        "join_codes.created": _("Join code made"),
        "join_codes.revoked": _("Join code revoked"),
        "attempt.grade": _("Grades given"),
        "attempt.draft": _("Grades drafted"),
        "quiz.release": _("Grades released"),
        "quiz.regrade": _("Regrade"),
        "quiz.accommodate": _("Accommodation set"),
        "enrollments.people": _("People enrolled"),
        "enrollment.status": _("Enrollment changed"),
        "certificate.revoke": _("Certificate revoked"),
        "access.refused": _("Request refused"),
        "system.job_requeued": _("Job started again"),
        "system.job_dropped": _("Job dropped"),
        "system.backed_up": _("Backup made"),
        "system.backup_verified": _("Backup verified"),
    }
    return known.get(action, action)


def things_of(event: AuditEventOut) -> Iterator[Thing]:
    """Everything that an entry names by an id."""
    if event.actor_id is not None:
        yield "user", event.actor_id
    if event.target_type is not None and event.target_id is not None:
        yield event.target_type, event.target_id
    for name, kind in _NAMED_BY.items():
        if isinstance(value := (event.details or {}).get(name), str):
            yield kind, UUID(value)


def path_of(thing: Thing, found: Named) -> str:
    """The page of something; empty where it has none."""
    kind, thing_id = thing
    course = f"/teach/courses/{found.course_id}"
    if found.is_removed:
        return f"{course}/trash"
    return {
        "user": f"/admin/people/{thing_id}",
        "course": course,
        "lesson": f"{course}/lessons/{thing_id}",
        "quiz": f"{course}/quizzes/{thing_id}",
        "enrollment": f"{course}/learners/{thing_id}",
        "attempt": f"/attempts/{thing_id}/result",
        "certificate": f"/certificates/{thing_id}",
        "people_import": f"/admin/people/imports/{thing_id}",
    }.get(kind, "")


def audit_target(words: Translations, event: AuditEventOut, named: Mapping[Thing, Named]) -> Markup:
    """What an entry is about, with the way there; empty where it is about nothing."""
    if event.target_type is None or event.target_id is None:
        return Markup()
    _ = words.gettext
    kinds = {
        "user": _("Person"),
        "session": _("Session"),
        "passkey": _("Passkey"),
        "course": _("Course"),
        "lesson": _("Lesson"),
        "quiz": _("Quiz"),
        "enrollment": _("Enrollment"),
        "attempt": _("Attempt"),
        "certificate": _("Certificate"),
        "people_import": _("Import"),
        "job": _("Job"),
        "backup": _("Backup"),
    }
    kind = kinds.get(event.target_type, event.target_type)
    shown = _shown((event.target_type, event.target_id), named)
    if not shown and isinstance(title := (event.details or {}).get("title"), str):
        shown = Markup("<bdi>{}</bdi>").format(title)
    if event.target_type in {"job", "backup"}:
        return Markup('<a href="/admin/system">{}</a>').format(kind)
    if not shown or event.target_type == "user":
        return shown or escape(kind)
    return Markup('<span class="soft">{}</span> {}').format(kind, shown)


def _shown(thing: Thing, named: Mapping[Thing, Named]) -> Markup:
    found = named.get(thing)
    if found is None:
        return Markup()
    name, path = Markup("<bdi>{}</bdi>").format(found.name), path_of(thing, found)
    return Markup('<a href="{}">{}</a>').format(path, name) if path else name


def audit_details(words: Translations, event: AuditEventOut, named: Mapping[Thing, Named]) -> Markup:
    """What else an entry tells, as a line."""
    details = event.details or {}
    parts = [part for part in _parts(words, details, named) if part]
    return escape(words.gettext(", ")).join(parts)


def _parts(words: Translations, details: Mapping[str, Any], named: Mapping[Thing, Named]) -> Iterator[Markup]:
    if "before" in details:
        before, after = (_value(words, details.get(name)) for name in ("before", "after"))
        yield escape(words.gettext("from %(before)s to %(after)s")) % {"before": before, "after": after}
    for name, value in details.items():
        if name in {"counts", "became"}:
            yield from (_part(words, each, one, named) for each, one in value.items())
        elif name not in {"before", "after", "title", "made_at", "regrade_id", "code"}:
            yield _part(words, name, value, named)


def _part(words: Translations, name: str, value: Any, named: Mapping[Thing, Named]) -> Markup:  # noqa: ANN401 -- JSON.
    """One detail: a sentence of its own, or `Name: value`; empty for what says nothing."""
    if value is None or (value == 0 and name not in {"released", "rows"} and value is not False):
        return Markup()
    if isinstance(value, bool) or name == "passkey_id":
        return escape(_sentences(words).get((name, value is not False), ""))
    shown = _shown((_NAMED_BY[name], UUID(value)), named) if name in _NAMED_BY else _value(words, value)
    label = _labels(words).get(name, name)
    return Markup("{}: {}").format(label, shown) if shown else Markup()


def _value(words: Translations, value: Any) -> Markup:  # noqa: ANN401 -- JSON.
    if isinstance(value, list):
        return escape(words.gettext(", ")).join(_value(words, one) for one in value)
    known = _values(words).get(value) if isinstance(value, str | None) else None
    return escape(known) if known else Markup("<bdi>{}</bdi>").format(value)


def _sentences(words: Translations) -> dict[tuple[str, bool], str]:
    _ = words.gettext
    return {
        ("is_active", True): _("may log in again"),
        ("is_active", False): _("may not log in any more"),
        ("legal_hold", True): _("legal hold set"),
        ("legal_hold", False): _("legal hold lifted"),
        ("all", True): _("on all devices"),
        ("dry_run", True): _("only tried"),
        ("never_lower", True): _("no mark falls"),
        ("account", True): _("only accounts that may log in"),
        ("account", False): _("only accounts that may not log in"),
        ("searched", True): _("only those who were searched for"),
        ("whole", False): _("broken off before the end"),
        ("passkey_id", True): _("with a passkey"),
    }


def _labels(words: Translations) -> dict[str, str]:
    _ = words.gettext
    return {
        "role": _("Role"),
        "fields": _("Changed"),
        "reason": _("Reason"),
        "route": _("Request"),
        "status": _("Status"),
        "owner_id": _("New owner"),
        "student_id": _("Learner"),
        "lesson_id": _("Lesson"),
        "import_id": _("Import"),
        "released": _("Released"),
        "left": _("Still to come"),
        "attempts": _("Attempts"),
        "extra_attempts": _("Extra attempts"),
        "extra_time_percent": _("Extra time in per cent"),
        "table": _("Table"),
        "rows": _("Rows"),
        "silent_days": _("Silent for days"),
        "change": _("Changed"),
        "made": _("Course"),
        "format": _("Format"),
        "files": _("Files"),
        "missing": _("Missing files"),
        "people": _("People"),
        "job": _("Job"),
        "enrolled": _("Enrolled"),
        "already_enrolled": _("Enrolled before"),
        "restored": _("Brought back"),
        "invited": _("Invited"),
        "refused": _("refused"),
        "create": _("New"),
        "unchanged": _("Unchanged"),
        "error": _("Mistakes"),
        "enrollments": _("Enrollments"),
        "invitations": _("Invitations"),
    }


def _values(words: Translations) -> dict[str | None, str]:
    _ = words.gettext
    return {
        None: _("nothing"),
        "student": _("Learner"),
        "instructor": _("Instructor"),
        "admin": _("Admin"),
        "active": _("Under way"),
        "completed": _("Completed"),
        "dropped": _("Dropped"),
        "expired": _("Expired"),
        "table_people": _("People"),
        "table_roster": _("Learners"),
        "table_import": _("Report of an import"),
        "unverified": _("the address is not confirmed"),
        "created": _("made"),
        "updated": _("changed"),
        "full_name": _("Name"),
        "email": _("E-mail"),
        "role": _("Role"),
        "password": _("Password"),
        "is_active": _("May log in"),
        "legal_hold": _("Legal hold"),
        "external_id": _("External id"),
        "metadata": _("Settings"),
        "profile_metadata": _("Settings"),
    }
