"""Publishing: jobs exist exactly where the publisher's transaction committed, and handlers run once."""

import pytest

from studium.events import CourseImportRequested
from studium.kit.base.ids import new_id
from studium.kit.jobs.events import handlers_of, publish
from studium.kit.jobs.registry import enqueue, registered_jobs, stored_names
from studium.kit.runtime import Runtime
from studium.modules.registry import load_handlers
from tests.jobs import library
from tests.jobs.library import BookReturned, NobodyListens, shelved


class Undone(Exception):
    """What a publisher raises to undo its transaction."""


async def _publish_and_fail(runtime: Runtime) -> None:
    async with runtime.database.write_session() as session:
        await publish(session, BookReturned(book_id=new_id(), shelf="a"))
        raise Undone


async def test_rollback_leaves_nothing(runtime: Runtime) -> None:
    with pytest.raises(Undone):
        await _publish_and_fail(runtime)
    assert (await runtime.jobs.pending())["ready"] == 0
    await runtime.jobs.drain()
    assert await shelved(runtime, "a") == []


async def test_committed_event_reaches_its_handler(runtime: Runtime) -> None:
    book = new_id()
    async with runtime.database.write_session() as session:
        await publish(session, BookReturned(book_id=book, shelf="a"))
    assert await runtime.jobs.pending() == {"ready": 1, "running": 0, "dead": 0}
    await runtime.jobs.drain(raising=True)
    await runtime.jobs.drain(raising=True)
    assert await shelved(runtime, "a") == [str(book)]
    assert await runtime.jobs.pending() == {"ready": 0, "running": 0, "dead": 0}


async def test_event_without_handlers_stores_nothing(runtime: Runtime) -> None:
    async with runtime.database.write_session() as session:
        await publish(session, NobodyListens(book_id=new_id()))
    assert (await runtime.jobs.pending())["ready"] == 0


async def test_drain_runs_what_jobs_store(runtime: Runtime) -> None:
    book = new_id()
    async with runtime.database.write_session() as session:
        await publish(session, BookReturned(book_id=book, shelf="chain"))
    await runtime.jobs.drain(raising=True)
    assert await shelved(runtime, "end") == [str(book)]


async def test_enqueued_job_gets_its_texts(runtime: Runtime) -> None:
    async with runtime.database.write_session() as session:
        await enqueue(session, library.stamp, book="Emma")
    await runtime.jobs.drain(raising=True)
    assert await shelved(runtime, "stamp") == ["Emma"]


def test_registered_handlers_can_be_listed() -> None:
    assert handlers_of(BookReturned) == [library.shelve]
    assert handlers_of(NobodyListens) == []
    assert {library.shelve, library.send_letter, library.stamp} <= {kind.function for kind in registered_jobs()}


def test_payload_is_text_and_comes_back() -> None:
    event = BookReturned(book_id=new_id(), shelf="a")
    assert event.to_payload() == {"book_id": str(event.book_id), "shelf": "a"}
    assert BookReturned.from_payload(event.to_payload()) == event


STORED = {
    "auth.jobs": "mail_reset_link mail_verification_link",
    "certificates.handlers": "issue_certificate render_certificate_pdf",
    "courses.importing.handlers": "run_import",
    "enrollments.handlers": "note_certificate recount_learners recount_more_learners",
    "files.handlers": "dispose_of_blob",
    "notifications.handlers": (
        "mail_invitation mail_mfa_code mail_mfa_disabled mail_mfa_enabled mail_new_device "
        "mail_password_changed mail_reset mail_session_reused mail_verification mail_welcome"
    ),
    "notifications.handlers_learning": "mail_certificate mail_enrollment mail_grade mail_revocation",
    "quizzes.handlers": "work_off_regrade",
}
"""Names under which releases have stored jobs. A function may move; a job of its former name must still run."""


def test_jobs_of_former_releases_still_have_a_kind() -> None:
    load_handlers()
    stored = {f"{module}.{name}" for module, names in STORED.items() for name in names.split()}
    assert stored - stored_names().keys() == set()


def test_an_event_of_a_former_release_has_defaults_for_newer_fields() -> None:
    import_id = new_id()
    assert CourseImportRequested.from_payload({"import_id": str(import_id)}) == CourseImportRequested(import_id)
