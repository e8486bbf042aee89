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

from studium.kit.ids import new_id

Reply = tuple[int, bytes]
_KEY = base64.b64decode(os.environ.get("BENCH_KEY", ""))
_HEADERS = [
    (b"content-type", b"application/json"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
]
_pool: "asyncpg.Pool[asyncpg.Record]"

_WHO = """SELECT u.role FROM users u JOIN sessions s ON s.user_id = u.id
WHERE s.id = $1 AND s.user_id = $2 AND s.revoked_at IS NULL AND s.expires_at > now() AND u.is_active"""

_LIST = """SELECT c.id, c.title, c.slug, c.description, c.instructor_id, u.full_name, c.category, c.difficulty_level,
c.is_published, c.thumbnail_url, c.estimated_duration_minutes, c.metadata, c.created_at, c.updated_at, c.version,
(SELECT count(*) FROM lessons l WHERE l.course_id = c.id AND l.archived_at IS NULL) AS lessons,
n.enrollments, n.ratings, n.rating_sum
FROM courses c JOIN users u ON u.id = c.instructor_id JOIN course_counts n ON n.course_id = c.id
WHERE c.is_published ORDER BY c.created_at DESC, c.id DESC LIMIT 21"""

_MINE = """SELECT e.*, u.full_name AS student, c.title, c.slug, c.thumbnail_url, c.category, c.is_published,
c.instructor_id, i.full_name AS instructor, x.id AS certificate_id,
(SELECT l.id FROM lessons l WHERE l.course_id = e.course_id AND l.archived_at IS NULL AND NOT EXISTS
  (SELECT 1 FROM lesson_progress p WHERE p.enrollment_id = e.id AND p.lesson_id = l.id AND p.status = 'completed')
  ORDER BY l.order_index LIMIT 1) AS next_lesson_id
FROM enrollments e JOIN users u ON u.id = e.student_id JOIN courses c ON c.id = e.course_id
JOIN users i ON i.id = c.instructor_id LEFT JOIN certificates x ON x.enrollment_id = e.id
WHERE e.student_id = $1 ORDER BY e.enrolled_at DESC, e.id DESC LIMIT 51"""

_ENROLLMENT = """SELECT e.*, u.full_name AS student FROM enrollments e JOIN users u ON u.id = e.student_id
JOIN courses c ON c.id = e.course_id WHERE e.id = $1 AND (e.student_id = $2 OR c.instructor_id = $2)"""

_LESSON = """SELECT l.*, e.id AS enrolled FROM lessons l JOIN courses c ON c.id = l.course_id
LEFT JOIN enrollments e ON e.course_id = c.id AND e.student_id = $3 AND e.status IN ('active', 'completed')
WHERE l.id = $2 AND c.id = $1 AND l.archived_at IS NULL"""

_COMPLETE = """WITH e AS (
  SELECT e.id, e.completed_lessons_count AS before, (SELECT count(*) FROM lessons n
    WHERE n.course_id = e.course_id AND n.archived_at IS NULL) AS total
  FROM enrollments e JOIN lessons l ON l.course_id = e.course_id
  WHERE e.id = $1 AND e.student_id = $2 AND l.id = $3 AND l.archived_at IS NULL AND l.lesson_type <> 'quiz'
    AND e.status = 'active' FOR UPDATE OF e),
p AS (
  INSERT INTO lesson_progress (id, enrollment_id, lesson_id, status, started_at, completed_at, time_spent_seconds,
    last_position_seconds, completion_percentage, attempts_count, updated_at)
  SELECT $4, e.id, $3, 'completed', now(), now(), 0, 0, 100, 0, now() FROM e
  ON CONFLICT (enrollment_id, lesson_id) DO UPDATE SET status = 'completed', completed_at = now(),
    completion_percentage = 100 WHERE lesson_progress.status <> 'completed' RETURNING 1)
UPDATE enrollments u SET completed_lessons_count = e.before + (SELECT count(*) FROM p),
  progress_percentage = floor((e.before + (SELECT count(*) FROM p)) * 10000.0 / e.total) / 100,
  last_accessed_at = now(), version = version + 1
FROM e WHERE u.id = e.id
RETURNING u.id, u.status, u.progress_percentage, u.completed_lessons_count, u.total_lessons_count"""

_PROGRESS = """WITH e AS (
  SELECT e.id, (SELECT coalesce(sum(p.time_spent_seconds), 0) FROM lesson_progress p
    WHERE p.enrollment_id = e.id AND p.lesson_id <> $3) AS others
  FROM enrollments e JOIN lessons l ON l.course_id = e.course_id
  WHERE e.id = $1 AND e.student_id = $2 AND l.id = $3 AND l.archived_at IS NULL AND e.status = 'active'
  FOR UPDATE OF e),
p AS (
  INSERT INTO lesson_progress (id, enrollment_id, lesson_id, status, started_at, time_spent_seconds,
    last_position_seconds, completion_percentage, attempts_count, updated_at)
  SELECT $4, e.id, $3, 'in_progress', now(), $5, $6, $7, 0, now() FROM e
  ON CONFLICT (enrollment_id, lesson_id) DO UPDATE SET time_spent_seconds =
      greatest(lesson_progress.time_spent_seconds, excluded.time_spent_seconds),
    last_position_seconds = excluded.last_position_seconds, completion_percentage =
      greatest(lesson_progress.completion_percentage, excluded.completion_percentage), updated_at = now()
  RETURNING *)
UPDATE enrollments u SET total_time_spent_seconds = e.others + p.time_spent_seconds, last_accessed_at = now(),
  started_at = coalesce(u.started_at, now())
FROM e, p WHERE u.id = e.id
RETURNING p.status, p.started_at, p.time_spent_seconds, p.last_position_seconds, u.progress_percentage"""

_ENROL = """INSERT INTO enrollments (id, student_id, course_id, enrolled_at, status, progress_percentage,
  completed_lessons_count, total_lessons_count, total_time_spent_seconds, version)
SELECT $1, $2, c.id, now(), 'active', 0, 0, (SELECT count(*) FROM lessons l
  WHERE l.course_id = c.id AND l.archived_at IS NULL), 0, 1
FROM courses c WHERE c.id = $3 AND c.is_published ON CONFLICT DO NOTHING RETURNING *"""


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


def _subject(headers: list[tuple[bytes, bytes]]) -> tuple[UUID, UUID] | None:
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
    subject: tuple[UUID, UUID] | None,
    connection: Any,  # noqa: ANN401 -- asyncpg's proxy.
    receive: Any,  # noqa: ANN401 -- ASGI's callable.
) -> Reply:
    if subject is None or await connection.fetchval(_WHO, subject[1], subject[0]) is None:
        return 401, b"{}"
    if method == "PATCH":
        return await _report(connection, subject[0], parts, json.loads((await receive())["body"]))
    if method == "POST" and len(parts) == 1:
        return await _enrol(connection, subject[0], json.loads((await receive())["body"]))
    if method == "POST":
        return await _complete(connection, subject[0], parts)
    routes: dict[tuple[str, str], Callable[..., Awaitable[Reply]]] = {
        ("GET", "courses"): _courses if len(parts) == 1 else _lesson,
        ("GET", "enrollments"): _my_courses if parts[-1] == "my-courses" else _enrollment,
    }
    return await routes[method, parts[0]](connection, subject[0], parts)


async def _courses(connection: Any, student: UUID, parts: list[str]) -> Reply:  # noqa: ANN401 -- asyncpg's proxy.
    del student, parts
    rows = await connection.fetch(_LIST)
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


async def _my_courses(connection: Any, student: UUID, parts: list[str]) -> Reply:  # noqa: ANN401 -- asyncpg's proxy.
    del parts
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
            "next_lesson_id": r["next_lesson_id"],
            "certificate_id": r["certificate_id"],
        }
        for r in await connection.fetch(_MINE, student)
    ]
    return 200, to_json({"items": items, "next_cursor": None, "total": None})


async def _enrollment(connection: Any, student: UUID, parts: list[str]) -> Reply:  # noqa: ANN401 -- asyncpg's proxy.
    row = await connection.fetchrow(_ENROLLMENT, UUID(parts[1]), student)
    return (404, b"{}") if row is None else (200, to_json(_enrollment_of(row)))


async def _lesson(connection: Any, student: UUID, parts: list[str]) -> Reply:  # noqa: ANN401 -- asyncpg's proxy.
    row = await connection.fetchrow(_LESSON, UUID(parts[1]), UUID(parts[3]), student)
    if row is None or row["enrolled"] is None:
        return 404, b"{}"
    return 200, to_json(dict(row))


async def _complete(connection: Any, student: UUID, parts: list[str]) -> Reply:  # noqa: ANN401 -- asyncpg's proxy.
    row = await connection.fetchrow(_COMPLETE, UUID(parts[1]), student, UUID(parts[3]), new_id())
    return (
        (404, b"{}")
        if row is None
        else (200, to_json({**row, "progress_percentage": float(row["progress_percentage"])}))
    )


async def _report(connection: Any, student: UUID, parts: list[str], sent: dict[str, int]) -> Reply:  # noqa: ANN401 -- asyncpg's proxy.
    figures = sent["time_spent_seconds"], sent["last_position_seconds"], sent["completion_percentage"]
    row = await connection.fetchrow(_PROGRESS, UUID(parts[1]), student, UUID(parts[3]), new_id(), *figures)
    return (404, b"{}") if row is None else (200, to_json(_plain(row)))


async def _enrol(connection: Any, student: UUID, sent: dict[str, str]) -> Reply:  # noqa: ANN401 -- asyncpg's proxy.
    row = await connection.fetchrow(_ENROL, new_id(), student, UUID(sent["course_id"]))
    return (409, b"{}") if row is None else (201, to_json(_plain(row)))


def _plain(row: Any) -> dict[str, Any]:  # noqa: ANN401 -- a record.
    return {**row, "progress_percentage": float(row["progress_percentage"])}
