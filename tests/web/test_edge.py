"""What is refused before any route: a page for people in their language, a document for programs, with its id."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from studium.kit.base.config import load_settings
from studium.kit.base.problems import PROBLEM_JSON
from studium.kit.http.middleware import EdgeMiddleware
from studium.kit.http.protocol import GuardedProtocol
from studium.kit.storage import open_storage, public_origin
from studium.web.csp import policy
from studium.web.problems import page_maker
from tests.kit.test_protocol import refusal, serving, talk
from tests.web.school import ORIGIN, tab, text, tree
from tests.world import World, open_world

ID = "look-for-this-1"
HTML = {"accept": "text/html,application/xhtml+xml;q=0.9", "x-request-id": ID}
TYPED = {"sec-fetch-site": "same-origin", "content-type": "application/x-www-form-urlencoded"}
CASES: dict[str, tuple[str, str, dict[str, Any], int]] = {
    "unknown address": ("GET", "/no-such-page", {}, 404),
    "disguised address": ("GET", "/%63ourses", {}, 404),
    "wrong method": ("PUT", "/account", {"headers": {"sec-fetch-site": "same-origin"}}, 405),
    "a form that is none": (
        "POST",
        "/login",
        {"content": "{}", "headers": {**TYPED, "content-type": "text/plain"}},
        415,
    ),
    "a form too large": ("POST", "/reset", {"content": "a" * 70_000, "headers": TYPED}, 422),
    "a body too large": ("POST", "/login", {"content": b"a" * (1 << 21), "headers": TYPED}, 413),
    "another host": ("GET", "/courses", {"headers": {"host": "evil.example"}}, 400),
    "no host": ("GET", "/courses", {"headers": {"host": "a b <script>"}}, 400),
    "a header twice": ("GET", "/courses", {"headers": [("content-type", "a/b"), ("content-type", "a/c")]}, 400),
    "foreign form": ("POST", "/login", {"content": "", "headers": {**TYPED, "sec-fetch-site": "cross-site"}}, 403),
    "busy": ("GET", "/help", {}, 503),
}


@pytest.fixture
async def school(database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(database_url, tmp_path, trusted_hosts="school.example") as opened:
        yield opened


def edge_of(world: World) -> EdgeMiddleware:
    found: Any = world.app.middleware_stack
    while not isinstance(found, EdgeMiddleware):
        found = found.app
    return found


async def send(world: World, name: str, **asked: str) -> httpx2.Response:
    method, path, content, status = CASES[name]
    given = content.get("headers", {})
    headers = [*asked.items(), *(given.items() if isinstance(given, dict) else given)]
    rest = {key: value for key, value in content.items() if key != "headers"}
    async with tab(world) as nobody:
        await nobody.get("/livez")
        with pytest.MonkeyPatch.context() as patch:
            if status == 503:
                patch.setattr(edge_of(world).limiter, "limit", 0)
                patch.setattr(edge_of(world).limiter, "patience", 0.01)
            answer = await nobody.client.request(method, path, headers=httpx2.Headers(headers), **rest)
    assert answer.status_code == status, answer.text
    return answer


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_people_get_a_page(school: World, name: str, language: str):
    answer = await send(school, name, **HTML, **{"accept-language": language})
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    page = tree(answer)
    assert (page.get("lang"), answer.headers["content-language"]) == (language, language)
    assert len(page.xpath("//h1")) == 1
    assert page.xpath("//script | //b") == []
    assert answer.headers["x-request-id"] == ID
    assert "require-trusted-types-for" in answer.headers["content-security-policy"]
    assert len(answer.headers.get_list("content-security-policy")) == 1
    if answer.status_code not in {415, 422}:
        assert ID in text(answer)
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_programs_get_a_document(school: World, name: str):
    answer = await send(school, name, accept="*/*", **{"x-request-id": ID})
    assert answer.headers["content-type"] == PROBLEM_JSON
    found = answer.json()
    assert (found["status"], found["request_id"]) == (answer.status_code, ID)
    assert found["code"] != "internal_error"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_refused_method_is_answered_with_all_that_are_not(world: World):
    async with tab(world, "sam") as sam:
        own = {"sec-fetch-site": "same-origin"}
        for path, allowed in (("/account", "GET, HEAD, POST"), ("/logout", "POST"), ("/help", "GET, HEAD")):
            answer = await sam.client.request("DELETE", path, headers=own)
            assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
        answer = await world.call("sam", "PUT", "/enrollments/{E1}")
        assert (answer.status_code, answer.headers["allow"]) == (405, "DELETE, GET, HEAD, PATCH")


@pytest.mark.parametrize("path", ["/courses", "/help", "/login", "/no-such-page", "/home", "/courses/course-c1"])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_head_is_the_page_without_its_body(world: World, path: str):
    async with tab(world) as nobody:
        got, had = await nobody.get(path), await nobody.client.head(path)
        assert (had.status_code, had.content) == (got.status_code, b"")
        beside = {"x-request-id", "set-cookie"}
        theirs, ours = ({name for name in one.headers if name not in beside} for one in (got, had))
        assert theirs == ours
        if path == "/login":  # Another challenge each time, so that the compressed length differs by some bytes.
            assert int(had.headers["content-length"]) > 1000
        elif got.status_code == 200:
            assert got.headers["content-length"] == had.headers["content-length"]


@pytest.mark.parametrize("path", ["/certificates/{X3}/download", "/api/v1/certificates/{X3}/download"])
async def test_a_revoked_certificate_is_gone_as_the_api_says(world: World, path: str):
    revoked = await world.call("root", "POST", "/certificates/{X3}/revoke", json={"reason": "It was a mistake."})
    assert revoked.status_code == 200
    async with tab(world, "sam") as sam:
        headers = {"authorization": f"Bearer {world.tokens['sam']}"} if path.startswith("/api") else {}
        answer = await sam.get(path, **headers)
    assert answer.status_code == 410
    if not headers:
        assert "This is gone" in text(answer)


S3 = "s3://bucket/folder?access_key_id=a&secret_access_key=b"


@pytest.mark.parametrize(
    "query",
    [
        "",
        "&region=eu-west-1",
        "&endpoint=http://127.0.0.1:3900",
        "&endpoint=http://a:1&public_endpoint=https://b.c:8443/d",
    ],
)
async def test_pictures_and_videos_may_come_from_the_bucket(tmp_path: Path, query: str):
    settings = load_settings(data_dir=tmp_path, storage_url=S3 + query, _env_file=None)
    address = await open_storage(settings.storage_url, scratch=tmp_path).presigned("a/b", 60)
    origin = public_origin(settings.storage_url)
    assert origin is not None
    assert address is not None
    assert address.startswith(f"{origin}/")
    found = dict(part.strip().split(" ", 1) for part in policy(settings).split(";"))
    assert found["img-src"] == f"'self' data: {origin}"
    assert found["media-src"] == f"'self' https: {origin}"
    assert found["connect-src"] == f"'self' {origin}"  # A picture that is kept for reading offline.
    assert origin not in found["script-src"] + found["default-src"]


def test_nothing_comes_from_elsewhere_where_files_lie_in_a_folder(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path, public_base_url=ORIGIN, _env_file=None)
    assert "img-src 'self' data:;" in policy(settings)


@pytest.mark.parametrize(
    ("target", "more", "status"),
    [("/courses?q=" + "a" * 9000, "", 414), ("/courses", "Cookie: a=" + "b" * 40_000 + "\r\n", 431)],
    ids=["address", "cookies"],
)
async def test_a_head_that_is_too_large_is_answered_with_a_page(tmp_path: Path, target: str, more: str, status: int):
    settings = load_settings(data_dir=tmp_path, public_base_url=ORIGIN, _env_file=None)

    class Protocol(GuardedProtocol):
        page_of = staticmethod(page_maker(settings))

    head = f"GET {target} HTTP/1.1\r\nHost: school.example\r\n{more}Accept-Language: ar\r\n"
    async with serving(tmp_path, Protocol) as port:
        page, _ = await talk(port, f"{head}Accept: text/html\r\n\r\n".encode())
        document, _ = await talk(port, f"{head}Accept: */*\r\n\r\n".encode())
    assert page.startswith(b"HTTP/1.1 %d " % status)
    assert b'<html lang="ar" dir="rtl"' in page
    top = page.partition(b"\r\n\r\n")[0].lower()
    assert top.count(b"content-security-policy: ") == top.count(b"cache-control: no-store") == 1
    assert refusal(document)[0] == status
