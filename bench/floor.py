"""The floor: a bare ASGI callable with prepared statements, doing the work and the checks of Studium's routes.

It has no validation, no documentation and no rules beyond these few addresses: what it costs is what the work costs.
"""

import base64
import hmac
import json
import os
import time
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import asyncpg
from pydantic_core import to_json

from bench import floor_quiz as quiz
from bench import floor_statements as sql
from studium.kit.base.ids import new_id

Reply = tuple[int, bytes]
Subject = tuple[UUID, UUID]
Sent = dict[str, Any]
_KEY = base64.b64decode(os.environ.get("BENCH_KEY", ""))
_HEADERS = [
    (b"content-type", b"application/json"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
]
_pool: "asyncpg.Pool[asyncpg.Record]"


async def _lifespan(receive: Any, send: Any) -> None:  # noqa: ANN401 -- ASGI's callables.
    global _pool  # noqa: PLW0603 -- one process, one pool.
    await receive()
    _pool = await asyncpg.create_pool(
        os.environ["BENCH_DATABASE"], min_size=10, max_size=10, init=_prepare, reset=_nothing
    )
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await _pool.close()
    await send({"type": "lifespan.shutdown.complete"})


async def _prepare(connection: Any) -> None:  # noqa: ANN401 -- asyncpg's proxy.
    await connection.set_type_codec("jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog")


async def _nothing(connection: Any) -> None:  # noqa: ANN401 -- asyncpg's proxy.
    del connection


def _subject(headers: list[tuple[bytes, bytes]]) -> Subject | None:
    """User and session of a bearer token, its signature and times checked."""
    for name, value in headers:
        if name == b"authorization":
            signed, _, signature = value[7:].rpartition(b".")
            expected = base64.urlsafe_b64encode(hmac.digest(_KEY, signed, "sha256")).rstrip(b"=")
            if not hmac.compare_digest(expected, signature):
                return None
            payload = signed.partition(b".")[2]
            claims = json.loads(base64.urlsafe_b64decode(payload + b"=" * (-len(payload) % 4)))
            return (UUID(claims["sub"]), UUID(claims["sid"])) if claims["exp"] > time.time() else None
    return None


async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 -- ASGI's callables.
    """Answer one of the few addresses."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
        return
    parts = scope["path"].split("/")[3:]
    subject = _subject(scope["headers"])
    async with _pool.acquire() as connection:
        status, body = await _answer(scope["method"], parts, subject, connection, receive)
    request_id = new_id().hex.encode()
    headers = [*_HEADERS, (b"content-length", b"%d" % len(body)), (b"x-request-id", request_id)]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _answer(
    method: str,
    parts: list[str],
    subject: Subject | None,
    connection: Any,  # noqa: ANN401 -- asyncpg's proxy.
    receive: Any,  # noqa: ANN401 -- ASGI's callable.
) -> Reply:
    if parts[0] == "certificates":
        return await _verify(connection, parts)
    if subject is None or (not sql.IS_STRICT and await connection.fetchval(sql.WHO, *subject) is None):
        return 401, b"{}"
    body = (await receive())["body"] if method in {"POST", "PATCH"} else b""
    sent = json.loads(body) if body else {}
    return await _route(method, parts)(connection, subject, parts, sent)


def _route(method: str, parts: list[str]) -> Callable[..., Awaitable[Reply]]:
    """The work behind an address: its last part tells, or the number of its parts."""
    if "attempts" in parts:
        return quiz.start if parts[-1] == "attempts" else quiz.submit if parts[-1] == "submit" else quiz.save
    if method == "POST":
        return _complete if parts[-1] == "complete" else _enrol
    named = {"courses": _courses, "my-courses": _my_courses, "lessons": _outline, "stats": _stats, "progress": _report}
    by_length = {2: _enrollment, 3: _roster, 4: _lesson}
    return named.get(parts[-1]) or by_length[len(parts)]


async def _courses(connection: Any, subject: Subject, parts: list[str], sent: Sent) -> Reply:  # noqa: ANN401 -- asyncpg's proxy.
    del parts, sent
    rows = await connection.fetch(sql.LIST, *subject)
    items = [
        {
            "id": r["id"],
            "title": r["title"],
            "slug": r["slug"],
            "description": r["description"],
            "instructor_id": r["instructor_id"],
            "instructor": {"id": r["instructor_id"], "full_name": r["full_name"]},
            "category": r["category"],
            "difficulty_level": r["difficulty_level"],
            "is_published": r["is_published"],
            "thumbnail_url": r["thumbnail_url"],
            "estimated_duration_minutes": r["estimated_duration_minutes"],
            "metadata": r["metadata"],
            "lessons_count": r["lessons"],
            "enrollments_count": r["enrollments"],
            "rating": {"average": None, "count": r["ratings"]},
            "created_at": r["created_at"],
            "updated_at": r["updated_at"],
            "version": r["version"],
        }
        for r in rows[:20]
    ]
    return 200, to_json({"items": items, "next_cursor": str(rows[-1]["id"]), "total": None})


def _enrollment_of(r: Any) -> dict[str, Any]:  # noqa: ANN401 -- asyncpg's record.
    return {
        "id": r["id"],
        "student_id": r["student_id"],
        "course_id": r["course_id"],
        "student": {"id": r["student_id"], "full_name": r["student"]},
        "status": r["status"],
        "enrolled_at": r["enrolled_at"],
        "started_at": r["started_at"],
        "completed_at": r["completed_at"],
        "progress_percentage": float(r["progress_percentage"]),
        "completed_lessons_count": r["completed_lessons_count"],
        "total_lessons_count": r["total_lessons_count"],
        "total_time_spent_seconds": r["total_time_spent_seconds"],
        "last_accessed_at": r["last_accessed_at"],
        "certificate_issued_at": r["certificate_issued_at"],
        "rating": r["rating"],
        "review": r["review"],
        "reviewed_at": r["reviewed_at"],
        "version": r["version"],
    }


async def _my_courses(connection: Any, subject: Subject, parts: list[str], sent: Sent) -> Reply:  # noqa: ANN401 -- asyncpg's proxy.
    del parts, sent
    items = [
        _enrollment_of(r)
        | {
            "course": {
                "id": r["course_id"],
                "title": r["title"],
                "slug": r["slug"],
                "thumbnail_url": r["thumbnail_url"],
                "category": r["category"],
                "is_published": r["is_published"],
                "instructor": {"id": r["instructor_id"], "full_name": r["instructor"]},
            },
            **{name: r[name] for name in ("next_lesson_id", "next_lesson_slug", "next_lesson_title")},
            "certificate_id": r["certificate_id"],
        }
        for r in await connection.fetch(sql.MINE, *subject)
    ]
    return 200, to_json({"items": items, "next_cursor": None, "total": None})


async def _enrollment(connection: Any, subject: Subject, parts: list[str], sent: Sent) -> Reply:  # noqa: ANN401 -- asyncpg's proxy.
    del sent
    row = await connection.fetchrow(sql.ENROLLMENT, *subject, UUID(parts[1]))
    return (404, b"{}") if row is None else (200, to_json(_enrollment_of(row)))


async def _lesson(connection: Any, subject: Subject, parts: list[str], sent: Sent) -> Reply:  # noqa: ANN401 -- asyncpg's proxy.
    del sent
    row = await connection.fetchrow(sql.LESSON, *subject, UUID(parts[1]), UUID(parts[3]))
    if row is None or row["enrolled"] is None:
        return 404, b"{}"
    return 200, to_json(dict(row))


async def _outline(connection: Any, subject: Subject, parts: list[str], sent: Sent) -> Reply:  # noqa: ANN401 -- asyncpg's proxy.
    del sent
    rows = await connection.fetch(sql.OUTLINE, *subject, UUID(parts[1]))
    items = [{**row, "is_locked": row["enrolled"] is None} for row in rows[:20]]
    return 200, to_json({"items": items, "next_cursor": None, "total": None})


async def _roster(connection: Any, subject: Subject, parts: list[str], sent: Sent) -> Reply:  # noqa: ANN401 -- asyncpg's proxy.
    del sent
    rows = await connection.fetch(sql.ROSTER, *subject, UUID(parts[2]))
    cursor = str(rows[-1]["id"]) if rows else None
    return 200, to_json({"items": [_enrollment_of(r) for r in rows[:20]], "next_cursor": cursor, "total": None})


async def _stats(connection: Any, subject: Subject, parts: list[str], sent: Sent) -> Reply:  # noqa: ANN401 -- asyncpg's proxy.
    del sent
    amounts = {r["name"]: int(r["amount"]) for r in await connection.fetch(sql.STATS, *subject, UUID(parts[2]))}
    by_status = {status: amounts.get(status, 0) for status in ("active", "completed", "dropped", "expired")}
    stars = {number: amounts.get(f"stars_{number}", 0) for number in range(1, 6)}
    total, reviews = sum(by_status.values()), sum(stars.values())
    figures = {
        "total": total,
        "by_status": by_status,
        "average_progress": amounts.get("progress", 0) / 100 / max(1, by_status["active"] + by_status["completed"]),
        "completion_rate": by_status["completed"] * 100 / max(1, total),
        "average_rating": sum(number * many for number, many in stars.items()) / max(1, reviews),
        "reviews_count": reviews,
        "average_time_spent_seconds": amounts.get("seconds", 0) // max(1, total),
    }
    return 200, to_json(figures)


async def _verify(connection: Any, parts: list[str]) -> Reply:  # noqa: ANN401 -- asyncpg's proxy.
    row = await connection.fetchrow(sql.VERIFY, parts[2])
    return (404, b"{}") if row is None else (200, to_json({**row, "valid": not row["is_revoked"]}))


async def _complete(connection: Any, subject: Subject, parts: list[str], sent: Sent) -> Reply:  # noqa: ANN401 -- asyncpg's proxy.
    del sent
    row = await connection.fetchrow(sql.COMPLETE, *subject, UUID(parts[1]), UUID(parts[3]), new_id())
    return (
        (404, b"{}")
        if row is None
        else (200, to_json({**row, "progress_percentage": float(row["progress_percentage"])}))
    )


async def _report(connection: Any, subject: Subject, parts: list[str], sent: Sent) -> Reply:  # noqa: ANN401 -- asyncpg's proxy.
    figures = sent["time_spent_seconds"], sent["last_position_seconds"], sent["completion_percentage"]
    row = await connection.fetchrow(sql.PROGRESS, *subject, UUID(parts[1]), UUID(parts[3]), new_id(), *figures)
    return (404, b"{}") if row is None else (200, to_json(_plain(row)))


async def _enrol(connection: Any, subject: Subject, parts: list[str], sent: Sent) -> Reply:  # noqa: ANN401 -- asyncpg's proxy.
    del parts
    row = await connection.fetchrow(sql.ENROL, *subject, UUID(sent["course_id"]), new_id())
    return (409, b"{}") if row is None else (201, to_json(_plain(row)))


def _plain(row: Any) -> dict[str, Any]:  # noqa: ANN401 -- a record.
    return {**row, "progress_percentage": float(row["progress_percentage"])}
