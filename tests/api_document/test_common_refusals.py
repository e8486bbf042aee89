"""What nearly every operation can answer, asked of each that names it: by somebody who may, with one thing wrong."""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest

from studium.app import document_bytes
from studium.kit.base.ids import new_id
from studium.modules.exchange.people.source import MOST_BYTES
from tests.policy.test_authorization import CALLERS, PERSONAL, PREPARE, _filled, _shape, rows
from tests.recorded_answers import documented
from tests.world import PASSWORD, World, open_world

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
LARGE = 2 * 1024 * 1024
KEY = {"Idempotency-Key": "used"}
ONCE: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("sam", "/enrollments/{E3}/review", {"json": {"rating": 4}}),
    ("ada", "/courses", {"json": {"title": "A course"}}),
    ("root", "/courses", {"json": {"title": "A course"}}),
    ("mia", "/files/upload", {"files": {"file": ("a.txt", b"a")}}),
)
"""What each caller's key was used for."""
ARRIVALS = ("invitation", "join_code", "people_import")
UNDO = ("removed", "version")
STANDING = (
    "attempt",
    "essay",
    "accommodation",
    "regrade",
    "quiz_lesson",
    "import",
    *ARRIVALS,
    "comment",
    "erasures",
    *UNDO,
    *("dead_job", "own_export"),
)
"""What is prepared once for all: none gets in the way of another."""
ALREADY_GONE = ("deleteAccommodation", "{sam}")
"""Who has none needs none taken away: 204."""
PROOF_FIRST = {(name, "invalid_input") for name in ("resetPassword", "addPasskey", "logInWithPasskey")}
PROOF_FIRST |= {("downloadExport", code) for code in ("invalid_input", "unauthorized")}
"""Its link, key or ticket is looked at before anything else; the tests of each send what is invalid with a good one."""


@dataclass
class Call:
    """A request that would be served."""

    who: str | None
    method: str
    path: str
    content: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def media(self) -> str:
        kinds = {"files": "multipart/form-data; boundary=x", "data": "multipart/form-data; boundary=x"}
        return next((kinds[name] for name in self.content if name in kinds), "application/json")


def unknown_parameter(call: Call) -> None:
    call.path += "?unheard_of=1"


def broken_body(call: Call) -> None:
    call.headers["Content-Type"] = call.media
    call.content = {"content": b'{"'}


def another_type(call: Call) -> None:
    call.content = {"content": b"{}"}
    call.headers["Content-Type"] = "text/plain"


def too_much(call: Call) -> None:
    if "files" in call.content:
        size = MOST_BYTES + 1 if call.path == "/users/import" else LARGE
        call.content = {"files": {"file": ("note.txt", b"x" * size)}}
    else:
        call.headers["Content-Type"] = call.media
        call.content = {"content": b" " * LARGE}


def old_version(call: Call) -> None:
    call.headers["If-Match"] = '"v0"'


def used_key(call: Call) -> None:
    call.headers |= KEY


def bad_token(call: Call) -> None:
    call.who = None
    call.headers["Authorization"] = "Bearer nonsense"


def forged_member(call: Call) -> None:
    call.content = {"json": {**call.content.get("json", {}), "id": str(new_id())}}


FAULTS: dict[tuple[str, str], Callable[[Call], None]] = {
    ("422", "invalid_input"): unknown_parameter,
    ("400", "malformed_body"): broken_body,
    ("415", "unsupported_media_type"): another_type,
    ("413", "body_too_large"): too_much,
    ("412", "precondition_failed"): old_version,
    ("422", "idempotency_key_reused"): used_key,
    ("401", "unauthorized"): bad_token,
    ("403", "field_not_allowed"): forged_member,
}


def good_calls(world: World, first: str = "sam") -> dict[str, Call]:
    """A request for each operation that the table of permissions lets somebody do: this one, where they may."""
    paths: dict[str, Any] = json.loads(document_bytes())["paths"]
    names = {
        (method.upper(), _shape(path.removeprefix("/api/v1"))): operation["operationId"]
        for path, operations in paths.items()
        for method, operation in operations.items()
    }
    form = {"data": {"username": "sam@school.example", "password": PASSWORD}}
    found = {"logInByForm": Call(None, "POST", "/auth/token", form)}
    for row in rows():
        served = [who for who in (first, *CALLERS) if who != "anonymous" and int(row[who]) < 300]
        name = names[row["method"], _shape(row["path"])]
        # Tokens of mails and second factors are looked at last: what is wrong before is heard without a good one.
        if name not in found and (served or "/auth/" in row["path"]):
            found[name] = Call(served[0] if served else first, row["method"], row["path"], _content(world, row))
    return found


def _content(world: World, row: dict[str, str]) -> dict[str, Any]:
    if row["path"] == "/users/import":
        return {"files": {"file": ("people.csv", b"email,full_name\nnew@school.example,New Person\n")}}
    if row["path"] in {"/files/upload", "/courses/import"}:
        return {"files": {"file": ("note.txt", b"hello")}}
    body = row["body"] if row["prepare"] not in PERSONAL else ""
    return {"json": _filled(world, "sam", json.loads(body))} if body else {}


def refusal(answer: httpx2.Response) -> str:
    """Its code; empty where it is none."""
    return str(answer.json()["code"]) if answer.status_code >= 400 else ""


@pytest.fixture
async def ready(database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    """A school in which every operation has something to act on, and each caller has used a key."""
    small = {"upload_max_mib": 1, "upload_video_max_mib": 1, "import_max_mib": 1}
    async with open_world(database_url, tmp_path, **small) as world:
        for name in STANDING:
            await PREPARE[name](world, "sam")
        for who, path, body in ONCE:
            answer = await world.call(who, "POST", path, headers=KEY, **body)
            assert answer.status_code == 201, answer.text
        yield world


async def test_each_operation_answers_what_the_document_says_of_all_of_its_kind(ready: World) -> None:
    calls, wrong, asked = good_calls(ready), [], 0
    for name, status, code in sorted(documented()):
        if (status, code) not in FAULTS or (name, code) in PROOF_FIRST:
            continue
        call = Call(**{**vars(calls[name]), "headers": {}})
        FAULTS[status, code](call)
        answer = await ready.call(call.who, call.method, call.path, headers=call.headers, **call.content)
        if (str(answer.status_code), refusal(answer)) != (status, code):
            wrong.append((name, status, code, answer.status_code, answer.text[:900]))
        asked += 1
    assert wrong == [], "\n".join(map(str, wrong))
    assert asked > 300


async def test_what_does_not_exist_is_404_for_whoever_may_see_it(ready: World) -> None:
    calls, wrong = good_calls(ready, "root"), []
    for name, status, code in sorted(documented()):
        if (status, code) != ("404", "not_found") or name not in calls:
            continue
        call = calls[name]
        for place in [part for part in call.path.split("/") if part.startswith("{")]:
            path = call.path.replace(place, str(new_id()))
            answer = await ready.call(call.who, call.method, path, **call.content)
            if (answer.status_code, refusal(answer)) != (404, "not_found") and (name, place) != ALREADY_GONE:
                wrong.append((name, path, answer.status_code, answer.text[:200]))
    assert wrong == [], "\n".join(map(str, wrong))
