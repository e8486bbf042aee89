"""The floor of quizzes: two statements each, one that reads and one that writes only if nothing changed between them.

What a learner sees of the questions is stored as it is sent, the key apart from it. Attempts lie in a table of the
benchmark's own.
"""

import random
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from pydantic_core import to_json

from bench import floor_statements as sql
from studium.kit.base.ids import new_id

Reply = tuple[int, bytes]
Key = dict[str, dict[str, Any]]
_CONFLICT = (409, b"{}")
_NOTHING = (404, b"{}")
_INVALID = (422, b"{}")


async def start(connection: Any, subject: tuple[UUID, UUID], parts: list[str], sent: dict[str, Any]) -> Reply:  # noqa: ANN401 -- asyncpg's proxy.
    """Copy the quiz, shuffled, and answer with the questions."""
    del sent
    enrollment, quiz = UUID(parts[1]), UUID(parts[3])
    offer = await connection.fetchrow(sql.OFFER, *subject, enrollment, quiz)
    if offer is None:
        return _NOTHING
    shown, key = _copies(offer["questions"])
    questions = to_json(shown)
    attempt, number = new_id(), offer["used"] + 1
    begun = attempt, enrollment, quiz, offer["lesson_id"], number, offer["time_limit_minutes"]
    row = await connection.fetchrow(sql.START, *begun, len(shown), questions.decode(), key)
    if row is None:
        return _CONFLICT
    facts = {"max_score": len(shown), "version": 1, "status": "in_progress", "attempt_number": number, **row}
    return 201, _view(attempt, (enrollment, quiz), facts, [], questions)


def _copies(questions: list[list[Any]]) -> tuple[list[dict[str, Any]], Key]:
    shown, key = [], {}
    random.shuffle(questions)
    for place, (question, text, kind, options, right) in enumerate(questions, 1):
        random.shuffle(options or [])
        shown.append(
            {
                "id": question,
                "question_text": text,
                "question_type": kind,
                "points": 1,
                "order_index": place,
                "selection": "single" if options else None,
                "options": [{"id": option["id"], "text": option["text"]} for option in options] if options else None,
            }
        )
        ids = [option["id"] for option in options or []]
        key[question] = {"options": ids, "right": [o["id"] for o in options or [] if o["is_correct"]] or right}
    return shown, key


def _view(attempt: UUID, ids: tuple[UUID, UUID], facts: dict[str, Any], answers: list[Any], questions: bytes) -> bytes:
    head = {"id": attempt, "enrollment_id": ids[0], "quiz_id": ids[1], **facts, "answers": answers}
    return to_json(head)[:-1] + b',"questions":' + questions + b"}"


def _merged(row: Any, sent: list[dict[str, Any]]) -> list[dict[str, Any]] | None:  # noqa: ANN401 -- a record.
    """The saved answers with those sent in their place; None where one does not fit its question."""
    key: Key = row["key"]
    answers = {answer["question_id"]: answer for answer in row["answers"]}
    for answer in sent:
        question = key.get(answer["question_id"])
        if question is None or not set(answer.get("selected_option_ids") or ()).issubset(question["options"]):
            return None
        answers[answer["question_id"]] = answer
    return list(answers.values())


async def save(connection: Any, subject: tuple[UUID, UUID], parts: list[str], sent: dict[str, Any]) -> Reply:  # noqa: ANN401 -- asyncpg's proxy.
    """Keep answers."""
    ids, attempt = (UUID(parts[1]), UUID(parts[3])), UUID(parts[5])
    row = await connection.fetchrow(sql.SITTING, *subject, *ids, attempt)
    if row is None:
        return _NOTHING
    answers = _merged(row, sent["answers"])
    if answers is None:
        return _INVALID
    version = await connection.fetchval(sql.SAVE, attempt, row["version"], answers)
    return (200, _view(attempt, ids, _facts(row), answers, row["shown"].encode())) if version else _CONFLICT


def _facts(row: Any) -> dict[str, Any]:  # noqa: ANN401 -- a record.
    names = ("attempt_number", "started_at", "deadline_at", "max_score")
    left = (row["deadline_at"] - datetime.now(UTC)).total_seconds()
    return {**{name: row[name] for name in names}, "seconds_left": int(left), "version": row["version"] + 1}


async def submit(connection: Any, subject: tuple[UUID, UUID], parts: list[str], sent: dict[str, Any]) -> Reply:  # noqa: ANN401 -- asyncpg's proxy.
    """Mark, and complete the lesson; only attempts that pass are handed in here."""
    ids, attempt = (UUID(parts[1]), UUID(parts[3])), UUID(parts[5])
    row = await connection.fetchrow(sql.SITTING, *subject, *ids, attempt)
    if row is None:
        return _NOTHING
    answers = _merged(row, sent["answers"])
    if answers is None:
        return _INVALID
    results = _results(row["key"], answers)
    score = sum(result["points_awarded"] for result in results)
    percentage = round(score * 100 / float(row["max_score"]), 2)
    if percentage < row["passing_score"]:
        return _CONFLICT
    marked = answers, results, score, percentage
    at = await connection.fetchval(sql.SUBMIT, attempt, row["version"], *marked, row["lesson_id"], new_id())
    facts = {**_facts(row), "status": "graded", "submitted_at": at, "score": score, "percentage": percentage}
    facts |= {"is_passed": True, "results": results}
    return (200, _view(attempt, ids, facts, answers, row["shown"].encode())) if at else _CONFLICT


def _results(key: Key, answers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    given = {answer["question_id"]: answer for answer in answers}
    return [_result(question, right["right"], given.get(question, {})) for question, right in key.items()]


def _result(question: str, right: list[str] | str, answer: dict[str, Any]) -> dict[str, Any]:
    said = str(answer.get("answer_text") or "").casefold().strip()
    fits = set(answer.get("selected_option_ids") or ()) == set(right) if isinstance(right, list) else said == right
    return {"question_id": question, "points": 1, "points_awarded": int(fits), "correct": right, "is_correct": fits}
